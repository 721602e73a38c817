from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from gui.selection import Cell
from gui.theme import DARK, LIGHT
from gui.views.mistakes import MistakesView, percent

EVALUATION = frozenset({"evaluation"})
LABELS = [4, 7, 1, 2, 4, 0]
PREDICTED = [9, 1, 1, 7, 9, 0]
SURENESS = [0.6, 0.95, 0.9, 0.8, 0.99, 0.9]


def probabilities(predicted, sureness, classes=10):
    rows = np.full((len(predicted), classes), 0.001, np.float32)
    rows[np.arange(len(predicted)), predicted] = sureness
    return rows


@pytest.fixture
def view(selection, show):
    return show(MistakesView(selection))


@pytest.fixture
def run(run_of, answers):
    return run_of(answers(LABELS, PREDICTED, probabilities=probabilities(PREDICTED, SURENESS)))


@pytest.fixture
def drawn(view, run):
    view.show_run(run, EVALUATION)
    return view


def order(view, name):
    view.order.setCurrentIndex(view.order.findData(name))
    view.order.activated.emit(view.order.currentIndex())


def captions(view):
    return [view.model.index(row, 0).data() for row in range(view.model.rowCount())]


def many(answers, count=200):
    """Give an evaluation with nothing but mistakes."""
    return answers(np.zeros(count, int), np.ones(count, int))


def test_every_mistake_is_listed_and_nothing_else(drawn):
    assert sorted(drawn.model.truths()) == [(2, 7), (4, 9), (4, 9), (7, 1)]
    assert drawn.count.text() == "4 wrong of 6"


def test_a_caption_says_true_predicted_and_how_sure(drawn):
    assert captions(drawn)[0] == "class 4 > class 9\nclass 9: 99.0 %"


@pytest.mark.parametrize(
    ("name", "truths"),
    [
        ("surest", [(4, 9), (7, 1), (2, 7), (4, 9)]),
        ("least sure", [(4, 9), (2, 7), (7, 1), (4, 9)]),
        ("index", [(4, 9), (7, 1), (2, 7), (4, 9)]),
    ],
)
def test_mistakes_are_sorted(drawn, name, truths):
    order(drawn, name)

    assert drawn.model.truths() == truths


def test_the_surest_come_first_at_the_start(drawn):
    assert "99.0 %" in captions(drawn)[0]
    assert "60.0 %" in captions(drawn)[-1]


@pytest.mark.parametrize(
    ("cell", "truths", "chip"),
    [
        (Cell(4, 9), [(4, 9), (4, 9)], "true class 4, predicted class 9"),
        (Cell(true=7), [(7, 1)], "true class 7"),
        (Cell(predicted=9), [(4, 9), (4, 9)], "predicted class 9"),
        (Cell(true=1), [], "true class 1"),
    ],
)
def test_only_the_selected_cells_images_are_listed(drawn, selection, cell, truths, chip):
    selection.select_cell(cell)

    assert drawn.model.truths() == truths
    assert drawn.chip.isVisible()
    assert drawn.chip.text() == chip


def test_a_cell_of_the_diagonal_lists_what_is_right(drawn, selection):
    selection.select_cell(Cell(1, 1))

    assert drawn.model.truths() == [(1, 1)]
    assert drawn.count.text() == "1 right of 6"


def test_a_click_on_the_chip_shows_all_mistakes_again(drawn, selection, qtbot):
    selection.select_cell(Cell(4, 9))

    qtbot.mouseClick(drawn.chip, Qt.MouseButton.LeftButton)

    assert selection.cell is None
    assert len(drawn.model.truths()) == 4
    assert not drawn.chip.isVisible()


def test_an_ampersand_in_a_classs_name_is_shown(view, run_of, answers, project_of, selection):
    project = project_of(2)
    source = project.data.source.model_copy(update={"class_names": ("R&D", "other")})
    run = run_of(answers([0], [1], classes=2), project=project.set_data(source=source))
    view.show_run(run, EVALUATION)

    selection.select_cell(Cell(0, 1))

    assert view.chip.text() == "true R&&D, predicted other"


def test_a_name_of_two_lines_does_no_harm(view, run_of, answers, project_of):
    project = project_of(2)
    source = project.data.source.model_copy(update={"class_names": ("two\nlines", "b\nc")})
    run = run_of(answers([0], [1], classes=2), project=project.set_data(source=source))

    view.show_run(run, EVALUATION)

    assert not view.grab().isNull()


def test_no_mistake_is_good_news(view, run_of, answers):
    view.show_run(run_of(answers([1, 2], [1, 2])), EVALUATION)

    assert view._none.isVisible()
    assert view._none.text().startswith("No mistakes")
    assert not view.list.isVisible()


def test_an_empty_cell_says_so(drawn, selection):
    selection.select_cell(Cell(8, 8))

    assert drawn._none.text() == "This evaluation has no image here."
    assert drawn._none.isVisible()


def test_a_sample_is_called_one(view, run_of, answers):
    view.show_run(run_of(answers([1], [2], whole=False)), EVALUATION)

    assert view.count.text() == "1 wrong of 1 (sample)"


def test_before_an_evaluation_it_says_what_will_be_here(view):
    assert "Every image that the network gets wrong" in view._stack.currentWidget().text()


def test_a_new_run_begins_empty(drawn, run_of):
    drawn.show_run(run_of(), frozenset({"started"}))

    assert drawn._stack.currentIndex() == 0
    assert drawn.model.rowCount() == 0


def test_a_tooltip_names_the_image_in_the_persons_own_files(drawn):
    order(drawn, "index")

    words = drawn.model.index(1, 0).data(Qt.ItemDataRole.ToolTipRole)

    assert words.startswith("Image 1,001 of the training set")
    assert "It is class 7; the network says class 1 and gives it 95.0 %." in words


def test_a_tile_shows_its_own_image(drawn, run):
    order(drawn, "index")

    picture = drawn.model.index(2, 0).data(Qt.ItemDataRole.DecorationRole)

    image = np.round(255 * run.dataset.validation.images[3, 0])
    seen = [[QColor(picture.pixel(x, y)).red() for x in range(8)] for y in range(8)]
    np.testing.assert_array_equal(seen, image)


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 64, 64), (3, 8, 8), (3, 64, 64), (1, 5, 9)])
@pytest.mark.parametrize("classes", [2, 62])
def test_images_of_any_shape_are_painted(view, run_of, answers, project_of, shape, classes):
    project = project_of(classes, shape)
    run = run_of(answers([0, 1], [1, 0], classes=classes), project=project)
    view.show_run(run, EVALUATION)

    picture = view.list.viewport().grab().toImage()

    area = view.list.visualRect(view.model.index(0, 0))
    tile = {
        picture.pixel(x, y)
        for x in range(area.left(), area.right())
        for y in range(area.top(), area.top() + view.tiles.size)
    }
    assert len(tile) > 20  # noise in many shades


def test_a_probability_that_is_no_number_is_told(view, run_of, answers):
    nothing = np.full((2, 10), np.nan)

    view.show_run(run_of(answers([1, 2], [0, 0], probabilities=nothing)), EVALUATION)

    assert captions(view)[0].endswith("not a number")
    assert not view.grab().isNull()


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (0.0, "0.0 %"),
        (0.5, "50.0 %"),
        (0.9994, "99.9 %"),
        (0.9996, "99.96 %"),
        (1.0, "99.99 %"),
        (float("nan"), "not a number"),
    ],
)
def test_a_probability_is_never_written_as_certainty(probability, text):
    assert percent(probability) == text


def test_it_follows_the_run(drawn, run, answers):
    run.apply(answers([3], [5]), 9.0)

    drawn.show_run(run, EVALUATION)

    assert drawn.model.truths() == [(3, 5)]


def test_the_selected_cell_stays_selected_while_training(drawn, run, answers, selection):
    selection.select_cell(Cell(4, 9))
    run.apply(answers([4, 4, 4, 3], [9, 9, 9, 5]), 9.0)

    drawn.show_run(run, EVALUATION)

    assert drawn.model.truths() == [(4, 9)] * 3


def test_what_is_looked_at_stays_in_sight_while_training(view, run_of, answers, qapp):
    run = run_of(many(answers))
    view.show_run(run, EVALUATION)
    qapp.processEvents()
    view.list.verticalScrollBar().setValue(500)
    qapp.processEvents()
    assert view.list.verticalScrollBar().value() == 500

    run.apply(many(answers), 9.0)
    view.show_run(run, EVALUATION)
    qapp.processEvents()

    assert view.list.verticalScrollBar().value() == 500


def test_another_selection_begins_at_its_top(view, run_of, answers, selection, qapp):
    view.show_run(run_of(many(answers)), EVALUATION)
    qapp.processEvents()
    view.list.verticalScrollBar().setValue(500)

    selection.select_cell(Cell(0, 1))
    qapp.processEvents()

    assert view.list.verticalScrollBar().value() == 0


def test_the_same_evaluation_is_listed_once(drawn, run, qtbot):
    with qtbot.assertNotEmitted(drawn.model.modelReset):
        drawn.show_run(run, frozenset({"progress"}))


def test_a_hidden_list_waits_until_it_is_shown(view, run, selection, qtbot):
    view.hide()
    with qtbot.assertNotEmitted(view.model.modelReset):
        view.show_run(run, EVALUATION)
        selection.select_cell(Cell(4, 9))

    view.show()

    assert view.model.truths() == [(4, 9), (4, 9)]


def test_pictures_are_made_when_they_are_painted(view, run_of, answers, qapp):
    view.show_run(run_of(many(answers)), EVALUATION)
    view.grab()

    assert 0 < view.model.picture.cache_info().currsize < 100


def test_tiles_can_be_made_larger(drawn, qapp):
    before = drawn.list.visualRect(drawn.model.index(0, 0)).height()

    drawn.tile_size.setValue(128)
    qapp.processEvents()

    assert drawn.list.visualRect(drawn.model.index(0, 0)).height() == before + 64


def test_a_selected_tile_is_framed_in_the_themes_colour(drawn):
    drawn.set_theme(DARK)
    drawn.list.setCurrentIndex(drawn.model.index(0, 0))

    picture = drawn.list.viewport().grab().toImage()

    area = drawn.list.visualRect(drawn.model.index(0, 0))
    seen = {picture.pixelColor(x, area.top() + 5).name() for x in range(area.left(), area.right())}
    assert DARK.accent in seen
    assert LIGHT.border not in seen


def test_controls_have_names_for_a_screen_reader(view):
    names = [widget.accessibleName() for widget in (view.list, view.order, view.tile_size)]

    assert names == ["Misclassified images", "Order", "Tile size"]


def test_it_follows_the_chosen_set(drawn, run, answers, selection):
    run.apply(answers([3], [5], of="test"), 9.0)
    drawn.show_run(run, EVALUATION)
    assert len(drawn.model.truths()) == 4

    selection.select_set("test")

    assert drawn.model.truths() == [(3, 5)]
    words = drawn.model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert words.startswith("Image 5,000 of the test set.")


def test_an_image_of_the_test_set_is_its_own(drawn, run, answers, selection):
    run.apply(answers([3], [5], of="test"), 9.0)
    drawn.show_run(run, EVALUATION)

    selection.select_set("test")

    picture = drawn.model.index(0, 0).data(Qt.ItemDataRole.DecorationRole)
    pixel = QColor(picture.pixel(2, 4)).red()
    assert pixel == round(255 * float(run.dataset.test.images[0, 0, 4, 2]))
    assert pixel != round(255 * float(run.dataset.validation.images[0, 0, 4, 2]))
