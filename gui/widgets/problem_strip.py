"""One sentence about what is wrong, where it belongs."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.problems import Problem


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
        self.button.clicked.connect(self._mend)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
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
            self.button.setText(problem.mend.title if problem.mend else "")

    def _mend(self) -> None:
        if self._problem is not None and self._problem.mend is not None:
            self.mend_wanted.emit(self._problem.mend)
