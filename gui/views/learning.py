"""The history of each image: what the network learned, forgot, and never learned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel, QStackedLayout, QVBoxLayout, QWidget

from engine.analysis.learning import (
    Learning,
    learned_last,
    learning,
    most_forgotten,
    never_learned,
)
from engine.data.dataset import SetName, Split
from engine.training.events import Evaluated
from engine.training.history import Kind, Run
from gui.in_sight import WhenInSight
from gui.pictures import as_picture
from gui.selection import Selection, Shelf
from gui.theme import MARGIN, SPACING, Theme
from gui.widgets.empty_state import EmptyState
from gui.widgets.lens.learned_chart import Change, LearnedChart
from gui.widgets.lens.shelf_button import FIRST, ShelfButton
from gui.widgets.scrolled import scrolled

SHOWN = frozenset[Kind]({"loading", "started", "evaluation", "end"})
Ints = NDArray[np.int64]
ROOMY = 260  # pixels of height from which there is room for the least important words
MOST = 200  # images on the shelves that rank


class LearningView(QWidget):
    """Learned and forgotten by epoch, and the shelves of images that stand out by that."""

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.selection = selection
        self.words = QLabel()
        self.chart = LearnedChart()
        self.never = ShelfButton(
            self.tr("Never learned"),
            self.tr("Images that no evaluation of the whole set had right."),
        )
        self.forgotten = ShelfButton(
            self.tr("Most often forgotten"),
            self.tr(
                "Images that were right and then wrong again, those first to which it happened "
                "most often: forgetting events, as Toneva and others counted them in 2019."
            ),
        )
        self.latest = ShelfButton(
            self.tr("Learned last"),
            self.tr("Images that are right now and became so latest, the latest first."),
        )
        self.scope = QLabel()
        self.empty = EmptyState()
        self._run: Run | None = None
        self._sight = WhenInSight(self, self._show_now)
        self._counted: tuple[SetName, int] | None = None  # which set, up to which step
        self._range: tuple[float, float] | None = None  # in epochs; None for the whole run
        self._shelves: dict[ShelfButton, Shelf] = {}
        self._lay_out()
        self._connect()
        self._show_new()

    def show_run(self, run: Run, kinds: frozenset[Kind]) -> None:
        """Count anew when there is another evaluation of the whole set and it can be seen."""
        if run is not self._run:
            self._run, self._counted, self._shelves = run, None, {}
        if kinds & SHOWN:
            self._show_new()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        for part in (self.chart, *self.buttons):
            part.set_theme(theme)
        if self.chart.steps:
            self._mark_step()

    @property
    def buttons(self) -> tuple[ShelfButton, ShelfButton, ShelfButton]:
        """The shelves, from top to bottom."""
        return self.never, self.forgotten, self.latest

    def resizeEvent(self, event: object) -> None:
        self.scope.setVisible(self.height() >= ROOMY)

    def show_range(self, epochs: tuple[float, float] | None) -> None:
        """Show the part of the run that the curves show; None for all of it."""
        self._range = epochs
        self._show_new()

    def _show_new(self) -> None:
        self._sight.draw()

    def _show_now(self) -> None:
        run, evaluations = self._run, self._evaluations()
        if run is None or run.started is None or len(evaluations) < 2:
            self._show_empty()
            return
        counted = (self.selection.of, evaluations[-1].step)
        if counted != self._counted:
            self._counted = counted
            self._stack.setCurrentIndex(1)
            self._count(evaluations, run)
        whole = 0.0, run.epochs_at(max(run.step, evaluations[-1].step))
        self.chart.set_range(*(self._range or whole))
        self._mark_step()

    def _evaluations(self) -> list[Evaluated]:
        return [] if self._run is None else whole_ones(self._run.evaluations[self.selection.of])

    def _show_empty(self) -> None:
        self._counted, self._shelves = None, {}
        self.empty.setText(self._empty_words())
        self._stack.setCurrentIndex(0)

    def _empty_words(self) -> str:
        if self.selection.of == "test" and self._run is not None:
            return self.tr(
                "Learning and forgetting need two evaluations of the whole set. "
                "The test set has only one, at the end of the run."
            )
        return self.tr(
            "Here you will see how many images are learned and forgotten in each epoch, and which "
            "are never learned. That takes two evaluations of the whole set: two epochs."
        )

    def _count(self, evaluations: Sequence[Evaluated], run: Run) -> None:
        """Follow every image through the evaluations, and show what comes of it."""
        newest = evaluations[-1]
        history = learning(newest.labels, [one.predicted for one in evaluations])
        self.chart.show_changes(changes_of(history, evaluations, run))
        split = None if run.dataset is None else run.dataset.split(self.selection.of)
        self._fill(history, newest.rows, split)
        words = self.tr("The shelves are of all {count} evaluations so far, whichever is shown.")
        self.scope.setText(words.format(count=len(evaluations)))

    def _fill(self, history: Learning, rows: Ints, split: Split | None) -> None:
        """Put images on the shelves; the one that is looked at gets what is on it now."""
        chosen = self.chosen
        found = (
            never_learned(history),
            most_forgotten(history, MOST),
            learned_last(history, MOST),
        )
        for button, places in zip(self.buttons, found, strict=True):
            shelf = Shelf(button.title, rows[places])
            before = self._shelves.get(button)
            if before is None or not np.array_equal(before.rows, shelf.rows):
                self._shelves[button] = shelf
                button.show_shelf(len(places), first_pictures(split, shelf.rows))
        if chosen is not None:
            self.selection.select_shelf(self._shelves[chosen])

    @property
    def chosen(self) -> ShelfButton | None:
        """The shelf that is looked at; None where it is none of these."""
        looked_at = self.selection.shelf
        shelves = self._shelves.items()
        return next((button for button, shelf in shelves if shelf is looked_at), None)

    def _choose(self, button: ShelfButton) -> None:
        """Look at a shelf; at all images again where it is looked at already."""
        self.selection.select_shelf(None if button is self.chosen else self._shelves[button])
        self._mark_shelf()

    def _mark_shelf(self) -> None:
        for button in self.buttons:
            button.setChecked(button is self.chosen)

    def _mark_step(self) -> None:
        """Say in words and mark in the chart what is looked at."""
        step, steps = self.selection.step, self.chart.steps
        places = [at for at, one in enumerate(steps) if step is None or one <= step]
        place = places[-1] if places else 0
        self.chart.mark(place)
        self.words.setText(self._coloured(self.chart.words_of(place)))

    def _coloured(self, words: str) -> str:
        """Give the signs of learned and forgotten the colours of their bars."""
        theme = self.chart.theme
        for sign, color in (("▲", theme.right[1]), ("▼", theme.wrong[1])):
            words = words.replace(sign, f"<span style='color:{color}'>{sign}</span>")
        return words

    def _connect(self) -> None:
        self.chart.step_chosen.connect(self.selection.select_step)
        for button in self.buttons:
            button.clicked.connect(lambda _, button=button: self._choose(button))
        self.selection.set_changed.connect(self._show_new)
        self.selection.step_changed.connect(self._show_new)
        self.selection.shelf_changed.connect(self._mark_shelf)

    def _lay_out(self) -> None:
        self.words.setObjectName("heading")
        self.scope.setObjectName("muted")
        self.words.setTextFormat(Qt.TextFormat.RichText)
        self.words.setWordWrap(True)
        self.scope.setWordWrap(True)
        shown = QWidget()
        column = QVBoxLayout(shown)
        column.setContentsMargins(MARGIN, SPACING, MARGIN, SPACING)
        column.setSpacing(SPACING // 2)
        column.addWidget(self.words)
        column.addWidget(self.chart, 1)
        for part in (*self.buttons, self.scope):
            column.addWidget(part)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(scrolled(shown))


def whole_ones(evaluations: Iterable[Evaluated]) -> list[Evaluated]:
    """Give those of the whole set that are of the same images as the newest of them."""
    whole = [one for one in evaluations if one.whole]
    return [one for one in whole if np.array_equal(one.rows, whole[-1].rows)]


def changes_of(history: Learning, evaluations: Sequence[Evaluated], run: Run) -> list[Change]:
    """Tell how much was learned and forgotten up to each evaluation since the one before it."""
    ends = [run.epochs_at(one.step) for one in evaluations]
    return [
        Change(one.step, start, end, int(learned), int(forgotten))
        for one, (start, end), learned, forgotten in zip(
            evaluations,
            pairwise([0.0, *ends]),
            history.learned_at,
            history.forgotten_at,
            strict=True,
        )
    ]


def first_pictures(split: Split | None, rows: Ints) -> tuple[QImage, ...]:
    """Make pictures of the first images of a shelf; none where the images are not loaded."""
    return () if split is None else tuple(as_picture(split.images[row]) for row in rows[:FIRST])
