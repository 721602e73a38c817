"""What curves are drawn on: axes and a grid that are painted once for each range, and the way from
values to pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QFont, QPainter, QPixmap

from gui.curve_data import Floats
from gui.theme import LIGHT

TICK_PIXELS = {"left": 22, "bottom": 50}  # as close as ticks may be, so that each has its number
CLOSEST_PIXELS = {"left": 15, "bottom": 40}  # where there is room for one or two numbers alone
LONG_NUMBER = 100_000  # has more digits than there is room for beside a plot
EMPTY = (np.empty(0), np.empty(0))

ANYWHERE = QRectF(0, 0, 100, 100)  # to measure a text in
CENTRE = Qt.AlignmentFlag.AlignCenter
NUMBER = {  # how a tick's number stands beside it
    "left": Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip,
    "bottom": Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextDontClip,
}

Points = tuple[Floats, Floats]  # x, y as they are drawn
TickLevels = list[tuple[float, list[float]]]  # the distance of ticks, and where they are


class ToPixels:
    """Where a point of the plot is on its widget."""

    def __init__(self, box: pg.ViewBox) -> None:
        (self._left, right), (self._low, high) = box.viewRange()
        self.area: QRectF = box.sceneBoundingRect()
        self._wide = self.area.width() / (right - self._left)
        self._tall = self.area.height() / (high - self._low)
        self.key = (self._left, right, self._low, high, self.area.getCoords())

    def __call__(self, x: Floats, y: Floats) -> Points:
        """Give the pixels, from the widget's upper left corner."""
        return (
            self.area.left() + (x - self._left) * self._wide,
            self.area.bottom() - (y - self._low) * self._tall,
        )


Paint = Callable[[QPainter, ToPixels], None]


class Canvas(pg.PlotWidget):
    """A plot that paints its axes once for each range, over them what seldom changes, and its
    curves over that picture.

    In pyqtgraph's own way everything is painted anew for each new point, which took 11 ms. Here a
    new point takes half a millisecond, and it is only the axes and the mouse that are pyqtgraph's.
    """

    def __init__(
        self, paint_curves: Paint, paint_ground: Paint | None = None, **options: Any
    ) -> None:
        self._paint_curves, self._paint_ground = paint_curves, paint_ground
        self._picture: QPixmap | None = None
        self._ground: QPixmap | None = None  # the picture with what is painted over it
        self._key: object = None
        axes = {side: ValueAxis(side) for side in ("left", "bottom")}
        super().__init__(axisItems=axes, **options)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.disableAutoRange()  # whoever draws sets the ranges, so that they move seldom
        for side in ("top", "right"):  # not to be seen, but they follow the ranges as well
            self.getAxis(side).enableAutoSIPrefix(False)

    def paint_anew(self) -> None:
        """Paint the axes anew, since something has changed beside range and size."""
        self._picture = None
        self.viewport().update()

    def paint_ground_anew(self) -> None:
        """Paint anew what is behind the curves and over the axes."""
        self._ground = None
        self.viewport().update()

    def paintEvent(self, event: object) -> None:
        self.scene().prepareForPaint()
        to_pixels = ToPixels(self.getViewBox())
        key = (to_pixels.key, self.size(), self.devicePixelRatioF())
        if self._picture is None or key != self._key:
            self._picture, self._key, self._ground = self._painted_axes(), key, None
        if self._ground is None:
            self._ground = self._painted_ground(self._picture, to_pixels)
        painter = QPainter(self.viewport())
        painter.drawPixmap(0, 0, self._ground)
        painter.setClipRect(to_pixels.area)
        self._paint_curves(painter, to_pixels)
        painter.end()

    def _painted_ground(self, picture: QPixmap, to_pixels: ToPixels) -> QPixmap:
        if self._paint_ground is None:
            return picture
        ground = QPixmap(picture)  # shares its pixels until it is painted on
        painter = QPainter(ground)
        painter.setClipRect(to_pixels.area)
        self._paint_ground(painter, to_pixels)
        painter.end()
        return ground

    def _painted_axes(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        painter = QPainter(picture)
        self.render(painter, QRectF(self.rect()), self.viewport().rect())
        painter.end()
        return picture


class Grid(pg.GraphicsObject):
    """Lines behind the curves at the axes' main ticks. An axis' own grid took three quarters of
    the time that a plot took to paint.
    """

    def __init__(self, plot: pg.PlotWidget) -> None:
        super().__init__()
        self._plot = plot
        self.set_color(LIGHT.grid)
        self.setZValue(-10)

    def set_color(self, color: str) -> None:
        """Draw the lines in this colour; an opaque one, since others are dear."""
        self.color = color
        self._pen = pg.mkPen(color)
        self.update()

    def boundingRect(self) -> QRectF:
        return QRectF(self.viewRect())

    def viewRangeChanged(self) -> None:
        self.prepareGeometryChange()

    def paint(self, painter: QPainter, *_: object) -> None:
        area = self.boundingRect()
        painter.setPen(self._pen)
        for x in self._ticks("bottom", area.left(), area.right()):
            painter.drawLine(QLineF(x, area.top(), x, area.bottom()))
        for y in self._ticks("left", area.top(), area.bottom()):
            painter.drawLine(QLineF(area.left(), y, area.right(), y))

    def _ticks(self, side: str, low: float, high: float) -> list[float]:
        axis = self._plot.getAxis(side)
        length = axis.width() if side == "bottom" else axis.height()
        levels = axis.tickValues(low, high, max(length, 1))
        return list(levels[0][1]) if levels else []


class ValueAxis(pg.AxisItem):
    """An axis with a number at each tick, which can write powers of ten for values drawn as
    logarithms. It looks like pyqtgraph's own, which takes four times as long to paint: for smaller
    ticks that are not wanted here, and for a picture of itself.
    """

    logarithmic = False
    _ticks: tuple[object, TickLevels] = (None, [])  # what they were computed for, and they

    def paint(self, painter: QPainter, *_: object) -> None:
        area = self.mapRectFromParent(self.geometry())
        low, high = self.range
        levels = self.tickValues(low, high, self._length(area))
        values, painted = levels[0][1] if levels else [], self.boundingRect()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(self.pen())
        painter.drawLine(self._edge(area))
        places = [self._pixel(value, area) for value in values]
        if places:
            painter.drawLines([self._tick(place, area) for place in places])
        if not (values and self.style["showValues"]):
            return
        painter.setFont(self.style["tickFont"] or QFont())
        painter.setPen(self.textPen())
        for place, text in zip(places, self.tickStrings(values, 1, levels[0][0]), strict=True):
            room = self._room(place, area, painter.boundingRect(ANYWHERE, CENTRE, text))
            if painted.contains(room):
                painter.drawText(room, NUMBER[self.orientation], text)

    def tickValues(self, low: float, high: float, size: float) -> TickLevels:
        key = low, high, size
        if key != self._ticks[0]:  # the grid asks for them, too
            self._ticks = key, super().tickValues(low, high, size)
        return self._ticks[1]

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        levels: list[tuple[float, float]] = super().tickSpacing(low, high, size)
        value = abs(high - low) / size  # of a pixel
        least = TICK_PIXELS[self.orientation] * value
        fitting = [level for level in reversed(levels) if level[0] >= least]
        if fitting or not levels:
            return fitting[:1]
        widest, closest = levels[0][0], CLOSEST_PIXELS[self.orientation] * value
        return [(widest if widest >= closest else _rounded_up(closest), 0)]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if self.logarithmic:
            return [short(f"{10**value:.3g}") for value in values]
        return [short(number) for number in super().tickStrings(values, scale, spacing)]

    def updateAutoSIPrefix(self) -> None:
        """Write numbers as they are: nothing is to be set anew with each range."""

    def _length(self, area: QRectF) -> float:
        return max(area.height() if self.orientation == "left" else area.width(), 1)

    def _edge(self, area: QRectF) -> QLineF:
        """Find the line along the plot."""
        if self.orientation == "left":
            return QLineF(area.right() - 1, area.top() - 1, area.right() - 1, area.bottom() + 1)
        return QLineF(area.left() - 1, area.top() + 1, area.right() + 1, area.top() + 1)

    def _pixel(self, value: float, area: QRectF) -> float:
        """Find where along the axis a value is."""
        low, high = self.range
        share = (value - low) / (high - low)
        if self.orientation == "left":
            return float(area.bottom() - share * area.height())
        return float(area.left() + share * area.width())

    def _tick(self, place: float, area: QRectF) -> QLineF:
        """Find the line of a tick, which points into the plot."""
        length = -self.style["tickLength"]
        if self.orientation == "left":
            return QLineF(area.right(), place, area.right() + length, place)
        return QLineF(place, area.top(), place, area.top() - length)

    def _room(self, place: float, area: QRectF, text: QRectF) -> QRectF:
        """Find where the number of a tick stands; its letters are lower than their line."""
        width, height = text.width(), 0.8 * text.height()
        if self.orientation == "left":
            gap = self.style["tickTextOffset"][0]
            return QRectF(area.right() - gap - width, place - height / 2, width, height)
        gap = self.style["tickTextOffset"][1]
        return QRectF(place - width / 2, area.top() + gap, width, height)


def short(number: str) -> str:
    """Write 6e+08 as 6e8 and 150000 as 1.5e5: there is little room between a plot and its title."""
    if "e" not in number and abs(float(number)) < LONG_NUMBER:
        return number
    digits, power = f"{float(number):e}".split("e")
    return f"{digits.rstrip('0').rstrip('.')}e{int(power)}"


def _rounded_up(step: float) -> float:
    """Round a distance of ticks up to one, two or five times a power of ten."""
    power = 10.0 ** np.floor(np.log10(step))
    return float(next(times * power for times in (1, 2, 5, 10) if times * power >= step))
