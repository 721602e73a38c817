"""A plot of a training: its curve, raw and smoothed, validation as dots, the best as a star."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyqtgraph as pg
from pyqtgraph.Qt.internals import PrimitiveArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPainter, QPen, QPixmap

from gui.curve_data import Floats, GrowingCurve, span_of
from gui.theme import LIGHT, Theme

SMOOTH_POINTS = 300
FEWEST_PIXELS = 50  # what a plot is taken to be wide before it is laid out
POINT, DOT, STAR = 4, 7, 17  # pixels across
DOT_PIXELS = 12  # as close as dots may be when there are many
TICK_PIXELS = {"left": 22, "bottom": 50}  # as close as ticks may be, so that each has its number
EMPTY = (np.empty(0), np.empty(0))

Points = tuple[Floats, Floats]  # x, y as they are drawn


class Plot:
    """One plot. What it shows is in `raw`, `smooth`, `dots` and `star`: x and y as drawn, so y is
    a logarithm where `log` is set.
    """

    def __init__(self, title: str, bottom: str = "") -> None:
        self.log = False
        self.cursor: float | None = None
        self.mark: float | None = None
        self.cursor_moved: Callable[[float], None] = lambda _: None
        self.clicked: Callable[[float], None] = lambda _: None
        self.raw: Points = EMPTY
        self.smooth: Points = EMPTY
        self.dots: Points = EMPTY
        self.star: Points = EMPTY
        self.plot = Canvas(self._paint)
        self.plot.setAccessibleName(title)
        self.plot.getPlotItem().setContentsMargins(0, 2, 8, 2)
        self.plot.setLabel("left", title)
        self.plot.getAxis("left").setWidth(58)
        if bottom:
            self.plot.setLabel("bottom", bottom)
        self.grid = Grid(self.plot)
        self.plot.addItem(self.grid, ignoreBounds=True)
        self.plot.setMouseEnabled(x=True, y=True)
        self._lines = PrimitiveArray(QLineF, 4)
        self._x_range: tuple[float, float] | None = None
        self._y_range: tuple[float, float] | None = None
        self.set_theme(LIGHT)

    def draw(
        self,
        training: GrowingCurve,
        validation: GrowingCurve,
        share: float,
        best: tuple[float, float] | None,
    ) -> None:
        """Draw what the x range shows of the curves, smoothed over a `share`, and the star."""
        low, high = self.plot.getViewBox().viewRange()[0]
        pixels = max(int(self.plot.getViewBox().width()), FEWEST_PIXELS)
        stretch = training.between(low, high)
        self.raw = self._scaled(*training.outline(*stretch, pixels))
        self.smooth = self._scaled(*training.smoothed(share, *stretch, SMOOTH_POINTS))
        stretch = validation.between(low, high)
        self.dots = self._scaled(*validation.outline(*stretch, pixels // DOT_PIXELS))
        star = np.array([best if best and np.isfinite(best[1]) else ()], float).reshape(-1, 2)
        self.star = self._scaled(star[:, 0], star[:, 1])
        self.plot.viewport().update()

    def follow_x(self, high: float) -> None:
        """Show the epochs up to this one."""
        if self._x_range != (0, high):
            self._x_range = (0, high)
            self.plot.setXRange(0, high, padding=0.02)

    def follow_y(self) -> None:
        """Show all that is drawn, from the lowest to the highest value."""
        span = span_of([self.raw[1], self.dots[1], self.star[1]])
        if span is not None and span != self._y_range:
            self._y_range = span
            self.plot.setYRange(*span, padding=0)

    def follow_anew(self) -> None:
        """Forget which ranges are set: somebody has zoomed meanwhile."""
        self._x_range = self._y_range = None

    def axis_log(self, on: bool) -> None:
        """Write the left axis for logarithmic values, or for plain ones."""
        self.log = on
        self._y_range = None
        self.plot.getAxis("left").logarithmic = on
        self.plot.getAxis("left").picture = None
        self.plot.paint_anew()

    def set_theme(self, theme: Theme) -> None:
        """Restyle the plot; pyqtgraph does not follow the palette."""
        self.plot.setBackground(theme.panel)
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setPen(pg.mkPen(theme.border))
            axis.setTextPen(pg.mkPen(theme.muted))
            axis.setStyle(tickFont=QFont())
        self.grid.set_color(theme.grid)
        self._raw_pen = QPen(QColor(theme.training_raw), 1)
        self._smooth_pen = QPen(QColor(theme.training), 2)
        self._smooth_pen.setCapStyle(Qt.PenCapStyle.RoundCap)  # it is drawn in straight pieces
        self._point_pen = QPen(QColor(theme.training), POINT)
        self._point_pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        self._dots_pen = QPen(QColor(theme.validation), 1, Qt.PenStyle.DashLine)
        self._cursor_pen = QPen(QColor(theme.muted), 1)
        self._mark_pen = QPen(QColor(theme.accent), 2)
        self._dot = _symbol("o", DOT, theme.validation, theme.panel)
        self._star = _symbol("star", STAR, theme.validation, theme.text)
        self.plot.paint_anew()

    def moved(self, position: QPointF) -> None:
        """Follow the mouse over this plot."""
        box = self.plot.getViewBox()
        if box.sceneBoundingRect().contains(position):
            self.cursor_moved(box.mapSceneToView(position).x())

    def pressed(self, event: pg.GraphicsScene.mouseEvents.MouseClickEvent) -> None:
        """Take a click of the left button on this plot."""
        box = self.plot.getViewBox()
        inside = box.sceneBoundingRect().contains(event.scenePos())
        if inside and event.button() == Qt.MouseButton.LeftButton:
            self.clicked(box.mapSceneToView(event.scenePos()).x())

    def show_mark(self, x: float | None) -> None:
        """Mark a moment of the run, or none."""
        if x != self.mark:
            self.mark = x
            self.plot.viewport().update()

    def show_cursor(self, x: float) -> None:
        """Draw the cursor's line."""
        self.cursor = x
        self.plot.viewport().update()

    def hide_cursor(self) -> None:
        """Take the cursor's line away."""
        self.cursor = None
        self.plot.viewport().update()

    def _scaled(self, x: Floats, y: Floats) -> Points:
        if not self.log:
            return x, y
        above = y > 0
        return x[above], np.log10(y[above])

    def _paint(self, painter: QPainter, to_pixels: ToPixels) -> None:
        """Paint the curves. An opaque line of one pixel and short straight pieces, since anything
        else costs many times as much.
        """
        for pen, points in ((self._raw_pen, self.raw), (self._dots_pen, self.dots)):
            if len(points[0]) > 1:
                painter.setPen(pen)
                painter.drawPolyline(pg.functions.arrayToQPolygonF(*to_pixels(*points)))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._smooth_pen)
        self._paint_pieces(painter, *to_pixels(*self.smooth))
        for symbol, points in ((self._dot, self.dots), (self._star, self.star)):
            middle = symbol.deviceIndependentSize() / 2
            for x, y in zip(*(side.tolist() for side in to_pixels(*points)), strict=True):
                painter.drawPixmap(QPointF(x - middle.width(), y - middle.height()), symbol)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        for pen, place in ((self._mark_pen, self.mark), (self._cursor_pen, self.cursor)):
            if place is not None:
                painter.setPen(pen)
                x = float(to_pixels(np.array([place]), np.zeros(1))[0][0])
                painter.drawLine(QLineF(x, 0, x, self.plot.height()))

    def _paint_pieces(self, painter: QPainter, x: Floats, y: Floats) -> None:
        if len(x) == 1:
            painter.setPen(self._point_pen)
            painter.drawPoint(QPointF(x[0], y[0]))
        if len(x) < 2:
            return
        self._lines.resize(len(x) - 1)
        pieces = self._lines.ndarray()
        pieces[:, 0], pieces[:, 1] = x[:-1], y[:-1]
        pieces[:, 2], pieces[:, 3] = x[1:], y[1:]
        painter.drawLines(*self._lines.drawargs())


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


class Canvas(pg.PlotWidget):
    """A plot that paints its axes once for each range, and its curves over that picture.

    In pyqtgraph's own way everything is painted anew for each new point, which took 11 ms. Here a
    new point takes half a millisecond, and it is only the axes and the mouse that are pyqtgraph's.
    """

    def __init__(self, paint_curves: Callable[[QPainter, ToPixels], None], **options: Any) -> None:
        self._paint_curves = paint_curves
        self._picture: QPixmap | None = None
        self._key: object = None
        axes = {side: ValueAxis(side) for side in ("left", "bottom")}
        super().__init__(axisItems=axes, **options)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.disableAutoRange()  # whoever draws sets the ranges, so that they move seldom
        for side in ("left", "bottom"):
            self.getAxis(side).enableAutoSIPrefix(False)

    def paint_anew(self) -> None:
        """Paint the axes anew, since something has changed beside range and size."""
        self._picture = None
        self.viewport().update()

    def paintEvent(self, event: object) -> None:
        self.scene().prepareForPaint()
        to_pixels = ToPixels(self.getViewBox())
        key = (to_pixels.key, self.size(), self.devicePixelRatioF())
        if self._picture is None or key != self._key:
            self._picture, self._key = self._painted_axes(), key
        painter = QPainter(self.viewport())
        painter.drawPixmap(0, 0, self._picture)
        painter.setClipRect(to_pixels.area)
        self._paint_curves(painter, to_pixels)
        painter.end()

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
    logarithms. The smaller ticks of pyqtgraph's own axis took most of the time of its painting.
    """

    logarithmic = False

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        levels: list[tuple[float, float]] = super().tickSpacing(low, high, size)
        least = TICK_PIXELS[self.orientation] * abs(high - low) / size
        return levels and [
            next((level for level in reversed(levels) if level[0] >= least), levels[0])
        ]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if self.logarithmic:
            return [f"{10**value:.3g}" for value in values]
        strings: list[str] = super().tickStrings(values, scale, spacing)
        return strings


def _symbol(shape: str, across: int, fill: str, edge: str) -> QPixmap:
    """Paint one of pyqtgraph's symbols once, to be copied wherever it is needed."""
    app = QGuiApplication.instance()
    ratio = app.devicePixelRatio() if isinstance(app, QGuiApplication) else 1.0
    picture = QPixmap(round((across + 4) * ratio), round((across + 4) * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate((across + 4) / 2, (across + 4) / 2)
    painter.scale(across, across)
    pen = pg.mkPen(edge, width=1)
    painter.setPen(pen)
    painter.setBrush(QColor(fill))
    painter.drawPath(pg.graphicsItems.ScatterPlotItem.Symbols[shape])
    painter.end()
    return picture
