from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QApplication

from engine.project.layers import LAYER_TYPES, Dense, Lstm
from gui.theme import DARK, LIGHT
from gui.views.palette import COMMON, MOST_FOUND, PaletteView, matches

LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
kinds = pytest.mark.parametrize("kind", LAYER_TYPES, ids=lambda kind: kind.__name__)


@pytest.fixture
def palette(show):
    palette = PaletteView()
    palette.set_theme(LIGHT)
    return show(palette, 296, 170)


@pytest.mark.parametrize("name", COMMON)
def test_a_click_tells_the_layer_type(palette, qtbot, name):
    with qtbot.waitSignal(palette.chosen) as chosen:
        qtbot.mouseClick(palette.buttons[name], LEFT)

    assert chosen.args == [palette.kinds[name]]


@kinds
def test_every_layer_type_is_in_the_menu_of_its_group(palette, qtbot, kind):
    action = palette.actions_by_type[kind().type]
    assert action in palette.groups[kind.group].menu().actions()
    assert action.text() == kind.title
    assert action.toolTip() == kind.help

    with qtbot.waitSignal(palette.chosen) as chosen:
        action.trigger()

    assert chosen.args == [kind]


@kinds
def test_every_layer_type_is_found_by_its_title(palette, qtbot, kind):
    palette.search.setText(kind.title)
    assert palette.found[0].kind is kind

    with qtbot.waitSignal(palette.chosen) as chosen:
        qtbot.keyClick(palette.search, Qt.Key.Key_Return)

    assert chosen.args == [kind]
    assert palette.search.text() == ""


@pytest.mark.parametrize("text", ["dense", " DENSE ", "den", "d"])
def test_what_begins_with_the_letters_is_found_first(text):
    assert matches(text)[0] is Dense


def test_a_group_is_found_by_its_name(palette):
    palette.search.setText("sequence")

    assert Lstm in [button.kind for button in palette.found]


def test_no_more_is_found_than_there_is_room_for(palette):
    palette.search.setText("o")

    assert len(palette.found) == MOST_FOUND


def test_searching_keeps_the_palette_as_high_as_it_is(palette, qtbot):
    before = palette.sizeHint().height()

    for text in ("o", "no layer is called so"):
        palette.search.setText(text)
        assert palette.sizeHint().height() == before


def test_what_is_not_found_gets_a_sentence(palette, qtbot):
    palette.search.setText("no layer is called so")

    assert palette._nothing.isVisible()
    with qtbot.assertNotEmitted(palette.chosen):
        qtbot.keyClick(palette.search, Qt.Key.Key_Return)


def test_escape_brings_the_usual_buttons_back(palette, qtbot):
    palette.search.setText("lstm")
    assert not palette.buttons["dense"].isVisible()

    qtbot.keyClick(palette.search, Qt.Key.Key_Escape)

    assert palette.buttons["dense"].isVisible()


def test_down_goes_from_the_letters_to_what_is_found(palette, qtbot):
    palette.search.setText("lstm")

    qtbot.keyClick(palette.search, Qt.Key.Key_Down)
    with qtbot.waitSignal(palette.chosen) as chosen:
        qtbot.keyClick(palette.found[0], Qt.Key.Key_Space)

    assert chosen.args == [Lstm]


def test_undo_in_the_search_is_the_documents(palette):
    keys = QKeySequence(QKeySequence.StandardKey.Undo)[0]
    event = QKeyEvent(QEvent.Type.ShortcutOverride, keys.key(), keys.keyboardModifiers())
    QApplication.sendEvent(palette.search, event)

    assert not event.isAccepted()


@pytest.mark.parametrize("name", COMMON)
def test_a_button_says_what_it_adds(palette, name):
    button, kind = palette.buttons[name], palette.kinds[name]

    assert button.accessibleName() == f"Add {kind.title}"
    assert kind.help in button.toolTip()
    assert button.text() == kind.short_title()


def test_a_button_can_be_pressed_with_the_keyboard(palette, qtbot):
    button = palette.buttons["dense"]
    button.setFocus()

    with qtbot.waitSignal(palette.chosen):
        qtbot.keyClick(button, Qt.Key.Key_Space)


def test_a_button_is_dragged_by_moving_the_pressed_mouse(palette, monkeypatch, qtbot):
    dragged = []
    button = palette.buttons["dense"]
    monkeypatch.setattr(button, "_drag", lambda: dragged.append(button.kind))
    with qtbot.assertNotEmitted(palette.chosen):
        for kind, x in (
            (QEvent.Type.MouseButtonPress, 10),
            (QEvent.Type.MouseMove, 13),
            (QEvent.Type.MouseMove, 40),
            (QEvent.Type.MouseMove, 60),
            (QEvent.Type.MouseButtonRelease, 60),
        ):
            place = QPointF(x, 10)
            event = QMouseEvent(kind, place, button.mapToGlobal(place), LEFT, LEFT, NO_KEYS)
            QApplication.sendEvent(button, event)

    assert dragged == [Dense]


def test_the_palette_is_no_wider_than_its_panel(palette):
    assert palette.minimumSizeHint().width() <= 300


@pytest.mark.parametrize("text", ["o", "a", "pool", "regularisation"])
def test_a_search_makes_the_palette_no_wider(palette, text):
    palette.search.setText(text)

    assert palette.minimumSizeHint().width() <= 300


@pytest.mark.parametrize("group", dict.fromkeys(kind.group for kind in LAYER_TYPES))
def test_the_search_finds_all_of_a_group(group):
    assert len(matches(group)) <= MOST_FOUND


def test_a_button_is_drawn_as_left_when_its_menu_closes(palette):
    button = palette.groups["Block"]
    button.setAttribute(Qt.WidgetAttribute.WA_UnderMouse)  # as the mouse that opens the menu does

    button.menu().aboutToHide.emit()

    assert not button.underMouse()


def test_icons_follow_the_theme(palette):
    pictures = []
    for theme in (LIGHT, DARK):
        palette.set_theme(theme)
        pictures.append(palette.buttons["dense"].icon().pixmap(16, 16).toImage())

    assert pictures[0] != pictures[1]
