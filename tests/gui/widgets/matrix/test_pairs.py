from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from engine.analysis.classification import Pair
from engine.analysis.mistakes import Cell
from gui.widgets.matrix.pairs import PairsList

PAIRS = [Pair(1, 0, 12, 0.12), Pair(0, 2, 3, 0.015)]
NAMES = ("cat", "dog", "bird")


@pytest.fixture
def pairs(show):
    pairs = show(PairsList(), 250, 200)
    pairs.show_pairs(PAIRS, NAMES)
    return pairs


@pytest.fixture
def chosen(pairs):
    told = []
    pairs.chosen.connect(told.append)
    return told


def test_each_row_says_which_how_often_and_what_share(pairs):
    model = pairs.pairs

    rows = [[model.data(model.index(row, n)) for n in range(3)] for row in range(2)]

    assert rows == [["dog > cat", "12", "12.0 %"], ["cat > bird", "3", "1.5 %"]]


def test_a_pair_is_said_in_words(pairs):
    words = pairs.pairs.data(pairs.pairs.index(0, 0), Qt.ItemDataRole.AccessibleTextRole)

    assert words == "true dog, predicted cat: 12 images (12.0 %)"


def test_a_click_selects_the_pairs_cell(pairs, chosen, qtbot):
    place = pairs.visualRect(pairs.pairs.index(1, 1)).center()

    qtbot.mouseClick(pairs.viewport(), Qt.MouseButton.LeftButton, pos=place)

    assert chosen == [(Cell(0, 2),)]


def test_arrows_select_one_pair_after_the_other(pairs, chosen, qtbot):
    pairs.show_cells((Cell(1, 0),))

    qtbot.keyClick(pairs, Qt.Key.Key_Down)

    assert chosen == [(Cell(0, 2),)]


def test_the_cell_that_another_view_chose_is_marked_without_choosing_it(pairs, chosen):
    pairs.show_cells((Cell(0, 2),))

    assert [index.row() for index in pairs.selectionModel().selectedRows()] == [1]
    assert chosen == []


@pytest.mark.parametrize("cells", [(), (Cell(2, 1),), (Cell(0, 2), Cell(1, 0)), (Cell(),)])
def test_what_is_no_single_listed_pair_marks_none(pairs, cells):
    pairs.show_cells((Cell(0, 2),))

    pairs.show_cells(cells)

    assert not pairs.selectionModel().hasSelection()


def test_a_marked_pair_is_followed_to_another_row(pairs, chosen):
    pairs.show_cells((Cell(0, 2),))

    pairs.show_pairs(PAIRS[::-1], NAMES)

    assert [index.row() for index in pairs.selectionModel().selectedRows()] == [0]
    assert chosen == []


@pytest.mark.parametrize(("width", "with_share"), [(124, False), (160, False), (250, True)])
def test_the_names_keep_their_room_where_there_is_little(show, width, with_share):
    pairs = show(PairsList(), width, 200)
    pairs.show_pairs([Pair(6, 8, 6, 0.01)], tuple("0123456789"))

    assert pairs.isColumnHidden(2) is not with_share
    assert pairs.columnWidth(0) >= pairs.fontMetrics().horizontalAdvance("6 > 8") + 8
