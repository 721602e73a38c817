from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QApplication, QLabel
from sklearn.metrics import precision_recall_fscore_support

from engine.analysis.mistakes import Cell
from gui.theme import DARK, LIGHT
from gui.views.per_class import PerClassView

EVALUATION = frozenset({"evaluation"})
PAGES = ("table", "over time", "reliability", "roc", "precision recall")
SIZES = [(400, 330), (380, 230), (700, 450)]
RNG = np.random.default_rng(1)
LABELS = RNG.integers(0, 10, 500)
PREDICTED = np.where(RNG.random(500) < 0.7, LABELS, RNG.integers(0, 10, 500))
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def view(selection, show):
    return show(PerClassView(selection))


def rows(view):
    model = view.sorted
    return [
        [model.index(row, column).data() for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def means(view):
    model = view.rates.means
    return [[model.index(row, column).data() for column in range(5)] for row in range(2)]


def click(qtbot, view, row, modifier=Qt.KeyboardModifier.NoModifier):
    place = view.table.visualRect(view.sorted.index(row, 1)).center()
    qtbot.mouseClick(view.table.viewport(), Qt.MouseButton.LeftButton, modifier, place)


def marked(view):
    return sorted(
        view.sorted.mapToSource(i).row() for i in view.table.selectionModel().selectedRows()
    )


def test_the_rates_are_scikit_learns(view, run_of, answers):
    view.show_run(run_of(answers(LABELS, PREDICTED)), EVALUATION)

    rates = precision_recall_fscore_support(LABELS, PREDICTED, zero_division=0)
    for number, row in enumerate(rows(view)):
        assert row[0] == f"class {number}"
        assert row[1:4] == [f"{100 * rate[number]:.2f} %" for rate in rates[:3]]
        assert row[4] == f"{rates[3][number]}"


@pytest.mark.parametrize(("row", "average"), [(0, "macro"), (1, "weighted")])
def test_the_means_are_scikit_learns(view, run_of, answers, row, average):
    view.show_run(run_of(answers(LABELS, PREDICTED)), EVALUATION)

    rates = precision_recall_fscore_support(LABELS, PREDICTED, average=average, zero_division=0)
    assert means(view)[row][1:] == [*(f"{100 * rate:.2f} %" for rate in rates[:3]), "500"]


@pytest.mark.parametrize("size", SIZES)
def test_the_means_stand_below_the_classes_and_can_be_seen(selection, show, run_of, answers, size):
    view = show(PerClassView(selection), *size)
    view.show_run(run_of(answers(LABELS, PREDICTED)), EVALUATION)
    QApplication.processEvents()

    foot = view.rates.foot
    assert foot.viewport().rect().contains(foot.visualRect(foot.model().index(1, 0)))
    assert foot.visibleRegion().boundingRect().size() == foot.size()
    assert foot.mapTo(view, foot.rect().bottomLeft()).y() <= view.height()


def test_the_accuracy_is_said(view, run_of, answers):
    view.show_run(run_of(answers([0, 1, 2, 3], [0, 1, 2, 2], epoch=3)), EVALUATION)

    assert view.rates.said.text() == "Accuracy 75.00 % of 4 images, epoch 3"


def test_a_sample_is_called_one(view, run_of, answers):
    view.show_run(run_of(answers([0, 1], [0, 1], whole=False)), EVALUATION)

    assert view.rates.said.text() == "Accuracy 100.00 % of a sample of 2, epoch 1"


def test_a_class_that_is_never_predicted_and_one_without_images_get_zeros(view, run_of, answers):
    view.show_run(run_of(answers([0, 0, 1], [1, 1, 1])), EVALUATION)

    assert rows(view)[0] == ["class 0", "0.00 %", "0.00 %", "0.00 %", "2"]
    assert rows(view)[9] == ["class 9", "0.00 %", "0.00 %", "0.00 %", "0"]


def test_rows_are_sorted_by_number_not_by_text(view, run_of, answers):
    labels = np.repeat([0, 1, 2], [100, 20, 3])
    view.show_run(run_of(answers(labels, labels)), EVALUATION)

    view.table.sortByColumn(4, Qt.SortOrder.DescendingOrder)

    assert [row[4] for row in rows(view)][:3] == ["100", "20", "3"]


def test_the_means_stay_in_their_place_however_rows_are_sorted(view, run_of, answers):
    view.show_run(run_of(answers(LABELS, PREDICTED)), EVALUATION)

    view.table.sortByColumn(1, Qt.SortOrder.DescendingOrder)

    assert [row[0] for row in means(view)] == ["Macro mean", "Weighted mean"]
    assert view.rates.foot.y() > view.table.y()


def test_a_click_on_a_row_selects_the_true_class_however_rows_are_sorted(
    view, run_of, answers, selection, qtbot
):
    view.show_run(run_of(answers(LABELS, PREDICTED)), EVALUATION)
    view.table.sortByColumn(0, Qt.SortOrder.DescendingOrder)

    click(qtbot, view, 0)

    assert selection.cells == (Cell(true=9),)


def test_ctrl_adds_a_class_and_takes_it_away(view, run_of, answers, selection, qtbot):
    view.show_run(run_of(answers(LABELS, PREDICTED)), EVALUATION)

    click(qtbot, view, 2)
    click(qtbot, view, 5, CTRL)
    assert selection.cells == (Cell(true=2), Cell(true=5))

    click(qtbot, view, 2, CTRL)
    assert selection.cells == (Cell(true=5),)


def test_an_arrow_key_selects_the_next_class(view, run_of, answers, selection, qtbot):
    view.show_run(run_of(answers(LABELS, PREDICTED)), EVALUATION)
    click(qtbot, view, 2)

    qtbot.keyClick(view.table, Qt.Key.Key_Down)

    assert selection.cells == (Cell(true=3),)


def test_what_is_selected_elsewhere_is_marked(view, run_of, answers, selection):
    view.show_run(run_of(answers(LABELS, PREDICTED)), EVALUATION)

    selection.select_cells((Cell(true=4, predicted=9), Cell(predicted=7), Cell(right=True)))

    assert marked(view) == [4, 7]
    assert len(selection.cells) == 3


def test_ctrl_keeps_a_single_cell_that_is_selected(view, run_of, answers, selection, qtbot):
    view.show_run(run_of(answers(LABELS, PREDICTED)), EVALUATION)
    selection.select_cells((Cell(true=4, predicted=9),))

    click(qtbot, view, 2, CTRL)

    assert selection.cells == (Cell(true=4, predicted=9), Cell(true=2))


def test_a_click_selects_the_whole_row_of_a_single_cell(view, run_of, answers, selection, qtbot):
    view.show_run(run_of(answers(LABELS, PREDICTED)), EVALUATION)
    selection.select_cells((Cell(true=4, predicted=9),))

    click(qtbot, view, 4)

    assert selection.cells == (Cell(true=4),)


def test_the_table_is_copied_as_it_is_sorted_with_its_means(view, run_of, answers, qtbot):
    view.show_run(run_of(answers([0, 0, 1], [0, 1, 1])), EVALUATION)
    view.table.sortByColumn(4, Qt.SortOrder.DescendingOrder)
    view.table.setFocus()

    qtbot.keySequence(view.table, QKeySequence(QKeySequence.StandardKey.Copy))

    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0] == "Class\tPrecision\tRecall\tF1\tImages"
    assert lines[1] == "class 0\t1.0000\t0.5000\t0.6667\t2"
    assert lines[-2].startswith("Macro mean\t0.7500\t0.7500\t")
    assert len(lines) == 13


def test_a_title_says_what_its_rate_means(view):
    horizontal = Qt.Orientation.Horizontal

    assert view.sorted.headerData(2, horizontal) == "Recall"
    assert "was found" in view.sorted.headerData(2, horizontal, Qt.ItemDataRole.ToolTipRole)


def test_a_narrow_table_leaves_the_units_out_instead_of_scrolling(selection, show, run_of, answers):
    view = show(PerClassView(selection), 310, 230)
    view.show_run(run_of(answers([0] * 20, [0] * 20)), EVALUATION)
    QApplication.processEvents()

    assert not view.table.horizontalScrollBar().isVisible()
    assert view.sorted.index(0, 1).data() == "100.00"

    view.resize(500, 230)
    QApplication.processEvents()

    assert view.sorted.index(0, 1).data() == "100.00 %"


@pytest.mark.parametrize("size", SIZES)
def test_numbers_have_room_in_one_line(selection, show, run_of, answers, size):
    view = show(PerClassView(selection), *size)
    view.show_run(run_of(answers([0] * 2000, [0] * 2000)), EVALUATION)
    QApplication.processEvents()

    needed = view.table.fontMetrics().horizontalAdvance("100.00 %")
    for column in range(1, 5):
        assert view.table.columnWidth(column) > needed
        assert view.rates.foot.columnWidth(column) == view.table.columnWidth(column)
    assert not view.table.wordWrap()
    assert not view.table.horizontalScrollBar().isVisible()


def test_it_says_what_will_be_here_before_there_is_anything(view, run_of, answers):
    notes = [label for label in view.findChildren(QLabel) if label.objectName() == "empty"]
    assert [note.isVisible() for note in notes] == [True]

    view.show_run(run_of(answers(LABELS, PREDICTED)), EVALUATION)

    assert not notes[0].isVisible()
    assert view.table.isVisible()


def test_a_hidden_table_waits_until_it_is_shown(view, run_of, answers):
    view.hide()
    view.show_run(run_of(answers(LABELS, PREDICTED)), EVALUATION)
    assert view.model.rowCount() == 0

    view.show()

    assert view.model.rowCount() == 10


def test_a_new_run_begins_empty(view, run_of, answers):
    view.show_run(run_of(answers(LABELS, PREDICTED)), EVALUATION)

    view.show_run(run_of(), frozenset({"started"}))

    assert view.model.rowCount() == 0


def test_what_is_looked_at_stays_in_sight_while_training(
    selection, show, run_of, answers, project_of
):
    view = show(PerClassView(selection), 500, 250)
    run = run_of(answers([0], [2], classes=62), project=project_of(62))
    view.show_run(run, EVALUATION)
    QApplication.processEvents()
    view.table.selectRow(22)
    view.table.verticalScrollBar().setValue(20)

    run.apply(answers([1], [1], classes=62, epoch=2), 9.0)
    view.show_run(run, EVALUATION)
    QApplication.processEvents()

    assert rows(view)[1][4] == "1"
    assert view.table.verticalScrollBar().value() == 20
    assert marked(view) == [22]


def test_rows_stay_sorted_while_training(view, run_of, answers):
    view.table.sortByColumn(4, Qt.SortOrder.DescendingOrder)
    run = run_of(answers([0, 0], [0, 0]))
    view.show_run(run, EVALUATION)

    run.apply(answers([7, 7, 7, 0], [7, 7, 7, 0], epoch=2), 9.0)
    view.show_run(run, EVALUATION)

    assert [row[0] for row in rows(view)][:2] == ["class 7", "class 0"]


def test_it_follows_the_chosen_set(view, run_of, answers, selection):
    run = run_of(answers([0], [0]), answers([3, 3, 3], [3, 3, 3], of="test"))
    view.show_run(run, EVALUATION)
    assert rows(view)[3][4] == "0"

    selection.select_set("test")

    assert rows(view)[3][4] == "3"
    assert view.of.currentData() == "test"


def test_the_set_can_be_chosen_once_there_are_two(view, run_of, answers, selection):
    run = run_of(answers([0], [0]))
    view.show_run(run, EVALUATION)
    assert not view.of.isEnabled()
    run.apply(answers([3], [3], of="test"), 9.0)
    view.show_run(run, EVALUATION)

    view.of.setCurrentIndex(view.of.findData("test"))
    view.of.activated.emit(view.of.currentIndex())

    assert selection.of == "test"


def test_it_follows_the_chosen_step(view, run_of, answers, selection):
    run = run_of(answers([0], [0], epoch=1), answers([5, 5], [5, 5], epoch=2))
    view.show_run(run, EVALUATION)

    selection.select_step(20)

    assert [row[4] for row in rows(view)][5] == "0"
    assert view.rates.said.text().endswith("epoch 1")


def test_an_earlier_evaluation_stays_while_newer_ones_come(view, run_of, answers, selection):
    run = run_of(answers([0], [0], epoch=1))
    view.show_run(run, EVALUATION)
    selection.select_step(20)

    run.apply(answers([5, 5], [5, 5], epoch=2), 9.0)
    view.show_run(run, EVALUATION)

    assert rows(view)[0][4] == "1"


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("classes", [2, 10, 62])
def test_every_page_shows_any_number_of_classes(
    selection, show, run_of, answers, project_of, qtbot, page, classes
):
    labels = RNG.integers(0, classes, 300)
    predicted = RNG.integers(0, classes, 300)
    view = show(PerClassView(selection), 380, 230)
    view.set_theme(DARK)
    view.show_run(
        run_of(answers(labels, predicted, classes=classes), project=project_of(classes)), EVALUATION
    )

    view.show_page(page)
    selection.select_cells((Cell(true=1),))
    qtbot.waitUntil(lambda: not getattr(view.pages[page], "_left", ()))

    assert not view.grab().isNull()
    assert (view.width(), view.height()) == (380, 230)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_survives_one_image_without_a_probability(view, run_of, answers, page):
    probabilities = np.full((1, 10), np.nan)
    view.show_run(run_of(answers([3], [4], probabilities=probabilities)), EVALUATION)

    view.show_page(page)
    view.set_theme(LIGHT)

    assert not view.grab().isNull()


@pytest.mark.parametrize("page", PAGES)
def test_every_page_survives_an_evaluation_without_images(view, run_of, answers, page):
    nothing = np.empty(0, np.int64)
    view.show_run(run_of(answers(nothing, nothing)), EVALUATION)

    view.show_page(page)

    assert not view.grab().isNull()


def test_a_page_in_the_back_takes_nothing_in(view, run_of, answers):
    run = run_of(answers([0, 1], [0, 2]))
    view.show_run(run, EVALUATION)
    view.show_page("reliability")
    before = view.pages["reliability"].bins
    view.show_page("table")

    run.apply(answers([0, 1], [0, 1], epoch=2), 9.0)
    view.show_run(run, EVALUATION)
    assert view.pages["reliability"].bins is before

    view.show_page("reliability")
    assert view.pages["reliability"].bins is not before


def test_an_evaluation_that_is_shown_is_not_counted_again(view, run_of, answers, monkeypatch):
    run = run_of(answers([0, 1], [0, 2]))
    view.show_run(run, EVALUATION)

    monkeypatch.setattr("gui.widgets.rates.table.confusion_matrix", None)

    view.show_run(run, EVALUATION)


def test_the_rate_over_time_can_be_chosen_there_only(view, run_of, answers):
    view.show_run(run_of(answers(LABELS, PREDICTED)), EVALUATION)
    assert not view.rate.isVisible()
    view.show_page("over time")
    assert view.rate.isVisible()

    view.rate.setCurrentIndex(view.rate.findData("precision"))
    view.rate.activated.emit(1)

    precision = precision_recall_fscore_support(LABELS, PREDICTED)[0]
    assert view.pages["over time"].plot.lines[4].y[0] == pytest.approx(100 * precision[4])


def test_the_table_needs_no_plots():
    code = "import sys, gui.views.per_class; sys.exit('pyqtgraph' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
