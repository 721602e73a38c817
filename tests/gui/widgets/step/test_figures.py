from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.widgets.step.figures import LESS, MORE, figure, mark, percentage, spread

ANY = st.floats(width=32)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0"),
        (0.012345, "0.0123"),
        (-1.5, "-1.50"),
        (45.678, "45.7"),
        (12345.6, "12,346"),
        (1.234e-7, "1.2e-07"),
        (3e9, "3.0e+09"),
        (math.nan, "NaN"),
        (math.inf, "∞"),
        (-math.inf, "-∞"),
    ],
)
def test_a_figure_has_three_digits(value, words):
    assert figure(value) == words


def test_a_share_is_written_in_percent():
    assert [percentage(share) for share in (0.00123, 0.5, math.nan)] == ["0.12 %", "50 %", "NaN"]


@pytest.mark.parametrize(
    ("mean", "deviation", "words"),
    [
        (0.3123, 0.3841, "0.31 ± 0.38"),
        (-2.384, 13.29, "-2 ± 13"),
        (-1e-9, 1.0, "0.0 ± 1.0"),
        (0.0, 0.0, "0 ± 0"),
        (5.0, 1e-9, "5.0 ± 1.0e-09"),
        (math.nan, math.nan, "NaN"),
        (math.inf, math.nan, "∞"),
    ],
)
def test_a_mean_is_as_exact_as_its_deviation(mean, deviation, words):
    assert spread(mean, deviation) == words


@pytest.mark.parametrize(
    ("ratio", "sign"),
    [(1e-3, ""), (9e-3, ""), (2e-2, MORE), (math.inf, MORE), (5e-5, LESS), (0.0, LESS)],
)
def test_a_change_ten_times_from_usual_is_marked(ratio, sign):
    assert mark(ratio) == sign


def test_no_number_is_not_marked_as_far_or_little():
    assert mark(math.nan) == ""


@given(ANY, st.floats(min_value=0, width=32) | st.just(math.nan))
def test_any_number_can_be_written(value, deviation):
    assert figure(value)
    assert percentage(value)
    assert spread(value, deviation)
