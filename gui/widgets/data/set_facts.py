"""What is known of one set of images: sizes, class balance, mean images and duplicates."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from engine.analysis.images import class_counts
from engine.data.dataset import Dataset, SetName
from gui.theme import MARGIN, SPACING, Theme
from gui.widgets.data.class_bars import ClassBars
from gui.widgets.data.duplicate_notes import DuplicateNotes, Findings
from gui.widgets.data.parts import Facts, Trouble
from gui.widgets.data.survey import Measured

LEAST_WIDTH = 220  # pixels


class SetFacts(QFrame):
    """A column; what is not yet known comes later."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setMinimumWidth(LEAST_WIDTH)
        self.facts, self.bars = Facts(), ClassBars()
        self.notes, self.trouble = DuplicateNotes(), Trouble()
        self._lay_out()

    def show_set(
        self,
        dataset: Dataset,
        of: SetName,
        measured: Mapping[SetName, Measured],
        found: Findings,
        running: bool,
    ) -> None:
        """Show what is known of a set, and whether there is more to come."""
        split, known = dataset.split(of), measured.get(of)
        counts = class_counts(split.labels, len(dataset.class_names))
        self._show_facts(dataset, len(split), known)
        self.bars.show_counts(dataset.class_names, counts, known.means if known else None)
        self.notes.show_findings(found, of, running)

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self.bars.set_theme(theme)
        self.notes.set_theme(theme)

    def _show_facts(self, dataset: Dataset, count: int, known: Measured | None) -> None:
        channels, height, width = dataset.input_shape
        colours = self.tr("grey") if channels == 1 else self.tr("colour")
        pixels = range_words(known.pixels) if known is not None else "…"
        self.facts.show_facts(
            [
                (self.tr("Images"), f"{count:,}"),
                (self.tr("Each image"), f"{width}×{height}, {colours}"),
                (self.tr("Pixels"), pixels if count else self.tr("none")),
                (self.tr("Classes"), f"{len(dataset.class_names):,}"),
            ]
        )

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, MARGIN, 0, MARGIN)
        layout.setSpacing(SPACING // 2)
        layout.addWidget(_inset(self.facts))
        layout.addSpacing(SPACING // 2)
        layout.addWidget(_inset(_heading(self.tr("Images and their mean by class"))))
        layout.addWidget(self.bars, 1)
        layout.addSpacing(SPACING // 2)
        layout.addWidget(_inset(_heading(self.tr("Exact duplicates"))))
        layout.addWidget(_inset(self.notes))
        layout.addWidget(_inset(self.trouble))


def range_words(pixels: tuple[float, float]) -> str:
    """Write 0 to 0.996."""
    low, high = pixels
    return f"{low:.3g} to {high:.3g}"


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName("heading")
    label.setWordWrap(True)
    return label


def _inset(widget: QWidget) -> QWidget:
    """Keep a widget off the column's edges."""
    frame = QWidget()
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(MARGIN, 0, MARGIN, 0)
    layout.addWidget(widget)
    return frame
