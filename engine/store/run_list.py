"""All runs in a folder, each in a line. Nothing in a folder is believed before it was checked."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from engine.problems import ProblemError
from engine.project.layers import (
    Activation,
    BatchNorm,
    Conv2d,
    Dense,
    Flatten,
    GlobalAvgPool,
    Layer,
    MaxPool2d,
)
from engine.project.project import Project
from engine.project.sources import FileSource, Source
from engine.store.lock import in_use
from engine.store.log_outline import Outline, outline
from engine.store.projects import load_project
from engine.store.run_about import About, read_about
from engine.store.runs import LOG

RunState = Literal[
    "finished",
    "stopped",  # by the person
    "early",  # stopped by itself, since the validation did not improve
    "diverged",  # stopped by itself, since a number was none any more
    "failed",  # ended by an error, which it tells
    "crashed",  # its log has no end, and nobody writes to it
    "running",  # somebody writes to it, this program or another
    "damaged",  # its project or its log can't be read
]
ENDS: dict[str, RunState] = {
    "completed": "finished",
    "stopped": "stopped",
    "early": "early",
    "diverged": "diverged",
    "failed": "failed",
}
NAMED = re.compile(r"(\d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d) *(.*)", re.DOTALL)
Progress = Callable[[int, int], None]
"""Is told how many runs of how many are read; may raise to end the reading."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run in a line. What is not known is None, or empty."""

    folder: Path
    name: str  # given by the person, else the folder's
    note: str
    network: str  # "Conv 32 · Pool · Dense 128"; "" where the output layer is the only one
    data: str
    best_validation: float | None  # accuracy, 0 to 1
    test: float | None  # accuracy, 0 to 1
    epochs_done: int
    epochs: int | None
    seconds: float
    parameters: int | None
    started: datetime  # local time
    state: RunState
    parent: str  # the name of the folder that it branched from
    source: str  # what its first weights were taken from: a run's folder, or a file
    size: int  # bytes on the disk
    trouble: str  # sentences: what can't be read, or why it failed


def list_runs(folder: Path, progress: Progress = lambda done, total: None) -> list[RunSummary]:
    """Read all runs in a folder, newest first; other folders and hidden ones are left out."""
    folders = folders_in(folder)
    runs = []
    for number, one in enumerate(folders):
        progress(number, len(folders))
        summary = read_summary(one)
        if summary is not None:
            runs.append(summary)
    return sorted(runs, key=lambda run: (run.started, run.folder.name), reverse=True)


def folders_in(folder: Path) -> list[Path]:
    """List the folders in one, without hidden ones; none where it can't be read."""
    with suppress(OSError), os.scandir(folder) as entries:
        return [Path(entry.path) for entry in entries if entry.name[0] != "." and _is_folder(entry)]
    return []


def read_summary(folder: Path) -> RunSummary | None:
    """Read one run; None where a folder holds none."""
    project, project_trouble = _project(folder)
    told, log_trouble = _outline(folder)
    if told is None and project is None and not os.path.isfile(folder / LOG):
        return None  # somebody else's folder
    about, about_trouble = _about(folder)
    damage = " ".join(sentence for sentence in (project_trouble, log_trouble) if sentence)
    told = told or Outline()
    epochs = project.training.epochs if project else told.epochs
    started, title = _named(folder)
    troubles = (damage, about_trouble, told.message)
    return RunSummary(
        folder=folder,
        name=about.name or title,
        note=about.note,
        network=network_line(project.layers) if project else "",
        data=data_title(project.data.source) if project else "",
        best_validation=told.best_validation,
        test=told.test,
        epochs_done=told.epochs_done if epochs is None else min(told.epochs_done, epochs),
        epochs=epochs,
        seconds=told.seconds,
        parameters=project.parameters if project else told.parameters,
        started=started,
        state=_state(folder, told, bool(damage)),
        parent=told.parent,
        source=told.source,
        size=folder_size(folder),
        trouble="\n".join(sentence for sentence in troubles if sentence),
    )


def network_line(layers: Iterable[Layer]) -> str:
    """Write a network in a line: what it is made of, and how large."""
    return " · ".join(word for layer in layers if (word := _word(layer)))


def data_title(source: Source) -> str:
    """Name a source, and its file where it is one of the person's own."""
    return (
        f"{source.title}, {_name(source.path)}" if isinstance(source, FileSource) else source.title
    )


def folder_size(folder: Path) -> int:
    """Add up the bytes of all files below a folder; links count by themselves."""
    size, waiting = 0, [os.fspath(folder)]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    size += entry.stat(follow_symlinks=False).st_size
    return size


def title_of(folder: Path) -> str:
    """Give the name of a run that the person did not name: the folder's, without the moment."""
    return _named(folder)[1]


def _word(layer: Layer) -> str:
    match layer:
        case Conv2d(filters=filters):
            return f"Conv {filters:,}"
        case Dense(units=units):
            return f"Dense {units:,}"
        case MaxPool2d():
            return "Pool"
        case GlobalAvgPool():
            return "Global pool"
        case BatchNorm():
            return "Batch norm"
        case Activation():
            return layer.summary()
        case Flatten():
            return ""  # goes without saying
    return f"{layer.title} {layer.summary()}".strip()


def _is_folder(entry: os.DirEntry[str]) -> bool:
    with suppress(OSError):
        return entry.is_dir()
    return False


def _project(folder: Path) -> tuple[Project | None, str]:
    try:
        return load_project(folder / "project.json"), ""
    except ProblemError as error:  # its sentence begins with the whole path
        reason = error.problem.values.get("reason", error)
        return None, f"Its project can't be read. {reason}"


def _outline(folder: Path) -> tuple[Outline | None, str]:
    path = folder / LOG
    if not os.path.isfile(path):  # a pipe would never end
        return None, "Its log is missing."
    try:
        told = outline(path)
    except OSError as error:
        return None, f"Its log can't be read: {error.strerror}."
    return told, "" if told.sound else "Its log holds nothing that can be read."


def _about(folder: Path) -> tuple[About, str]:
    try:
        return read_about(folder), ""
    except ProblemError as error:
        return About(), str(error)


def _state(folder: Path, told: Outline, damaged: bool) -> RunState:
    if in_use(folder):
        return "running"
    if damaged:
        return "damaged"
    return ENDS.get(told.end, "finished") if told.end else "crashed"


def _named(folder: Path) -> tuple[datetime, str]:
    """Read the moment and the title in a folder's name; without them its project tells when."""
    found = NAMED.fullmatch(folder.name)
    if found:
        with suppress(ValueError):
            moment = datetime.strptime(found[1], "%Y-%m-%d %H.%M.%S")
            return moment, _name(found[2]) or _name(folder.name)
    return _moment(folder), _name(folder.name)


def _moment(folder: Path) -> datetime:
    for path in (folder / "project.json", folder):
        with suppress(OSError, ValueError, OverflowError):
            return datetime.fromtimestamp(path.stat().st_mtime)
    return datetime.fromtimestamp(0)


def _name(path: str) -> str:
    """Give the last part of a path in letters that can be shown and written."""
    name = re.split(r"[/\\]", path.rstrip("/\\"))[-1]
    return " ".join(name.encode("utf-8", "replace").decode().split())
