from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt

from gui.widgets.lens.prediction_strip import (
    Answer,
    PredictionStrip,
    answers_to,
    place_of,
    spread,
)

NAMES = ("nought", "one", "two")


def course(count):
    return tuple(Answer(10 * n, n, n % 3, 0.71, n % 3 == 0) for n in range(1, count + 1))


@pytest.fixture
def strip(show):
    return show(PredictionStrip(), 300, 40)


@given(st.integers(0, 500), st.integers(2, 60), st.data())
def test_what_is_drawn_has_the_first_the_last_and_the_shown_and_rises(count, room, data):
    shown = data.draw(st.none() | st.integers(0, count - 1)) if count else None

    drawn = spread(count, room, shown)

    assert len(drawn) <= max(room, 3)
    assert sorted(set(drawn)) == drawn
    if count:
        wanted = {0, count - 1} if room > 2 or shown is None else set()
        assert wanted | ({shown} - {None}) <= set(drawn)


def test_an_image_is_found_in_a_sample_that_has_it_and_not_in_one_without(answers):
    sample = replace(answers([1, 2], [1, 1]), rows=np.array([3, 8]))

    assert place_of(sample, 8) == 1
    assert place_of(sample, 5) is None
    assert place_of(sample, 9) is None


def test_the_course_of_an_image_is_collected_from_the_evaluations_that_have_it(answers):
    first, last = answers([4, 5], [9, 5], epoch=1), answers([4, 5], [4, 5], epoch=3)
    sample = replace(answers([5], [5], epoch=2), rows=np.array([1]))

    found = answers_to([first, sample, last], 0)

    assert [(one.epoch, one.predicted, one.right) for one in found] == [(1, 9, False), (3, 4, True)]


def test_a_click_on_a_cell_chooses_its_step(strip, qtbot):
    strip.show_answers(course(5), NAMES, 4)
    cells = dict(strip.cells())

    with qtbot.waitSignal(strip.step_chosen) as chosen:
        qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=cells[2].center())

    assert chosen.args == [30]


def test_a_click_beside_the_cells_chooses_nothing(strip, qtbot):
    strip.show_answers(course(2), NAMES, 1)

    with qtbot.assertNotEmitted(strip.step_chosen):
        qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(290, 10))


@pytest.mark.parametrize(
    ("key", "step"),
    [(Qt.Key.Key_Left, 20), (Qt.Key.Key_Right, 40), (Qt.Key.Key_Home, 10), (Qt.Key.Key_End, 50)],
)
def test_keys_choose_the_step_beside_and_the_ends(strip, qtbot, key, step):
    strip.show_answers(course(5), NAMES, 2)

    with qtbot.waitSignal(strip.step_chosen) as chosen:
        qtbot.keyClick(strip, key)

    assert chosen.args == [step]


def test_a_cell_says_when_what_and_how_sure(strip):
    strip.show_answers((Answer(4222, 3, 1, 0.71, False),), NAMES, 0)

    assert strip.words_of(0) == "epoch 3, step 4,222: one (71.0 %)"
    assert strip.accessibleDescription() == strip.words_of(0)


def test_hundreds_fit(strip):
    strip.show_answers(course(700), NAMES, 333)

    cells = strip.cells()
    assert 333 in dict(cells)
    assert cells[-1][1].right() <= strip.width()
    assert not strip.grab().isNull()


def test_without_answers_keys_do_nothing(strip, qtbot):
    with qtbot.assertNotEmitted(strip.step_chosen):
        qtbot.keyClick(strip, Qt.Key.Key_Left)
