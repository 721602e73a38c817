from __future__ import annotations

import csv
from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from PySide6.QtCore import Qt

from engine.analysis.mistakes import Cell
from gui.widgets.matrix.numbers import difference, numbers_of
from gui.widgets.matrix.table import (
    MatrixModel,
    MatrixTable,
    as_csv,
    as_html,
    as_tabbed,
    rows_of,
)

COUNTS = np.array([[8, 2], [1, 9]])
NUMBERS = numbers_of(COUNTS, ("cat", "dog"), "")


@pytest.fixture
def model(qapp):
    model = MatrixModel()
    model.show_numbers(NUMBERS)
    return model


def text(model, row, column):
    return model.data(model.index(row, column))


def test_it_has_the_numbers_and_their_sums(model):
    table = [[text(model, row, column) for column in range(3)] for row in range(3)]

    assert table == [["8", "2", "10"], ["1", "9", "10"], ["9", "11", "20"]]


def test_its_headers_are_the_classes(model):
    for orientation in (Qt.Orientation.Horizontal, Qt.Orientation.Vertical):
        assert [model.headerData(n, orientation) for n in range(3)] == ["cat", "dog", "all"]


def test_a_screen_reader_hears_a_cell_in_words(model):
    words = model.data(model.index(0, 1), Qt.ItemDataRole.AccessibleTextRole)

    assert words == "true cat, predicted dog: 2 of 10 (20.0 %)"


@pytest.mark.parametrize(
    ("row", "column", "cell"),
    [(0, 1, Cell(0, 1)), (0, 2, Cell(true=0)), (2, 1, Cell(predicted=1)), (2, 2, Cell())],
)
def test_a_click_selects_the_same_as_in_the_matrix(qtbot, row, column, cell):
    table, told = MatrixTable(), []
    qtbot.addWidget(table)
    table.show_numbers(NUMBERS)
    table.chosen.connect(told.append)

    table.clicked.emit(table.cells.index(row, column))

    assert told == [(cell,)]


def test_new_numbers_of_the_same_classes_keep_its_place(model, qtbot):
    with qtbot.assertNotEmitted(model.modelReset), qtbot.waitSignal(model.dataChanged):
        model.show_numbers(numbers_of(2 * COUNTS, ("cat", "dog"), ""))

    assert text(model, 0, 0) == "16"


def test_it_has_the_order_and_the_hidden_diagonal_of_the_matrix(model):
    model.show_numbers(replace(NUMBERS, order=np.array([1, 0]), diagonal=False))

    assert [text(model, 0, column) for column in range(2)] == ["", "1"]


def test_copied_text_has_tabs_between_values():
    assert as_tabbed(rows_of(NUMBERS)).splitlines() == [
        "true \\ predicted\tcat\tdog\timages",
        "cat\t8\t2\t10",
        "dog\t1\t9\t10",
        "images\t9\t11\t20",
    ]


def test_names_cannot_break_what_is_copied():
    numbers = numbers_of(COUNTS, ("a\tb\n", "<b>"), "")

    assert as_tabbed(rows_of(numbers)).count("\t") == 4 * 3
    assert "<b>" not in as_html(rows_of(numbers))


def test_a_file_of_shares_has_plain_numbers():
    numbers = numbers_of(COUNTS, ("cat, small", "dog"), "true")

    rows = list(csv.reader(StringIO(as_csv(rows_of(numbers)))))

    assert rows[1] == ["cat, small", "0.8", "0.2", "10"]


def test_a_name_that_a_spreadsheet_would_compute_is_copied_and_saved_as_text():
    rows = rows_of(numbers_of(COUNTS, ("=1+1", "-1"), ""))

    assert rows[0] == ["true \\ predicted", "'=1+1", "-1", "images"]
    assert "\t=1" not in as_tabbed(rows)
    assert [row[0] for row in csv.reader(StringIO(as_csv(rows)))][1:3] == ["'=1+1", "-1"]


def test_a_difference_is_saved_as_numbers():
    rows = rows_of(difference(COUNTS, COUNTS[::-1], ("a", "b"), "", same_images=True))

    assert [float(cell) for cell in rows[1][1:]] == [7, -7, 10]


def test_ten_classes_of_four_digits_fit_four_hundred_pixels(show):
    table = show(MatrixTable(), 400, 250)
    table.show_numbers(numbers_of(np.diag(np.full(10, 1135)), tuple("0123456789"), ""))

    assert table.columnViewportPosition(10) <= table.viewport().width()
