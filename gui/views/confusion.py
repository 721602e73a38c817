"""The confusion matrix: which class is read as which. What one selects there all views follow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import (
    QGuiApplication,
    QStandardItemModel,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from engine.analysis.classification import confusion_matrix, together
from engine.data.dataset import SetName
from engine.problems import ProblemError
from engine.store.files import write_safely
from engine.training.events import Evaluated
from engine.training.history import Kind, Run
from gui.forms import ComboBox, combo_box
from gui.in_sight import WhenInSight
from gui.save_names import ask_for_name
from gui.selection import Selection
from gui.theme import MARGIN, SPACING, Theme
from gui.widgets.empty_state import EmptyState
from gui.widgets.matrix.matrix import NOTHING
from gui.widgets.matrix.menu import MatrixMenu
from gui.widgets.matrix.numbers import (
    Ints,
    Numbers,
    Share,
    difference,
    earlier_one,
    numbers_of,
    same_images,
)
from gui.widgets.matrix.page import KINDS, MatrixPage
from gui.widgets.matrix.panel import MatrixPanel
from gui.widgets.matrix.table import as_html, as_tabbed, rows_of

SHOWN = frozenset[Kind]({"started", "evaluation", "end"})


class ConfusionView(QWidget):
    """The matrix of the evaluation that is looked at, live while training."""

    refused = Signal(str)  # a sentence: why a file could not be saved

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.selection = selection
        self.panel = MatrixPanel()
        self.matrix = self.panel.matrix
        self.menu = MatrixMenu()
        self.of = self._set_box()
        self.shown_as = self._shown_as_box()
        self.said = QLabel()
        self._run: Run | None = None
        self._drawn: Evaluated | None = None
        self._earlier: Evaluated | None = None  # what a difference is taken from
        self._ordered_by: Evaluated | None = None  # the one that gave the order, and the order
        self._ordered: Ints = np.arange(0)
        self._sight = WhenInSight(self, self._draw_now)
        self._lay_out()
        self._connect()

    def show_run(self, run: Run, kinds: frozenset[Kind]) -> None:
        """Draw the evaluation that is looked at, if it is another one and can be seen."""
        self._run = run
        if kinds & SHOWN or ("epoch" in kinds and self.shown_as.currentData() == "best"):
            self._draw_new()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self.panel.set_theme(theme)

    def copy(self) -> None:
        """Put the numbers on the clipboard, for a spreadsheet and for a document."""
        rows = rows_of(self.matrix.numbers)
        content = QMimeData()
        content.setText(as_tabbed(rows))
        content.setHtml(as_html(rows))
        QGuiApplication.clipboard().setMimeData(content)

    def choose_file(self) -> None:
        """Ask where to save the matrix, and save it there."""
        kinds = {
            self.tr("PNG picture (*.png)"): ".png",
            self.tr("SVG drawing (*.svg)"): ".svg",
            self.tr("Table of values (*.csv)"): ".csv",
        }
        start = Path.home() / f"{self._file_name()}.png"
        chosen = ask_for_name(self, self.tr("Save the confusion matrix"), start, kinds)
        if chosen is not None:
            self.save(chosen[0])

    def save(self, path: Path) -> None:
        """Write the matrix as the file's ending says; tell by `refused` where that fails."""
        if path.suffix.lower() not in KINDS:
            words = self.tr("{name} could not be saved: its name must end in .png, .svg or .csv.")
            self.refused.emit(words.format(name=path.name))
            return
        title = self.tr("{run}: confusion matrix ({shown_as})").format(
            run=self._run_title(), shown_as=self.shown_as.currentText()
        )
        caption = f"{self.of.currentText()}: {self.said.toolTip()}"
        page = MatrixPage(self.matrix.numbers, title, caption)
        try:
            write_safely(path, page.content(path.suffix.lower()))
        except ProblemError as error:
            self.refused.emit(str(error))

    def _draw_new(self) -> None:
        self._sight.draw()

    def _draw_now(self) -> None:
        run = self._run
        if run is None:
            return
        self._offer_sets(run)
        evaluation = run.evaluation(self.selection.of, self.selection.step)
        earlier = self._earlier_one(run, evaluation)
        if evaluation is not self._drawn or earlier is not self._earlier:
            self._drawn, self._earlier = evaluation, earlier
            self._draw()
        elif evaluation is not None:
            self._say(run, evaluation)

    def _draw(self) -> None:
        evaluation, run = self._drawn, self._run
        self._stack.setCurrentIndex(0 if evaluation is None else 1)
        self.menu.offer(evaluation is not None)
        if evaluation is None or run is None:
            self.panel.show_numbers(NOTHING)
            return
        self.panel.show_numbers(self._numbers(run, evaluation))
        self._say(run, evaluation)

    def _numbers(self, run: Run, evaluation: Evaluated) -> Numbers:
        names = run.project.data.source.class_names
        counts = confusion_matrix(evaluation.labels, evaluation.predicted, len(names))
        numbers = numbers_of(counts, names, self._shares)
        if (earlier := self._earlier) is not None:
            then = confusion_matrix(earlier.labels, earlier.predicted, len(names))
            alike = same_images(evaluation, earlier)
            numbers = difference(counts, then, names, self._when(earlier), same_images=alike)
        order = self._order(run, numbers) if self.menu.together.isChecked() else numbers.order
        return replace(numbers, order=order, diagonal=not self.menu.hide_diagonal.isChecked())

    def _order(self, run: Run, numbers: Numbers) -> Ints:
        """Order the classes by the newest evaluation of the whole set, so that looking back over
        the run leaves them where they are.
        """
        every = list(run.evaluations[self.selection.of])
        newest = next((one for one in reversed(every) if one.whole), every[-1])
        if newest is not self._ordered_by:
            counts = confusion_matrix(newest.labels, newest.predicted, len(numbers.names))
            self._ordered_by, self._ordered = newest, together(counts)
        return self._ordered

    @property
    def _shares(self) -> Share:
        chosen = self.shown_as.currentData()
        return chosen if chosen in ("true", "predicted") else ""

    def _earlier_one(self, run: Run, evaluation: Evaluated | None) -> Evaluated | None:
        which = self.shown_as.currentData()
        if evaluation is None or which not in ("before", "first", "best"):
            return None
        return earlier_one(run, evaluation, which)

    def _say(self, run: Run, evaluation: Evaluated) -> None:
        """Say it in one line, and whole in the tooltip and in what is saved."""
        words = brief = self._words(evaluation)
        if self.shown_as.currentData() in ("before", "first", "best"):
            words = f"{words}. {self._compared()}"
            brief = self._compared_briefly(evaluation)
        elif evaluation.of == "training":
            learned = self.tr("These are the answers as each image was learned from.")
            words = f"{words}. {learned}"
            brief = self.tr("{words} while learning").format(words=brief)
        if (brief, words) != (self.said.text(), self.said.toolTip()):
            self.said.setText(brief)
            self.said.setToolTip(words)

    def _words(self, evaluation: Evaluated) -> str:
        count, percent = len(evaluation.rows), 100 * evaluation.accuracy
        words = self.tr("sample of {count:,}, epoch {epoch}, {percent:.2f} % right")
        if evaluation.whole:
            words = (
                self.tr("1 image, epoch {epoch}, {percent:.2f} % right")
                if count == 1
                else self.tr("{count:,} images, epoch {epoch}, {percent:.2f} % right")
            )
        return words.format(count=count, epoch=evaluation.epoch, percent=percent)

    def _compared(self) -> str:
        if self._earlier is None:
            return self.tr("There is nothing earlier to compare it with: these are counts.")
        words = (
            self.tr("Since {when}: change in images. Blue is better, orange worse.")
            if self.matrix.numbers.unit == "more images"
            else self.tr(
                "Since {when}, of other images: change of the share of the true class in "
                "percentage points. Blue is better, orange worse."
            )
        )
        return words.format(when=self._when(self._earlier))

    def _compared_briefly(self, evaluation: Evaluated) -> str:
        now, earlier = 100 * evaluation.accuracy, self._earlier
        if earlier is None:
            words = self.tr("There is nothing earlier, these are counts: {now:.2f} % right")
            return words.format(now=now)
        if not any(self.matrix.numbers.top):
            words = self.tr("{now:.2f} % right; no cell differs from step {step:,}")
            return words.format(now=now, step=earlier.step)
        words = (
            self.tr("{now:.2f} % right, {more:+.2f} since step {step:,}; blue is better")
            if self.matrix.numbers.unit == "more images"
            else self.tr("Points since step {step:,}, of other images; blue is better")
        )
        more = now - 100 * earlier.accuracy
        return words.format(now=now, more=more, step=earlier.step)

    def _when(self, evaluation: Evaluated) -> str:
        return self.tr("epoch {epoch}, step {step:,}").format(
            epoch=evaluation.epoch, step=evaluation.step
        )

    def _offer_sets(self, run: Run) -> None:
        """Let a set be chosen once it is evaluated; say of another why it can't be yet."""
        reasons: dict[SetName, str] = {
            "validation": self.tr("Nothing is evaluated yet"),
            "test": self.tr("The test set is used once, when the last epoch is done"),
            "training": self.tr("The training set is counted when an epoch is done"),
        }
        items = self.of.model()
        assert isinstance(items, QStandardItemModel)
        for of, reason in reasons.items():
            item, there = items.item(self.of.findData(of)), len(run.evaluations[of]) > 0
            if item.isEnabled() != there or not item.toolTip():
                item.setEnabled(there)
                item.setToolTip(self.tr("Count these images") if there else reason)

    def _show_set(self, of: SetName) -> None:
        self.of.setCurrentIndex(self.of.findData(of))
        self._draw_new()

    def _show_otherwise(self, *_: object) -> None:
        """Draw the same evaluation in another way."""
        if self._run is not None and self._drawn is not None:
            self._earlier = self._earlier_one(self._run, self._drawn)
            self._draw()

    def _file_name(self) -> str:
        epoch = self._drawn.epoch if self._drawn else 0
        name = f"{self._run_title()} {self.selection.of} epoch {epoch} confusion"
        return "".join(letter if letter.isalnum() or letter in " -_.," else "-" for letter in name)

    def _run_title(self) -> str:
        return (self._run.project.title if self._run else "") or self.tr("Run")

    def _connect(self) -> None:
        selection, panel, menu = self.selection, self.panel, self.menu
        panel.chosen.connect(selection.select_cells)
        panel.toggled.connect(selection.toggle_cell)
        panel.copy_wanted.connect(self.copy)
        self.of.activated.connect(lambda _: selection.select_set(self.of.currentData()))
        self.shown_as.activated.connect(self._show_otherwise)
        menu.chosen.connect(selection.select_cells)
        menu.together.toggled.connect(self._show_otherwise)
        menu.hide_diagonal.toggled.connect(self._show_otherwise)
        menu.pairs.triggered.connect(panel.set_pairs)
        panel.pairs_shown.connect(menu.pairs.setChecked)
        menu.table.toggled.connect(panel.set_table)
        menu.copy.triggered.connect(self.copy)
        menu.save.triggered.connect(self.choose_file)
        selection.cells_changed.connect(panel.show_cells)
        selection.set_changed.connect(self._show_set)
        selection.step_changed.connect(self._draw_new)

    def _set_box(self) -> ComboBox:
        box = combo_box(
            [
                (self.tr("Validation"), "validation"),
                (self.tr("Test"), "test"),
                (self.tr("Training"), "training"),
            ]
        )
        box.setAccessibleName(self.tr("Which set"))
        box = _fitted(box)
        box.setMinimumWidth(box.sizeHint().width())  # short, and never to be mistaken
        return box

    def _shown_as_box(self) -> ComboBox:
        box = combo_box(
            [
                (self.tr("Counts"), ""),
                (self.tr("Share of true class"), "true"),
                (self.tr("Share of predicted class"), "predicted"),
                (self.tr("Change since the one before"), "before"),
                (self.tr("Change since the first"), "first"),
                (self.tr("Change since the best epoch"), "best"),
            ]
        )
        box.setAccessibleName(self.tr("What a cell shows"))
        return _fitted(box)

    def _lay_out(self) -> None:
        self.said.setObjectName("muted")
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setWordWrap(True)
        self.said.setContentsMargins(MARGIN, 0, MARGIN, 0)
        drawn = QWidget()
        column = QVBoxLayout(drawn)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING // 2)
        column.addLayout(self._head())
        column.addWidget(self.said)
        column.addWidget(self.panel, 1)
        empty = EmptyState(
            self.tr(
                "Here you will see which digit is read as which. "
                "A click on a cell shows its images."
            )
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, SPACING, 0, SPACING // 2)
        self._stack = QStackedLayout()
        layout.addLayout(self._stack)  # first: a stack without a place shows its widget as a window
        self._stack.addWidget(empty)
        self._stack.addWidget(drawn)

    def _head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setContentsMargins(MARGIN, 0, MARGIN, 0)
        head.addWidget(self.of)
        head.addWidget(self.shown_as)
        head.addStretch()
        head.addWidget(self.menu)
        return head


def _fitted(box: ComboBox) -> ComboBox:
    """Let a choice be as wide as its longest title, and narrower where there is no room."""
    box.setSizeAdjustPolicy(box.SizeAdjustPolicy.AdjustToContents)
    box.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    box.setMinimumWidth(84)
    return box
