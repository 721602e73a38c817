"""How much lies in the trash of runs, with buttons that open it, or delete it for good after a
question.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMessageBox, QPushButton, QWidget

from engine.problems import byte_size
from engine.store.trash import Trash, empty_trash
from gui.background import Task
from gui.theme import MARGIN, SPACING


class TrashBar(QWidget):
    """Hidden while the trash is empty."""

    open_wanted = Signal()
    agreed = Signal()  # the trash is being emptied: nothing in it can be put back
    emptied = Signal()
    failed = Signal(str)

    def __init__(self, runs: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.trash = Trash()
        self.words, self.button = QLabel(), QPushButton(self.tr("Empty the trash…"))
        self._runs = runs
        self._task: Task | None = None
        self.words.setObjectName("muted")
        self.button.setAutoDefault(False)
        self.button.clicked.connect(self.ask)
        self.opener = QPushButton(self.tr("Open the trash…"))
        self.opener.setToolTip(self.tr("See what lies in the trash, and put runs back"))
        self.opener.setAutoDefault(False)
        self.opener.clicked.connect(self.open_wanted)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(MARGIN, SPACING // 2, MARGIN, 0)
        layout.addWidget(self.words)
        layout.addStretch()
        layout.addWidget(self.opener)
        layout.addWidget(self.button)
        self.show_trash(self.trash)

    def show_trash(self, trash: Trash) -> None:
        """Tell what lies in the trash."""
        self.trash = trash
        one = trash.count == 1
        words = self.tr("Trash: 1 run, {size}") if one else self.tr("Trash: {count:,} runs, {size}")
        self.words.setText(words.format(count=trash.count, size=byte_size(trash.size)))
        self.setVisible(trash.count > 0)

    def add(self, count: int, size: int) -> None:
        """Count runs that came into the trash, or left it."""
        self.show_trash(Trash(max(self.trash.count + count, 0), max(self.trash.size + size, 0)))

    def close_task(self) -> None:
        """Stop emptying; what is deleted is deleted."""
        if self._task is not None:
            self._task.close()
            self._task = None
            self.button.setEnabled(True)

    def ask(self) -> None:
        """Ask whether all of it is to be deleted for good."""
        one = self.trash.count == 1
        words = (
            self.tr("Delete 1 run for good, {size} on the disk?")
            if one
            else self.tr("Delete {count:,} runs for good, {size} on the disk?")
        )
        box = QMessageBox(QMessageBox.Icon.Warning, self.tr("Empty the trash"), "", parent=self)
        box.setText(words.format(count=self.trash.count, size=byte_size(self.trash.size)))
        box.setInformativeText(
            self.tr("That can't be undone. Nothing else empties the trash, however old it is.")
        )
        box.addButton(QMessageBox.StandardButton.Cancel)
        agree = box.addButton(self.tr("Delete for good"), QMessageBox.ButtonRole.DestructiveRole)
        agree.clicked.connect(self._empty)
        box.setDefaultButton(QMessageBox.StandardButton.Cancel)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def _empty(self) -> None:
        self.agreed.emit()
        self.button.setEnabled(False)
        task = self._task = Task(partial(empty_trash, self._runs), self)
        task.progressed.connect(self._show_progress)
        task.failed.connect(lambda sentence, _: self.failed.emit(sentence))
        for over in (task.done, task.failed, task.cancelled):
            over.connect(lambda *_: self._end())
        task.start()

    def _show_progress(self, done: int, total: int) -> None:
        words = self.tr("Emptying the trash: {done:,} of {total:,}")
        self.words.setText(words.format(done=done, total=total))

    def _end(self) -> None:
        if self._task is not None:
            self._task.deleteLater()
            self._task = None
        self.button.setEnabled(True)
        self.emptied.emit()
