"""How a class is drawn wherever it is a line: its colour, and a dash where colours come again."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap

from gui.theme import Theme

DASHES: tuple[tuple[float, ...], ...] = ((), (5, 2.5), (1, 2), (6, 2, 1, 2), (9, 4), (3, 3, 1, 3))
SWATCH = QSize(26, 12)  # pixels


def class_pen(number: int, theme: Theme, width: float) -> QPen:
    """Make the pen of a class' line: with 8 colours the ninth class is the first one dashed."""
    colors = theme.lines
    pen = QPen(QColor(colors[number % len(colors)]), width)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    dash = DASHES[number // len(colors) % len(DASHES)]
    if dash:
        pen.setDashPattern(dash)
    return pen


def swatch(number: int, theme: Theme, ratio: float) -> QIcon:
    """Draw a piece of a class' line, for a legend; `ratio` is the screen's pixels to a pixel."""
    picture = QPixmap(SWATCH * ratio)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setPen(class_pen(number, theme, 2))
    middle = SWATCH.height() / 2
    painter.drawLine(QPointF(0, middle), QPointF(SWATCH.width(), middle))
    painter.end()
    icon = QIcon(picture)
    icon.addPixmap(picture, QIcon.Mode.Selected)
    return icon
