from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from gui.theme import DARK
from gui.widgets.chips import Chips


@pytest.fixture
def chips(show):
    chips = show(Chips(), 300, 60)
    chips.show_chips([("a", "true 4"), ("b", "R&D")])
    return chips


def test_each_filter_is_a_chip_that_can_be_taken_away(chips, qtbot):
    with qtbot.waitSignal(chips.removed) as told:
        qtbot.mouseClick(chips.chips["b"], Qt.MouseButton.LeftButton)

    assert told.args == ["b"]


def test_a_chip_is_taken_away_by_keyboard(chips, qtbot):
    with qtbot.waitSignal(chips.removed):
        qtbot.keyClick(chips.chips["a"], Qt.Key.Key_Space)


def test_an_ampersand_is_shown_and_read_out(chips):
    assert chips.chips["b"].text() == "R&&D"
    assert chips.chips["b"].accessibleName() == "R&D"


def test_several_can_be_cleared_at_once(chips, qtbot):
    assert chips.all.isVisible()
    with qtbot.waitSignal(chips.cleared):
        qtbot.mouseClick(chips.all, Qt.MouseButton.LeftButton)

    chips.show_chips([("a", "true 4")])

    assert not chips.all.isVisible()


def test_none_take_no_room(chips):
    chips.show_chips([])

    assert not chips.isVisible()


def test_one_that_stays_keeps_its_widget(chips, qapp):
    before = chips.chips["b"]

    chips.show_chips([("b", "R&D"), ("c", "new")])
    qapp.processEvents()

    assert chips.chips["b"] is before
    assert before.x() < chips.chips["c"].x()
    assert list(chips.chips) == ["b", "c"]


def test_many_scroll_and_leave_the_view_narrow(chips, qapp):
    chips.show_chips([(n, f"true class {n}, predicted class {n + 1}") for n in range(60)])
    qapp.processEvents()

    assert chips.minimumSizeHint().width() < 300
    assert chips.sizeHint().height() < 60


def test_a_long_name_is_shortened_and_told_whole(chips):
    chips.show_chips([("a", "m" * 100)])

    assert len(chips.chips["a"].text()) < 40
    assert "m" * 100 in chips.chips["a"].toolTip()


def test_it_takes_the_theme(chips):
    chips.set_theme(DARK)

    assert not chips.chips["a"].icon().isNull()
