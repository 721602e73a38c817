"""Is the network right as often as it is sure? It brings pyqtgraph: see LinePlot."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from engine.analysis.calibration import Reliability, reliability
from engine.training.events import Evaluated
from engine.training.history import Run
from gui.theme import LIGHT, MARGIN, SPACING, Theme, between
from gui.widgets.plot import Canvas, Grid, ToPixels

AXIS_WIDTH = 46  # pixels, the same for both plots so that their bins stand below each other
GAP = 2.0  # pixels between bars
LEAST_BAR = 2.0  # pixels: a bin with one image beside thousands shows, too
WELL = 0.005  # a gap that nobody need speak of
ROOM = 1.4  # the histogram's height over its highest bar, for the number above that
TOP = 103.0  # percent, so that the line at 100 shows
LEAST_HEIGHT = 36  # pixels of the histogram, for numbers in it
TICK_HALF = 7  # pixels that the number at the foot of an axis reaches below it


class ReliabilityDiagram(QWidget):
    """Bars of accuracy by confidence against the diagonal, over a histogram of the counts."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bins: Reliability | None = None
        self.said = QLabel()
        self.said.setContentsMargins(MARGIN, 0, MARGIN, 0)
        self.said.setWordWrap(True)
        self.said.setToolTip(
            self.tr(
                "The mean gap between how sure the network is of its answers and how often they "
                "are right. Hatched: the gap in each bin, up to how sure it is."
            )
        )
        self.diagram = _canvas(self._paint_diagram, self.tr("Accuracy by confidence"))
        self.histogram = _canvas(self._paint_counts, self.tr("Images by confidence"))
        self._grids = [Grid(canvas) for canvas in (self.diagram, self.histogram)]
        self._theme = LIGHT
        self._drawn: Evaluated | None = None
        self._set_up()
        self._lay_out()
        self.set_theme(LIGHT)

    def show_evaluation(self, run: Run, evaluation: Evaluated) -> None:
        """Draw an evaluation's answers by confidence, if they are not drawn already."""
        if evaluation is self._drawn:
            return
        self._drawn = evaluation
        right = evaluation.predicted == evaluation.labels
        self.bins = reliability(evaluation.confidence, right)
        self.said.setText(self._words(self.bins))
        rows = [self.words(int(place)) for place in np.flatnonzero(self.bins.counts)]
        self.setAccessibleDescription("; ".join(rows))
        self.histogram.setYRange(0, ROOM * max(int(self.bins.counts.max()), 1), padding=0)
        for canvas in (self.diagram, self.histogram):
            canvas.viewport().update()

    def set_theme(self, theme: Theme) -> None:
        """Restyle the plots; pyqtgraph does not follow the palette."""
        self._theme = theme
        for canvas, grid in zip((self.diagram, self.histogram), self._grids, strict=True):
            canvas.setBackground(theme.panel)
            grid.set_color(theme.grid)
            for side in ("left", "bottom"):
                axis = canvas.getAxis(side)
                axis.setPen(pg.mkPen(theme.border))
                axis.setTextPen(pg.mkPen(theme.muted))
                axis.setStyle(tickFont=QFont())
            canvas.paint_anew()

    def words(self, place: int) -> str:
        """Say what a bin holds."""
        bins = self.bins
        assert bins is not None
        span = self.tr("{low:.0f} to {high:.0f} % sure").format(
            low=100 * bins.edges[place], high=100 * bins.edges[place + 1]
        )
        if not bins.counts[place]:
            return self.tr("{span}: no images").format(span=span)
        return self.tr(
            "{span}: {count:,} images, right {accuracy:.1f} %, sure {confidence:.1f} % on average"
        ).format(
            span=span,
            count=int(bins.counts[place]),
            accuracy=100 * bins.accuracy[place],
            confidence=100 * bins.confidence[place],
        )

    def _words(self, bins: Reliability) -> str:
        words = [self._error_words(bins)]
        if bins.left_out == 1:
            words.append(self.tr("1 image without a probability is left out."))
        elif bins.left_out:
            words.append(
                self.tr("{count:,} images without a probability are left out.").format(
                    count=bins.left_out
                )
            )
        return " ".join(words)

    def _error_words(self, bins: Reliability) -> str:
        if not bins.counts.any():
            return self.tr("There are no answers with a probability.")
        gap = float(np.nansum((bins.accuracy - bins.confidence) * bins.counts) / bins.counts.sum())
        if bins.expected_error < WELL:
            meaning = self.tr("It is right as often as it is sure.")
        elif abs(gap) < WELL:
            meaning = self.tr("It is surer than right in some bins, and less sure in others.")
        elif gap < 0:
            meaning = self.tr("It is right less often than it is sure.")
        else:
            meaning = self.tr("It is right more often than it is sure.")
        error = self.tr("Expected calibration error {error:.1f} %.").format(
            error=100 * bins.expected_error
        )
        return f"{error} {meaning}"

    def _paint_diagram(self, painter: QPainter, to_pixels: ToPixels) -> None:
        bins, theme = self.bins, self._theme
        if bins is None:
            return
        right, wrong = QColor(theme.right[1]), QColor(theme.wrong[1])
        bars = between((theme.panel, theme.right[1]), 0.75)
        for place in np.flatnonzero(bins.counts).tolist():
            accuracy, confidence = 100 * bins.accuracy[place], 100 * bins.confidence[place]
            bar = self._bar(to_pixels, place, 0, accuracy)
            painter.fillRect(bar, bars)
            gap = self._bar(to_pixels, place, accuracy, confidence)
            painter.fillRect(gap, QBrush(wrong, Qt.BrushStyle.BDiagPattern))
            painter.setPen(QPen(wrong, 1))
            painter.drawRect(gap)
            painter.setPen(QPen(right, 2))
            top = bar.top() if accuracy else bar.bottom()
            painter.drawLine(QLineF(bar.left(), top, bar.right(), top))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.muted), 1, Qt.PenStyle.DashLine))
        painter.drawPolyline(
            pg.functions.arrayToQPolygonF(*to_pixels(np.array([0.0, 100]), np.array([0.0, 100])))
        )

    def _paint_counts(self, painter: QPainter, to_pixels: ToPixels) -> None:
        if self.bins is None:
            return
        counts = self.bins.counts
        color = QColor(self._theme.muted)
        bars = {
            place: self._bar(to_pixels, place, 0, counts[place]) for place in range(len(counts))
        }
        for place in np.flatnonzero(counts).tolist():
            bar = bars[place]
            bar.setTop(min(bar.top(), bar.bottom() - LEAST_BAR))
            painter.fillRect(bar, color)
        painter.setPen(color)
        corner = to_pixels.area.adjusted(4, 0, 0, 0)
        painter.setFont(self.font())
        painter.drawText(corner, Qt.AlignmentFlag.AlignTop, self.tr("images"))
        self._paint_numbers(painter, bars, to_pixels.area)

    def _paint_numbers(self, painter: QPainter, bars: dict[int, QRectF], area: QRectF) -> None:
        """Write the counts above the bars; where there is no room for all, only the largest, and
        none over bars that are hardly higher than letters.
        """
        if area.height() < LEAST_HEIGHT:
            return
        assert self.bins is not None
        measure = QFontMetricsF(self.font())
        largest = int(self.bins.counts.argmax())
        numbers = {place: f"{int(self.bins.counts[place]):,}" for place in bars}
        widest = max(measure.horizontalAdvance(number) for number in numbers.values())
        all_fit = widest <= bars[0].width() + GAP
        painter.setPen(QColor(self._theme.text))
        for place in np.flatnonzero(self.bins.counts).tolist() if all_fit else [largest]:
            spot = _beside(bars[place], QSizeF(widest, measure.height()), area)
            painter.drawText(spot, Qt.AlignmentFlag.AlignCenter, numbers[place])

    def _bar(self, to_pixels: ToPixels, place: int, low: float, high: float) -> QRectF:
        assert self.bins is not None
        edges = 100 * self.bins.edges[place : place + 2]
        x, y = to_pixels(edges, np.array([low, high], float))
        return QRectF(QPointF(x[0] + GAP / 2, y[1]), QPointF(x[1] - GAP / 2, y[0])).normalized()

    def _read(self, canvas: Canvas, position: QPointF) -> None:
        """Say the bin under the mouse."""
        box = canvas.getViewBox()
        text = ""
        if self.bins is not None and box.sceneBoundingRect().contains(position):
            x = box.mapSceneToView(position).x() / 100
            place = int(np.searchsorted(self.bins.edges[1:-1], x))
            text = self.words(place)
        QToolTip.showText(canvas.mapToGlobal(canvas.mapFromScene(position)), text, canvas)

    def _set_up(self) -> None:
        for canvas, grid in zip((self.diagram, self.histogram), self._grids, strict=True):
            canvas.addItem(grid, ignoreBounds=True)
            canvas.setXRange(0, 100, padding=0)
            canvas.scene().sigMouseMoved.connect(
                lambda position, canvas=canvas: self._read(canvas, position)
            )
        self.diagram.setYRange(0, TOP, padding=0)
        self.diagram.setLabel("left", self.tr("right, %"))
        self.diagram.getAxis("bottom").setStyle(showValues=False)
        self.diagram.getAxis("bottom").setHeight(TICK_HALF)
        self.histogram.setLabel("bottom", self.tr("sure, %"))
        self.histogram.getAxis("left").setStyle(showValues=False)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING // 4)
        column.addWidget(self.said)
        column.addWidget(self.diagram, 3)
        column.addWidget(self.histogram, 2)


def _beside(bar: QRectF, size: QSizeF, area: QRectF) -> QRectF:
    """Find room for a number above a bar, or else beside its upper end."""
    spot = QRectF(QPointF(0, 0), size)
    spot.moveCenter(bar.center())
    spot.moveBottom(bar.top())
    spot.moveRight(min(spot.right(), area.right()))
    if spot.top() < area.top():
        spot.moveTop(area.top())
        left = bar.left() - size.width() - GAP
        spot.moveLeft(left if left > area.left() else bar.right() + GAP)
    return spot


def _canvas(paint: Any, title: str) -> Canvas:
    canvas = Canvas(paint)
    canvas.setAccessibleName(title)
    canvas.setMouseEnabled(x=False, y=False)
    canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    canvas.setMinimumSize(60, 40)
    canvas.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
    canvas.getPlotItem().setContentsMargins(0, 2, 10, 0)
    canvas.getAxis("left").setWidth(AXIS_WIDTH)
    return canvas
