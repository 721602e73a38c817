from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from engine.project.layers import LAYER_TYPES
from gui.theme import DARK, LIGHT
from gui.views.palette import PaletteView


@pytest.fixture
def palette(show):
    return show(PaletteView(), 320, 120)


@pytest.mark.parametrize("kind", LAYER_TYPES, ids=lambda kind: kind.__name__)
def test_a_click_tells_the_layer_type(palette, qtbot, kind):
    button = palette.buttons[kind().type]

    with qtbot.waitSignal(palette.chosen) as chosen:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    assert chosen.args == [kind]


def test_every_layer_type_has_a_button(palette):
    assert list(palette.buttons) == [kind().type for kind in LAYER_TYPES]


@pytest.mark.parametrize("kind", LAYER_TYPES, ids=lambda kind: kind.__name__)
def test_a_button_says_what_it_adds(palette, kind):
    button = palette.buttons[kind().type]

    assert button.accessibleName() == f"Add {kind.title}"
    assert kind.help in button.toolTip()
    assert button.text()


def test_a_button_can_be_pressed_with_the_keyboard(palette, qtbot):
    button = palette.buttons["dense"]
    button.setFocus()

    with qtbot.waitSignal(palette.chosen):
        qtbot.keyClick(button, Qt.Key.Key_Space)


def test_icons_follow_the_theme(palette):
    pictures = []
    for theme in (LIGHT, DARK):
        palette.set_theme(theme)
        pictures.append(palette.buttons["dense"].icon().pixmap(16, 16).toImage())

    assert pictures[0] != pictures[1]
