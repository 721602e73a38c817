"""What a single step of the training did: to the answers to its batch, and to every layer."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from engine.data.dataset import Dataset
from engine.training.events import Stepped
from engine.training.history import Kind, Run
from engine.training.look import BatchLook
from gui.document import Document
from gui.forms import combo_box
from gui.in_sight import WhenInSight
from gui.selection import Selection
from gui.theme import LIGHT, MARGIN, SPACING, Theme
from gui.widgets.empty_state import EmptyState
from gui.widgets.gallery.answers import origin_words
from gui.widgets.step.batch_images import OUTCOMES, BatchImages, outcome
from gui.widgets.step.figures import figure, percentage
from gui.widgets.step.layer_table import LayerTable

SHOWN = frozenset[Kind]({"started", "step", "progress"})
ROOMY = 600  # pixels of width from which images and layers stand beside each other
NARROW = 370  # pixels of width below which the lines at the top are short
WIDTHS = [270, 420]  # of images and layers, to begin with


class StepView(QWidget):
    """The newest step that was taken by itself, and the buttons for the next ones. A click on a
    layer's row selects the layer.
    """

    step_wanted = Signal(int)  # so many steps
    run_on_wanted = Signal()

    def __init__(
        self, document: Document, selection: Selection, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.document, self.selection = document, selection
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title, self.said, self.counted = QLabel(), QLabel(), QLabel()
        self.images, self.layers = BatchImages(), LayerTable()
        self.hint = QLabel(self.tr("▲ far more, ▼ far less than the usual 0.1 % a step"))
        self.page = combo_box([(self.tr("Layers"), "layers"), (self.tr("Images"), "images")])
        self.page.setAccessibleName(self.tr("What to look at"))
        self.page.activated.connect(lambda _: self._turn())
        self.buttons = (
            self._button(self.tr("Step"), self.tr("Learn from one more batch (F10)"), 1),
            self._button(self.tr("Step 10"), self.tr("Learn from ten more batches"), 10),
            self._button(self.tr("Go on"), self.tr("Go on with the training (F6)"), None),
        )
        self._theme = LIGHT
        self._run: Run | None = None
        self._drawn: Stepped | None = None
        self._gone_on = False  # whether the training has taken other steps since
        self._sight = WhenInSight(self, self._show_now)
        self._lay_out()
        self.layers.layer_chosen.connect(self._select)
        selection.layers_changed.connect(self.layers.show_selected)
        self.set_paused(False)
        self._turn()

    def show_run(self, run: Run, kinds: frozenset[Kind]) -> None:
        """Show the run's newest step, if it is another one and can be seen."""
        self._run = run
        if kinds & SHOWN:
            self._sight.draw()

    def set_paused(self, paused: bool) -> None:
        """Offer the next step while the training waits."""
        for button in self.buttons:
            button.setEnabled(paused)

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self._theme = theme
        self.images.set_theme(theme)
        self.layers.set_theme(theme)
        if self._drawn is not None:
            self._tell(self._drawn)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._turn()
        if self._drawn is not None:
            self._tell(self._drawn)

    @property
    def _roomy(self) -> bool:
        return self.width() >= ROOMY

    def _show_now(self) -> None:
        run = self._run
        if run is None:
            return
        stepped = run.stepped
        self._stack.setCurrentIndex(0 if stepped is None else 1)
        gone_on = stepped is not None and run.step > stepped.step
        if stepped is not None and (stepped is not self._drawn or gone_on is not self._gone_on):
            self._gone_on = gone_on
            self._tell(stepped)
        if stepped is not None and stepped is not self._drawn:
            self._show_images(run, stepped.look)
            self.layers.show_layers(stepped.look.layers)
            self.layers.show_selected(self.selection.layers)
            self.hint.setVisible(self.layers.layers.marked)
        self._drawn = stepped

    def _tell(self, stepped: Stepped) -> None:
        """Say in a line what the step did."""
        look = stepped.look
        narrow = self.width() < NARROW
        words = self.tr("Step {step:,}") if narrow else self.tr("Step {step:,}, epoch {epoch:,}")
        if self._gone_on:  # it must not pass for what the training does now
            since = self.tr("Step {step:,}: it has gone on since")
            words = self.tr("Step {step:,}, over") if narrow else since
        self.title.setText(words.format(step=stepped.step, epoch=stepped.epoch))
        loss = self.tr("Loss {before} → <b>{after}</b> {fall}").format(
            before=figure(look.loss_before, 4),
            after=figure(look.loss_after, 4),
            fall=self._fall(look),
        )
        right = self.tr("right {before:,} → <b>{after:,}</b> of {count:,}").format(
            before=look.right_before, after=look.right_after, count=len(look.labels)
        )
        short = self.tr("Loss <b>{after}</b> {fall}").format(
            after=figure(look.loss_after, 3), fall=self._fall(look)
        )
        self.said.setText(short if narrow else f"{loss} · {right}" if self._roomy else loss)
        rate = self.tr("The learning rate of this step was {rate}.")
        alike = self.tr("Before and after are computed alike, with the same values dropped.")
        self.said.setToolTip(
            f"{loss}<br>{right}<br>{rate.format(rate=figure(look.rate))}<br>{alike}"
        )

    def _fall(self, look: BatchLook) -> str:
        """Say by how much the loss fell, in a colour and with a mark."""
        before, after = look.loss_before, look.loss_after
        if not (math.isfinite(before) and math.isfinite(after)) or before == 0:
            return ""
        fell, share = after <= before, percentage(abs(after - before) / before)
        color = self._theme.success if fell else self._theme.danger
        return f'<span style="color: {color}">{"▼" if fell else "▲"} {share}</span>'

    def _show_images(self, run: Run, look: BatchLook) -> None:
        dataset = run.dataset
        pictures = look.images if dataset is None else as_read(look.images, dataset)
        self.images.show_batch(
            look, pictures, run.project.data.source.class_names, _origins(look, dataset)
        )
        counts = Counter(outcome(look, place) for place in range(len(look.labels)))
        words = self.tr(
            "{corrected:,} corrected, {spoilt:,} spoilt, {wrong:,} wrong, {right:,} right"
        )
        words = words.format_map({each: counts[each] for each in OUTCOMES})
        if len(pictures) < len(look.labels):
            words += self.tr("; the first {shown:,} are shown").format(shown=len(pictures))
        self.counted.setText(words)

    def _select(self, name: str) -> None:
        self.selection.select_named(name, self.document.project)

    def _turn(self) -> None:
        """Show images and layers, or where there is no room for both, the chosen one."""
        roomy = self._roomy
        self.page.setVisible(not roomy)
        self._panes[0].setVisible(roomy or self.page.currentData() == "images")
        self._panes[1].setVisible(roomy or self.page.currentData() == "layers")

    def _button(self, text: str, words: str, steps: int | None) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName("compact")
        button.setToolTip(words)
        button.setAccessibleDescription(words)
        button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        if steps is None:
            button.clicked.connect(lambda: self.run_on_wanted.emit())
        else:
            button.clicked.connect(lambda: self.step_wanted.emit(steps))
        return button

    def _lay_out(self) -> None:
        self.title.setObjectName("heading")
        for label in (self.counted, self.hint):
            label.setObjectName("muted")
            label.setWordWrap(True)
            label.setIndent(MARGIN)
        self.said.setTextFormat(Qt.TextFormat.RichText)
        for label in (self.title, self.said):
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._panes = (_pane(self.counted, self.images), _pane(self.layers, self.hint))
        panes = QSplitter(Qt.Orientation.Horizontal)
        panes.setChildrenCollapsible(False)
        for number, pane in enumerate(self._panes):
            panes.addWidget(pane)
            panes.setStretchFactor(number, 1)
        panes.setSizes(WIDTHS)
        shown = QWidget()
        column = QVBoxLayout(shown)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING // 2)
        column.addLayout(_row(self.title, *self.buttons))
        column.addLayout(_row(self.said, self.page))
        column.addWidget(panes, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, SPACING, 0, 0)
        self._stack = QStackedLayout()
        layout.addLayout(self._stack)  # first: a stack without a place shows its widget as a window
        self._stack.addWidget(
            EmptyState(
                self.tr(
                    "Press F10 to take one step of the training and see what a single batch does."
                )
            )
        )
        self._stack.addWidget(shown)


def as_read(images: NDArray[np.float32], dataset: Dataset) -> NDArray[np.float32]:
    """Undo the standardisation of images (N, C, H, W): what is shown is in 0..1."""
    deviation = np.where(dataset.deviation == 0, 1, dataset.deviation)
    return images * deviation[:, None, None] + dataset.mean[:, None, None]


def _origins(look: BatchLook, dataset: Dataset | None) -> list[str]:
    """Say of each image of the batch where it is in the person's own files."""
    rows = look.rows[: len(look.images)]
    if dataset is None:
        return [""] * len(rows)
    return [origin_words("training", int(index)) for index in dataset.train.indices[rows]]


def _row(first: QWidget, *others: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setContentsMargins(MARGIN, 0, MARGIN, 0)
    row.setSpacing(SPACING // 2)
    row.addWidget(first, 1)
    for other in others:
        row.addWidget(other)
    return row


def _pane(*parts: QWidget) -> QWidget:
    pane = QWidget()
    column = QVBoxLayout(pane)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    for part in parts:
        column.addWidget(part)
    return pane
