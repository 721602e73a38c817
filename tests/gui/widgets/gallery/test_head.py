from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from gui.widgets.gallery.head import GalleryHead


@pytest.fixture
def head(show):
    return show(GalleryHead(), 380, 80)


def choose(head, sorting):
    head.order.setCurrentIndex(head.order.findData(sorting))
    head.order.activated.emit(head.order.currentIndex())


def test_another_order_is_told(head, qtbot):
    with qtbot.waitSignal(head.changed):
        choose(head, "loss")

    assert head.sorting == "loss"


def test_an_order_that_is_no_longer_possible_gives_way(head):
    head.allow("likeness", True)
    choose(head, "likeness")

    head.allow("likeness", False)

    assert head.sorting == "surest"


def test_the_order_before_a_shelf_comes_back(head):
    choose(head, "index")
    head.allow("shelf", True)
    head.sort_as_shelf()
    assert head.sorting == "shelf"

    head.allow("shelf", False)

    assert head.sorting == "index"


def test_an_index_is_sought(head, qtbot):
    qtbot.keyClicks(head.search, "1a2")

    with qtbot.waitSignal(head.sought) as told:
        qtbot.keyClick(head.search, Qt.Key.Key_Return)

    assert told.args == [12]


def test_no_index_is_not_sought(head, qtbot):
    with qtbot.assertNotEmitted(head.sought):
        qtbot.keyClick(head.search, Qt.Key.Key_Return)


def test_it_fits_a_narrow_view(head):
    assert head.minimumSizeHint().width() <= 380
