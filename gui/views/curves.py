"""Loss over accuracy, or beside it, training against validation, live; both share the x axis of
epochs.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from engine.training.history import Kind, Run
from gui.curve_data import GrowingCurve, room_for
from gui.in_sight import WhenInSight, in_sight
from gui.selection import Selection
from gui.theme import LIGHT, MARGIN, SPACING, Theme
from gui.widgets.curve_plot import Plot
from gui.widgets.curve_reading import CurveReading
from gui.widgets.no_curves import NoCurves
from gui.widgets.run_marks import marks_of, story

NARROW = 560  # pixels
LOW = 250  # pixels of height below which the plots stand beside each other
LEAST = 140  # pixels of height, in which the plots beside each other can be read
TITLED = 119  # pixels of the plots' height from which the x axis has a title, and not numbers alone
SHORTEST_EPOCHS = 0.25  # the x axis begins with this much, so that its numbers can be read
DRAWN = frozenset[Kind]({"started", "progress", "epoch", "change", "pause", "end"})

Curves = tuple[tuple[GrowingCurve, GrowingCurve], ...]  # training and validation, of each plot


class CurvesView(QWidget):
    """Two linked plots, what a cursor reads, and the ways to look at them. A click shows the
    evaluation of that moment in all views.
    """

    zoomed = Signal(object)  # (first, last) in epochs, or None while all of the run is followed

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.selection = selection
        self.loss = Plot(self.tr("Loss"), self.tr("epoch"))
        self.accuracy = Plot(self.tr("Accuracy"), self.tr("epoch"))
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
        self.reading = CurveReading()
        self._run: Run | None = None
        self._curves: Curves = ()
        self._before: Run | None = None
        self._before_title = ""
        self._before_curves: Curves = ()
        self._story: object = None  # which marks are drawn
        self._drawing = False
        self._sight = WhenInSight(self, self._draw)
        self._theme = LIGHT
        self._lay_out()
        for part, other in ((self.loss, self.accuracy), (self.accuracy, self.loss)):
            part.plot.scene().sigMouseMoved.connect(part.moved)
            part.plot.scene().sigMouseClicked.connect(part.pressed)
            box = part.plot.getViewBox()
            box.sigRangeChangedManually.connect(lambda _: self.follow.setChecked(False))
            box.sigXRangeChanged.connect(
                lambda _, x, other=other: other.plot.setXRange(*x, padding=0)
            )
            box.sigRangeChanged.connect(lambda *_: self._look())
            box.sigXRangeChanged.connect(lambda *_: self._tell_zoom())
            box.sigResized.connect(lambda _: self._look())
            part.cursor_moved = self._read
            part.clicked = self._select
        selection.step_changed.connect(lambda _: self._mark())

    def show_run(self, run: Run, kinds: frozenset[Kind]) -> None:
        """Draw what is new; a hidden view waits until it is seen."""
        if run is not self._run:
            self._run, self._curves = run, ()
            self.follow.setChecked(True)
            self._follow_anew()
            self._clear_cursor()
            self._mark()
        if kinds & DRAWN:
            self._stack.setCurrentIndex(1 if len(run.progress) else 0)
            self._sight.draw()

    def compare(self, run: Run | None, title: str = "") -> None:
        """Draw another run behind this one, such as the parent of a branch, or none."""
        self._before, self._before_title = run, title
        self._before_curves = _curves_of(run) if run else ()
        for part in (self.loss, self.accuracy):
            part.drop_before()
        self._arrange()
        self._follow_anew()
        self._legend()
        self._sight.draw()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self._theme = theme
        for part in (self.loss, self.accuracy):
            part.set_theme(theme)
        self._legend()

    def _draw(self) -> None:
        """Draw the run as it is now."""
        run = self._run
        if run is None or run.started is None or not len(run.progress):
            return
        if not self._curves:
            self._curves = _curves_of(run)
        self._drawing = True
        follow = self.follow.isChecked()
        if follow:
            for part in (self.loss, self.accuracy):
                part.follow_x(self._end(run))
        best = run.best
        stars = (
            ((best.epoch, best.validation_loss), (best.epoch, 100 * best.validation_accuracy))
            if best
            else (None, None)
        )
        share = self.smoothing.value() / 100
        for part, curves in zip((self.loss, self.accuracy), self._before_curves, strict=False):
            part.draw_before(*curves, share)
        for part, curves, star in zip((self.loss, self.accuracy), self._curves, stars, strict=True):
            part.draw(*curves, share, star)
            if follow:
                part.follow_y()
        self._draw_marks(run)
        self._drawing = False

    def _end(self, run: Run) -> float:
        """Tell up to which epoch the whole run is seen, and the one that it is compared with."""
        epochs = run.course.epochs if run.course else 0
        seen = max(run.epochs_at(run.step), SHORTEST_EPOCHS)
        end = seen if run.end or seen == epochs else room_for(seen)
        end = min(end, epochs) if seen < epochs else end
        return max(end, self._before.epochs_at(self._before.step)) if self._before else end

    def _draw_marks(self, run: Run) -> None:
        """Mark what happened to the run, where something has since the last time."""
        if story(run) != self._story:
            self._story = story(run)
            marks = marks_of(run)
            for part in (self.loss, self.accuracy):
                part.show_marks(marks)

    def _look(self) -> None:
        """Draw what the ranges show now that somebody has changed them, or the plots' size."""
        if not self._drawing and in_sight(self):
            self._draw()

    def _tell_zoom(self) -> None:
        if not self._drawing:
            first, last = self.loss.plot.getViewBox().viewRange()[0]
            self.zoomed.emit(None if self.follow.isChecked() else (first, last))

    def _set_log(self, on: bool) -> None:
        self.loss.axis_log(on)
        self._draw()
        self.loss.follow_y()

    def _set_follow(self, on: bool) -> None:
        if on:
            self._follow_anew()
            self._draw()
        self._tell_zoom()

    def _follow_anew(self) -> None:
        for part in (self.loss, self.accuracy):
            part.follow_anew()

    def _read(self, x: float) -> None:
        """Say the values at the cursor, in both plots."""
        run = self._run
        if run is None or run.started is None or not len(run.progress):
            return
        group = self.loss.group_at(x)
        what = group.words if group else ""
        self.reading.read(run, self._before, x, what)
        for part in (self.loss, self.accuracy):
            part.show_cursor(x)
            part.plot.getViewBox().setToolTip(what)  # the line above may have too little room

    def _select(self, x: float) -> None:
        """Show the evaluation next to a moment, in all views; the newest one stays live."""
        run = self._run
        if run is None or run.started is None:
            return
        evaluations = run.evaluations[self.selection.of]
        if evaluations:
            nearest = evaluations.nearest(run.step_at(x))
            live = nearest is evaluations.newest
            self.selection.select_step(None if live else nearest.step)

    def _mark(self) -> None:
        """Mark the moment that all views show, unless it is the newest."""
        run, step = self._run, self.selection.step
        moment = run.epochs_at(step) if run and run.started and step is not None else None
        for part in (self.loss, self.accuracy):
            part.show_mark(moment)

    def _clear_cursor(self) -> None:
        for part in (self.loss, self.accuracy):
            part.hide_cursor()
        self._legend()

    def resizeEvent(self, event: object) -> None:
        self._arrange()

    def _arrange(self) -> None:
        """Give the reading a line of its own where it would be cut off beside the controls, and let
        the plots stand beside each other where one above the other would be too low to be read.
        """
        direction = QBoxLayout.Direction
        beside = self.height() < LOW
        self._plots.setDirection(direction.LeftToRight if beside else direction.TopToBottom)
        alone = self._before is not None or self.width() < NARROW
        self._head.setDirection(direction.TopToBottom if alone else direction.LeftToRight)
        titled = self.height() - self._head.sizeHint().height() >= TITLED
        self.loss.plot.getAxis("bottom").showLabel(beside and titled)  # else the other's, below it
        self.accuracy.plot.getAxis("bottom").showLabel(titled)

    def leaveEvent(self, event: object) -> None:
        self._clear_cursor()

    def _legend(self) -> None:
        self.reading.show_legend(self._theme, self._before_title if self._before else None)

    def _lay_out(self) -> None:
        controls = QHBoxLayout()
        smoothing = QLabel(self.tr("Smoothing"))
        smoothing.setBuddy(self.smoothing)
        for widget in (smoothing, self.smoothing, self.log, self.follow):
            controls.addWidget(widget)
        controls.addStretch(1)
        self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._head.setContentsMargins(MARGIN, 0, MARGIN, 0)
        self._head.setSpacing(SPACING // 2)
        self._head.addWidget(self.reading, 1)
        self._head.addLayout(controls)
        plots = QWidget()
        column = QVBoxLayout(plots)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._head)
        self._plots = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._plots.setSpacing(0)
        self._plots.addWidget(self.loss.plot, 1)
        self._plots.addWidget(self.accuracy.plot, 1)
        column.addLayout(self._plots, 1)
        self.setMinimumHeight(LEAST)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, SPACING, 0, 0)
        self._stack = QStackedLayout()
        layout.addLayout(self._stack)  # first: a stack without a place shows its widget as a window
        self._stack.addWidget(NoCurves())
        self._stack.addWidget(plots)


def _curves_of(run: Run) -> Curves:
    """Give training and validation, of the loss and of the accuracy."""
    return (
        (GrowingCurve(run.progress, 1), GrowingCurve(run.validated, 1)),
        (GrowingCurve(run.progress, 2, 100), GrowingCurve(run.validated, 2, 100)),
    )
