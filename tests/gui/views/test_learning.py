from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from gui.selection import Shelf
from gui.theme import DARK
from gui.views.learning import LearningView

EVALUATION = frozenset({"evaluation"})
LABELS = np.array([1, 2, 3, 4, 5])
COURSE = (  # whether each image was right, epoch by epoch
    (1, 0, 1, 0, 0),
    (1, 1, 0, 0, 0),
    (1, 1, 1, 0, 1),
)


@pytest.fixture
def view(selection, show):
    return show(LearningView(selection), 700, 450)


@pytest.fixture
def run(run_of, told):
    return run_of(*(told(epoch) for epoch in (1, 2, 3)))


@pytest.fixture
def told(answers):
    """Make the evaluation of an epoch of COURSE."""

    def told(epoch, right=None):
        marks = np.array(COURSE[epoch - 1] if right is None else right, bool)
        return answers(LABELS, np.where(marks, LABELS, 0), epoch=epoch)

    return told


@pytest.fixture
def drawn(view, run):
    view.show_run(run, EVALUATION)
    return view


def counts(view):
    return [button.text() for button in view.buttons]


def test_the_chart_has_what_each_epoch_brought(drawn):
    changes = [(one.end, one.learned, one.forgotten) for one in drawn.chart.changes]

    assert changes == [(1.0, 2, 0), (2.0, 1, 1), (3.0, 2, 0)]
    assert (drawn.chart.first, drawn.chart.last) == (0.0, 3.0)


def test_the_chart_shows_the_epochs_that_the_curves_show(drawn):
    drawn.show_range((1.0, 2.0))

    area = drawn.chart.area()
    assert drawn.chart.x_of(1.5) == pytest.approx(area.center().x())
    assert drawn.chart.place_at(area.center().x()) == 1
    assert drawn.chart.x_of(0.0) == area.left()

    drawn.show_range(None)
    assert (drawn.chart.first, drawn.chart.last) == (0.0, 3.0)


def test_words_say_what_the_shown_epoch_brought(drawn, selection):
    assert drawn.chart.accessibleDescription() == "In epoch 3: ▲ 2 learned, ▼ 0 forgotten"

    selection.select_step(45)

    assert drawn.chart.accessibleDescription() == "In epoch 2: ▲ 1 learned, ▼ 1 forgotten"
    assert "1 forgotten" in drawn.words.text()


def test_shelves_say_how_many_images_are_on_them(drawn):
    assert counts(drawn) == ["Never learned (1)", "Most often forgotten (1)", "Learned last (4)"]


@pytest.mark.parametrize(
    ("place", "title", "rows"),
    [
        (0, "Never learned", [3]),
        (1, "Most often forgotten", [2]),
        (2, "Learned last", [2, 4, 1, 0]),
    ],
)
def test_choosing_a_shelf_selects_its_images_and_choosing_it_again_none(
    drawn, selection, qtbot, place, title, rows
):
    button = drawn.buttons[place]

    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert selection.shelf.title == title
    assert list(selection.shelf.rows) == rows
    assert button.isChecked()

    qtbot.keyClick(button, Qt.Key.Key_Space)
    assert selection.shelf is None
    assert not button.isChecked()


def test_a_shelf_of_somebody_else_leaves_all_unchosen(drawn, selection):
    drawn.never.click()

    selection.select_shelf(Shelf("Others", np.array([1])))

    assert not any(button.isChecked() for button in drawn.buttons)


def test_the_rows_of_a_shelf_are_places_in_the_split(view, run_of, told, selection):
    rows = np.array([10, 20, 30, 40, 50])
    view.show_run(run_of(*(replace(told(epoch), rows=rows) for epoch in (1, 2, 3))), EVALUATION)

    view.never.click()

    assert list(selection.shelf.rows) == [40]


def test_a_new_evaluation_is_counted_and_fills_the_chosen_shelf(drawn, run, told, selection):
    drawn.never.click()
    run.apply(told(4, (1, 1, 1, 1, 0)), 9.0)

    drawn.show_run(run, EVALUATION)

    assert counts(drawn) == ["Never learned (0)", "Most often forgotten (2)", "Learned last (4)"]
    assert list(selection.shelf.rows) == []
    assert drawn.never.isChecked()


def test_a_shelf_stays_the_same_one_where_nothing_on_it_has_changed(drawn, run, told, selection):
    drawn.never.click()
    before = selection.shelf

    run.apply(told(4, COURSE[2]), 9.0)
    drawn.show_run(run, EVALUATION)

    assert selection.shelf is before


def test_samples_are_not_counted(drawn, run, told):
    run.apply(replace(told(4, (0, 0, 0, 0, 0)), whole=False), 9.0)

    drawn.show_run(run, EVALUATION)

    assert len(drawn.chart.changes) == 3


def test_a_click_on_a_bar_selects_its_step(drawn, selection, qtbot):
    x = round(drawn.chart.x_of(1.5))

    qtbot.mouseClick(drawn.chart, Qt.MouseButton.LeftButton, pos=QPoint(x, 40))

    assert selection.step == 40
    assert drawn.chart.shown == 1


def test_one_evaluation_says_that_it_takes_two(view, run_of, told):
    view.show_run(run_of(told(1)), EVALUATION)

    assert view.empty.isVisible()
    assert "two epochs" in view.empty.text()


def test_the_test_set_says_that_it_is_evaluated_once(drawn, run, answers, selection):
    run.apply(answers(LABELS, LABELS, of="test", epoch=3), 9.0)

    selection.select_set("test")

    assert drawn.empty.isVisible()
    assert "only one" in drawn.empty.text()


def test_a_new_run_begins_empty(drawn, run_of):
    drawn.show_run(run_of(), frozenset({"started"}))

    assert drawn.empty.isVisible()


def test_a_hidden_view_waits_until_it_is_shown(view, run):
    view.hide()
    view.show_run(run, EVALUATION)
    assert view.chart.changes == ()

    view.show()

    assert len(view.chart.changes) == 3


def test_shelves_show_the_first_pictures_and_none_where_images_are_not_loaded(drawn, run, told):
    assert [len(button.pictures) for button in drawn.buttons] == [1, 1, 4]

    run.dataset = None
    run.apply(told(4, (0, 0, 0, 0, 0)), 9.0)
    drawn.show_run(run, EVALUATION)

    assert [len(button.pictures) for button in drawn.buttons] == [1, 0, 0]
    assert counts(drawn)[1] == "Most often forgotten (4)"


def test_a_small_view_leaves_its_least_important_words_out(drawn):
    assert drawn.scope.isVisible()

    drawn.resize(380, 230)

    assert not drawn.scope.isVisible()


def test_a_themes_colours_are_used(drawn):
    drawn.set_theme(DARK)

    assert DARK.right[1] in drawn.words.text()
    assert not drawn.grab().isNull()
