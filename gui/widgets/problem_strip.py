"""One sentence about what is wrong, where it belongs."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.problems import Problem

SIDE = 8  # pixels to the left and right of what it says


class ProblemStrip(QFrame):
    """One sentence about what is wrong, with the mend as a button."""

    mend_wanted = Signal(object)  # Mend

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("wrong")
        self._problem: Problem | None = None
        self.sentence = QLabel()
        self.sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.sentence.setWordWrap(True)
        self.button = QPushButton()
        self.button.setMinimumWidth(1)  # a long title doesn't widen the card: it is broken
        self.button.clicked.connect(self._mend)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SIDE, 6, SIDE, 6)
        layout.addWidget(self.sentence)
        layout.addWidget(self.button, alignment=Qt.AlignmentFlag.AlignLeft)
        self.hide()

    def show_problem(self, problem: Problem | None) -> None:
        """Show a problem, or nothing."""
        self._problem = problem
        self.setVisible(problem is not None)
        if problem is not None:
            self.sentence.setText(str(problem))
            self.button.setVisible(problem.mend is not None)
            self._show_title()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_title()

    def _show_title(self) -> None:
        """Show the mend's title on the button, on two lines where there is no room for one."""
        mend = self._problem.mend if self._problem is not None else None
        title = mend.title if mend is not None else ""
        self.button.setText(title)
        if self.button.sizeHint().width() > self.contentsRect().width() - 2 * SIDE:
            self.button.setText(on_two_lines(title))

    def _mend(self) -> None:
        if self._problem is not None and self._problem.mend is not None:
            self.mend_wanted.emit(self._problem.mend)


def on_two_lines(words: str) -> str:
    """Break a text at the space nearest its middle, if it has one."""
    spaces = [place for place, letter in enumerate(words) if letter == " "]
    if not spaces:
        return words
    middle = min(spaces, key=lambda place: abs(2 * place - len(words)))
    return f"{words[:middle]}\n{words[middle + 1 :]}"
