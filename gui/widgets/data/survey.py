"""What can be said of a dataset before training: found in the background, the most useful first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from engine.analysis.images import duplicates, mean_images, pixel_range, shared
from engine.data.dataset import Dataset, Progress, SetName
from gui.background import Task

Rows = NDArray[np.int64]

SETS: tuple[SetName, ...] = ("training", "validation", "test")
PAIRS: tuple[tuple[SetName, SetName], ...] = (
    ("training", "test"),
    ("validation", "test"),
    ("training", "validation"),
)
"""Two sets in which no image should be twice; the first pair makes a test worthless."""


@dataclass(frozen=True, eq=False)
class Measured:
    """The least and largest pixel of a set, and its classes' mean images (K, C, H, W)."""

    of: SetName
    pixels: tuple[float, float]
    means: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Twins:
    """Groups of images that are equal in every pixel, within one set or in two.

    A group holds rows of each set in `sets`; `torn` are those whose classes differ.
    """

    sets: tuple[SetName, ...]
    groups: tuple[tuple[Rows, ...], ...]
    torn: tuple[tuple[Rows, ...], ...]

    @property
    def images(self) -> int:
        """How many images of the last set are in a group."""
        return sum(len(group[-1]) for group in self.groups)

    @property
    def torn_images(self) -> int:
        """How many images of the last set are in a group of several classes."""
        return sum(len(group[-1]) for group in self.torn)


Finding = Measured | Twins
Work = Callable[[Progress], Finding]


def measured(dataset: Dataset, of: SetName, progress: Progress) -> Measured:
    """Measure a set's pixels and its classes' mean images."""
    split = dataset.split(of)
    progress(0, 2)
    pixels = pixel_range(split.images)
    progress(1, 2)
    means = mean_images(split.images, split.labels, len(dataset.class_names))
    return Measured(of, pixels, means)


def twins_within(dataset: Dataset, of: SetName, progress: Progress) -> Twins:
    """Find the images that a set holds more than once."""
    split = dataset.split(of)
    groups = tuple((rows,) for rows in duplicates(split.images, progress))
    return Twins((of,), groups, _torn(groups, split.labels))


def twins_between(dataset: Dataset, sets: tuple[SetName, SetName], progress: Progress) -> Twins:
    """Find the images that two sets share."""
    first, second = (dataset.split(of) for of in sets)
    groups = tuple(shared(first.images, second.images, progress))
    return Twins(sets, groups, _torn(groups, first.labels, second.labels))


def _torn(groups: tuple[tuple[Rows, ...], ...], *labels: Rows) -> tuple[tuple[Rows, ...], ...]:
    """Pick the groups whose images are not all of one class."""

    def classes(group: tuple[Rows, ...]) -> int:
        parts = (each[rows] for each, rows in zip(labels, group, strict=True))
        return len(np.unique(np.concatenate(list(parts))))

    return tuple(group for group in groups if classes(group) > 1)


class Survey(QObject):
    """Looks through a dataset, one Task at a time, and tells each finding when it has it."""

    found = Signal(object)  # Finding
    failed = Signal(str, str)  # a sentence, and the traceback; the rest goes on
    changed = Signal()  # another step, or the end

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: dict[tuple[str, ...], Work] = {}
        self._task: Task | None = None
        self.doing: tuple[str, ...] = ()

    @property
    def running(self) -> bool:
        """Whether there is more to come."""
        return self._task is not None

    def begin(self, dataset: Dataset, of: SetName) -> None:
        """Look through a dataset, first at what concerns the set that is shown."""
        self.close()
        self._waiting = {("measure", of): partial(measured, dataset, of)}
        for sets in PAIRS:
            self._waiting[("between", *sets)] = partial(twins_between, dataset, sets)
        for each in sorted(SETS, key=lambda name: name != of):
            self._waiting[("within", each)] = partial(twins_within, dataset, each)
        for each in SETS:
            self._waiting.setdefault(("measure", each), partial(measured, dataset, each))
        self._next()

    def prefer(self, of: SetName) -> None:
        """Take next what is still unknown of this set alone."""
        order = (("measure", of), ("within", of))
        first = {key: self._waiting.pop(key) for key in order if key in self._waiting}
        self._waiting = first | self._waiting

    def close(self) -> None:
        """Cancel. It only reads, so nothing has to wait for its end."""
        self._waiting = {}
        self.doing = ()
        if self._task is not None:
            task, self._task = self._task, None
            task.close(0)  # if it has an end to tell, nobody hears it any more
            task.deleteLater()

    def _next(self) -> None:
        self.doing = next(iter(self._waiting), ())
        if self.doing:
            self._task = Task(self._waiting.pop(self.doing), self)
            self._task.done.connect(self._done)
            self._task.failed.connect(self._failed)
            self._task.start()
        self.changed.emit()

    def _done(self, finding: Any) -> None:
        if self._ended():
            self.found.emit(finding)
            self._next()

    def _failed(self, sentence: str, details: str) -> None:
        if self._ended():
            self.failed.emit(sentence, details)
            self._next()

    def _ended(self) -> bool:
        """Let go of the task; tell whether anybody still waits for it."""
        task, self._task = self._task, None
        if task is not None:
            task.deleteLater()
        return task is not None
