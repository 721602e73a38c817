"""Trains a run again beside the window, to see whether its numbers come out equal."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QProgressDialog, QWidget

from engine.data.dataset import Progress
from engine.training.verify import Verdict
from gui.background import Task
from gui.open_run import PATIENCE_MILLISECONDS, show


class RunVerifier(QObject):
    """Verifies one run at a time, with progress and a way to cancel it.

    Its dialog blocks all windows, that of the runs, too: torch's random state and thread count
    belong to one training of the program, so that none may go on, nor wait in a pause, meanwhile.
    """

    verified = Signal(object, object)  # the run's folder, Verdict
    refused = Signal(str)  # why it can't be trained again

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._task: Task | None = None

    @property
    def running(self) -> bool:
        """Whether a run is trained again at this moment."""
        return self._task is not None

    def verify(self, folder: Path, data: Path) -> None:
        """Train a run again, with the images from the folder of the datasets."""
        if self.running:
            return
        dialog = self._dialog(folder)
        task = self._task = Task(lambda progress: repeat(folder, data, progress), self)
        dialog.canceled.connect(task.cancel)
        task.progressed.connect(lambda done, total: show(dialog, done, total))
        task.done.connect(lambda verdict: self.verified.emit(folder, verdict))
        task.failed.connect(lambda sentence, _: self.refused.emit(sentence))
        for over in (task.done, task.failed, task.cancelled):
            over.connect(lambda *_: self._end(dialog))
        task.start()

    def close(self) -> None:
        """Give a repetition up and wait for its end."""
        if self._task is not None:
            self._task.close()

    def _dialog(self, folder: Path) -> QProgressDialog:
        text = self.tr("Training “{run}” again and comparing every number…").format(run=folder.name)
        dialog = QProgressDialog(text, self.tr("Cancel"), 0, 0, self._window)
        dialog.setWindowTitle(self.tr("Verify a run"))
        dialog.setWindowModality(Qt.WindowModality.ApplicationModal)
        dialog.setMinimumDuration(PATIENCE_MILLISECONDS)
        dialog.setAutoReset(False)
        return dialog

    def _end(self, dialog: QProgressDialog) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.deleteLater()
        dialog.close()
        dialog.deleteLater()


def repeat(folder: Path, data: Path, progress: Progress) -> Verdict:
    """Verify a run; the training's modules, which take a while, are read in here."""
    from engine.training.verify import verify

    return verify(folder, data, progress)
