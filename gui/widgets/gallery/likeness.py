"""How much the images of a set look like one of them, found out beside the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from engine.analysis.likeness import by_likeness
from engine.data.dataset import Progress
from gui.background import Task

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Compared:
    """All images (N, C, H, W) of a set with the one at a row."""

    images: NDArray[np.float32]
    row: int

    def is_of(self, images: NDArray[np.float32], row: int) -> bool:
        """Whether it is a comparison of these images with that one."""
        return self.images is images and self.row == row


def ranks(compared: Compared, progress: Progress) -> Ints:
    """Give every image's rank (N,) by likeness, 0 for the image itself."""
    rows = np.arange(len(compared.images))
    found = np.empty_like(rows)
    found[by_likeness(compared.images, rows, compared.row)] = rows
    return found


Rank = Callable[[Compared, Progress], Ints]


class Likeness(QObject):
    """Ranks a set's images for the newest question, and keeps the last answer: 54,000 digits take
    a tenth of a second, which is too long for the window to wait.
    """

    changed = Signal()  # there is an answer
    failed = Signal(str)  # a sentence: why there is none

    def __init__(self, parent: QObject | None = None, rank: Rank = ranks) -> None:
        super().__init__(parent)
        self._rank = rank
        self._asked: Compared | None = None  # the newest question
        self._doing: Compared | None = None  # the one that is being, or was last, worked on
        self._known: tuple[Compared, Ints] | None = None
        self._task: Task | None = None

    @property
    def sorting(self) -> bool:
        """Whether an answer is still to come."""
        return self._task is not None

    def ask(self, images: NDArray[np.float32], row: int) -> None:
        """Rank the images by likeness to the one at `row`, unless that is known or being done."""
        if self._asked is None or not self._asked.is_of(images, row):
            self._asked = Compared(images, row)
            if self._task is None:
                self._start(self._asked)

    def ranks(self, images: NDArray[np.float32], row: int) -> Ints | None:
        """Give every image's rank (N,), if it is the last that was found."""
        known = self._known
        return known[1] if known is not None and known[0].is_of(images, row) else None

    def forget(self) -> None:
        """Hold no images; a search that runs ends by itself, unheard."""
        self._asked = self._doing = self._known = None
        if self._task is not None:
            self._task.close(0)
            self._put_away()

    def _start(self, asked: Compared) -> None:
        self._doing = asked
        self._task = Task(partial(self._rank, asked), self)
        self._task.done.connect(self._end)  # no lambda: it would hold this object
        self._task.failed.connect(self._fail)
        self._task.start()

    def _end(self, found: Ints) -> None:
        """Keep what was found; go on instead where something else was asked since."""
        self._put_away()
        if self._asked is not None and self._asked is not self._doing:
            self._start(self._asked)
        elif self._doing is not None:
            self._known = self._doing, found
            self.changed.emit()

    def _fail(self, sentence: str, details: str) -> None:
        self._put_away()
        self.failed.emit(sentence)

    def _put_away(self) -> None:
        if self._task is not None:
            self._task.deleteLater()
            self._task = None
