from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFileDialog

from engine.analysis.mistakes import Cell
from gui.selection import Shelf
from gui.theme import DARK
from gui.views.mistakes import MistakesView

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
    view.head.order.setCurrentIndex(view.head.order.findData(name))
    view.head.order.activated.emit(view.head.order.currentIndex())


def captions(view):
    return [view.tiles.index(place).data() for place in range(view.tiles.rowCount())]


def truths(view):
    """Give the (true, predicted) class numbers that the captions say."""
    answers = [
        caption.split("\n")[0].replace("class ", "").split(" > ") for caption in captions(view)
    ]
    return [(int(answer[0]), int(answer[-1])) for answer in answers]


def chips(view):
    return [chip.accessibleName() for chip in view.chips.chips.values()]


def many(answers, count=200):
    """Give an evaluation with nothing but mistakes."""
    return answers(np.zeros(count, int), np.ones(count, int))


def test_every_mistake_is_listed_and_nothing_else(drawn):
    assert sorted(truths(drawn)) == [(2, 7), (4, 9), (4, 9), (7, 1)]
    assert drawn.head.count.text() == "4 of 6 wrong"


def test_a_caption_says_true_predicted_and_how_sure(drawn):
    assert captions(drawn)[0] == "class 4 > class 9\nclass 9: 99.0 %"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("surest", [(4, 9), (7, 1), (2, 7), (4, 9)]),
        ("least sure", [(4, 9), (2, 7), (7, 1), (4, 9)]),
        ("index", [(4, 9), (7, 1), (2, 7), (4, 9)]),
    ],
)
def test_mistakes_are_sorted(drawn, name, expected):
    order(drawn, name)

    assert truths(drawn) == expected


def test_the_surest_come_first_at_the_start(drawn):
    assert "99.0 %" in captions(drawn)[0]
    assert "60.0 %" in captions(drawn)[-1]


def test_the_greatest_loss_comes_first_where_it_is_asked_for(view, run_of, answers):
    given = np.full((3, 10), 0.05, np.float32)
    given[[0, 1, 2], [0, 0, 0]] = (0.1, 0.001, 0.3)
    view.show_run(run_of(answers([0, 0, 0], [1, 2, 3], probabilities=given)), EVALUATION)

    order(view, "loss")

    assert truths(view) == [(0, 2), (0, 1), (0, 3)]


def sorted_by_likeness(view, qtbot):
    qtbot.waitUntil(lambda: not view.likeness.sorting)


def test_likeness_waits_for_an_image_to_be_like(drawn, selection, qtbot):
    item = drawn.head.order.model().item(drawn.head.order.findData("likeness"))
    assert not item.isEnabled()
    assert "Choose an image first" in item.data(Qt.ItemDataRole.ToolTipRole)

    selection.select_image(3)
    order(drawn, "likeness")
    sorted_by_likeness(drawn, qtbot)

    assert item.isEnabled()
    assert truths(drawn)[0] == (2, 7)  # the image itself


def test_while_likeness_is_sought_the_order_stays_and_it_says_so(drawn, selection, qtbot):
    before = captions(drawn)
    selection.select_image(3)
    order(drawn, "likeness")

    assert captions(drawn) == before
    assert drawn.head.count.text() == "4 of 6 wrong, sorting …"

    sorted_by_likeness(drawn, qtbot)
    assert drawn.head.count.text() == "4 of 6 wrong"


def test_another_order_is_shown_at_once_while_likeness_is_sought(drawn, selection, qtbot):
    selection.select_image(3)
    order(drawn, "likeness")

    order(drawn, "index")

    assert truths(drawn) == [(4, 9), (7, 1), (2, 7), (4, 9)]
    assert drawn.head.count.text() == "4 of 6 wrong"
    qtbot.waitUntil(lambda: not drawn.likeness.sorting)


def test_cells_are_followed_while_likeness_is_sought(drawn, selection, qtbot):
    selection.select_image(3)
    order(drawn, "likeness")

    selection.select_cells((Cell(4, 9),))

    assert truths(drawn) == [(4, 9), (4, 9)]
    qtbot.waitUntil(lambda: not drawn.likeness.sorting)


def test_moving_on_does_not_sort_by_likeness_anew(drawn, selection, qtbot):
    selection.select_image(3)
    order(drawn, "likeness")
    sorted_by_likeness(drawn, qtbot)
    before = captions(drawn)

    qtbot.keyClick(drawn.gallery, Qt.Key.Key_End)

    assert captions(drawn) == before


@pytest.mark.parametrize(
    ("cell", "expected", "chip"),
    [
        (Cell(4, 9), [(4, 9), (4, 9)], "true class 4, predicted class 9"),
        (Cell(true=7), [(7, 1)], "true class 7"),
        (Cell(predicted=9), [(4, 9), (4, 9)], "predicted class 9"),
        (Cell(true=1), [], "true class 1"),
        (Cell(1, 1), [(1, 1)], "true class 1, predicted class 1"),
        (Cell(right=True), [(1, 1), (0, 0)], "all right"),
    ],
)
def test_only_the_selected_cells_images_are_listed(drawn, selection, cell, expected, chip):
    selection.select_cells((cell,))

    assert truths(drawn) == expected
    assert chips(drawn) == [chip]
    assert drawn.head.count.text() == f"{len(expected)} of 6"


def test_a_chip_takes_its_own_filter_away(drawn, selection, qtbot):
    selection.select_cells((Cell(4, 9), Cell(7, 1)))

    qtbot.mouseClick(drawn.chips.chips[Cell(4, 9)], Qt.MouseButton.LeftButton)

    assert selection.cells == (Cell(7, 1),)
    assert truths(drawn) == [(7, 1)]


def test_all_filters_go_at_once(drawn, selection, qtbot):
    selection.select_cells((Cell(4, 9),))
    selection.select_shelf(Shelf("never learned", np.array([0, 1])))
    assert chips(drawn) == ["never learned", "true class 4, predicted class 9"]

    qtbot.mouseClick(drawn.chips.all, Qt.MouseButton.LeftButton)

    assert (selection.cells, selection.shelf) == ((), None)
    assert len(truths(drawn)) == 4


def test_escape_clears_the_filters(drawn, selection, qtbot):
    selection.select_cells((Cell(4, 9),))
    drawn.gallery.setFocus()

    qtbot.keyClick(drawn.gallery, Qt.Key.Key_Escape)

    assert selection.cells == ()


def test_a_shelf_is_shown_in_its_own_order_until_it_goes(drawn, selection):
    order(drawn, "least sure")
    selection.select_shelf(Shelf("learned last", np.array([5, 0, 2])))
    assert truths(drawn) == [(0, 0), (4, 9), (1, 1)]

    selection.select_shelf(None)

    assert drawn.head.sorting == "least sure"
    assert len(truths(drawn)) == 4


def test_right_ones_are_shown_on_demand(drawn):
    drawn.head.right_too.click()

    assert len(truths(drawn)) == 6
    assert "class 1\nclass 1: 90.0 %" in captions(drawn)
    assert drawn.head.count.text() == "6 of 6"


def test_a_name_of_two_lines_does_no_harm(view, run_of, answers, project_of):
    project = project_of(2)
    source = project.data.source.model_copy(update={"class_names": ("two\nlines", "b\nc")})
    run = run_of(answers([0], [1], classes=2), project=project.set_data(source=source))

    view.show_run(run, EVALUATION)

    assert captions(view)[0].startswith("two lines > b c\n")
    assert not view.grab().isNull()


def test_no_mistake_is_good_news(view, run_of, answers):
    view.show_run(run_of(answers([1, 2], [1, 2])), EVALUATION)

    assert view.none.isVisible()
    assert view.none.text().startswith("No mistakes")
    assert not view.gallery.isVisible()


def test_an_empty_cell_says_so(drawn, selection):
    selection.select_cells((Cell(8, 8),))

    assert drawn.none.text() == "This evaluation has no image in this selection."
    assert drawn.none.isVisible()


def test_a_sample_is_called_one(view, run_of, answers):
    view.show_run(run_of(answers([1], [2], whole=False)), EVALUATION)

    assert view.head.count.text() == "1 of 1 wrong (sample)"


def test_before_an_evaluation_it_says_what_will_be_here(view):
    assert "Every image that the network gets wrong" in view._stack.currentWidget().text()


@pytest.mark.parametrize(
    ("of", "words"), [("test", "kept for the end"), ("training", "as it learned them")]
)
def test_a_set_without_answers_says_when_they_come(drawn, selection, of, words):
    selection.select_set(of)

    assert words in drawn._stack.currentWidget().text()


def test_a_new_run_begins_empty(drawn, run_of):
    drawn.show_run(run_of(), frozenset({"started"}))

    assert drawn._stack.currentWidget() is drawn.waiting
    assert drawn.tiles.rowCount() == 0


def test_answers_to_images_that_are_not_there_are_not_shown(view, run, answers):
    run.apply(answers(np.zeros(500, int), np.ones(500, int)), 9.0)  # the set has 200

    view.show_run(run, EVALUATION)

    assert "not loaded" in view._stack.currentWidget().text()


def test_a_tooltip_names_the_image_in_the_persons_own_files(drawn):
    order(drawn, "index")

    words = drawn.tiles.index(1).data(Qt.ItemDataRole.ToolTipRole)

    assert words.startswith("Image 1,001 of the training set")
    assert "It is class 7; the network says class 1 and gives it 95.0 %" in words


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 256, 256), (3, 8, 8), (3, 64, 64), (1, 5, 9)])
@pytest.mark.parametrize("classes", [2, 62])
def test_images_of_any_shape_are_painted(view, run_of, answers, project_of, shape, classes):
    project = project_of(classes, shape)
    run = run_of(answers([0, 1], [1, 0], classes=classes), project=project, count=64)
    view.show_run(run, EVALUATION)

    picture = view.gallery.viewport().grab().toImage()

    area = view.gallery.visualRect(view.tiles.index(0))
    tile = {
        picture.pixel(x, y)
        for x in range(area.left(), area.right())
        for y in range(area.top(), area.top() + view.gallery.painter.size)
    }
    assert len(tile) > 20  # noise in many shades


def test_a_probability_that_is_no_number_is_told(view, run_of, answers):
    nothing = np.full((2, 10), np.nan)

    view.show_run(run_of(answers([1, 2], [0, 0], probabilities=nothing)), EVALUATION)

    assert captions(view)[0].endswith("not a number")
    assert not view.grab().isNull()


def test_it_follows_the_run(drawn, run, answers):
    run.apply(answers([3], [5]), 9.0)

    drawn.show_run(run, EVALUATION)

    assert truths(drawn) == [(3, 5)]


def test_it_shows_the_evaluation_that_the_slider_is_at(drawn, run, answers, selection):
    first = run.evaluation("validation").step
    run.apply(answers([3], [5], epoch=2), 9.0)
    drawn.show_run(run, EVALUATION)

    selection.select_step(first)
    assert len(truths(drawn)) == 4

    selection.select_step(None)
    assert truths(drawn) == [(3, 5)]


def test_the_selected_cell_stays_selected_while_training(drawn, run, answers, selection):
    selection.select_cells((Cell(4, 9),))
    run.apply(answers([4, 4, 4, 3], [9, 9, 9, 5]), 9.0)

    drawn.show_run(run, EVALUATION)

    assert truths(drawn) == [(4, 9)] * 3


def test_what_is_looked_at_stays_while_training(view, run_of, answers, selection):
    run = run_of(many(answers))
    view.show_run(run, EVALUATION)
    view.gallery.setCurrentIndex(view.tiles.index(7))
    view.gallery.verticalScrollBar().setValue(500)

    run.apply(many(answers), 9.0)
    view.show_run(run, EVALUATION)

    assert view.gallery.verticalScrollBar().value() == 500
    assert view.gallery.image() == selection.image == 7


def test_another_selection_begins_at_its_top(view, run_of, answers, selection):
    view.show_run(run_of(many(answers)), EVALUATION)
    view.gallery.verticalScrollBar().setValue(500)

    selection.select_cells((Cell(0, 1),))

    assert view.gallery.verticalScrollBar().value() == 0


def test_the_same_evaluation_is_listed_once(drawn, run, qtbot):
    with qtbot.assertNotEmitted(drawn.tiles.modelReset):
        drawn.show_run(run, frozenset({"progress"}))
        drawn.show_run(run, EVALUATION)


def test_a_hidden_list_waits_until_it_is_shown(view, run, selection, qtbot):
    view.hide()
    with qtbot.assertNotEmitted(view.tiles.modelReset):
        view.show_run(run, EVALUATION)
        selection.select_cells((Cell(4, 9),))

    view.show()

    assert truths(view) == [(4, 9), (4, 9)]


def test_tiles_can_be_made_larger(drawn):
    before = drawn.gallery.visualRect(drawn.tiles.index(0)).height()

    drawn.head.tile_size.setValue(128)

    assert drawn.gallery.visualRect(drawn.tiles.index(0)).height() == before + 64


def test_it_takes_the_theme(drawn):
    drawn.set_theme(DARK)

    picture = drawn.gallery.viewport().grab().toImage()

    corner = picture.pixelColor(picture.width() - 1, picture.height() - 1)
    assert corner == QColor(DARK.panel)


def test_controls_have_names_for_a_screen_reader(view):
    controls = (view.gallery, view.head.order, view.head.tile_size, view.head.search)

    assert all(control.accessibleName() for control in controls)


def test_it_follows_the_chosen_set(drawn, run, answers, selection):
    run.apply(answers([3], [5], of="test"), 9.0)
    drawn.show_run(run, EVALUATION)
    assert len(truths(drawn)) == 4

    selection.select_set("test")

    assert truths(drawn) == [(3, 5)]
    words = drawn.tiles.index(0).data(Qt.ItemDataRole.ToolTipRole)
    assert words.startswith("Image 5,000 of the test set.")


def test_an_image_of_the_test_set_is_its_own(drawn, run, answers, selection):
    run.apply(answers([3], [5], of="test"), 9.0)
    drawn.show_run(run, EVALUATION)

    selection.select_set("test")

    picture = drawn.tiles.index(0).data(Qt.ItemDataRole.DecorationRole)
    pixel = QColor(picture.pixel(2, 4)).red()
    assert pixel == round(255 * float(run.dataset.test.images[0, 0, 4, 2]))
    assert pixel != round(255 * float(run.dataset.validation.images[0, 0, 4, 2]))


def test_moving_selects_the_image_for_all_views(drawn, selection, qtbot):
    order(drawn, "index")
    qtbot.keyClick(drawn.gallery, Qt.Key.Key_Home)
    qtbot.keyClick(drawn.gallery, Qt.Key.Key_Right)

    assert selection.image == 1


def test_an_image_chosen_elsewhere_becomes_the_current_one(drawn, selection):
    selection.select_image(3)

    assert drawn.gallery.image() == 3


def test_an_image_that_is_not_listed_leaves_no_other_current(drawn, selection):
    selection.select_image(3)
    selection.select_image(2)  # a right one

    assert drawn.gallery.image() is None

    drawn.head.right_too.click()

    assert drawn.gallery.image() == 2


def test_an_image_that_comes_back_moves_nothing(view, run_of, answers, selection):
    run = run_of(many(answers))
    view.show_run(run, EVALUATION)
    selection.select_image(7)
    for labels in (np.where(np.arange(200) == 7, 1, 0), np.zeros(200, int)):
        view.gallery.verticalScrollBar().setValue(500)
        run.apply(answers(labels, np.ones(200, int)), 9.0)
        view.show_run(run, EVALUATION)

    assert view.gallery.image() == selection.image == 7
    assert view.gallery.verticalScrollBar().value() == 500


def test_enter_asks_to_look_at_an_image(drawn, selection, qtbot):
    selection.select_image(3)

    with qtbot.waitSignal(drawn.opened) as told:
        qtbot.keyClick(drawn.gallery, Qt.Key.Key_Return)

    assert told.args == [3]


def seek(view, qtbot, index):
    view.head.search.clear()
    qtbot.keyClicks(view.head.search, str(index))
    qtbot.keyClick(view.head.search, Qt.Key.Key_Return)


def test_an_index_is_found(drawn, selection, qtbot):
    seek(drawn, qtbot, 1003)

    assert selection.image == 3
    assert drawn.gallery.image() == 3
    assert not drawn.notice.isVisible()


def test_an_index_outside_the_selection_can_be_shown_alone(drawn, selection, qtbot):
    seek(drawn, qtbot, 1002)
    assert drawn.notice.sentence.text() == "Image 1,002 is not in this selection."

    qtbot.mouseClick(drawn.notice.way_on, Qt.MouseButton.LeftButton)

    assert truths(drawn) == [(1, 1)]
    assert chips(drawn) == ["image 1,002"]
    assert selection.image == 2
    assert not drawn.notice.isVisible()


@pytest.mark.parametrize(
    ("index", "words"), [(7, "is not in the validation set"), (1100, "not in the sample")]
)
def test_an_index_that_can_not_be_shown_gets_a_sentence(drawn, qtbot, index, words):
    seek(drawn, qtbot, index)

    assert words in drawn.notice.sentence.text()
    assert not drawn.notice.way_on.isVisible()


def test_the_menu_of_an_image_opens_it_and_sorts_by_likeness_to_it(drawn, qtbot):
    menu = drawn.menu_of(3)
    with qtbot.waitSignal(drawn.opened) as told:
        menu.actions()[0].trigger()
    assert told.args == [3]

    menu.actions()[1].trigger()

    sorted_by_likeness(drawn, qtbot)
    assert drawn.head.sorting == "likeness"
    assert truths(drawn)[0] == (2, 7)


def test_a_new_run_forgets_what_others_were_compared_with(drawn, selection, run_of, answers):
    selection.select_image(3)
    order(drawn, "likeness")
    selection.clear()

    drawn.show_run(run_of(answers(LABELS, PREDICTED)), EVALUATION)

    assert drawn.head.sorting == "surest"


def save_as(monkeypatch, path):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(path), ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: str(path))


def export(view, qtbot, number):
    with qtbot.waitSignal(view.exporter.saved):
        view.exporter.menu.actions()[number].trigger()


def test_the_whole_selection_is_exported(drawn, qtbot, tmp_path, monkeypatch):
    save_as(monkeypatch, tmp_path / "out.csv")

    export(drawn, qtbot, 1)

    assert len((tmp_path / "out.csv").read_text().splitlines()) == 5
    assert drawn.notice.sentence.text().startswith("4 images are saved in")


def test_several_highlighted_tiles_are_exported_alone(drawn, qtbot, tmp_path, monkeypatch):
    save_as(monkeypatch, tmp_path / "out")
    drawn.gallery.setCurrentIndex(drawn.tiles.index(0))
    qtbot.keyClick(drawn.gallery, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)

    export(drawn, qtbot, 2)

    found = sorted(path.name for path in (tmp_path / "out").rglob("*.png"))
    assert found == ["validation-01001-as-class 1.png", "validation-01004-as-class 9.png"]


def test_a_sheet_is_exported(drawn, qtbot, tmp_path, monkeypatch):
    save_as(monkeypatch, tmp_path / "sheet")

    export(drawn, qtbot, 0)

    assert (tmp_path / "sheet.png").stat().st_size > 500


def test_a_folder_in_use_is_not_overwritten(drawn, qtbot, tmp_path, monkeypatch):
    (tmp_path / "mine").write_text("mine")
    save_as(monkeypatch, tmp_path)

    export(drawn, qtbot, 2)

    assert len(list((tmp_path / "validation images").rglob("*.png"))) == 4
    assert (tmp_path / "mine").read_text() == "mine"


def test_an_export_that_can_not_be_written_is_told(drawn, qtbot, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    save_as(monkeypatch, tmp_path / "file" / "out.csv")

    with qtbot.waitSignal(drawn.refused) as told:
        drawn.exporter.menu.actions()[1].trigger()

    assert "could not be saved" in told.args[0]
    assert not drawn.exporter.isVisible()


def test_an_export_of_nothing_is_refused(drawn, selection, qtbot):
    selection.select_cells((Cell(8, 8),))

    with qtbot.waitSignal(drawn.refused) as told:
        drawn.exporter.menu.actions()[1].trigger()

    assert told.args == ["There is no image to export: choose others first."]


def test_the_images_are_shown_once_they_are_loaded(view, run):
    dataset, run.dataset = run.dataset, None
    view.show_run(run, EVALUATION)
    assert "not loaded" in view.waiting.text()

    run.dataset = dataset
    view.show_run(run, frozenset({"loading"}))

    assert len(truths(view)) == 4
