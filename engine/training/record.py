"""Keeps a run's events in its folder. Training goes on where that fails, and says so."""

from __future__ import annotations

import math
import platform
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from functools import partial
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import Any

from engine.problems import ProblemError
from engine.project.project import Project
from engine.store.checkpoints import Checkpoint, Checkpoints
from engine.store.runs import RunFolder
from engine.store.writer import Writer
from engine.training.archive import Archive
from engine.training.events import (
    DataReady,
    Evaluated,
    Event,
    Failed,
    Finished,
    Loading,
    Snapshot,
    Started,
    Stepped,
    Warned,
    Weights,
)
from engine.training.loop import Moment
from engine.training.resume import Continuation
from engine.training.warm_start import WarmStart, start_content
from engine.training.weights_files import WeightsFiles

ARRAYS = ("rows", "labels", "predicted", "confidence", "true_probability", "probabilities")
NOT_KEPT = (Loading, DataReady, Stepped)
NEWEST_FILES = {"validation": "evaluation", "test": "test"}
FILES_SECONDS = 5.0  # an epoch of a small network is over sooner than its files are on the disk
SAVING_SHARE = 0.01  # of the time, for checkpoints
LEAST_SECONDS, MOST_SECONDS = 5.0, 8.0  # from a checkpoint within an epoch until the next is kept
EPOCH_SECONDS = 2.0  # an epoch's end is kept where the last checkpoint is so old, at any cost


class SavePace:
    """Chooses the moments for checkpoints: they take about a hundredth of the time, and a kill
    costs at most what lies between one that is begun and the next that is written. Ends of epochs,
    which one goes back to, are kept even where they are dear, but for those of epochs that follow
    each other fast.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._asked = self._saved = monotonic()
        self._held = 0.0  # seconds that the last one held the training up

    def due(self, moment: Moment) -> bool:
        """Tell whether a checkpoint is written at this moment of the run."""
        self._asked = monotonic()
        if moment in ("first", "pause", "end"):
            return True
        wait = (self._held + self._writer.seconds) / SAVING_SHARE
        if moment == "running":
            if self._writer.busy:
                return False
            wait = min(max(wait, LEAST_SECONDS), MOST_SECONDS - self._writer.seconds)
        else:
            wait = min(wait, EPOCH_SECONDS)
        return self._asked - self._saved >= wait

    def saved(self) -> None:
        """Take in that the training goes on, which has waited for its checkpoint since it asked."""
        self._saved = monotonic()
        self._held = self._saved - self._asked


class Recorder:
    """Writes each event to a run folder; after the first failure it keeps nothing more.

    The log is written at once. What is large, tensors and the newest evaluations, is written in a
    thread of its own: while a disk takes a hundred megabytes, the training goes on.
    """

    def __init__(
        self,
        path: Path | None,
        project: Project,
        going_on: Continuation | None = None,
        start: WarmStart | None = None,
    ) -> None:
        self._path, self._project, self._start = path, project, start
        self._weights = WeightsFiles(project, path.name if path else "")
        self._folder: RunFolder | None = None
        self._archive: Archive | None = None
        self.threads: int | None = None  # the fixed number; None where it is measured
        self._writer = Writer()
        self._pace = SavePace(self._writer)
        self._began = self._written = monotonic()
        self._carried: float | None = None  # seconds of a run that is about to go on
        self._waiting: dict[str, Weights | Evaluated] = {}
        self._first: Checkpoint | None = None
        self._kept: Checkpoints | None = None
        if going_on is not None and going_on.begin is not None:
            self._go_on(going_on)

    def due(self, moment: Moment) -> bool:
        """Tell whether a Snapshot is wanted at this moment of the run."""
        return self._path is not None and self._pace.due(moment)

    def keep(self, event: Event) -> Warned | None:
        """Write an event; a failure comes back once, as a warning for the person."""
        self._weights.hear(event)
        if self._path is None or isinstance(event, NOT_KEPT):
            return None
        if self._folder is None and not isinstance(event, Started):
            return None  # it ended before it began: there is nothing to keep
        try:
            self._writer.check()
            if self._folder is None:
                self._folder = RunFolder.new(self._path, self._project, self._start_content())
                self._archive = Archive(self._folder)
            if isinstance(event, Snapshot):
                self._keep_snapshot(event, self._folder)
            else:
                self._write(event, self._folder)
        except (ProblemError, MemoryError) as error:
            self._path = self._archive = self._first = self._start = None
            self._waiting.clear()
            why = error if isinstance(error, ProblemError) else "There is not enough memory."
            return Warned(f"This run is no longer kept on disk; training goes on. {why}")
        return None

    def close(self) -> None:
        """Write what still waits and close the log."""
        if self._folder is not None:
            with suppress(ProblemError, MemoryError):
                self._write_files(self._folder)
        self._writer.close()
        if self._folder is not None:
            with suppress(ProblemError):
                self._folder.close()

    def _go_on(self, going_on: Continuation) -> None:
        """Take over a folder; where that fails, the training is not kept and says so."""
        assert going_on.begin is not None
        self._folder = RunFolder.again(going_on.folder, going_on.lock)
        self._archive = Archive(self._folder)
        self._archive.adopt(going_on.run.evaluations)
        self._carried = float(going_on.begin.checkpoint.state["at"])

    def _start_content(self) -> bytes | None:
        if self._start is None:
            return None
        content = start_content(self._project, self._start, self._weights.run)
        self._start = None  # kept once, and not in memory for as long as the training takes
        return content

    def _keep_snapshot(self, event: Snapshot, folder: RunFolder) -> None:
        """Write a checkpoint; the first one later, since the first point is waited for."""
        about = {
            "log_bytes": folder.length,
            "at": monotonic() - self._began,
            "threads": self.threads,
        }
        kept = Checkpoint(
            event.step, event.epoch, event.kind, event.tensors, {**event.state, **about}
        )
        if event.kind == "first":
            self._first = kept
            return
        folder.sync()
        self._write_files(folder, kept)
        self._pace.saved()

    def _checkpoints(self, folder: RunFolder) -> Checkpoints:
        """Get the folder's checkpoints; the same object remembers what it has read."""
        if self._kept is None:
            self._kept = Checkpoints(folder.path)
        return self._kept

    def _write(self, event: Event, folder: RunFolder) -> None:
        if self._carried is not None:  # it goes on here: reading its images again took no part
            self._began, self._carried = monotonic() - self._carried, None
        over = isinstance(event, Finished | Failed)
        if over:
            if (last := self._weights.tested) is not None:
                self._waiting["last"] = last  # again, where it was written before the test
            self._write_files(folder)
            self._writer.wait()  # whoever reads in the log that it is over finds its files
        line = {**as_line(event), "at": round(monotonic() - self._began, 3)}
        if isinstance(event, Started):
            line |= {"torch": version("torch"), "machine": platform.machine()}
        folder.append(line)
        if isinstance(event, Weights):
            self._waiting[event.kind] = event
        if isinstance(event, Evaluated):
            self._keep_evaluation(event)
        if over:
            folder.flush()
        elif monotonic() - self._written >= FILES_SECONDS and not self._writer.busy:
            self._write_files(folder)

    def _keep_evaluation(self, event: Evaluated) -> None:
        assert self._archive is not None
        self._archive.add(event)
        if event.whole and event.of in NEWEST_FILES:
            self._waiting[NEWEST_FILES[event.of]] = event

    def _write_files(self, folder: RunFolder, checkpoint: Checkpoint | None = None) -> None:
        """Write the newest weights and evaluations, and into the archive what came meanwhile.

        The log comes first: the archive drops evaluations by how many came, and whoever reads both
        after a kill counts them in the log.
        """
        folder.flush()
        files = [self._file(folder, name, event) for name, event in self._waiting.items()]
        checkpoints = [each for each in (self._first, checkpoint) if each is not None]
        files += [partial(self._checkpoints(folder).write, each) for each in checkpoints]
        self._waiting, self._first = {}, None
        if files:
            self._writer.write(partial(_write_all, files))
        if self._archive is not None:
            self._archive.write()
        self._written = monotonic()

    def _file(self, folder: RunFolder, name: str, event: Weights | Evaluated) -> Callable[[], None]:
        if isinstance(event, Weights):
            about = self._weights.metadata(event)
            return partial(folder.write_tensors, name, event.tensors, about)
        return partial(folder.write_arrays, name, {each: getattr(event, each) for each in ARRAYS})


def _write_all(files: list[Callable[[], None]]) -> None:
    for write in files:
        write()


def as_line(event: Event) -> dict[str, Any]:
    """Give an event's name and plain fields. NaN and infinity, which JSON lacks, become null."""
    line: dict[str, Any] = {"event": type(event).__name__}
    for field in fields(event):
        if field.name not in (*ARRAYS, "tensors"):
            line[field.name] = _plain(getattr(event, field.name))
    return line


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
