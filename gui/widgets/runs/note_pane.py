"""What is known of the chosen run besides its row: its name, what is wrong, and the note."""

from __future__ import annotations

from html import escape
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from engine.store.run_about import LONGEST_NOTE
from engine.store.run_list import NAMED, RunSummary
from engine.store.runs import START
from gui.theme import MARGIN, SPACING
from gui.widgets.data.parts import wrapped
from gui.widgets.data.words import plain
from gui.widgets.network.words import ElidedLabel

SAVE_MILLISECONDS = 1000  # after the last key
LONGEST_HEAD = 80  # letters of a name


class NotePane(QWidget):
    """Shows one run. A changed note is told when the person has left it, or paused."""

    note_changed = Signal(object, str)  # Path, note

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title, self.trouble, self.note = ElidedLabel(), wrapped(""), QPlainTextEdit()
        self.origin = ElidedLabel()  # what its first weights are, where they are not the seed's
        self._folder: Path | None = None
        self._kept = ""  # the note as it is on the disk
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(SAVE_MILLISECONDS)
        self._pause.timeout.connect(self.save)
        self.note.textChanged.connect(self._edited)
        self.note.installEventFilter(self)
        self._lay_out()
        self.show_run(None, "", "")

    def show_run(self, run: RunSummary | None, parent: str, instead: str) -> None:
        """Show a run and the name of its parent, or words instead; what was written is kept."""
        if run is None or run.folder != self._folder:
            self.save()
            self._folder = run.folder if run else None
            self._kept = run.note if run else ""
            self._write(self._kept)
        self.title.setText(_short(run.name) if run else instead)
        self.title.setObjectName("heading" if run else "muted")
        self.title.style().polish(self.title)
        self._say_origin(self._origin(run, parent))
        self.trouble.setText(run.trouble if run else "")
        self.trouble.setVisible(bool(run and run.trouble))
        self.note.setEnabled(run is not None)

    def show_lines(self, lines: int) -> None:
        """Give the note room for so many lines."""
        self.note.setFixedHeight(lines * self.fontMetrics().lineSpacing() + 14)

    def save(self) -> None:
        """Tell a note that has changed since it was told last."""
        self._pause.stop()
        note = self.note.toPlainText()[:LONGEST_NOTE]
        if self._folder is not None and note != self._kept:
            self._kept = note
            self.note_changed.emit(self._folder, note)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.FocusOut:
            self.save()
        return super().eventFilter(watched, event)

    def hideEvent(self, event: QHideEvent) -> None:
        self.save()
        super().hideEvent(event)

    def _origin(self, run: RunSummary | None, parent: str) -> str:
        if parent:
            return self.tr("Branched from {name}").format(name=plain(parent, LONGEST_HEAD))
        if run is not None and run.source:
            words = self.tr("Started from the weights of {name}")
            return words.format(name=_source_name(run.source))
        if run is not None and (run.folder / START).is_file():
            return self.tr("Started from the weights of another training")
        return ""

    def _say_origin(self, words: str) -> None:
        self.origin.setText(words)
        self.origin.setToolTip(f"<p>{escape(words)}</p>" if words else "")  # all of it, in lines

    def _edited(self) -> None:
        if len(self.note.toPlainText()) > LONGEST_NOTE:
            cursor = self.note.textCursor()
            self._write(self.note.toPlainText()[:LONGEST_NOTE])
            cursor.setPosition(min(cursor.position(), LONGEST_NOTE))
            self.note.setTextCursor(cursor)
        self._pause.start()

    def _write(self, text: str) -> None:
        self.note.blockSignals(True)
        self.note.setPlainText(text)
        self.note.blockSignals(False)

    def _lay_out(self) -> None:
        self.note.setPlaceholderText(self.tr("Write a note: what you tried, and what came of it"))
        self.note.setAccessibleName(self.tr("Note on the run"))
        self.note.setTabChangesFocus(True)
        self.show_lines(3)
        self.trouble.setObjectName("problem")
        self.origin.setObjectName("muted")
        rest = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.origin.setSizePolicy(rest)  # what the name leaves
        head = QHBoxLayout()
        head.setSpacing(SPACING)
        head.addWidget(self.title)
        head.addWidget(self.origin, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 6, MARGIN, 2)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.trouble)
        column.addWidget(self.note)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_HEAD else name[: LONGEST_HEAD - 1] + "…"


def _source_name(source: str) -> str:
    """Name what weights were taken from: a run's folder by its title and its moment, or a file."""
    run = NAMED.fullmatch(source)
    if run is None or not run[2]:
        return plain(source, LONGEST_HEAD)
    day, clock = run[1].split(" ")
    return f"{plain(run[2], LONGEST_HEAD)}, {day} {clock[:5].replace('.', ':')}"
