"""Filters in force, one chip for each; a click takes it away."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QToolButton, QWidget

from gui.icons import icon
from gui.theme import LIGHT, MARGIN, Theme

ICON = QSize(12, 12)
LONGEST = 32  # letters of a chip; its tooltip has them all


class Chips(QWidget):
    """A row of chips that scrolls where they are many; hidden where there are none."""

    removed = Signal(object)  # the key of the chip
    cleared = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chips: dict[Hashable, QToolButton] = {}
        self._words: dict[Hashable, str] = {}
        self._theme = LIGHT
        self._row = _Row()
        self.all = self._button(self.tr("Clear all"))
        self.all.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.all.clicked.connect(self.cleared)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(MARGIN, 0, MARGIN, 0)
        layout.addWidget(self._row, 1)
        layout.addWidget(self.all, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def show_chips(self, chips: Sequence[tuple[Hashable, str]]) -> None:
        """Show these (key, words) in their order; those that are there stay the same widgets."""
        if dict(chips) == self._words and list(self.chips) == [key for key, _ in chips]:
            return
        before, self.chips, self._words = self.chips, {}, dict(chips)
        for place, (key, words) in enumerate(chips):
            self.chips[key] = before.pop(key) if key in before else self._chip(key)
            _say(self.chips[key], words, self.tr("Take this away: {words}").format(words=words))
            self._row.put(place, self.chips[key])
        for gone in before.values():
            self._row.remove(gone)
        self.all.setVisible(len(chips) > 1)
        self.setVisible(bool(chips))
        self._row.fit()

    def set_theme(self, theme: Theme) -> None:
        """Draw the crosses in the theme's colours."""
        self._theme = theme
        for chip in (*self.chips.values(), self.all):
            chip.setIcon(icon("close", theme.accent))

    def _chip(self, key: Hashable) -> QToolButton:
        chip = self._button("")
        chip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        chip.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        chip.clicked.connect(lambda: self.removed.emit(key))
        return chip

    def _button(self, words: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName("chip")
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setIcon(icon("close", self._theme.accent))
        button.setIconSize(ICON)
        button.setText(words)
        return button


def _say(chip: QToolButton, words: str, help_text: str) -> None:
    short = words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"
    chip.setText(short.replace("&", "&&"))
    chip.setAccessibleName(words)
    chip.setToolTip(help_text)


class _Row(QScrollArea):
    """As high as a chip, and as a scroll bar where there is one; the wheel moves it sideways."""

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self._inner = inner = QWidget()
        self._layout = QHBoxLayout(inner)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addStretch()
        self.setWidget(inner)
        inner.setAutoFillBackground(False)

    def put(self, place: int, chip: QToolButton) -> None:
        """Put a chip at a place, from wherever it was."""
        self._layout.insertWidget(place, chip, 0, Qt.AlignmentFlag.AlignTop)
        chip.show()

    def remove(self, chip: QToolButton) -> None:
        """Take a chip out, and away."""
        self._layout.removeWidget(chip)
        chip.hide()
        chip.deleteLater()

    def fit(self) -> None:
        """Become as high as the chips ask for, with the scroll bar where they are too many."""
        wanted = self._inner.sizeHint()
        bar = self.horizontalScrollBar().sizeHint().height() if wanted.width() > self.width() else 0
        self.setFixedHeight(wanted.height() + bar)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        bar = self.horizontalScrollBar()
        bar.setValue(bar.value() - (event.angleDelta().y() or event.angleDelta().x()))
