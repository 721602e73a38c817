"""How the network reads the selected image row by row: its states, and what it says so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from engine.data.dataset import Progress, SetName
from engine.store.weights import kept_weights
from engine.training.history import Kind, Run
from engine.training.reading import Reading, RowReader, sequence_layers
from gui.background import Task
from gui.forms import ComboBox, combo_box
from gui.in_sight import WhenInSight
from gui.pictures import as_picture
from gui.selection import Selection
from gui.theme import MARGIN, SPACING, Theme
from gui.widgets.data.words import plain
from gui.widgets.empty_state import EmptyState
from gui.widgets.rows.chart import RowsChart, Shown

SHOWN = frozenset[Kind]({"loading", "started", "epoch", "evaluation", "end"})


@dataclass(frozen=True, eq=False)
class Question:
    """How does a network read this standardised image (C, H, W)?"""

    reader: RowReader
    key: tuple[SetName, int]
    image: NDArray[np.float32] = field(repr=False)
    running: bool
    which: Literal["last", "best"]  # weights


class RowsView(QWidget):
    """The selected image in the eyes of the newest or the best weights of the run shown."""

    def __init__(
        self,
        selection: Selection,
        folder: Callable[[], Path | None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.selection, self._folder = selection, folder
        self.said, self.weights = QLabel(), QLabel()
        self.layer = ComboBox()
        self.which = combo_box(
            ((self.tr("Newest weights"), "last"), (self.tr("Best weights"), "best"))
        )
        self.chart = RowsChart()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self._foot = QWidget()  # in sight with words, too: other weights may be readable
        self.empty = EmptyState()
        self._run: Run | None = None
        self._reader: RowReader | None = None
        self._answered: tuple[Question, Reading] | None = None  # what is shown
        self._question: Question | None = None  # the newest
        self._asked_again = False  # since the task began
        self._task: Task | None = None
        self._sight = WhenInSight(self, self._show_now)
        self._lay_out()
        self.layer.currentIndexChanged.connect(lambda _: self._show_reading())
        self.which.currentIndexChanged.connect(lambda _: self._show_new())
        self.slider.valueChanged.connect(self._show_row)
        self.chart.row_chosen.connect(self.slider.setValue)
        for signal in (selection.set_changed, selection.image_changed):
            signal.connect(self._show_new)
        self._show_new()

    def show_run(self, run: Run, kinds: frozenset[Kind]) -> None:
        """Read the selected image anew where the run has come further."""
        if run is not self._run:
            self._run, self._reader, self._answered = run, None, None
            self._name_layers(run)
        if kinds & SHOWN:
            self._show_new()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self.chart.set_theme(theme)

    def let_go(self) -> None:
        """Wait for the reading that is under way, if any, and forget it."""
        if self._task is not None:
            self._task.close()  # torch must not be computing while Python ends
            self._task.deleteLater()
            self._task = None

    def _show_new(self) -> None:
        self._sight.draw()

    def _show_now(self) -> None:
        missing = self._missing()
        self._foot.setHidden(bool(missing))
        if missing:
            self._show_empty(missing)
            return
        run, row, folder = self._run, self.selection.image, self._folder()
        assert run is not None
        assert run.dataset is not None
        assert row is not None
        assert folder is not None
        if self._reader is None:
            self._reader = RowReader(run.project, folder)
        split = run.dataset.split(self.selection.of)
        image = run.dataset.standardised(split.images[row])
        key = (self.selection.of, row)
        which = self._offered(folder)
        self._ask(Question(self._reader, key, image, running=run.end is None, which=which))

    def _offered(self, folder: Path) -> Literal["last", "best"]:
        """Offer the best weights where the run has kept some; tell which ones are chosen."""
        best = "best" in kept_weights(folder)
        self.which.setVisible(best)
        return "best" if best and self.which.currentData() == "best" else "last"

    def _missing(self) -> str:
        """Say what there is to show and how to get it; "" where all of it is here."""
        run, row = self._run, self.selection.image
        if run is None:
            return self.tr(
                "Here you will see how a network reads an image row by row. It needs Rows as steps "
                "and a recurrent layer or attention, as the preset lstm-rows has. Train, then "
                "choose an image in Mistakes."
            )
        if not sequence_layers(run.project):
            return self.tr(
                "The network of this run sees the whole image at once. Add Rows as steps and a "
                "recurrent layer or attention, or take the preset lstm-rows, and train."
            )
        if run.dataset is None:
            return self.tr("The images of this run are not loaded, so none can be read.")
        if row is None or self._folder() is None:
            return self.tr("Choose a digit in Mistakes to see how it is read row by row.")
        if not 0 <= row < len(run.dataset.split(self.selection.of)):
            return self.tr("The chosen image is not among those of this run.")
        return ""

    def _show_empty(self, words: str) -> None:
        self._question = self._answered = None
        self.chart.show_reading(None)
        self._show_words(words)

    def _show_words(self, words: str) -> None:
        self.empty.setText(words)
        self._show_page(0)

    def _show_page(self, page: int) -> None:
        """Show words, or what was read and what goes through it."""
        self._stack.setCurrentIndex(page)
        for control in (self.layer, self.slider):
            control.setEnabled(page == 1)

    # ---- beside the window

    def _ask(self, question: Question) -> None:
        """Answer this as soon as the question before it is done with."""
        self._question, self._asked_again = question, True
        if self._answered is None:
            self._show_words(self.tr("The image is being read …"))
        if self._task is None:
            self._start(question)

    def _start(self, question: Question) -> None:
        self._asked_again = False
        task = self._task = Task(_reading_of(question), self)
        task.done.connect(lambda found: self._end(question, found, ""))
        task.failed.connect(lambda sentence, _: self._end(question, None, sentence))
        task.start()

    def _end(self, question: Question, found: Reading | None, sentence: str) -> None:
        assert self._task is not None
        self._task.deleteLater()
        self._task = None
        if self._question is None:
            return
        if self._asked_again:
            self._start(self._question)
        if not _same(question, self._question):
            return
        if found is None:
            self._show_empty(sentence)
            return
        self._answered = question, found
        self._show_page(1)
        self._show_reading()

    # ---- what is seen

    def _name_layers(self, run: Run) -> None:
        self.layer.blockSignals(True)
        self.layer.clear()
        for layer in sequence_layers(run.project):
            self.layer.addItem(f"{layer.title} · {layer.name}", layer.name)
        self.layer.blockSignals(False)
        self.layer.setCurrentIndex(0)

    def _show_reading(self) -> None:
        run, answered = self._run, self._answered
        if run is None or run.dataset is None or answered is None:
            return
        question, found = answered
        of, row = question.key
        split = run.dataset.split(of)
        states = found.states[self.layer.currentData()]
        names = tuple(map(plain, run.dataset.class_names))
        true = int(split.labels[row])
        picture = as_picture(split.images[row])
        first = self.chart.shown is None
        self.chart.show_reading(Shown(picture, states, found.probabilities, names, true))
        self.slider.setRange(0, self.chart.count - 1)
        if first:
            self.slider.setValue(self.chart.count - 1)
        self.weights.setText(self._weights_words(question, found, names[true]))
        self._show_row(self.slider.value())

    def _show_row(self, row: int) -> None:
        self.chart.mark(row)
        words = self.chart.words_at(row)
        self.said.setText(words)
        self.slider.setAccessibleDescription(words)

    def _weights_words(self, question: Question, found: Reading, true: str) -> str:
        match question.which, question.running:
            case "best", True:
                words = self.tr("It is {true}. The best weights so far, after step {step:,}.")
            case "best", False:
                words = self.tr("It is {true}. The best weights, after step {step:,}.")
            case _, True:
                words = self.tr(
                    "It is {true}. Weights of the newest checkpoint, after step {step:,}."
                )
            case _:
                words = self.tr("It is {true}. Weights after step {step:,}.")
        if not found.cut:
            words += " " + self.tr("The rows below the line are left dark.")
        return words.format(true=true, step=found.step)

    def _lay_out(self) -> None:
        self.said.setObjectName("heading")
        self.weights.setObjectName("muted")
        for label in (self.said, self.weights):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self.layer.setAccessibleName(self.tr("The layer whose states are shown"))
        self.layer.setToolTip(self.tr("The layer whose states are shown"))
        self.which.setAccessibleName(self.tr("The weights that the image is read with"))
        self.which.setToolTip(
            self.tr(
                "The weights that the image is read with. The best ones are those after the epoch "
                "with the highest validation accuracy."
            )
        )
        self.which.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToContents)
        self.which.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.slider.setAccessibleName(self.tr("The last row that is read"))
        self.slider.setToolTip(self.tr("The last row that is read"))
        self.slider.setPageStep(5)
        foot = QHBoxLayout(self._foot)
        foot.setContentsMargins(MARGIN, SPACING // 2, MARGIN, SPACING)
        foot.setSpacing(SPACING)
        foot.addWidget(self.layer, 3)
        foot.addWidget(self.which)
        foot.addWidget(self.slider, 2)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(MARGIN, SPACING, MARGIN, 0)
        column.setSpacing(SPACING // 2)
        column.addWidget(self.said)
        column.addWidget(self.weights)
        column.addWidget(self.chart, 1)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(content)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(self._stack, 1)
        whole.addWidget(self._foot)


def _same(one: Question, other: Question) -> bool:
    """Tell whether the answer to one is an answer to the other."""
    return one.reader is other.reader and (one.key, one.which) == (other.key, other.which)


def _reading_of(question: Question) -> Callable[[Progress], Reading]:
    """Give the work that answers a question; it holds no widget."""

    def work(progress: Progress) -> Reading:
        del progress
        return question.reader.read(
            question.key, question.image, running=question.running, which=question.which
        )

    return work
