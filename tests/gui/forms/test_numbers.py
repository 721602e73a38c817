from __future__ import annotations

import pytest
from pydantic import BaseModel, Field

from gui.forms.numbers import as_number, number_text, stepped, whole_limits


@pytest.mark.parametrize(
    ("number", "steps", "result"),
    [
        (0.01, 1, 0.011),
        (0.01, -1, 0.009),
        (0.001, 1, 0.0011),
        (5.0, 1, 5.1),
        (9.6, 1, 9.7),
        (99.7, 1, 100.7),
        (10.0, -1, 9.0),
        (-5.0, 1, -4.9),
        (0.0, 1, 0.0001),
        (0.0, -1, -0.0001),
        (1e-5, 1, 1.1e-5),
        (float("inf"), 1, float("inf")),
    ],
)
def test_a_step_is_a_tenth_of_the_leading_digits_place(number, steps, result):
    assert stepped(number, steps) == pytest.approx(result, rel=1e-12)


@pytest.mark.parametrize("number", [0.01, 1e-8, 0.1 + 0.2, 123456.0, 1.0, 1e22, -2.5])
def test_a_written_number_is_read_back(number):
    assert float(number_text(number)) == pytest.approx(number, rel=1e-11)


@pytest.mark.parametrize(("text", "number"), [("0.01", 0.01), ("1e-3", 0.001), (" 5 ", 5.0)])
def test_a_number_is_read_with_a_point(text, number):
    assert as_number(text) == number


@pytest.mark.parametrize("text", ["", "0,01", "fast", "1.2.3"])
def test_what_is_no_number_is_none(text):
    assert as_number(text) is None


@pytest.mark.parametrize(
    ("limits", "range_"),
    [
        ({"gt": 0, "lt": 10}, (1, 9)),
        ({"ge": -3, "le": 10**12}, (-3, 2**31 - 1)),
        ({}, (-(2**31 - 1), 2**31 - 1)),
    ],
)
def test_limits_are_read_however_they_are_declared(limits, range_):
    class Limited(BaseModel):
        number: int = Field(1, **limits)

    assert whole_limits(Limited.model_fields["number"]) == range_
