"""Writes the selected images to files: asks where, shows how far it is, says what came of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QMenu, QVBoxLayout, QWidget

from engine.data.dataset import Progress
from engine.store.exports import Picked, free_folder, write_pictures, write_table
from gui.background import Task
from gui.save_names import ask_for_name
from gui.sheet import write_sheet
from gui.theme import MARGIN
from gui.widgets.data.parts import Working
from gui.widgets.gallery.answers import one_line, percent

Write = Callable[[Path, Picked, Progress], int]


class Exporter(QWidget):
    """A menu of what can be written, and a strip that tells of it while it is; one at a time."""

    refused = Signal(str)  # why it could not be written
    saved = Signal(str)  # what is written, and where

    def __init__(self, picked: Callable[[], Picked | None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picked = picked
        self.task: Task | None = None
        self.menu = QMenu(self)
        for title, ask in (
            (self.tr("Sheet of pictures (PNG)…"), self.export_sheet),
            (self.tr("Table (CSV)…"), self.export_table),
            (self.tr("Folder of pictures by class…"), self.export_folder),
        ):
            self.menu.addAction(title).triggered.connect(ask)
        self.working = Working()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, 0, MARGIN, 0)
        layout.addWidget(self.working)
        self.hide()

    def export_sheet(self) -> None:
        """Ask for a file and paint the images on it."""
        chosen = self._ask_file(self.tr("Save a sheet of pictures"), ".png")
        self._start(chosen, lambda path, picked, tick: write_sheet(path, picked, _caption, tick))

    def export_table(self) -> None:
        """Ask for a file and write a table."""
        self._start(self._ask_file(self.tr("Save a table"), ".csv"), write_table)

    def export_folder(self) -> None:
        """Ask for a folder; where it holds anything, a new one is made inside."""
        picked = self._something()
        if picked is None:
            return
        title = self.tr("Save pictures in a folder")
        chosen = QFileDialog.getExistingDirectory(self, title, str(Path.home()))
        if chosen:
            self._start(free_folder(Path(chosen), f"{picked.of} images"), write_pictures)

    def _ask_file(self, title: str, suffix: str) -> Path | None:
        picked = self._something()
        if picked is None:
            return None
        start = Path.home() / f"{picked.of}{suffix}"
        chosen = ask_for_name(self, title, start, {f"*{suffix}": suffix})
        return chosen[0] if chosen else None

    def _something(self) -> Picked | None:
        """Give what is to be written, or say that there is nothing, or that one is at work."""
        picked = self._picked()
        if self.task is not None:
            self.refused.emit(self.tr("An export is still at work: wait for it, or cancel it."))
            return None
        if picked is None:
            self.refused.emit(self.tr("There is no image to export: choose others first."))
        return picked

    def _start(self, path: Path | None, write: Write) -> None:
        picked = self._picked()
        if path is None or picked is None:
            return
        self.task = Task(lambda progress: write(path, picked, progress), self)
        self.task.done.connect(lambda count: self._end(self._saved_words(count, path)))
        self.task.failed.connect(self._fail)
        self.task.cancelled.connect(lambda: self._end(self.tr("The export was cancelled.")))
        self.working.show_task(self.task, self.tr("Saving {name}").format(name=path.name))
        self.show()
        self.task.start()

    def _saved_words(self, count: int, path: Path) -> str:
        if count == 1:
            return self.tr("1 image is saved in {path}.").format(path=path)
        return self.tr("{count:,} images are saved in {path}.").format(count=count, path=path)

    def _end(self, words: str) -> None:
        self.task = None
        self.hide()
        self.saved.emit(words)

    def _fail(self, sentence: str, details: str) -> None:
        self.task = None
        self.hide()
        self.refused.emit(sentence)


def _caption(picked: Picked, place: int) -> tuple[str, str]:
    """Say below a picture what the gallery says there."""
    names = picked.class_names
    true = one_line(names[picked.labels[place]])
    predicted = one_line(names[picked.predicted[place]])
    answer = true if true == predicted else f"{true} > {predicted}"
    return answer, f"{predicted}: {percent(float(picked.confidence[place]))}"
