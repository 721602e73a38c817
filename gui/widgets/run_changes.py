"""What of the settings differs from the run that is training, and the button that changes it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.project.project import Project
from engine.training.changes import differences, value_of
from gui.theme import MARGIN, SPACING
from gui.widgets.change_words import change_words

MOST_LINES = 6  # a network with many dropout layers would otherwise push the forms away


class RunChanges(QFrame):
    """Says that a run is training, lists what can be changed in it, and asks for the change."""

    wanted = Signal(str, float)  # field such as "optimizer.learning_rate", its new value

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("foot")
        self._running: Project | None = None
        self._edited: Project | None = None
        self._asked: dict[str, float] = {}  # what the run was told to change, and has not yet
        self.sentence = _text(
            self.tr(
                "A run is training. Learning rate, momentum, weight decay, dropout and batch size "
                "can be changed in it."
            )
        )
        self.list = _text("")
        self.list.setAccessibleName(self.tr("Changes that the run does not have yet"))
        self.button = QPushButton()
        self.button.setProperty("lead", True)
        self.button.clicked.connect(self._apply)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, SPACING, MARGIN, SPACING)
        layout.setSpacing(SPACING // 2)
        layout.addWidget(self.sentence)
        layout.addWidget(self.list)
        layout.addWidget(self.button, alignment=Qt.AlignmentFlag.AlignLeft)
        self._show()

    def show_running(self, project: Project | None) -> None:
        """Compare with a running run's project; None hides all, since nothing runs."""
        self._running = project
        self._show()

    def show_edited(self, project: Project) -> None:
        """Compare the run with this project, which the person edits."""
        self._edited = project
        self._show()

    @property
    def changes(self) -> dict[str, float]:
        """The fields that a running run can change and whose edited value it does not have."""
        if self._running is None or self._edited is None:
            return {}
        return dict(differences(self._running, self._edited))

    def _show(self) -> None:
        changes = self.changes
        self.list.setText("\n".join(self._lines(changes)))
        self.list.setVisible(bool(changes))
        self.button.setVisible(bool(changes))
        self._show_asked(changes)
        self.setVisible(self._running is not None)

    def _show_asked(self, changes: dict[str, float]) -> None:
        """Say of changes that the run will have with its next batch that they are under way."""
        if not changes:
            self._asked = {}
        waits = bool(changes) and changes == self._asked
        self.button.setEnabled(not waits)
        self.button.setText(
            self.tr("Comes with the next batch") if waits else self.tr("Apply to the run")
        )
        self.button.setAccessibleName(self.button.text())

    def _lines(self, changes: dict[str, float]) -> list[str]:
        lines = [self._line(field, value) for field, value in changes.items()]
        left_out = len(lines) - MOST_LINES
        if left_out <= 0:
            return lines
        return [*lines[:MOST_LINES], self.tr("and {count} more").format(count=left_out)]

    def _line(self, field: str, value: float) -> str:
        assert self._running is not None
        return change_words(field, value_of(self._running, field), value)

    def _apply(self) -> None:
        self._asked = self.changes
        for field, value in self._asked.items():
            self.wanted.emit(field, value)
        self._show()


def _text(text: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label
