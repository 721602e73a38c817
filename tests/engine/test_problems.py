from __future__ import annotations

import pytest

from engine.problems import Mend, Problem, ProblemError, byte_size, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (54_000, "54,000"),
        (True, "True"),
        (0.001, "0.001"),
        (1e-9, "1e-09"),
        ((1, 28, 28), "1×28×28"),
        ((5,), "5"),
        ("digits", "digits"),
        (None, "None"),
    ],
)
def test_a_value_is_shown_as_people_write_it(value, text):
    assert shown(value) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1 kB"),
        (23_500_000_000, "23.5 GB"),
        (1.3e12, "1.3 TB"),
        (1.3e16, "13,000 TB"),
    ],
)
def test_a_number_of_bytes_is_written_with_its_unit(count, text):
    assert byte_size(count) == text


def test_a_problem_reads_as_its_template_with_its_values():
    problem = Problem(
        "{layer} gets {shape}, {count} numbers.", layer="Dense", shape=(2, 3), count=6
    )

    assert str(problem) == "Dense gets 2×3, 6 numbers."


def test_values_are_not_read_as_templates():
    assert str(Problem("{path} is lost.", path="{home}/{0}")) == "{home}/{0} is lost."


def test_a_problem_said_of_another_place_keeps_the_rest():
    mend = Mend("Mend it", lambda project: project)
    problem = Problem("{n} is wrong.", where="here", mend=mend, n=3)

    assert problem.at("there") == Problem("{n} is wrong.", where="there", mend=mend, n=3)


def test_a_problem_with_a_mend_keeps_the_rest():
    mend = Mend("Mend it", lambda project: project)

    assert Problem("{n}.", where="here", n=3).with_mend(mend) == Problem(
        "{n}.", where="here", mend=mend, n=3
    )


def test_an_error_reads_as_its_problem():
    error = ProblemError("{n} is wrong.", n=1000)

    assert str(error) == "1,000 is wrong."
    assert error.problem == Problem("{n} is wrong.", n=1000)
