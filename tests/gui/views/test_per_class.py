from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from sklearn.metrics import precision_recall_fscore_support

from gui.selection import Cell
from gui.views.per_class import PerClassView

EVALUATION = frozenset({"evaluation"})
RNG = np.random.default_rng(1)
LABELS = RNG.integers(0, 10, 500)
PREDICTED = np.where(RNG.random(500) < 0.7, LABELS, RNG.integers(0, 10, 500))


@pytest.fixture
def view(selection, show):
    return show(PerClassView(selection))


def rows(view):
    model = view.sorted
    return [
        [model.index(row, column).data() for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def test_the_rates_are_scikit_learns(view, run_of, answers):
    view.show_run(run_of(answers(LABELS, PREDICTED)), EVALUATION)

    rates = precision_recall_fscore_support(LABELS, PREDICTED, zero_division=0)
    for number, row in enumerate(rows(view)):
        assert row[0] == f"class {number}"
        assert row[1:4] == [f"{100 * rate[number]:.2f} %" for rate in rates[:3]]
        assert row[4] == f"{rates[3][number]}"


def test_a_class_that_is_never_predicted_and_one_without_images_get_zeros(view, run_of, answers):
    view.show_run(run_of(answers([0, 0, 1], [1, 1, 1])), EVALUATION)

    assert rows(view)[0] == ["class 0", "0.00 %", "0.00 %", "0.00 %", "2"]
    assert rows(view)[9] == ["class 9", "0.00 %", "0.00 %", "0.00 %", "0"]


def test_rows_are_sorted_by_number_not_by_text(view, run_of, answers):
    labels = np.repeat([0, 1, 2], [100, 20, 3])
    view.show_run(run_of(answers(labels, labels)), EVALUATION)

    view.table.sortByColumn(4, Qt.SortOrder.DescendingOrder)

    assert [row[4] for row in rows(view)][:3] == ["100", "20", "3"]


def test_a_click_on_a_row_selects_the_true_class_however_rows_are_sorted(
    view, run_of, answers, selection, qtbot
):
    view.show_run(run_of(answers(LABELS, PREDICTED)), EVALUATION)
    view.table.sortByColumn(0, Qt.SortOrder.DescendingOrder)

    place = view.table.visualRect(view.sorted.index(0, 1)).center()
    qtbot.mouseClick(view.table.viewport(), Qt.MouseButton.LeftButton, pos=place)

    assert selection.cell == Cell(true=9)


def test_a_title_says_what_its_rate_means(view):
    horizontal = Qt.Orientation.Horizontal

    assert view.sorted.headerData(2, horizontal) == "Recall"
    assert "was found" in view.sorted.headerData(2, horizontal, Qt.ItemDataRole.ToolTipRole)


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
    view = show(PerClassView(selection), 500, 200)
    run = run_of(answers([0], [2], classes=62), project=project_of(62))
    view.show_run(run, EVALUATION)
    QApplication.processEvents()
    view.table.verticalScrollBar().setValue(20)
    view.table.selectRow(22)

    run.apply(answers([1], [1], classes=62), 9.0)
    view.show_run(run, EVALUATION)
    QApplication.processEvents()

    assert rows(view)[1][4] == "1"
    assert view.table.verticalScrollBar().value() == 20
    assert [index.row() for index in view.table.selectionModel().selectedRows()] == [22]


def test_rows_stay_sorted_while_training(view, run_of, answers):
    view.table.sortByColumn(4, Qt.SortOrder.DescendingOrder)
    run = run_of(answers([0, 0], [0, 0]))
    view.show_run(run, EVALUATION)

    run.apply(answers([7, 7, 7, 0], [7, 7, 7, 0]), 9.0)
    view.show_run(run, EVALUATION)

    assert [row[0] for row in rows(view)][:2] == ["class 7", "class 0"]


def test_it_follows_the_chosen_set(view, run_of, answers, selection):
    run = run_of(answers([0], [0]), answers([3, 3, 3], [3, 3, 3], of="test"))
    view.show_run(run, EVALUATION)
    assert rows(view)[3][4] == "0"

    selection.select_set("test")

    assert rows(view)[3][4] == "3"
