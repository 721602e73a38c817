from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from gui.widgets.item_rows import ROLE, Column, ItemRows

COLUMNS = (Column("Class", words=True), Column("Images", "How many there are"))


@pytest.fixture
def rows(qapp):
    rows = ItemRows(COLUMNS)
    rows.show_rows([[{ROLE.DisplayRole: name}, {ROLE.UserRole: 5}] for name in ("cat", "dog")])
    return rows


def test_each_cell_tells_what_it_was_given(rows):
    assert [rows.index(row, 0).data() for row in range(2)] == ["cat", "dog"]
    assert rows.index(1, 1).data(ROLE.UserRole) == 5


def test_a_title_says_what_its_column_means(rows):
    assert rows.headerData(1, Qt.Orientation.Horizontal) == "Images"
    assert rows.headerData(1, Qt.Orientation.Horizontal, ROLE.ToolTipRole) == "How many there are"


@pytest.mark.parametrize(
    ("column", "side"), [(0, Qt.AlignmentFlag.AlignLeft), (1, Qt.AlignmentFlag.AlignRight)]
)
def test_words_begin_at_the_left_and_numbers_end_at_the_right(rows, column, side):
    across = Qt.AlignmentFlag.AlignHorizontal_Mask

    assert rows.index(0, column).data(ROLE.TextAlignmentRole) & across == side
    title = rows.headerData(column, Qt.Orientation.Horizontal, ROLE.TextAlignmentRole)
    assert title & across == side


def test_nobody_can_write_into_a_cell(rows):
    assert not rows.flags(rows.index(0, 0)) & Qt.ItemFlag.ItemIsEditable


def test_other_rows_are_told_of_once(rows):
    told = []
    rows.dataChanged.connect(lambda first, last, _: told.append((first.row(), last.row())))

    rows.show_rows([[{ROLE.DisplayRole: "owl"}, {}], [{ROLE.DisplayRole: "fox"}, {}]])

    assert told == [(0, 1)]


def test_fewer_rows_take_the_others_away(rows):
    rows.show_rows([])

    assert rows.rowCount() == 0
    assert rows.columnCount() == len(COLUMNS)
