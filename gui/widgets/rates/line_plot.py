"""A plot of one line a class, which can be told apart by dash, label and pointing as by colour.

It brings pyqtgraph, which takes long to load: import it where a plot is first shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from pyqtgraph.Qt.internals import PrimitiveArray
from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QApplication, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from gui.curve_data import Floats
from gui.theme import LIGHT, Theme, between
from gui.widgets.plot import EMPTY, Canvas, Grid, Points, ToPixels
from gui.widgets.rates.line_style import class_pen

FEW = 500  # points that are drawn as they are, such as the corners of an ROC curve
COLUMN = 3.0  # pixels of which a longer line shows two points at the most
REACH = 10.0  # pixels from a line within which it is pointed at
LABEL_GAP = 20  # pixels from a line's end to its label, with a lead and a key between
KEY = 8  # pixels of a piece of the line before its label
LONGEST_LABEL = 90  # pixels
MUTED = 0.45  # the share of the muted text's colour in the lines that are not selected
THIN, STRONG = 1.0, 2.0  # pixels
MOST_AT_ONCE = 10  # lines that can be told apart where none is selected
LOWEST = 3  # of more lines these many stand out


@dataclass(frozen=True, eq=False)
class Line:
    """A class' line: (N,) places whose x never turns around; NaN is left out."""

    number: int
    name: str
    x: Floats
    y: Floats


class LinePlot(QWidget):
    """Lines, all thin, the selected ones strong, with labels at their right end if wanted."""

    pointed = Signal(object)  # the number of the line under the mouse, or None
    clicked = Signal(float)  # x, in the plot
    label_clicked = Signal(int, bool)  # a line's number, and whether Ctrl was held

    def __init__(self, title: str, labels: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines: tuple[Line, ...] = ()
        self.strong: frozenset[int] = frozenset()
        self.under_mouse: int | None = None
        self.mark: float | None = None
        self.reference: Points = EMPTY
        self.labels: list[tuple[QRectF, Line]] = []
        self.words: Callable[[Line, int], str] = lambda line, place: line.name
        self._with_labels = labels
        self._theme = LIGHT
        self._shapes: list[tuple[Line, Floats, Floats, QPolygonF]] = []
        self._shapes_key: object = None
        self._lines = PrimitiveArray(QLineF, 4)
        self._home = ((0.0, 1.0), (0.0, 1.0))
        self.canvas = Canvas(self._paint)
        self.canvas.setAccessibleName(title)
        self._set_up_canvas()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.canvas)

    def name_axes(self, left: str, bottom: str) -> None:
        """Say beside the axes what they are."""
        self.canvas.setLabel("left", left)
        self.canvas.setLabel("bottom", bottom)
        self.canvas.paint_anew()

    def show_lines(self, lines: Sequence[Line], strong: frozenset[int]) -> None:
        """Draw these lines; the numbers of the strong ones may name others, too."""
        self.lines, self.strong = tuple(lines), strong
        self._shapes_key = None
        self._make_room()
        self.canvas.viewport().update()

    def show_strong(self, strong: frozenset[int]) -> None:
        """Draw other lines strong."""
        if strong != self.strong:
            self.show_lines(self.lines, strong)

    def show_range(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        """Show this much, unless the person has chosen a part of it."""
        box = self.canvas.getViewBox()
        whole = box.state["targetRange"] == [list(part) for part in self._home]
        if whole and (x, y) == self._home:
            return
        self._home = (x, y)
        box.setLimits(xMin=x[0], xMax=x[1], yMin=y[0], yMax=y[1])
        if whole:
            self.show_whole()

    def show_whole(self) -> None:
        """Show all again."""
        x, y = self._home
        self.canvas.getViewBox().setRange(xRange=x, yRange=y, padding=0)

    def enlarge(self, times: float, x: float, y: float) -> None:
        """Show a part so many times as large; the point (x, y) stays where it is."""
        self.canvas.getViewBox().scaleBy((1 / times, 1 / times), center=(x, y))

    def show_mark(self, x: float | None) -> None:
        """Mark a place by a vertical line."""
        if x != self.mark:
            self.mark = x
            self.canvas.viewport().update()

    def point_at(self, number: int | None) -> None:
        """Draw a line above all others, as if the mouse were on it."""
        if number != self.under_mouse:
            self.under_mouse = number
            self.canvas.viewport().update()
            self.pointed.emit(number)

    def set_theme(self, theme: Theme) -> None:
        """Restyle the plot; pyqtgraph does not follow the palette."""
        self._theme = theme
        self.canvas.setBackground(theme.panel)
        for side in ("left", "bottom"):
            axis = self.canvas.getAxis(side)
            axis.setPen(pg.mkPen(theme.border))
            axis.setTextPen(pg.mkPen(theme.muted))
            axis.setStyle(tickFont=QFont())
        self._grid.set_color(theme.grid)
        self.canvas.paint_anew()

    def is_strong(self, number: int) -> bool:
        """Tell whether a line is to stand out; where none is selected, none is muted."""
        return not self._chosen() or number in self.strong

    def leaveEvent(self, event: QEvent) -> None:
        self.point_at(None)

    def _set_up_canvas(self) -> None:
        canvas = self.canvas
        canvas.setMouseEnabled(x=True, y=True)
        canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        canvas.setMinimumSize(60, 40)
        canvas.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        canvas.getPlotItem().setContentsMargins(0, 4, 10, 2)
        self._grid = Grid(canvas)
        canvas.addItem(self._grid, ignoreBounds=True)
        canvas.scene().sigMouseMoved.connect(self._moved)
        canvas.scene().sigMouseClicked.connect(self._pressed)
        self.set_theme(LIGHT)
        self.show_whole()

    def _chosen(self) -> bool:
        return any(line.number in self.strong for line in self.lines)

    def _make_room(self) -> None:
        """Keep as much room at the right as the labels need."""
        if not self._with_labels:
            return
        measure = QFontMetricsF(self.font())
        names = [line.name for line in self.lines if self.is_strong(line.number)]
        widest = max((measure.horizontalAdvance(name) for name in names), default=0)
        room = LABEL_GAP + min(widest, LONGEST_LABEL) + 8
        self.canvas.getPlotItem().setContentsMargins(0, 4, round(room), 2)

    def _paint(self, painter: QPainter, to_pixels: ToPixels) -> None:
        self._shape(to_pixels)
        if len(self.reference[0]):
            painter.setPen(QPen(QColor(self._theme.muted), 1, Qt.PenStyle.DashLine))
            painter.drawPolyline(pg.functions.arrayToQPolygonF(*to_pixels(*self.reference)))
        if self.mark is not None:
            painter.setPen(QPen(QColor(self._theme.accent), 2))
            x = float(to_pixels(np.array([self.mark]), np.zeros(1))[0][0])
            painter.drawLine(QPointF(x, to_pixels.area.top()), QPointF(x, to_pixels.area.bottom()))
        self._paint_lines(painter)
        if self._with_labels:
            painter.setClipping(False)
            self._place_labels(to_pixels.area)
            self._paint_labels(painter, to_pixels.area)

    def _paint_lines(self, painter: QPainter) -> None:
        """Paint the muted lines, then those that stand out, then the one under the mouse."""
        chosen = self._chosen()
        muted = QPen(between((self._theme.panel, self._theme.muted), MUTED), THIN)
        ranked = sorted(self._shapes, key=lambda shape: self._rank(shape[0].number))
        for line, x, y, shape in ranked:
            rank = self._rank(line.number)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, rank > 0)
            painter.setPen(muted)
            if rank:
                width = STRONG if chosen or rank == 2 else THIN + 0.5
                self._paint_line(painter, x, y, class_pen(line.number, self._theme, width))
            elif len(x) > 1:
                painter.drawPolyline(shape)
            else:
                painter.drawEllipse(shape.first(), 1, 1)

    def _paint_line(self, painter: QPainter, x: Floats, y: Floats, pen: QPen) -> None:
        """Paint a thick or dashed line, or a dot where it has but one point."""
        dashes = [pen.widthF() * part for part in pen.dashPattern()]
        pen = QPen(pen.color(), pen.widthF())
        pen.setCapStyle(Qt.PenCapStyle.FlatCap if dashes else Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        if len(x) < 2:
            painter.drawEllipse(QPointF(x[0], y[0]), 2, 2)
            return
        cut = pieces(x, y, dashes)
        self._lines.resize(len(cut))
        self._lines.ndarray()[:] = cut
        painter.drawLines(*self._lines.drawargs())

    def _rank(self, number: int) -> int:
        return 2 if number == self.under_mouse else int(self.is_strong(number))

    def _paint_labels(self, painter: QPainter, area: QRectF) -> None:
        ends = {line.number: shape.last() for line, _, _, shape in self._shapes}
        measure = QFontMetricsF(self.font())
        painter.setFont(self.font())
        for place, line in self.labels:
            end = QPointF(min(ends[line.number].x(), area.right()), ends[line.number].y())
            key = QPointF(place.left() - 3, place.center().y())
            painter.setPen(QPen(QColor(self._theme.muted), THIN, Qt.PenStyle.DotLine))
            painter.drawLine(end, key - QPointF(KEY, 0))  # pale, not to be read as rates
            painter.setPen(class_pen(line.number, self._theme, STRONG))
            painter.drawLine(key - QPointF(KEY, 0), key)
            painter.setPen(QColor(self._theme.text))
            room = min(place.width(), LONGEST_LABEL)
            name = measure.elidedText(line.name, Qt.TextElideMode.ElideRight, room)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, name)

    def _place_labels(self, area: QRectF) -> None:
        """Put the labels of what stands out beside its ends, the lowest where room is short."""
        height = QFontMetricsF(self.font()).height()
        ends = [
            (min(max(shape.last().y(), area.top()), area.bottom()), line)
            for line, _, _, shape in self._shapes
            if self.is_strong(line.number) or line.number == self.under_mouse
        ]
        ends.sort(key=lambda end: (end[1].number != self.under_mouse, -end[0]))
        shown = sorted(ends[: max(1, int(area.height() // height))], key=lambda end: end[0])
        tops = spread([y - height / 2 for y, _ in shown], height, area.top(), area.bottom())
        left = area.right() + LABEL_GAP
        self.labels = [
            (QRectF(left, top, self.canvas.width() - left, height), line)
            for top, (_, line) in zip(tops, shown, strict=True)
        ]

    def _shape(self, to_pixels: ToPixels) -> None:
        """Bring the lines to pixels, once for each range and size."""
        if self._shapes_key == to_pixels.key:
            return
        self._shapes_key = to_pixels.key
        self._shapes = []
        for line in self.lines:
            there = np.isfinite(line.x) & np.isfinite(line.y)
            x, y = thinned(*to_pixels(line.x[there], line.y[there]))
            if len(x):
                self._shapes.append((line, x, y, pg.functions.arrayToQPolygonF(x, y)))

    def _moved(self, position: QPointF) -> None:
        """Point at the line that is nearest to the mouse, and say what it is there."""
        if QApplication.mouseButtons() != Qt.MouseButton.NoButton:
            return
        label = self._label_at(position)
        inside = self.canvas.getViewBox().sceneBoundingRect().contains(position)
        line = label or (self._nearest(position.x(), position.y()) if inside else None)
        self.point_at(line.number if line else None)
        text = self._words_at(line, position) if line else ""
        spot = self.canvas.mapToGlobal(self.canvas.mapFromScene(position))
        QToolTip.showText(spot, text, self.canvas)

    def _words_at(self, line: Line, position: QPointF) -> str:
        x = self.canvas.getViewBox().mapSceneToView(position).x()
        return self.words(line, int(np.nanargmin(np.abs(line.x - x))))

    def _label_at(self, position: QPointF) -> Line | None:
        return next((line for place, line in self.labels if place.contains(position)), None)

    def _nearest(self, x: float, y: float) -> Line | None:
        away = [(_distance(xs - x, ys - y), line) for line, xs, ys, _ in self._shapes]
        near, line = min(away, key=lambda entry: entry[0], default=(np.inf, None))
        return line if near <= REACH else None

    def _pressed(self, event: Any) -> None:
        """Take a click of the left button: on a label, or anywhere in the plot."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if event.double():
            self.show_whole()
            return
        label, box = self._label_at(event.scenePos()), self.canvas.getViewBox()
        if label is not None:
            ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            self.label_clicked.emit(label.number, ctrl)
        elif box.sceneBoundingRect().contains(event.scenePos()):
            self.clicked.emit(float(box.mapSceneToView(event.scenePos()).x()))


def standing_out(selected: frozenset[int], values: Mapping[int, float]) -> frozenset[int]:
    """Choose the classes whose lines are strong: the selected ones, or all of a few; without
    either, those with the lowest values.
    """
    if selected & values.keys() or len(values) <= MOST_AT_ONCE:
        return selected
    return frozenset(sorted(values, key=lambda number: values[number])[:LOWEST])


def thinned(x: Floats, y: Floats) -> Points:
    """Leave out points that pixels cannot show: (N,) pixels, whose x never turns around.

    Of each column of pixels stay the lowest and the highest point; the line keeps its ends.
    """
    columns = np.floor(x / COLUMN)
    starts = np.flatnonzero(np.append(True, columns[1:] != columns[:-1]))
    if len(x) <= max(FEW, 2 * len(starts) + 2):
        return x, y
    groups = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(x))))
    by_height = np.lexsort((y, groups))  # the columns stay where they are
    ends = np.append(starts[1:], len(x)) - 1
    kept = np.unique(np.concatenate([[0, len(x) - 1], by_height[starts], by_height[ends]]))
    return x[kept], y[kept]


def pieces(x: Floats, y: Floats, dashes: Sequence[float]) -> Floats:
    """Cut a line through points (N,) into straight pieces (M, 4) of x, y, x, y: all of it, or the
    dashes of a pattern of lengths that are on and off in turn, in pixels along the line.

    Qt takes a hundred times as long for a thick or dashed line as for its pieces.
    """
    if dashes:
        along = np.append(0.0, np.cumsum(np.hypot(np.diff(x), np.diff(y))))
        turns = np.cumsum(np.append(0.0, dashes))
        periods = np.arange(0.0, along[-1] + turns[-1], turns[-1])
        cuts = (periods[:, None] + turns[:-1]).ravel()
        places = np.unique(np.concatenate([along, cuts[cuts < along[-1]]]))
        x, y = np.interp(places, along, x), np.interp(places, along, y)
        middle = (places[1:] + places[:-1]) / 2 % turns[-1]
        on = np.searchsorted(turns, middle, "right") % 2 == 1
    else:
        on = np.ones(len(x) - 1, bool)
    cut: Floats = np.stack([x[:-1], y[:-1], x[1:], y[1:]], axis=1)[on]
    return cut


def spread(tops: Sequence[float], height: float, top: float, bottom: float) -> list[float]:
    """Move rising places apart by at least a height, and into what is between top and bottom."""
    placed: list[float] = []
    least = top
    for wanted in tops:
        placed.append(max(wanted, least))
        least = placed[-1] + height
    most = bottom - height
    for place in range(len(placed) - 1, -1, -1):
        placed[place] = min(placed[place], most)
        most = placed[place] - height
    return placed


def _distance(x: Floats, y: Floats) -> float:
    """Compute how far the origin is from a line through points (N,)."""
    if len(x) == 1:
        return float(np.hypot(x[0], y[0]))
    along_x, along_y = np.diff(x), np.diff(y)
    long = np.maximum(along_x**2 + along_y**2, 1e-12)
    share = np.clip(-(x[:-1] * along_x + y[:-1] * along_y) / long, 0, 1)
    return float(np.hypot(x[:-1] + share * along_x, y[:-1] + share * along_y).min())
