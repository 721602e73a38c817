from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from PySide6.QtGui import QColor

from gui.theme import DARK, LIGHT, luminance
from gui.widgets.rates.line_style import DASHES, class_pen, swatch

VISIBLE = 3.0  # WCAG 2 AA: lines
APART = 0.08  # in Oklab; what is 0.02 apart is just noticeable on large areas

# Machado, Oliveira and Fernandes 2009, severity 1, for linear RGB.
SEEN_BY = {
    "anybody": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


@pytest.fixture(params=[LIGHT, DARK], ids=["light", "dark"])
def theme(request):
    return request.param


def linear(color):
    values = np.array(QColor(color).getRgbF()[:3])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def oklab(light):
    cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    axes = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return axes @ np.cbrt(cones @ np.clip(light, 0, 1))


@pytest.mark.parametrize("eyes", SEEN_BY)
def test_any_two_colours_of_lines_can_be_told_apart(theme, eyes):
    seen = [oklab(SEEN_BY[eyes] @ linear(color)) for color in theme.lines]

    assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) > APART


def test_lines_stand_out_of_the_panel(theme):
    behind = luminance(QColor(theme.panel))
    for color in theme.lines:
        low, high = sorted((behind, luminance(QColor(color))))
        assert (high + 0.05) / (low + 0.05) >= VISIBLE


def test_a_colour_that_comes_again_is_dashed_another_way(theme):
    many = range(len(theme.lines) * len(DASHES))
    pens = [class_pen(number, theme, 2) for number in many]

    assert len(theme.lines) >= 8
    assert len({(pen.color().name(), tuple(pen.dashPattern())) for pen in pens}) == len(pens)


def test_a_swatch_is_drawn_for_the_screens_pixels(theme, qapp):
    assert not swatch(3, theme, 2.0).pixmap(26, 12).isNull()
