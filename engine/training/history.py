"""One Run as its consumer sees it: what its events have told so far, in arrays ready to draw."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import Dataset, SetName
from engine.problems import ProblemError
from engine.project.project import Project
from engine.training.changes import BATCH_SIZE, changed
from engine.training.course import Course
from engine.training.evaluations import Evaluations
from engine.training.events import (
    Branched,
    Changed,
    Continued,
    DataReady,
    Diverged,
    EpochDone,
    Evaluated,
    Event,
    Failed,
    Finished,
    Loading,
    Paused,
    Progress,
    RateDropped,
    Resumed,
    Started,
    Stepped,
    WarmStarted,
    Warned,
)

Kind = Literal[
    "loading",
    "started",
    "progress",
    "evaluation",
    "epoch",
    "change",
    "pause",
    "step",
    "warning",
    "end",
]
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
    warm_started: WarmStarted | None = None  # from whose weights it began, if from any
    course: Course | None = None  # from steps to epochs
    progress: Columns = field(default_factory=lambda: Columns(4))  # epochs, loss, accuracy, step
    epochs: list[EpochDone] = field(default_factory=list)
    validated: Columns = field(default_factory=lambda: Columns(3))  # epoch, loss, accuracy
    best: EpochDone | None = None  # the highest validation accuracy, the first of them if several
    evaluations: dict[SetName, Evaluations] = field(
        default_factory=lambda: {name: Evaluations() for name in get_args(SetName)}
    )
    changes: list[Changed] = field(default_factory=list)
    drops: list[RateDropped] = field(default_factory=list)  # by a schedule that watches validation
    pauses: list[int] = field(default_factory=list)  # the steps after which it waited
    resumed: list[int] = field(default_factory=list)  # the steps from which it went on another day
    branched: Branched | None = None  # where it left the run that it comes from
    inherited: int = 0  # changes that were the parent's; the project is that from after them
    stepped: Stepped | None = None  # the newest single step
    diverged: Diverged | None = None
    warnings: list[str] = field(default_factory=list)
    end: Finished | Failed | None = None
    _marks: deque[tuple[float, float]] = field(default_factory=deque)  # clock seconds, step
    _began: float | None = None  # clock seconds
    _latest: float = 0.0
    _paused: float | None = None  # clock seconds
    _carried: float | None = None  # seconds that it took before it went on

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
                self.course = Course.straight(event.steps_per_epoch, event.epochs)
                self._began = now
                self._mark(now, 0)
                return "started"
            case WarmStarted():
                self.warm_started = event
                return "started"
            case Progress():
                epochs = self.epochs_at(event.step)
                self.progress.append(epochs, event.loss, event.accuracy, event.step)
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
            case RateDropped():
                self.drops.append(event)
                return "change"
            case Changed() | Branched() | Resumed():
                self._turn(event, now)
                return "change"
            case Paused() | Continued():
                self._wait(event, now)
                return "pause"
            case Stepped():
                self.stepped = event
                return "step"
            case Diverged():
                self.diverged = event
                return "change"
            case Warned(message=message):
                self.warnings.append(message)
                return "warning"
            case Finished() | Failed():
                self.end = event
                return "end"
        return "progress"

    def go_on(self) -> None:
        """Get ready for the events of a training that goes on where this one ended."""
        self._carried = self.seconds
        self.end = self.diverged = None
        self._paused = None

    def evaluation(self, of: SetName, step: int | None = None) -> Evaluated | None:
        """Give the newest evaluation of a set, or the last one after at most so many steps."""
        evaluations = self.evaluations[of]
        return evaluations.newest if step is None else evaluations.at(step)

    @property
    def step(self) -> int:
        """The number of steps done, as far as reported."""
        return int(self.progress.column(3)[-1]) if len(self.progress) else 0

    def epochs_at(self, step: float) -> float:
        """Tell how many epochs are over after so many steps."""
        return self.course.epochs_at(step) if self.course else 0.0

    def step_at(self, epochs: float) -> float:
        """Tell after how many steps so many epochs are over."""
        return self.course.step_at(epochs) if self.course else 0.0

    @property
    def images(self) -> int:
        """The number of images learned from so far, each counted as often as it was seen."""
        if self.started is None:
            return 0
        return round(self.epochs_at(self.step) * self.started.train_count)

    @property
    def seconds(self) -> float:
        """How long the training has taken up to the newest event, without reading the data."""
        if self._began is None:
            return 0.0
        return (self._latest if self._paused is None else self._paused) - self._began

    @property
    def total_steps(self) -> int:
        """The number of steps that the run will take if nobody stops it."""
        return self.course.total_steps if self.course else 0

    @property
    def epoch(self) -> int:
        """The epoch that the run is in, from 1."""
        return self.course.epoch(self.step) if self.course else 1

    @property
    def images_per_second(self) -> float | None:
        """Images learned from per second lately; None before there is a measure."""
        if self.started is None or len(self._marks) < 2:
            return None
        (start, first), (end, last) = self._marks[0], self._marks[-1]
        if end <= start or last == first:
            return None
        epochs = self.epochs_at(last) - self.epochs_at(first)
        return epochs * self.started.train_count / (end - start)

    @property
    def seconds_left(self) -> float | None:
        """An estimate of the time to the last epoch's end; None before there is a measure."""
        speed = self.images_per_second
        if self.started is None or self.course is None or speed is None:
            return None
        return (self.course.epochs - self.epochs_at(self.step)) * self.started.train_count / speed

    @property
    def current(self) -> Project:
        """The project with all that was changed while it trained."""
        project = self.project
        for change in self.changes[self.inherited :]:
            with suppress(ProblemError):
                project = changed(project, change.field, change.new)
        return project

    def _turn(self, event: Changed | Branched | Resumed, now: float) -> None:
        """Take in what makes the rest of the run another one."""
        match event:
            case Changed():
                self.changes.append(event)
            case Branched(epochs=epochs):
                self.branched, self.inherited = event, len(self.changes)
                if self.course:
                    self.course = replace(self.course, epochs=epochs)
            case Resumed():
                self.resumed.append(event.step)
                self._marks.clear()
                if self._carried is not None:
                    self._began, self._carried = now - self._carried, None
                return
        if self.course and (isinstance(event, Branched) or event.field == BATCH_SIZE):
            self.course = self.course.bent(event.step, event.steps_left, event.steps_per_epoch)

    def _wait(self, event: Paused | Continued, now: float) -> None:
        """Leave the time of a pause out."""
        if isinstance(event, Paused):
            self.pauses.append(event.step)
            self._paused = now
        elif self._paused is not None and self._began is not None:
            self._began += now - self._paused
            self._paused = None
        self._marks.clear()

    def _mark(self, now: float, step: int) -> None:
        if len(self._marks) > 1 and self._marks[-1][0] == now:
            self._marks.pop()  # many events come at one moment; the newest tells enough
        self._marks.append((now, step))
        while len(self._marks) > 2 and self._marks[1][0] < now - SPEED_SECONDS:
            self._marks.popleft()
