"""A histogram as small as a word, and a share as a bar of the same height."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter

from engine.training.look import Histogram

LEAST = 1.0  # pixels of a bar that stands for a single value among very many


def paint_bars(
    painter: QPainter, place: QRectF, histogram: Histogram, color: QColor, axis: QColor
) -> None:
    """Paint a histogram on its axis, with a tick at zero where zero is within its range.

    Heights go by the root of the counts: of what a rectified layer gives, most is zero, and the
    rest would not be seen beside it.
    """
    heights = np.sqrt(histogram.counts / max(1, histogram.counts.max()))
    width, room = place.width() / len(heights), place.height() - 1
    painter.fillRect(QRectF(place.left(), place.bottom() - 1, place.width(), 1), axis)
    for number, height in enumerate(heights.tolist()):
        if height > 0:
            tall = max(LEAST, height * room)
            left = place.left() + number * width
            gap = 0.5 if width > 2 else 0.0
            painter.fillRect(QRectF(left, place.bottom() - 1 - tall, width - gap, tall), color)
    low, high = histogram.edges[[0, -1]].tolist()
    if low < 0 < high:
        zero = place.left() + place.width() * (-low / (high - low))
        painter.fillRect(QRectF(zero - 0.5, place.bottom() - 1, 1, 3), axis)


def paint_share(
    painter: QPainter, place: QRectF, share: float, color: QColor, track: QColor
) -> None:
    """Paint a bar that is filled to a share, 0 to 1."""
    painter.fillRect(place, track)
    filled = QRectF(place)
    filled.setWidth(place.width() * min(max(share, 0.0), 1.0))
    painter.fillRect(filled, color)
