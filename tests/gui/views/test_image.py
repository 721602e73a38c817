from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from engine.training.history import Run
from gui.pictures import as_picture
from gui.theme import DARK
from gui.views.image import ImageView
from gui.widgets.large_picture import fitted

NINETY = "90.0\N{NO-BREAK SPACE}%."
EVALUATION = frozenset({"evaluation"})
LABELS = np.arange(20) % 10


@pytest.fixture
def view(selection, show):
    return show(ImageView(selection), 700, 450)


@pytest.fixture
def run(run_of, answers):
    """Image 4 was called 9, then 4, then 9; others were always right."""
    said = [LABELS.copy() for _ in range(3)]
    said[0][4] = said[2][4] = 9
    return run_of(*(answers(LABELS, one, epoch=epoch) for epoch, one in enumerate(said, 1)))


@pytest.fixture
def drawn(view, run, selection, qtbot):
    selection.select_image(4)
    view.show_run(run, EVALUATION)
    qtbot.waitUntil(lambda: len(view.nearest.row.tiles) == 8)
    return view


def marked(view):
    return [
        (bar.name, bar.true, bar.predicted) for bar in view.bars.bars if bar.true or bar.predicted
    ]


def test_words_say_what_it_is_and_what_the_network_says(drawn):
    assert drawn.said.text() == "It is class 4; the network says class 9 and gives it " + NINETY
    assert drawn.where.text() == "Image 1,004 of the training set, kept aside for validation."


def test_the_picture_is_the_images_own(drawn, run):
    assert drawn.picture.picture == as_picture(run.dataset.validation.images[4])


def test_bars_mark_the_true_and_the_predicted_class(drawn):
    assert len(drawn.bars.bars) == 10
    assert marked(drawn) == [("class 4", True, False), ("class 9", False, True)]


def test_the_course_has_every_evaluation_with_the_shown_one_marked(drawn):
    assert [answer.right for answer in drawn.strip.answers] == [False, True, False]
    assert drawn.strip.shown == 2
    assert drawn.course.text() == "Right in 1 of 3 evaluations"


def test_a_click_on_the_course_selects_that_step_and_shows_it(drawn, selection, qtbot):
    cell = dict(drawn.strip.cells())[1]

    qtbot.mouseClick(drawn.strip, Qt.MouseButton.LeftButton, pos=cell.center())

    assert selection.step == 40
    assert drawn.strip.shown == 1
    assert drawn.said.text() == "It is class 4, as the network says, which gives it " + NINETY


def test_another_image_is_shown_when_it_is_selected(drawn, selection):
    selection.select_image(7)

    assert drawn.said.text().startswith("It is class 7, as the network says")
    assert "1,007" in drawn.where.text()


def test_a_sample_without_the_image_shows_the_last_evaluation_that_has_it(
    drawn, run, answers, selection
):
    sample = replace(answers([5], [5], epoch=4, whole=False), rows=np.array([5]))
    run.apply(sample, 9.0)
    drawn.show_run(run, EVALUATION)

    assert "after step 80 is of a sample without this image; this is from step 60" in (
        drawn.note.text()
    )
    assert "says class 9" in drawn.said.text()


def test_where_only_two_probabilities_are_kept_it_shows_those_and_says_so(
    view, run_of, answers, selection
):
    selection.select_image(0)
    view.show_run(run_of(answers([0], [2]).compact()), EVALUATION)

    assert marked(view) == [("class 2", False, True), ("class 0", True, False)]
    assert len(view.bars.bars) == 2
    assert "only the predicted and the true class" in view.note.text()


def test_before_any_evaluation_it_shows_the_image_and_its_class(view, run_of, selection):
    selection.select_image(3)
    view.show_run(run_of(), frozenset({"started"}))

    assert view.said.text() == "It is class 3."
    assert "No evaluation" in view.note.text()
    assert view.bars.bars == ()


def test_of_62_classes_it_shows_ten_and_says_so(view, run_of, answers, selection, project_of):
    selection.select_image(0)
    view.show_run(run_of(answers([0], [2], classes=62), project=project_of(62)), EVALUATION)

    assert len(view.bars.bars) == 10
    assert view.note.text() == "The 10 most probable of 62 classes."


def test_a_probability_that_is_no_number_is_said(view, run_of, answers, selection):
    selection.select_image(0)
    nan = np.full((1, 10), np.nan, np.float32)
    view.show_run(run_of(answers([0], [2], probabilities=nan)), EVALUATION)

    assert view.said.text() == "It is class 0; the network says class 2, but gives no number."
    assert not view.grab().isNull()


def test_it_follows_the_set(drawn, run, answers, selection):
    run.apply(answers(LABELS, LABELS, of="test", epoch=3), 9.0)
    selection.select_set("test")
    assert drawn.empty.isVisible()

    selection.select_image(2)

    assert drawn.where.text() == "Image 5,002 of the test set."
    assert drawn.course.text() == "Right in 1 of 1 evaluations"


def test_a_training_image_is_not_its_own_neighbour(view, run_of, answers, selection, qtbot):
    selection.select_set("training")
    selection.select_image(2)
    view.show_run(run_of(answers(LABELS, LABELS, of="training")), EVALUATION)
    qtbot.waitUntil(lambda: len(view.nearest.row.tiles) == 8)

    assert all("Image 1,002 " not in tile.words for tile in view.nearest.row.tiles)


def test_empty_states_say_how_to_get_an_image(view, run_of, project_of, selection):
    assert "Train" in view.empty.text()

    view.show_run(run_of(), EVALUATION)
    assert view.empty.text() == "Choose a digit in Mistakes to see it large here."

    selection.select_image(1000)
    assert "not among those" in view.empty.text()

    view.show_run(Run(project_of()), EVALUATION)
    assert "not loaded" in view.empty.text()
    assert view.empty.isVisible()


def test_a_hidden_view_waits_until_it_is_shown(view, run, selection):
    view.hide()
    selection.select_image(4)
    view.show_run(run, EVALUATION)
    assert view.said.text() == ""

    view.show()

    assert view.said.text().startswith("It is class 4")


def test_moving_through_the_steps_asks_for_no_new_neighbours(drawn, selection, monkeypatch):
    asked = []
    monkeypatch.setattr(drawn.nearest, "ask", asked.append)

    for step in (20, 40, 60, None):
        selection.select_step(step)

    assert asked == []


def test_up_and_down_scroll_where_there_is_too_little_room(selection, show, run, qtbot):
    view = show(ImageView(selection), 380, 200)
    selection.select_image(4)
    view.show_run(run, EVALUATION)
    qtbot.waitUntil(lambda: view.scrolled.verticalScrollBar().maximum() > 0)
    before = view.scrolled.verticalScrollBar().value()

    qtbot.keyClick(view.strip, Qt.Key.Key_Down)

    assert view.scrolled.verticalScrollBar().value() > before


def test_in_a_small_view_the_course_is_in_sight_without_scrolling(selection, show, run):
    view = show(ImageView(selection), 380, 230)
    selection.select_image(4)
    view.show_run(run, EVALUATION)
    QApplication.processEvents()

    assert not view.course.isVisible()
    assert view.strip.visibleRegion().boundingRect().height() == view.strip.height()


def test_the_picture_is_sharp_and_as_large_as_whole_pixels_go():
    assert fitted_size(28, 100) == 84
    assert fitted_size(256, 100) == 100


def fitted_size(side, room):
    return fitted(QSize(side, side), QRect(0, 0, room, room)).width()


def test_a_themes_colours_are_used(drawn):
    drawn.set_theme(DARK)

    picture = drawn.strip.grab().toImage()
    assert picture.pixelColor(3, 3) == QColor(DARK.wrong[1])


def test_the_file_of_the_image_is_named(view, run, selection):
    split = run.dataset.validation
    files = tuple(f"class {index % 10}/{index}.png" for index in range(1200))
    run.dataset = replace(run.dataset, validation=replace(split, files=files))
    selection.select_image(4)
    view.show_run(run, EVALUATION)

    assert view.where.text().endswith("File: class 4/1004.png")
