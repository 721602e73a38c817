"""What stands where images will be: how far reading them is, or why there are none."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from gui.background import Task
from gui.theme import MARGIN
from gui.widgets.data.parts import Trouble, Working


class Opening(QStackedWidget):
    """Two pages: work in progress with Cancel, and trouble with two ways on."""

    data_wanted = Signal()  # other data
    again_wanted = Signal()  # the same, once more

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.working, self.trouble = Working(), Trouble()
        self.choose = QPushButton(self.tr("Choose data…"))
        self.choose.setProperty("lead", True)
        self.choose.clicked.connect(self.data_wanted)
        self.again = QPushButton(self.tr("Load again"))
        self.again.clicked.connect(self.again_wanted)
        self.addWidget(_centred(self.working))
        self.addWidget(_centred(self.trouble, self.choose, self.again))

    @property
    def busy(self) -> bool:
        """Whether the images are being read."""
        return self.working.task is not None

    def start(self, task: Task) -> None:
        """Start reading, and show how far it is."""
        self.working.show_task(task, self.tr("Reading the images"))
        task.failed.connect(self.fail)
        task.cancelled.connect(lambda: self.fail(self.tr("No images are shown: reading stopped.")))
        self.setCurrentIndex(0)
        task.start()

    def fail(self, sentence: str, details: str = "") -> None:
        """Say why there are no images."""
        self.trouble.say(sentence, details)
        self.setCurrentIndex(1)
        self.choose.setFocus(Qt.FocusReason.OtherFocusReason)

    def drop(self) -> None:
        """Let go of what is being read. It only reads, so nothing waits for its end."""
        task, self.working.task = self.working.task, None
        if task is not None:
            task.blockSignals(True)
            task.close(0)
            task.deleteLater()


def _centred(first: QWidget, *buttons: QPushButton) -> QWidget:
    """Put a widget in the middle of a page, with buttons below it."""
    page, row = QWidget(), QHBoxLayout()
    row.addStretch()
    for button in buttons:
        row.addWidget(button)
    layout = QVBoxLayout(page)
    layout.setContentsMargins(6 * MARGIN, MARGIN, 6 * MARGIN, MARGIN)
    layout.addStretch(2)
    layout.addWidget(first)
    layout.addLayout(row)
    layout.addStretch(3)
    return page
