"""How a rate of each class went over the evaluations of a run. It brings pyqtgraph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.analysis.classification import confusion_matrix, per_class
from engine.analysis.mistakes import Cell
from engine.data.dataset import SetName
from engine.training.evaluations import Evaluations
from engine.training.events import Evaluated
from engine.training.history import Run
from gui.curve_data import Floats, span_of
from gui.selection import Selection
from gui.theme import Theme
from gui.widgets.rates.class_rows import named
from gui.widgets.rates.line_plot import Line, LinePlot, standing_out

RATES = ("recall", "precision", "f1")


class Course:
    """The rates of every evaluation of a set, each counted once, since it never changes."""

    def __init__(self, classes: int) -> None:
        self._classes = classes
        self._by_step: dict[int, Floats] = {}

    def follow(self, evaluations: Iterable[Evaluated]) -> tuple[Floats, Floats]:
        """Give the steps (N,) and the rates (N, 3, K) in the order of RATES, in 0..1.

        A class without images in an evaluation has no rates there: NaN.
        """
        known = self._by_step
        self._by_step = {
            one.step: known[one.step] if one.step in known else self._rates(one)
            for one in evaluations
        }
        rates = [*self._by_step.values()]
        return (
            np.array([*self._by_step], float),
            np.stack(rates) if rates else np.empty((0, len(RATES), self._classes)),
        )

    def _rates(self, evaluation: Evaluated) -> Floats:
        matrix = confusion_matrix(evaluation.labels, evaluation.predicted, self._classes)
        rates = per_class(matrix)
        stacked = np.stack([rates.recall, rates.precision, rates.f1])
        stacked[:, rates.support == 0] = np.nan
        return stacked


def comparable(evaluations: Sequence[Evaluated]) -> Sequence[Evaluated]:
    """Leave the samples out once the whole set was evaluated twice: with a few dozen images a class
    their rates jump about, and among the others they would look like a change of the network.
    """
    whole = [one for one in evaluations if one.whole]
    return whole if len(whole) > 1 else evaluations


class RatesOverTime(QWidget):
    """One line a class, the selected ones strong; a click goes to the nearest evaluation.

    Left, Right, Home and End go through the evaluations, Up and Down through the classes.
    """

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.selection = selection
        self.rate = RATES[0]
        self.plot = LinePlot(self.tr("Rates by class over the run"), labels=True)
        self.plot.name_axes(self.tr("percent"), self.tr("epoch"))
        self.plot.words = self._words
        self.plot.clicked.connect(self._go_to_epoch)
        self.plot.label_clicked.connect(self._choose)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Rates by class over the run"))
        self._run: Run | None = None
        self._of: SetName | None = None
        self._course = Course(0)
        self._drawn: object = None
        self._epochs: Floats = np.empty(0)
        self._rates: Floats = np.empty((0, len(RATES), 0))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.plot)

    def show_evaluation(self, run: Run, evaluation: Evaluated) -> None:
        """Draw all evaluations of the set, if there are other ones, and mark this one."""
        if run is not self._run or evaluation.of != self._of:
            self._run, self._of, self._drawn = run, evaluation.of, None
            self._course = Course(len(run.project.data.source.class_names))
        evaluations = run.evaluations[evaluation.of]
        newest = evaluations.newest
        now = (len(evaluations), newest.step if newest else 0)
        if now != self._drawn:
            self._drawn = now
            self._take_in(run, comparable(evaluations))
        self.plot.show_strong(self._strong(self.plot.lines))
        self.plot.show_mark(run.epochs_at(evaluation.step))
        self._describe(evaluation)

    def show_rate(self, rate: str) -> None:
        """Draw recall, precision or f1."""
        if rate != self.rate:
            self.rate = rate
            self._draw()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self.plot.set_theme(theme)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        by = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(key)
        if by is not None:
            self._go_by(by)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._next_class(-1 if key == Qt.Key.Key_Up else 1)
        elif key == Qt.Key.Key_Home and self._evaluations:
            self.selection.select_step(self._evaluations[0].step)
        elif key == Qt.Key.Key_End:
            self.selection.select_step(None)
        elif key == Qt.Key.Key_Escape and self.selection.cells:
            self.selection.select_cells(())
        else:
            super().keyPressEvent(event)

    @property
    def _evaluations(self) -> Evaluations | None:
        return self._run.evaluations[self._of] if self._run and self._of else None

    def _take_in(self, run: Run, evaluations: Sequence[Evaluated]) -> None:
        self._steps, self._rates = self._course.follow(evaluations)
        self._epochs = run.course.epochs_of(self._steps) if run.course else self._steps
        self._draw()

    def _draw(self) -> None:
        if self._run is None:
            return
        names = self._run.project.data.source.class_names
        values = 100 * self._rates[:, RATES.index(self.rate)]
        lines = [
            Line(number, name, self._epochs, values[:, number])
            for number, name in enumerate(names)
            if np.isfinite(values[:, number]).any()
        ]
        self.plot.show_lines(lines, self._strong(lines))
        low, high = span_of([values[np.isfinite(values)]]) or (0.0, 100.0)
        end = max(float(self._epochs[-1]) if len(self._epochs) else 0.0, 0.25)
        self.plot.show_range((0.0, end), (max(low, -2.0), min(high, 101.0)))

    def _strong(self, lines: Sequence[Line]) -> frozenset[int]:
        ends = {line.number: float(line.y[np.isfinite(line.y)][-1]) for line in lines}
        return standing_out(named(self.selection.cells), ends)

    def _go_to_epoch(self, epoch: float) -> None:
        """Select the evaluation that is nearest to a place of the x axis."""
        if self._evaluations and len(self._epochs):
            place = int(np.abs(self._epochs - epoch).argmin())
            self.selection.select_step(self._evaluations[place].step)

    def _go_by(self, places: int) -> None:
        """Select an evaluation before or after; after the last one it is always the newest."""
        evaluations, step = self._evaluations, self.selection.step
        if not evaluations:
            return
        steps = [one.step for one in evaluations]
        at = len(steps) - 1 if step is None else int(np.searchsorted(steps, step, "right")) - 1
        wanted = max(at + places, 0)
        self.selection.select_step(steps[wanted] if wanted < len(steps) else None)

    def _next_class(self, by: int) -> None:
        numbers = [line.number for line in self.plot.lines]
        if not numbers:
            return
        selected = named(self.selection.cells)
        chosen = [place for place, number in enumerate(numbers) if number in selected]
        first = 0 if by > 0 else len(numbers) - 1
        place = min(max(chosen[-1] + by, 0), len(numbers) - 1) if chosen else first
        self.selection.select_cells((Cell(true=numbers[place]),))

    def _choose(self, number: int, ctrl: bool) -> None:
        """Select a class by its label, or let go of it."""
        cell = Cell(true=number)
        if ctrl:
            self.selection.toggle_cell(cell)
        else:
            self.selection.select_cells(() if self.selection.cells == (cell,) else (cell,))

    def _words(self, line: Line, place: int) -> str:
        return self.tr("{name}: {value:.2f} % at epoch {epoch:.2f}").format(
            name=line.name, value=line.y[place], epoch=line.x[place]
        )

    def _describe(self, evaluation: Evaluated) -> None:
        """Say the marked values for those who do not see the lines."""
        place = int(np.abs(self._steps - evaluation.step).argmin())
        lines = [line for line in self.plot.lines if self.plot.is_strong(line.number)]
        self.setAccessibleDescription("; ".join(self._words(line, place) for line in lines))
