"""Opens a run that is over: its project, its curves, all its evaluations, and its images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QProgressDialog, QWidget

from engine.data.dataset import Progress
from engine.problems import ProblemError
from engine.training.history import Run
from gui.background import Task

PATIENCE_MILLISECONDS = 400  # what is read sooner shows no progress


@dataclass(frozen=True)
class Opened:
    """A run as it was read, and what is missing of it."""

    run: Run
    folder: Path
    missing: str  # a sentence where its images could not be read; "" otherwise


class RunOpener(QObject):
    """Reads a run's folder beside the window, with progress and a way to cancel it."""

    opened = Signal(object)  # Opened
    refused = Signal(str)  # why the folder can't be opened

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._task: Task | None = None

    def open(self, folder: Path, data: Path) -> None:
        """Read a run, and its images from the folder of the datasets; one run at a time."""
        if self._task is not None and not self._task.cancelling:
            return
        dialog = QProgressDialog(self.tr("Opening the run…"), self.tr("Cancel"), 0, 0, self._window)
        dialog.setWindowTitle(self.tr("Open a run"))
        dialog.setWindowModality(Qt.WindowModality.WindowModal)
        dialog.setMinimumDuration(PATIENCE_MILLISECONDS)
        dialog.setAutoReset(False)
        task = self._task = Task(lambda progress: read(folder, data, progress), self)
        dialog.canceled.connect(task.cancel)
        task.progressed.connect(lambda done, total: show(dialog, done, total))
        task.done.connect(self.opened)
        task.failed.connect(lambda sentence, _: self.refused.emit(sentence))
        for over in (task.done, task.failed, task.cancelled):
            over.connect(lambda *_: self._end(task, dialog))
        task.start()

    def close(self) -> None:
        """Let go of a run that is being read."""
        if self._task is not None:
            self._task.close(0)

    def _end(self, task: Task, dialog: QProgressDialog) -> None:
        if task is self._task:  # one that was cancelled may end after the next has begun
            self._task = None
        task.deleteLater()
        dialog.close()
        dialog.deleteLater()


def show(dialog: QProgressDialog, done: int, total: int) -> None:
    """Show progress in thousandths: Qt counts with 32 bits only."""
    dialog.setMaximum(1000)
    dialog.setValue(1000 * done // max(total, 1))


def read(folder: Path, data: Path, progress: Progress) -> Opened:
    """Read a run's folder, and the images that it was trained with as far as they are there."""
    from engine.data.load import load
    from engine.training.reopen import check_images, reopen

    run = reopen(folder, progress)
    project = run.project
    try:
        dataset = load(project.data, project.training.seed, data, progress)
        check_images(run, dataset)
    except ProblemError as error:
        return Opened(run, folder, str(error))
    run.dataset = dataset
    return Opened(run, folder, "")
