from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from engine.training.look import histogram
from gui.widgets.step.spark_bars import paint_bars, paint_share

BAR, AXIS, PAPER = QColor("#ff0000"), QColor("#0000ff"), QColor("#ffffff")
WIDTH, HEIGHT = 80, 20


def painted(paint):
    """Give what was painted: (HEIGHT, WIDTH) of colours."""
    image = QImage(WIDTH, HEIGHT + 4, QImage.Format.Format_RGB32)
    image.fill(PAPER)
    painter = QPainter(image)
    paint(painter, QRectF(0, 0, WIDTH, HEIGHT))
    painter.end()
    return image


def columns(image, color):
    """Count the pixels of a colour in each column."""
    return np.array(
        [sum(image.pixelColor(x, y) == color for y in range(image.height())) for x in range(WIDTH)]
    )


def bars(values):
    found = histogram(np.asarray(values, np.float32))
    return painted(lambda painter, place: paint_bars(painter, place, found, BAR, AXIS))


def test_the_most_frequent_values_have_the_highest_bar():
    heights = columns(bars(np.repeat([0.0, 1.0, 2.0], [100, 1, 25])), BAR)

    assert heights[:2].max() == HEIGHT - 1
    assert heights[-2:].max() == pytest.approx(HEIGHT / 2, abs=1)  # by the root


def test_a_single_value_among_thousands_is_seen():
    heights = columns(bars([0.0] * 100_000 + [1.0]), BAR)

    assert heights[-2:].max() >= 1


def test_zero_is_marked_where_values_are_on_both_sides():
    below = [bars(values).pixelColor(WIDTH // 2, HEIGHT) for values in ([-1, 1], [1, 3])]

    assert below == [AXIS, PAPER]


@pytest.mark.parametrize(("share", "filled"), [(0, 0), (0.25, 20), (1, 80), (7, 80)])
def test_a_share_fills_its_part_of_the_bar(share, filled):
    image = painted(lambda painter, place: paint_share(painter, place, share, BAR, AXIS))

    assert np.count_nonzero(columns(image, BAR)) == filled
    assert np.count_nonzero(columns(image, AXIS)) == WIDTH - filled
