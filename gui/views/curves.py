"""Loss over accuracy, training against validation, live; both share the x axis of epochs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from engine.training.history import Kind, Run
from gui.curve_data import Floats, decimated, smoothed
from gui.theme import LIGHT, MARGIN, SPACING, Theme
from gui.widgets.empty_state import EmptyState

BUCKETS = 600  # two points each: about what a plot is wide
SMOOTH_POINTS = 300
SHORTEST_EPOCHS = 0.2  # the x axis begins with this much, so that its numbers can be read
DRAWN = frozenset[Kind]({"started", "progress", "evaluation", "epoch", "end"})


class CurvesView(QWidget):
    """Two linked plots, what a cursor reads, and the ways to look at them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.loss = Plot(self.tr("Loss"))
        self.accuracy = Plot(self.tr("Accuracy"), self.tr("epoch"))
        self.accuracy.plot.setXLink(self.loss.plot)
        self.log = QCheckBox(self.tr("Log loss"))
        self.log.setToolTip(self.tr("Draw the loss on a logarithmic axis"))
        self.log.toggled.connect(self._set_log)
        self.follow = QCheckBox(self.tr("Follow"))
        self.follow.setToolTip(self.tr("Keep the whole run in sight; zooming switches this off"))
        self.follow.setChecked(True)
        self.follow.toggled.connect(self._set_follow)
        self.smoothing = QSlider(Qt.Orientation.Horizontal)
        self.smoothing.setRange(0, 20)
        self.smoothing.setValue(5)
        self.smoothing.setFixedWidth(90)
        self.smoothing.setAccessibleName(self.tr("Smoothing"))
        self.smoothing.setToolTip(self.tr("Smoothing of the training curve, in percent of the run"))
        self.smoothing.valueChanged.connect(lambda _: self._draw())
        self.reading = QLabel()
        self.reading.setTextFormat(Qt.TextFormat.RichText)
        self._run: Run | None = None
        self._stale = False
        self._theme = LIGHT
        self._lay_out()
        for part in (self.loss, self.accuracy):
            part.plot.scene().sigMouseMoved.connect(part.moved)
            part.plot.getViewBox().sigRangeChangedManually.connect(
                lambda _: self.follow.setChecked(False)
            )
            part.cursor_moved = self._read

    def show_run(self, run: Run, kinds: frozenset[Kind]) -> None:
        """Draw what is new; a hidden view waits until it is seen."""
        if run is not self._run:
            self._run = run
            self.follow.setChecked(True)
            self._clear_cursor()
        if kinds & DRAWN:
            self._stack.setCurrentIndex(1 if len(run.progress) else 0)
            self._stale = not self.isVisible()
            if self.isVisible():
                self._draw()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self._theme = theme
        for part in (self.loss, self.accuracy):
            part.set_theme(theme)
        self._legend()

    def showEvent(self, event: object) -> None:
        if self._stale:
            self._draw()

    def _draw(self) -> None:
        run = self._run
        if run is None or run.started is None or not len(run.progress):
            return
        self._stale = False
        per_epoch = run.started.steps_per_epoch
        x = run.progress.column(0) / per_epoch
        share = self.smoothing.value() / 100
        epochs = np.array([epoch.epoch for epoch in run.epochs], dtype=float)
        best = run.best
        self.loss.draw(
            x,
            run.progress.column(1),
            share,
            (epochs, np.array([epoch.validation_loss for epoch in run.epochs])),
            (best.epoch, best.validation_loss) if best else None,
        )
        self.accuracy.draw(
            x,
            100 * run.progress.column(2),
            share,
            (epochs, np.array([100 * epoch.validation_accuracy for epoch in run.epochs])),
            (best.epoch, 100 * best.validation_accuracy) if best else None,
        )
        if self.follow.isChecked():
            for part in (self.loss, self.accuracy):
                part.plot.setXRange(0, max(x[-1], SHORTEST_EPOCHS), padding=0.02)

    def _set_log(self, on: bool) -> None:
        self.loss.log = on
        self.loss.plot.setLogMode(y=False)
        self.loss.axis_log(on)
        self._draw()

    def _set_follow(self, on: bool) -> None:
        if on:
            for part in (self.loss, self.accuracy):
                part.plot.enableAutoRange(y=True)
            self._draw()

    def _read(self, x: float) -> None:
        """Say the values at the cursor, in both plots."""
        run = self._run
        if run is None or run.started is None or not len(run.progress):
            return
        steps = run.progress.column(0)
        place = int(
            np.clip(np.searchsorted(steps, x * run.started.steps_per_epoch), 0, len(steps) - 1)
        )
        words = self.tr(
            "epoch {epoch:.2f}: training loss {loss:.4f}, accuracy {accuracy:.2f} %"
        ).format(
            epoch=steps[place] / run.started.steps_per_epoch,
            loss=run.progress.column(1)[place],
            accuracy=100 * run.progress.column(2)[place],
        )
        done = [epoch for epoch in run.epochs if epoch.epoch == max(1, round(x))]
        if done:
            words += self.tr("; validation loss {loss:.4f}, accuracy {accuracy:.2f} %").format(
                loss=done[0].validation_loss, accuracy=100 * done[0].validation_accuracy
            )
        self.reading.setText(words)
        for part in (self.loss, self.accuracy):
            part.show_cursor(x)

    def _clear_cursor(self) -> None:
        for part in (self.loss, self.accuracy):
            part.hide_cursor()
        self._legend()

    def leaveEvent(self, event: object) -> None:
        self._clear_cursor()

    def _legend(self) -> None:
        theme = self._theme
        self.reading.setText(
            self.tr(
                "<span style='color:{training}'>&#9473;</span> training &nbsp; "
                "<span style='color:{validation}'>&#9679;</span> validation &nbsp; "
                "<span style='color:{validation}'>&#9733;</span> best epoch"
            ).format(training=theme.training, validation=theme.validation)
        )

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(MARGIN, 0, MARGIN, 0)
        head.addWidget(self.reading, 1)
        smoothing = QLabel(self.tr("Smoothing"))
        smoothing.setBuddy(self.smoothing)
        for widget in (smoothing, self.smoothing, self.log, self.follow):
            head.addWidget(widget)
        plots = QWidget()
        column = QVBoxLayout(plots)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.loss.plot, 1)
        column.addWidget(self.accuracy.plot, 1)
        empty = EmptyState(
            self.tr(
                "The curves of loss and accuracy grow here while the network trains. "
                "Press Train (F5) to begin."
            )
        )
        self._stack = QStackedLayout()
        self._stack.addWidget(empty)
        self._stack.addWidget(plots)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, SPACING, 0, 0)
        layout.addLayout(self._stack)


class Plot:
    """One plot: the training curve raw and smoothed, validation as dots, the best epoch as a star.

    Each curve is one item for its whole life. Raw is an opaque line of one pixel and smoothed has
    few points, since anything else costs many times as much to paint.
    """

    def __init__(self, title: str, bottom: str = "") -> None:
        self.log = False
        self.cursor_moved: Callable[[float], None] = lambda _: None
        self.plot = pg.PlotWidget(axisItems={"left": ValueAxis("left")})
        self.plot.setAccessibleName(title)
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.plot.getPlotItem().setContentsMargins(0, 2, 8, 2)
        self.plot.setLabel("left", title)
        self.plot.getAxis("left").setWidth(58)
        for side in ("left", "bottom"):
            self.plot.getAxis(side).enableAutoSIPrefix(False)
        if bottom:
            self.plot.setLabel("bottom", bottom)
        self.grid = Grid(self.plot)
        self.plot.addItem(self.grid, ignoreBounds=True)
        self.plot.setMouseEnabled(x=True, y=True)
        self.plot.enableAutoRange(x=False)  # the view sets it for both plots alike
        self.raw, self.smooth = pg.PlotDataItem(), pg.PlotDataItem()
        self.dots, self.star = pg.PlotDataItem(), pg.PlotDataItem()
        self.cursor = pg.InfiniteLine(angle=90)
        self.cursor.hide()
        for item in (self.raw, self.smooth, self.dots, self.star):
            self.plot.addItem(item)
        self.plot.addItem(self.cursor, ignoreBounds=True)

    def draw(
        self,
        x: Floats,
        y: Floats,
        share: float,
        validation: tuple[Floats, Floats],
        best: tuple[float, float] | None,
    ) -> None:
        """Draw training (x, y), its smoothed curve, validation and the best epoch."""
        self.raw.setData(*self._scaled(*decimated(x, y, BUCKETS)))
        self.smooth.setData(*self._scaled(*smoothed(x, y, share, SMOOTH_POINTS)))
        finite = np.isfinite(validation[1])
        self.dots.setData(*self._scaled(validation[0][finite], validation[1][finite]))
        star = best if best and np.isfinite(best[1]) else None
        points = (np.array([star[0]], float), np.array([star[1]], float)) if star else EMPTY
        self.star.setData(*self._scaled(*points))

    def axis_log(self, on: bool) -> None:
        """Write the left axis for logarithmic values, or for plain ones."""
        self.plot.getAxis("left").logarithmic = on
        self.plot.getAxis("left").picture = None
        self.plot.enableAutoRange(y=True)

    def set_theme(self, theme: Theme) -> None:
        """Restyle the plot; pyqtgraph does not follow the palette."""
        self.plot.setBackground(theme.panel)
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setPen(pg.mkPen(theme.border))
            axis.setTextPen(pg.mkPen(theme.muted))
            axis.setStyle(tickFont=QFont())
        self.grid.set_color(theme.grid)
        self.raw.setPen(pg.mkPen(theme.training_raw, width=1))
        self.smooth.setPen(pg.mkPen(theme.training, width=2))
        self.smooth.curve.setSegmentedLineMode("on")
        self.dots.setPen(pg.mkPen(theme.validation, width=1, style=Qt.PenStyle.DashLine))
        self.dots.setSymbol("o")
        self.dots.setSymbolSize(7)
        self.dots.setSymbolBrush(QColor(theme.validation))
        self.dots.setSymbolPen(pg.mkPen(theme.panel))
        self.star.setPen(None)
        self.star.setSymbol("star")
        self.star.setSymbolSize(17)
        self.star.setSymbolBrush(QColor(theme.validation))
        self.star.setSymbolPen(pg.mkPen(theme.text))
        self.cursor.setPen(pg.mkPen(theme.muted))

    def moved(self, position: QPointF) -> None:
        """Follow the mouse over this plot."""
        box = self.plot.getViewBox()
        if box.sceneBoundingRect().contains(position):
            self.cursor_moved(box.mapSceneToView(position).x())

    def show_cursor(self, x: float) -> None:
        """Draw the cursor's line."""
        self.cursor.setValue(x)
        self.cursor.show()

    def hide_cursor(self) -> None:
        """Take the cursor's line away."""
        self.cursor.hide()

    def _scaled(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        if not self.log:
            return x, y
        above = y > 0
        return x[above], np.log10(y[above])


class Grid(pg.GraphicsObject):
    """Lines behind the curves at the axes' main ticks. An axis' own grid took three quarters of
    the time that a plot took to paint.
    """

    def __init__(self, plot: pg.PlotWidget) -> None:
        super().__init__()
        self._plot = plot
        self._pen = pg.mkPen(LIGHT.grid)
        self.setZValue(-10)

    def set_color(self, color: str) -> None:
        """Draw the lines in this colour; an opaque one, since others are dear."""
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
    """An axis that can write powers of ten for values drawn as logarithms."""

    logarithmic = False

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if self.logarithmic:
            return [f"{10**value:.3g}" for value in values]
        strings: list[str] = super().tickStrings(values, scale, spacing)
        return strings


EMPTY = (np.empty(0), np.empty(0))
