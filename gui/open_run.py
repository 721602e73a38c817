"""Opens a run that is over: its project, its curves, all its evaluations, and its images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, SignalInstance
from PySide6.QtWidgets import QProgressDialog, QWidget

from engine.data.dataset import Progress
from engine.problems import ProblemError
from engine.project.project import Project
from engine.store.runs import new_run_folder
from engine.training.history import Run
from gui.background import Task, Work

if TYPE_CHECKING:
    from engine.training.resume import Continuation

PATIENCE_MILLISECONDS = 400  # what is read sooner shows no progress


@dataclass(frozen=True)
class Opened:
    """A run as it was read, and what is missing of it."""

    run: Run
    folder: Path
    missing: str  # a sentence where its images could not be read; "" otherwise


class RunOpener(QObject):
    """Reads a run's folder beside the window, with progress and a way to cancel it: to look at it,
    or to go on with it.
    """

    opened = Signal(object)  # Opened
    ready = Signal(object)  # Continuation
    refused = Signal(str)  # why the folder can't be opened

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._task: Task | None = None

    def open(self, folder: Path, data: Path) -> None:
        """Read a run, and its images from the folder of the datasets; one run at a time."""
        self._begin(
            self.tr("Opening the run…"), lambda progress: read(folder, data, progress), self.opened
        )

    def resume(self, folder: Path) -> None:
        """Get a run ready to go on."""
        self._begin(
            self.tr("Getting the run ready…"),
            lambda progress: resumed(folder, progress),
            self.ready,
        )

    def branch(self, folder: Path, step: int, project: Project) -> None:
        """Get a branch of a run ready, with another project, from a checkpoint on."""
        target = new_run_folder(project)
        self._begin(
            self.tr("Getting the branch ready…"),
            lambda progress: branched(folder, step, project, target, progress),
            self.ready,
        )

    def _begin(self, title: str, work: Work, done: SignalInstance) -> None:
        if self._task is not None and not self._task.cancelling:
            return
        dialog = QProgressDialog(title, self.tr("Cancel"), 0, 0, self._window)
        dialog.setWindowTitle(title.rstrip("…"))
        dialog.setWindowModality(Qt.WindowModality.WindowModal)
        dialog.setMinimumDuration(PATIENCE_MILLISECONDS)
        dialog.setAutoReset(False)
        task = self._task = Task(work, self)
        dialog.canceled.connect(task.cancel)
        task.progressed.connect(lambda done, total: show(dialog, done, total))
        task.done.connect(done)
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


def resumed(folder: Path, progress: Progress) -> Continuation:
    """Get a run ready to go on; it brings what trains."""
    from engine.training.resume import resume

    return resume(folder, progress)


def branched(
    folder: Path, step: int, project: Project, target: Path, progress: Progress
) -> Continuation:
    """Get a branch ready; it brings what trains."""
    from engine.training.resume import branch

    return branch(folder, step, project, target, progress)
