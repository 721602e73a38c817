"""Saves a run's weights as files that travel: safetensors with the project inside, and ONNX."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QProgressDialog, QWidget

from engine.data.dataset import Progress
from engine.places import data_folder
from gui.background import Task
from gui.open_run import PATIENCE_MILLISECONDS
from gui.save_names import ask_for_name
from gui.widgets.banner import Banner

Which = Literal["best", "last"]
Write = Callable[[Path, Which, Path], str]
"""Writes such weights of a run's folder to a file, and says what came of it."""


class WeightsKeeper(QObject):
    """Asks for a name, and writes beside the window; one file at a time.

    Its dialog blocks the window: what follows a network's computation for ONNX does so in all
    threads of the program, so that no training may begin meanwhile.
    """

    def __init__(self, window: QWidget, banner: Banner) -> None:
        super().__init__(window)
        self._window, self._banner = window, banner
        self._task: Task | None = None

    def save(self, folder: Path) -> None:
        """Save a run's weights with its project."""
        self._ask(folder, self.tr("Save weights"), ".safetensors", saved)

    def export(self, folder: Path) -> None:
        """Save a run's network as an ONNX model."""
        self._ask(folder, self.tr("Export ONNX"), ".onnx", exported)

    def close(self) -> None:
        """Let go of what is being written: it comes into its place as a whole, or not at all."""
        if self._task is not None:
            self._task.close()

    def _ask(self, folder: Path, title: str, suffix: str, write: Write) -> None:
        from engine.store.run_list import title_of
        from engine.store.weights import kept_weights

        words = {
            "best": self.tr("The best weights (*{suffix})").format(suffix=suffix),
            "last": self.tr("The last weights (*{suffix})").format(suffix=suffix),
        }
        kinds = {words[which]: which for which in kept_weights(folder)}
        start = Path.home() / f"{title_of(folder)}{suffix}"
        chosen = ask_for_name(self._window, title, start, dict.fromkeys(kinds, suffix))
        if chosen is not None and self._task is None:
            path, kind = chosen
            which = kinds[kind]
            self._begin(title, lambda _: write(folder, which, path))

    def _begin(self, title: str, work: Callable[[Progress], str]) -> None:
        dialog = _Waiting(self.tr("Writing the file…"), self._window)
        dialog.setWindowTitle(title)
        dialog.setWindowModality(Qt.WindowModality.ApplicationModal)
        dialog.setMinimumDuration(PATIENCE_MILLISECONDS)
        task = self._task = Task(work, self)
        task.done.connect(lambda sentence: self._banner.say(sentence, error=False))
        task.failed.connect(self._banner.say)
        for over in (task.done, task.failed, task.cancelled):
            over.connect(lambda *_: self._end(dialog))
        task.start()

    def _end(self, dialog: _Waiting) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.deleteLater()
        dialog.over = True
        dialog.close()
        dialog.deleteLater()


class _Waiting(QProgressDialog):
    """Blocks the window until the file is written: neither its button nor Escape closes it."""

    def __init__(self, words: str, window: QWidget) -> None:
        super().__init__(words, "", 0, 0, window)
        self.over = False
        self.setCancelButton(None)
        hints = Qt.WindowType.CustomizeWindowHint | Qt.WindowType.WindowTitleHint
        self.setWindowFlags(Qt.WindowType.Dialog | hints)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.over:
            super().closeEvent(event)
        else:
            event.ignore()

    def reject(self) -> None:
        if self.over:
            super().reject()


def saved(folder: Path, which: Which, path: Path) -> str:
    """Save weights; they are whole before the old file goes."""
    from engine.problems import Problem
    from engine.store.weights import save_weights, weights_of

    save_weights(path, weights_of(folder, which))
    return str(Problem("The {which} weights are saved in {path}.", which=which, path=str(path)))


def exported(folder: Path, which: Which, path: Path) -> str:
    """Write an ONNX file; it brings what trains."""
    from engine.onnx_file import in_words, write_onnx
    from engine.store.weights import weights_of

    return str(in_words(path, write_onnx(path, weights_of(folder, which), data_folder())))
