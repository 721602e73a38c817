"""Keeps a run's events in its folder. Training goes on where that fails, and says so."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from time import monotonic
from typing import Any

from engine.problems import ProblemError
from engine.project.project import Project
from engine.store.runs import RunFolder
from engine.training.archive import Archive
from engine.training.events import (
    DataReady,
    Evaluated,
    Event,
    Failed,
    Finished,
    Loading,
    Started,
    Warned,
    Weights,
)

ARRAYS = ("rows", "labels", "predicted", "confidence", "true_probability", "probabilities")
NOT_KEPT = (Loading, DataReady)
NEWEST_FILES = {"validation": "evaluation", "test": "test"}
FILES_SECONDS = 5.0  # an epoch of a small network is over sooner than its files are on the disk


class Recorder:
    """Writes each event to a run folder; after the first failure it keeps nothing more."""

    def __init__(self, path: Path | None, project: Project) -> None:
        self._path, self._project = path, project
        self._folder: RunFolder | None = None
        self._archive: Archive | None = None
        self._began = self._written = monotonic()
        self._waiting: dict[str, Weights | Evaluated] = {}

    def keep(self, event: Event) -> Warned | None:
        """Write an event; a failure comes back once, as a warning for the person."""
        if self._path is None or isinstance(event, NOT_KEPT):
            return None
        if self._folder is None and not isinstance(event, Started):
            return None  # it ended before it began: there is nothing to keep
        try:
            if self._folder is None:
                self._folder = RunFolder(self._path, self._project)
                self._archive = Archive(self._folder)
            self._write(event, self._folder)
        except (ProblemError, MemoryError) as error:
            self._path = self._archive = None
            self._waiting.clear()
            why = error if isinstance(error, ProblemError) else "There is not enough memory."
            return Warned(f"This run is no longer kept on disk; training goes on. {why}")
        return None

    def close(self) -> None:
        """Write what still waits and close the log."""
        if self._folder is None:
            return
        with suppress(ProblemError, MemoryError):
            self._write_files(self._folder)
        with suppress(ProblemError):
            self._folder.close()

    def _write(self, event: Event, folder: RunFolder) -> None:
        folder.append({**as_line(event), "at": round(monotonic() - self._began, 3)})
        if isinstance(event, Weights):
            self._waiting[event.kind] = event
        if isinstance(event, Evaluated):
            self._keep_evaluation(event)
        if isinstance(event, Finished | Failed) or monotonic() - self._written >= FILES_SECONDS:
            self._write_files(folder)

    def _keep_evaluation(self, event: Evaluated) -> None:
        assert self._archive is not None
        self._archive.add(event)
        if event.whole and event.of in NEWEST_FILES:
            self._waiting[NEWEST_FILES[event.of]] = event

    def _write_files(self, folder: RunFolder) -> None:
        """Write the newest weights and evaluations, and into the archive what came meanwhile.

        The log comes first: the archive drops evaluations by how many came, and whoever reads both
        after a kill counts them in the log.
        """
        folder.flush()
        while self._waiting:
            name, event = self._waiting.popitem()
            if isinstance(event, Weights):
                about = {"step": str(event.step), "epoch": str(event.epoch)}
                folder.write_tensors(name, event.tensors, about)
            else:
                folder.write_arrays(name, {field: getattr(event, field) for field in ARRAYS})
        if self._archive is not None:
            self._archive.write()
        self._written = monotonic()


def as_line(event: Event) -> dict[str, Any]:
    """Give an event's name and plain fields. NaN and infinity, which JSON lacks, become null."""
    line: dict[str, Any] = {"event": type(event).__name__}
    for field in fields(event):
        if field.name not in (*ARRAYS, "tensors"):
            line[field.name] = _plain(getattr(event, field.name))
    return line


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
