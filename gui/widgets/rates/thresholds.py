"""ROC or precision-recall curves of each class, with their areas. It brings pyqtgraph."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import perf_counter

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent, QKeySequence, QPaintEvent, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from engine.analysis.thresholds import Curve, precision_recall, roc
from engine.training.events import Evaluated
from engine.training.history import Run
from gui.in_sight import in_sight
from gui.selection import Selection
from gui.theme import LIGHT, MARGIN, SPACING, Theme
from gui.widgets.rates.area_legend import AreaLegend
from gui.widgets.rates.class_rows import ClassRows, named
from gui.widgets.rates.line_plot import Line, LinePlot, standing_out

SLICE_SECONDS = 0.008  # so long curves are computed at a stretch; then the window takes its turn
WIDEST_LEGEND = 0.4  # of the width
ENLARGED = 1.5  # by a key
MARGIN_SHARE = 0.02  # beyond 0 and 100 %, so that lines along the edges show


class ThresholdCurves(QWidget):
    """The curves of one evaluation beside a legend, the smallest area first.

    The wheel and the keys + and - enlarge the corner where good curves crowd; 0 shows all again.
    """

    def __init__(
        self, selection: Selection, *, recall: bool = False, parent: QWidget | None = None
    ) -> None:
        """`recall` asks for precision over recall rather than the ROC curve."""
        super().__init__(parent)
        self.selection = selection
        self.curves: dict[int, Curve | None] = {}
        self._compute: Callable[..., Curve | None] = precision_recall if recall else roc
        self._corner = 100.0 if recall else 0.0
        title = self.tr("Precision over recall by class") if recall else self.tr("ROC by class")
        self.plot = LinePlot(title, labels=False)
        if recall:
            self.plot.name_axes(self.tr("precision, %"), self.tr("recall, %"))
        else:
            self.plot.name_axes(self.tr("found, %"), self.tr("wrongly taken, %"))
            self.plot.reference = (np.array([0.0, 100.0]), np.array([0.0, 100.0]))
        self.legend = AreaLegend()
        self.legend.setAccessibleName(self.tr("Areas under the curves, the smallest first"))
        self.rows = ClassRows(self.legend, selection)
        self.said = QLabel()
        self.said.setObjectName("muted")
        self.said.setContentsMargins(MARGIN, 0, MARGIN, 0)
        self.said.setWordWrap(True)
        self.missing = QLabel()
        self.missing.setObjectName("muted")
        self.missing.setWordWrap(True)
        self.missing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nearest = QPushButton()
        self.nearest.clicked.connect(self._go_to_nearest)
        self._recall = recall
        self._theme = LIGHT
        self._run: Run | None = None
        self._drawn: Evaluated | None = None
        self._left: list[int] = []  # classes whose curves are still to be computed
        self._nearest_step: int | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._go_on)
        self._lay_out()
        self._connect()

    def show_evaluation(self, run: Run, evaluation: Evaluated) -> None:
        """Draw an evaluation's curves, if they are not drawn already."""
        self.plot.show_strong(self._strong())
        if evaluation is self._drawn or self._still(run, evaluation):
            return
        self._run, self._drawn = run, evaluation
        self._stack.setCurrentIndex(1 if evaluation.probabilities is None else 0)
        if evaluation.probabilities is None:
            self._left = []
            self._say_missing(run, evaluation)
            return
        self._left = list(range(len(run.project.data.source.class_names)))
        self._computed: dict[int, Curve | None] = {}
        self._go_on()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self._theme = theme
        self.plot.set_theme(theme)
        if self._run is not None and self.curves:
            self._fill_legend()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._left:  # it went out of sight before all were computed
            self._timer.start(0)

    def resizeEvent(self, event: object) -> None:
        self.legend.setMaximumWidth(int(WIDEST_LEGEND * self.width()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.selection.cells:
            self.selection.select_cells(())
        else:
            super().keyPressEvent(event)

    def _still(self, run: Run, evaluation: Evaluated) -> bool:
        """Tell whether this evaluation is drawn and has only lost its probabilities since."""
        drawn = self._drawn
        return (
            drawn is not None
            and run is self._run
            and (drawn.of, drawn.step) == (evaluation.of, evaluation.step)
            and (drawn.probabilities is not None or evaluation.probabilities is None)
        )

    def _go_on(self) -> None:
        """Compute curves for a moment; when all are there, draw them."""
        evaluation = self._drawn
        if not self._left or evaluation is None or not in_sight(self):
            return
        until = perf_counter() + SLICE_SECONDS
        while self._left and perf_counter() < until:
            number = self._left.pop(0)
            curve = self._compute(evaluation.labels, evaluation.probabilities, number)
            self._computed[number] = curve
        if self._left:
            self._timer.start(0)
            self.said.setText(self.said.text() or self.tr("The curves are being computed."))
        else:
            self.curves = self._computed
            self._draw()

    def _draw(self) -> None:
        assert self._run is not None
        names = self._run.project.data.source.class_names
        lines = [
            Line(number, names[number], 100 * curve.x, 100 * curve.y)
            for number, curve in self.curves.items()
            if curve is not None
        ]
        self.plot.show_lines(lines, self._strong())
        self._fill_legend()
        areas = [curve.area for curve in self.curves.values() if curve is not None]
        self.said.setText(self._words(areas))

    def _strong(self) -> frozenset[int]:
        areas = {number: curve.area for number, curve in self.curves.items() if curve}
        return standing_out(named(self.selection.cells), areas)

    def _words(self, areas: list[float]) -> str:
        if not areas:
            return self.tr("No class has both images of its own and images of others.")
        words = (
            self.tr("Average precision, mean of the classes {area:.4f}")
            if self._recall
            else self.tr("Area under the curve, mean of the classes {area:.4f}")
        )
        return words.format(area=float(np.mean(areas)))

    def _fill_legend(self) -> None:
        assert self._run is not None
        names = self._run.project.data.source.class_names
        areas = {n: curve.area if curve else None for n, curve in self.curves.items()}
        order = sorted(areas, key=lambda n: (areas[n] is None, areas[n], n))
        self.legend.show_areas([(n, names[n], areas[n]) for n in order], self._theme)
        self.rows.mark()

    def _say_missing(self, run: Run, evaluation: Evaluated) -> None:
        """Say that curves need all probabilities, and which evaluation near this one has them."""
        full = [one for one in run.evaluations[evaluation.of] if one.probabilities is not None]
        nearest = min(full, key=lambda one: abs(one.step - evaluation.step), default=None)
        self._nearest_step = nearest.step if nearest else None
        self.missing.setText(
            self.tr(
                "Of this evaluation only two probabilities an image are kept: those of the "
                "predicted and of the true class. The curves need all of them, which are kept at "
                "the ends of epochs and for the newest evaluation."
            )
        )
        self.nearest.setVisible(nearest is not None)
        if nearest:
            words = self.tr("Show epoch {epoch}") if nearest.whole else self.tr("Show the newest")
            self.nearest.setText(words.format(epoch=nearest.epoch))

    def _go_to_nearest(self) -> None:
        newest = self._run.evaluation(self.selection.of) if self._run else None
        live = newest is not None and newest.step == self._nearest_step and not newest.whole
        self.selection.select_step(None if live else self._nearest_step)

    def _connect(self) -> None:
        for key, times in (("+", ENLARGED), ("=", ENLARGED), ("-", 1 / ENLARGED)):
            self._on_key(key, partial(self.plot.enlarge, times, self._corner, 100.0))
        self._on_key("0", self.plot.show_whole)
        self.legend.pointed.connect(self.plot.point_at)
        self.plot.pointed.connect(self.legend.point_at)
        self.plot.words = lambda line, place: self.legend.words(line.number)
        low, high = -100 * MARGIN_SHARE, 100 * (1 + MARGIN_SHARE)
        self.plot.show_range((low, high), (low, high))

    def _on_key(self, key: str, act: Callable[[], None]) -> None:
        """The legend would take a key as the beginning of a name to look for."""
        shortcut = QShortcut(QKeySequence(key), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(act)

    def _lay_out(self) -> None:
        drawn = QWidget()
        side = QVBoxLayout()
        side.addWidget(self.legend, 1)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self.plot, 1)
        row.addLayout(side)
        column = QVBoxLayout(drawn)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING // 2)
        column.addWidget(self.said)
        column.addLayout(row, 1)
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(drawn)
        self._stack.addWidget(self._lay_out_missing())

    def _lay_out_missing(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(2 * MARGIN, MARGIN, 2 * MARGIN, MARGIN)
        column.addStretch()
        column.addWidget(self.missing)
        column.addWidget(self.nearest, 0, Qt.AlignmentFlag.AlignCenter)
        column.addStretch()
        return page
