from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from engine.problems import Mend, Problem
from gui.widgets.problem_strip import ProblemStrip, on_two_lines

LONG = Mend("Let the Simple RNN above give every step", lambda project: project)
WRONG = Problem("LSTM reads a sequence step by step.", mend=LONG)


@pytest.fixture
def strip(show):
    strip = show(ProblemStrip(), 600, 90)
    strip.show_problem(WRONG)
    return strip


def test_a_mend_that_fits_is_named_on_one_line(strip):
    assert strip.button.text() == LONG.title


def test_a_mend_that_is_too_long_for_one_line_is_named_on_two(strip, qtbot):
    strip.resize(260, 90)

    qtbot.waitUntil(lambda: strip.button.text() == "Let the Simple RNN\nabove give every step")
    assert strip.button.sizeHint().width() <= strip.contentsRect().width()


def test_with_more_room_it_is_on_one_line_again(strip, qtbot):
    strip.resize(260, 90)
    qtbot.waitUntil(lambda: "\n" in strip.button.text())

    strip.resize(600, 90)

    qtbot.waitUntil(lambda: strip.button.text() == LONG.title)


def test_the_button_asks_for_the_mend_however_it_is_written(strip, qtbot):
    strip.resize(260, 90)

    with qtbot.waitSignal(strip.mend_wanted) as wanted:
        qtbot.mouseClick(strip.button, Qt.MouseButton.LeftButton)

    assert wanted.args == [LONG]


@pytest.mark.parametrize(
    ("words", "broken"),
    [("Flatten", "Flatten"), ("", ""), ("a b", "a\nb"), ("aaaa b c", "aaaa\nb c")],
)
def test_a_text_is_broken_at_the_space_nearest_its_middle(words, broken):
    assert on_two_lines(words) == broken
