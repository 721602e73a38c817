"""A row of evaluations, oldest to newest, of which one is shown and any can be chosen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QToolTip, QWidget

from gui.theme import LIGHT, Theme


class StepRow(QWidget):
    """What the strip of predictions and the chart of learning share: mouse, keyboard and words.

    Whoever draws it sets `steps`, rising, and says which place lies under a point.
    """

    step_chosen = Signal(int)  # the evaluation after so many steps

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = LIGHT
        self.steps: Sequence[int] = ()
        self.shown: int | None = None  # a place in steps
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def place_at(self, x: float) -> int | None:
        """Give the place in `steps` that is drawn at x; None where there is none."""
        raise NotImplementedError

    def words_of(self, place: int) -> str:
        """Say what is at a place."""
        raise NotImplementedError

    def mark(self, place: int | None) -> None:
        """Mark what is shown."""
        self.shown = place
        self.setAccessibleDescription("" if place is None else self.words_of(place))
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self.theme = theme
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self.place_at(event.position().x())
        if event.button() == Qt.MouseButton.LeftButton and place is not None:
            self.step_chosen.emit(self.steps[place])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        last = len(self.steps) - 1
        here = last if self.shown is None else self.shown
        place = {
            Qt.Key.Key_Left: here - 1,
            Qt.Key.Key_Right: here + 1,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }.get(Qt.Key(event.key()))
        if place is None or last < 0:
            super().keyPressEvent(event)
            return
        self.step_chosen.emit(self.steps[min(max(place, 0), last)])

    def focusInEvent(self, event: object) -> None:
        self.update()

    def focusOutEvent(self, event: object) -> None:
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self.place_at(event.pos().x())
            words = "" if place is None else self.words_of(place)
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)
