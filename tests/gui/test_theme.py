from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QSlider

import gui
from gui.theme import DARK, LIGHT, THEMES, Theme, between, ink_on, palette, stylesheet
from gui.widgets.code.words import Kind

READABLE = 4.5  # WCAG 2 AA: text
VISIBLE = 3.0  # WCAG 2 AA: lines, dots and icons
COLOR = re.compile(
    r"""(?<!\w)#[0-9a-fA-F]{6}\b|QColor\(\s*["'0-9]|GlobalColor\.(?!transparent)\w+"""
)


@pytest.fixture(params=[LIGHT, DARK], ids=["light", "dark"])
def theme(request) -> Theme:
    return request.param


def luminance(color: QColor) -> float:
    """Compute the relative luminance as WCAG 2 defines it."""

    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = map(linear, (color.redF(), color.greenF(), color.blueF()))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str | QColor, second: str | QColor) -> float:
    lights = sorted((luminance(QColor(first)), luminance(QColor(second))))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def test_the_formula_gives_the_standards_examples():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("behind", ["card", "panel", "window", "field", "hover", "accent_soft"])
@pytest.mark.parametrize("ink", ["text", "muted"])
def test_text_can_be_read(theme, ink, behind):
    assert contrast(getattr(theme, ink), getattr(theme, behind)) >= READABLE


@pytest.mark.parametrize(
    ("ink", "behind"),
    [
        ("danger", "danger_soft"),
        ("danger", "card"),
        ("danger", "window"),
        ("danger", "accent_soft"),
        ("text", "danger_soft"),
        ("text", "warning_soft"),
        ("accent_text", "accent"),
        ("warning", "card"),
        ("success", "card"),
    ],
)
def test_what_is_said_in_a_colour_can_be_read(theme, ink, behind):
    assert contrast(getattr(theme, ink), getattr(theme, behind)) >= READABLE


@pytest.mark.parametrize("behind", ["panel", "accent_soft"])
@pytest.mark.parametrize("kind", get_args(Kind))
def test_a_scripts_words_can_be_read(theme, kind, behind):
    assert contrast(theme.code[kind], getattr(theme, behind)) >= READABLE


def test_a_disabled_train_button_can_be_read(theme):
    assert contrast(theme.muted, theme.border) >= VISIBLE


@pytest.mark.parametrize("curve", ["training", "validation", "before"])
def test_curves_stand_out_of_the_panel(theme, curve):
    assert contrast(getattr(theme, curve), theme.panel) >= VISIBLE


@pytest.mark.parametrize("scale", ["right", "wrong"])
@pytest.mark.parametrize("percent", range(0, 101, 5))
def test_a_cells_number_can_be_read_on_its_colour(theme, scale, percent):
    color = between(getattr(theme, scale), percent / 100)

    assert contrast(ink_on(color), color) >= READABLE


@pytest.mark.parametrize("scale", ["right", "wrong"])
def test_more_images_make_a_cell_stand_out_more(theme, scale):
    away = [
        contrast(between(getattr(theme, scale), share / 10), theme.panel) for share in range(11)
    ]

    assert away == sorted(away)


@pytest.mark.parametrize(
    ("share", "color"),
    [(0.0, "#000000"), (0.5, "#804020"), (1.0, "#ff8040"), (-1.0, "#000000"), (2.0, "#ff8040")],
)
def test_two_colours_are_mixed(share, color):
    assert between(("#000000", "#ff8040"), share).name() == color


def test_every_layer_group_has_a_colour(theme):
    from engine.project.layers import LAYER_TYPES

    assert {kind.group for kind in LAYER_TYPES} <= set(theme.groups)


def test_themes_are_found_by_name():
    assert THEMES == {"light": LIGHT, "dark": DARK}


def test_the_palette_has_the_themes_colours(theme):
    colors = palette(theme)

    assert colors.window().color().name() == theme.window
    assert colors.text().color().name() == theme.text


def test_the_stylesheet_is_understood_by_qt(theme, qapp, qtlog):
    qapp.setStyleSheet(stylesheet(theme))
    qapp.setStyleSheet("")

    assert not [record for record in qtlog.records if "stylesheet" in record.message.lower()]


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_a_slider_that_can_not_be_moved_looks_so(qapp, qtbot, theme):
    slider = QSlider(Qt.Orientation.Horizontal)
    qtbot.addWidget(slider)
    slider.setPalette(palette(theme))
    slider.setValue(slider.maximum())

    def accented():
        picture, accent = slider.grab().toImage(), QColor(theme.accent)
        places = [(x, y) for x in range(picture.width()) for y in range(picture.height())]
        return any(apart(picture.pixelColor(*place), accent) < 40 for place in places)

    assert accented()
    slider.setEnabled(False)
    assert not accented()


def apart(one, other):
    """Measure how far a colour is from another, 0 to 255."""
    pairs = zip(one.getRgb(), other.getRgb(), strict=True)
    return max(abs(mine - its) for mine, its in pairs)


def colour_literals(source: str) -> list[str]:
    return COLOR.findall(source)


@pytest.mark.parametrize(
    "source",
    ["x = '#ff00AA'", 'QColor("red")', "QColor(1, 2, 3)", "Qt.GlobalColor.black"],
)
def test_a_colour_literal_is_found(source):
    assert colour_literals(source)


@pytest.mark.parametrize(
    "source", ["QColor(theme.text)", "Qt.GlobalColor.transparent", "QFrame#card", "pytorch#166628"]
)
def test_what_is_no_colour_literal_is_left_alone(source):
    assert not colour_literals(source)


def test_no_colour_is_named_outside_the_theme():
    files = [path for path in Path(gui.__file__).parent.rglob("*.py") if path.name != "theme.py"]

    found = {path.name: colour_literals(path.read_text(encoding="utf-8")) for path in files}

    assert files
    assert not {name: colors for name, colors in found.items() if colors}
