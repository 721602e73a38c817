"""A plot of a training: its curve, raw and smoothed, validation as dots, the best as a star; behind
them another run's, and marks of what happened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyqtgraph as pg
from pyqtgraph.Qt.internals import PrimitiveArray
from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPixmap

from gui.curve_data import Floats, GrowingCurve, span_of
from gui.theme import LIGHT, Theme
from gui.widgets.plot import EMPTY, Canvas, Grid, Points, ToPixels
from gui.widgets.run_marks import APART, Group, Mark, MarkPainter, grouped, told
from gui.widgets.symbols import DOT, STAR, symbol

SMOOTH_POINTS = 300
FEWEST_PIXELS = 50  # what a plot is taken to be wide before it is laid out
POINT_ACROSS, DOT_ACROSS, STAR_ACROSS = 4, 7, 17  # pixels
DOT_PIXELS = 12  # as close as dots may be when there are many
NEAR = 6  # pixels from a mark that still mean it


class Plot:
    """One plot. What it shows is in `raw`, `smooth`, `dots` and `star`, and in `before` and
    `before_dots` of another run: x and y as drawn, so y is a logarithm where `log` is set.
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
        self.before: Points = EMPTY
        self.before_dots: Points = EMPTY
        self.marks: Sequence[Mark] = ()
        self.groups: Sequence[Group] = ()  # the marks as the x range shows them
        self.plot = Canvas(self._paint, self._paint_ground)
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
        self._before_key: object = None  # what its curves were drawn for
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

    def draw_before(self, training: GrowingCurve, validation: GrowingCurve, share: float) -> None:
        """Draw what the x range shows of another run's curves, which grow no more: behind, where
        they cost nothing for each new point.
        """
        low, high = self.plot.getViewBox().viewRange()[0]
        pixels = max(int(self.plot.getViewBox().width()), FEWEST_PIXELS)
        key = (low, high, pixels, share, self.log)
        if key == self._before_key:
            return
        self._before_key = key
        self.before = self._scaled(
            *training.smoothed(share, *training.between(low, high), SMOOTH_POINTS)
        )
        stretch = validation.between(low, high)
        self.before_dots = self._scaled(*validation.outline(*stretch, pixels // DOT_PIXELS))
        self.plot.paint_ground_anew()

    def drop_before(self) -> None:
        """Take the other run's curves away."""
        self.before = self.before_dots = EMPTY
        self._before_key = None
        self.plot.paint_ground_anew()

    def show_marks(self, marks: Sequence[Mark]) -> None:
        """Mark what happened to the run; those that lie close together as one."""
        self.marks = marks
        self.plot.setAccessibleDescription(told(marks))
        self.plot.paint_ground_anew()

    def group_at(self, x: float) -> Group | None:
        """Find the marks that are meant by a place on the x axis."""
        near = NEAR * self._epochs_a_pixel()
        found = [one for one in self.groups if one.x - near <= x <= one.last + near]
        return min(found, key=lambda one: abs(one.x - x), default=None)

    def follow_x(self, high: float) -> None:
        """Show the epochs up to this one."""
        if self._x_range != (0, high):
            self._x_range = (0, high)
            self.plot.setXRange(0, high, padding=0.02)

    def follow_y(self) -> None:
        """Show all that is drawn, from the lowest to the highest value."""
        shown = (self.raw, self.dots, self.star, self.before, self.before_dots)
        span = span_of([y for _, y in shown])
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
        self._point_pen = QPen(QColor(theme.training), POINT_ACROSS)
        self._point_pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        self._dots_pen = QPen(QColor(theme.validation), 1, Qt.PenStyle.DashLine)
        self._cursor_pen = QPen(QColor(theme.muted), 1)
        self._mark_pen = QPen(QColor(theme.accent), 2)
        self._before_pen = QPen(QColor(theme.before), 1, Qt.PenStyle.DashLine)
        self._dot = symbol(DOT, DOT_ACROSS, theme.validation, theme.panel)
        self._star = symbol(STAR, STAR_ACROSS, theme.validation, theme.text)
        self._before_dot = symbol(DOT, DOT_ACROSS, theme.panel, theme.before)
        self._mark_painter = MarkPainter(theme)
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
            _paint_line(painter, pen, to_pixels(*points))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._smooth_pen)
        self._paint_pieces(painter, *to_pixels(*self.smooth))
        for picture, points in ((self._dot, self.dots), (self._star, self.star)):
            _paint_symbols(painter, picture, to_pixels(*points))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        for pen, place in ((self._mark_pen, self.mark), (self._cursor_pen, self.cursor)):
            if place is not None:
                painter.setPen(pen)
                x = float(to_pixels(np.array([place]), np.zeros(1))[0][0])
                painter.drawLine(QLineF(x, 0, x, self.plot.height()))

    def _paint_ground(self, painter: QPainter, to_pixels: ToPixels) -> None:
        """Paint what does not change with each new point: the other run, and the marks."""
        _paint_line(painter, self._before_pen, to_pixels(*self.before))
        _paint_symbols(painter, self._before_dot, to_pixels(*self.before_dots))
        low, high = self.plot.getViewBox().viewRange()[0]
        self.groups = grouped(self.marks, low, high, APART * self._epochs_a_pixel())
        places = to_pixels(np.array([group.x for group in self.groups]), np.zeros(1))[0]
        area = to_pixels.area
        for group, x in zip(self.groups, places.tolist(), strict=True):
            self._mark_painter.paint(painter, group, x, area.top(), area.bottom())

    def _epochs_a_pixel(self) -> float:
        box = self.plot.getViewBox()
        low, high = box.viewRange()[0]
        return float(high - low) / max(float(box.width()), 1.0)

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


def _paint_line(painter: QPainter, pen: QPen, pixels: Points) -> None:
    if len(pixels[0]) > 1:
        painter.setPen(pen)
        painter.drawPolyline(pg.functions.arrayToQPolygonF(*pixels))


def _paint_symbols(painter: QPainter, picture: QPixmap, pixels: Points) -> None:
    middle = picture.deviceIndependentSize() / 2
    for x, y in zip(*(side.tolist() for side in pixels), strict=True):
        painter.drawPixmap(QPointF(x - middle.width(), y - middle.height()), picture)
