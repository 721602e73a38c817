"""The classes as bars: what they say, and what choosing them tells."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from gui.theme import DARK, LIGHT
from gui.widgets.data.class_bars import ROW, ClassBars

NAMES = ("cat", "dog", "bird")
COUNTS = np.array([5923, 0, 77])
LEFT, CTRL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def bars(show) -> ClassBars:
    bars = show(ClassBars(), 280, 200)
    bars.show_counts(NAMES, COUNTS)
    return bars


def click(bars, place, modifiers=Qt.KeyboardModifier.NoModifier):
    area = bars.visualItemRect(bars.item(place))
    QTest.mouseClick(bars.viewport(), LEFT, modifiers, area.center())


def test_each_class_says_its_count_and_share(bars):
    words = [bars.item(place).data(ROW).words for place in range(bars.count())]

    assert words == ["5,923 · 98.7 %", "0 · 0.0 %", "77 · 1.3 %"]


def test_a_screen_reader_hears_name_and_count(bars):
    text = bars.item(0).data(Qt.ItemDataRole.AccessibleTextRole)

    assert text == "cat: 5,923 images"
    assert bars.accessibleName()


def test_a_click_chooses_a_class_and_ctrl_another_one(bars):
    told = []
    bars.classes_changed.connect(told.append)

    click(bars, 2)
    click(bars, 0, CTRL)

    assert told == [(2,), (0, 2)]


def test_the_keyboard_chooses(bars):
    bars.setFocus()
    bars.setCurrentRow(0)

    QTest.keyClick(bars, Qt.Key.Key_Down)
    QTest.keyClick(bars, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)

    assert bars.classes == (1, 2)


def test_the_same_classes_keep_what_is_chosen(bars):
    click(bars, 2)

    bars.show_counts(NAMES, COUNTS[::-1], np.zeros((3, 1, 8, 8), np.float32))

    assert bars.classes == (2,)


def test_other_classes_begin_anew(bars):
    click(bars, 2)

    bars.show_counts(("0", "1"), np.array([1, 2]))

    assert bars.classes == ()
    assert bars.count() == 2


def test_choosing_tells_once_and_only_a_change(bars):
    told = []
    bars.classes_changed.connect(told.append)

    bars.select_classes((0, 2))
    bars.select_classes((2, 0))

    assert told == [(0, 2)]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 20, 33), (1, 300, 2)])
def test_means_of_any_shape_are_painted(bars, shape, theme):
    means = np.full((3, *shape), 0.5, np.float32)
    bars.set_theme(theme)
    before = bars.grab().toImage()

    bars.show_counts(NAMES, COUNTS, means)

    assert bars.grab().toImage() != before
    assert bars.item(0).data(ROW).mean is not None
    assert bars.item(1).data(ROW).mean is None  # a class without images has no mean


def test_sixty_two_classes_and_none_at_all_are_painted(bars):
    bars.show_counts([f"class {number}" for number in range(62)], np.arange(62))
    bars.grab()

    bars.show_counts(("a", "b"), np.zeros(2, np.int64))
    bars.grab()

    assert bars.item(0).data(ROW).words == "0 · 0.0 %"
