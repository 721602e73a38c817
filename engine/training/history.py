"""One Run as its consumer sees it: what its events have told so far, in arrays ready to draw."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import Dataset, SetName
from engine.project.project import Project
from engine.training.evaluations import Evaluations
from engine.training.events import (
    DataReady,
    EpochDone,
    Evaluated,
    Event,
    Failed,
    Finished,
    Loading,
    Progress,
    Started,
    Warned,
)

Kind = Literal["loading", "started", "progress", "evaluation", "epoch", "warning", "end"]
FIRST_ROWS = 64
SPEED_SECONDS = 3.0  # the speed is a mean over this long, so that its number can be read


class Columns:
    """Rows of numbers that grow in place: adding one costs the same however many there are.

    Each column lies in one piece, so that looking at one does not read the others.
    """

    def __init__(self, width: int, kind: type[np.generic] = np.float64) -> None:
        self._values = np.empty((width, FIRST_ROWS), kind)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, *values: float) -> None:
        """Add a row."""
        self._make_room(self._count + 1)
        self._values[:, self._count] = values
        self._count += 1

    def extend(self, *columns: NDArray[Any]) -> None:
        """Add many rows, given by column."""
        count = self._count + len(columns[0])
        self._make_room(count)
        for mine, new in zip(self._values, columns, strict=True):
            mine[self._count : count] = new
        self._count = count

    def column(self, number: int) -> NDArray[Any]:
        """Look at a column, without a copy; rows that are there never change."""
        return self._values[number, : self._count]

    def _make_room(self, rows: int) -> None:
        width, room = self._values.shape
        if rows <= room:
            return
        while room < rows:
            room *= 2
        larger = np.empty((width, room), self._values.dtype)
        larger[:, : self._count] = self._values[:, : self._count]
        self._values = larger


@dataclass
class Run:
    """A training of a frozen project, followed from event to event."""

    project: Project
    dataset: Dataset | None = None
    loading: Loading | None = None
    started: Started | None = None
    progress: Columns = field(default_factory=lambda: Columns(3))  # step, loss, accuracy
    epochs: list[EpochDone] = field(default_factory=list)
    validated: Columns = field(default_factory=lambda: Columns(3))  # epoch, loss, accuracy
    best: EpochDone | None = None  # the highest validation accuracy, the first of them if several
    evaluations: dict[SetName, Evaluations] = field(
        default_factory=lambda: {name: Evaluations() for name in get_args(SetName)}
    )
    warnings: list[str] = field(default_factory=list)
    end: Finished | Failed | None = None
    _marks: deque[tuple[float, float]] = field(default_factory=deque)  # clock seconds, step
    _began: float | None = None  # clock seconds
    _latest: float = 0.0

    def apply(self, event: Event, now: float) -> Kind:
        """Take in an event that arrived at `now` (seconds of any steady clock)."""
        self._latest = now
        match event:
            case Loading():
                self.loading = event
                return "loading"
            case DataReady(dataset=dataset):
                self.dataset = dataset
                return "loading"
            case Started():
                self.started = event
                self._began = now
                self._mark(now, 0)
                return "started"
            case Progress():
                self.progress.append(event.step, event.loss, event.accuracy)
                self._mark(now, event.step)
                return "progress"
            case Evaluated():
                self.evaluations[event.of].add(event)
                return "evaluation"
            case EpochDone():
                self.epochs.append(event)
                self.validated.append(event.epoch, event.validation_loss, event.validation_accuracy)
                self.best = event if event.best else self.best
                return "epoch"
            case Warned(message=message):
                self.warnings.append(message)
                return "warning"
            case Finished() | Failed():
                self.end = event
                return "end"
        return "progress"

    def evaluation(self, of: SetName, step: int | None = None) -> Evaluated | None:
        """Give the newest evaluation of a set, or the last one after at most so many steps."""
        evaluations = self.evaluations[of]
        return evaluations.newest if step is None else evaluations.at(step)

    @property
    def step(self) -> int:
        """The number of steps done, as far as reported."""
        return int(self.progress.column(0)[-1]) if len(self.progress) else 0

    @property
    def images(self) -> int:
        """The number of images learned from so far, each counted as often as it was seen."""
        if self.started is None:
            return 0
        return self.step * self.started.train_count // self.started.steps_per_epoch

    @property
    def seconds(self) -> float:
        """How long the training has taken up to the newest event, without reading the data."""
        return 0.0 if self._began is None else self._latest - self._began

    @property
    def total_steps(self) -> int:
        """The number of steps that the run will take if nobody stops it."""
        return self.started.epochs * self.started.steps_per_epoch if self.started else 0

    @property
    def epoch(self) -> int:
        """The epoch that the run is in, from 1."""
        if self.started is None:
            return 1
        return min(self.started.epochs, self.step // self.started.steps_per_epoch + 1)

    @property
    def images_per_second(self) -> float | None:
        """Images learned from per second lately; None before there is a measure."""
        if self.started is None or len(self._marks) < 2:
            return None
        (start, first), (end, last) = self._marks[0], self._marks[-1]
        if end <= start or last == first:
            return None
        images_per_step = self.started.train_count / self.started.steps_per_epoch
        return (last - first) * images_per_step / (end - start)

    @property
    def seconds_left(self) -> float | None:
        """An estimate of the time to the last epoch's end; None before there is a measure."""
        speed = self.images_per_second
        if self.started is None or speed is None:
            return None
        images_per_step = self.started.train_count / self.started.steps_per_epoch
        return (self.total_steps - self.step) * images_per_step / speed

    def _mark(self, now: float, step: int) -> None:
        if len(self._marks) > 1 and self._marks[-1][0] == now:
            self._marks.pop()  # many events come at one moment; the newest tells enough
        self._marks.append((now, step))
        while len(self._marks) > 2 and self._marks[1][0] < now - SPEED_SECONDS:
            self._marks.popleft()
