"""How well each class is recognised: rates, their course, and how far probabilities can be trusted.

The pages with plots are made when they are first shown: pyqtgraph takes long to load.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from engine.data.dataset import SetName
from engine.training.events import Evaluated
from engine.training.history import Kind, Run
from gui.forms import combo_box
from gui.in_sight import WhenInSight
from gui.selection import Selection
from gui.theme import LIGHT, MARGIN, SPACING, Theme
from gui.widgets.empty_state import EmptyState
from gui.widgets.rates.table import RatesTable

if TYPE_CHECKING:
    from gui.widgets.rates.over_time import RatesOverTime
    from gui.widgets.rates.reliability import ReliabilityDiagram
    from gui.widgets.rates.thresholds import ThresholdCurves

    Page = RatesTable | RatesOverTime | ReliabilityDiagram | ThresholdCurves

SHOWN = frozenset[Kind]({"started", "evaluation", "end"})
NARROWEST = 84  # pixels of a choice, where there is no room for its longest title
PageName = Literal["table", "over time", "reliability", "roc", "precision recall"]


class PerClassView(QWidget):
    """The selected evaluation by class, as a table or as one of four drawings."""

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.selection = selection
        self.rates = RatesTable(selection)
        self.model, self.sorted, self.table = self.rates.model, self.rates.sorted, self.rates.table
        self.pages: dict[PageName, Page] = {"table": self.rates}
        self.of = _choice(
            self.tr("Which set"),
            [
                (self.tr("Training"), "training"),
                (self.tr("Validation"), "validation"),
                (self.tr("Test"), "test"),
            ],
        )
        self.of.setMinimumWidth(self.of.sizeHint().width())  # short, and never to be mistaken
        self.of.activated.connect(lambda _: selection.select_set(self.of.currentData()))
        self.page = _choice(
            self.tr("What to look at"),
            [
                (self.tr("Table"), "table"),
                (self.tr("Over time"), "over time"),
                (self.tr("Reliability"), "reliability"),
                (self.tr("ROC"), "roc"),
                (self.tr("Precision and recall"), "precision recall"),
            ],
        )
        self.page.activated.connect(lambda _: self._turn())
        self.rate = _choice(
            self.tr("Which rate"),
            [
                (self.tr("Recall"), "recall"),
                (self.tr("Precision"), "precision"),
                (self.tr("F1"), "f1"),
            ],
        )
        self.rate.hide()
        self._run: Run | None = None
        self._sight = WhenInSight(self, self._show_now)
        self._theme = LIGHT
        self._lay_out()
        self._show_set(selection.of)
        selection.set_changed.connect(self._show_set)
        selection.step_changed.connect(lambda _: self._show_new())
        selection.cells_changed.connect(lambda _: self._show_new())

    def show_run(self, run: Run, kinds: frozenset[Kind]) -> None:
        """Show the selected evaluation, if it is another one and can be seen."""
        self._run = run
        if kinds & SHOWN:
            self._show_new()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self._theme = theme
        for page in self.pages.values():
            page.set_theme(theme)

    def show_page(self, name: PageName) -> None:
        """Turn to the table or to one of the drawings."""
        self.page.setCurrentIndex(self.page.findData(name))
        self._turn()

    def _show_new(self) -> None:
        self._sight.draw()

    def _show_now(self) -> None:
        run = self._run
        if run is None:
            return
        self._offer_sets(run)
        evaluation = run.evaluation(self.selection.of, self.selection.step)
        self._stack.setCurrentIndex(0 if evaluation is None else 1)
        if evaluation is None:
            self.rates.clear()
        else:
            self._show_on_page(run, evaluation)

    def _show_on_page(self, run: Run, evaluation: Evaluated) -> None:
        page = self._made(self.page.currentData())
        self._leaves.setCurrentWidget(page)
        page.show_evaluation(run, evaluation)

    def _turn(self) -> None:
        """Show the chosen page."""
        self.rate.setVisible(self.page.currentData() == "over time")
        self._show_new()

    def _made(self, name: PageName) -> Page:
        """Give a page; make it when it is first asked for."""
        if name not in self.pages:
            self.pages[name] = self._make(name)
            self.pages[name].set_theme(self._theme)
            self._leaves.addWidget(self.pages[name])
        return self.pages[name]

    def _make(self, name: PageName) -> Page:
        if name == "over time":
            from gui.widgets.rates.over_time import RatesOverTime

            course = RatesOverTime(self.selection)
            course.show_rate(self.rate.currentData())
            self.rate.activated.connect(lambda _: course.show_rate(self.rate.currentData()))
            return course
        if name == "reliability":
            from gui.widgets.rates.reliability import ReliabilityDiagram

            return ReliabilityDiagram()
        from gui.widgets.rates.thresholds import ThresholdCurves

        return ThresholdCurves(self.selection, recall=name == "precision recall")

    def _show_set(self, of: SetName) -> None:
        self.of.setCurrentIndex(self.of.findData(of))
        self._show_new()

    def _offer_sets(self, run: Run) -> None:
        """A set can be looked at once it has been evaluated; the test set is at the very end."""
        there = [len(run.evaluations[name]) > 0 for name in get_args(SetName)]
        self.of.setEnabled(sum(there) > 1)
        self.of.setToolTip(
            self.tr("Which images are counted")
            if there[2]
            else self.tr("The test set is used once, when the last epoch is done")
        )

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(MARGIN, 0, MARGIN, 0)
        head.addWidget(self.of)
        head.addStretch()
        head.addWidget(self.rate)
        head.addWidget(self.page)
        shown = QWidget()
        column = QVBoxLayout(shown)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(head)
        self._leaves = QStackedLayout()
        column.addLayout(self._leaves, 1)
        self._leaves.addWidget(self.rates)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, SPACING, 0, 0)
        self._stack = QStackedLayout()
        layout.addLayout(self._stack)  # first: a stack without a place shows its widget as a window
        empty = EmptyState(self.tr("Here you will see how well each class is recognised."))
        self._stack.addWidget(empty)
        self._stack.addWidget(shown)


def _choice(title: str, choices: list[tuple[str, str]]) -> QComboBox:
    box = combo_box(choices)
    box.setSizeAdjustPolicy(box.SizeAdjustPolicy.AdjustToContents)
    box.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    box.setMinimumWidth(NARROWEST)
    box.setAccessibleName(title)
    return box
