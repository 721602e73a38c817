"""Deleted runs: a hidden folder beside the runs, from which they can be put back."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.problems import ProblemError
from engine.store.lock import in_use
from engine.store.run_list import Progress, RunSummary, folder_size, folders_in, list_runs

TRASH = ".trash"


@dataclass(frozen=True, slots=True)
class Trash:
    """How much lies in the trash."""

    count: int = 0
    size: int = 0  # bytes


def trash_folder(runs: Path) -> Path:
    """Give the trash of a folder of runs; it may not exist yet."""
    return runs / TRASH


def look_into_trash(runs: Path) -> Trash:
    """Count what lies there."""
    folders = folders_in(trash_folder(runs))
    return Trash(len(folders), sum(map(folder_size, folders)))


def list_trash(runs: Path, progress: Progress = lambda done, total: None) -> list[RunSummary]:
    """Read the runs that lie there, newest first."""
    return list_runs(trash_folder(runs), progress)


def delete(folder: Path) -> Path:
    """Move a run into the trash beside it and tell where it lies there.

    Raises:
        ProblemError: a program is writing to it, or it can't be moved; then it is where it was.
    """
    if in_use(folder):
        raise ProblemError(
            "{name} is in use: a program is training it. Stop the training, then delete it.",
            name=folder.name,
        )
    return _move(folder, trash_folder(folder.parent))


def put_back(trashed: Path, folder: Path) -> Path:
    """Move a run out of the trash to where it was, or beside it where that name is taken.

    Raises:
        ProblemError: it can't be moved; then it is still in the trash.
    """
    return _move(trashed, folder.parent, folder.name)


def empty_trash(
    runs: Path, progress: Callable[[int, int], None] = lambda done, total: None
) -> None:
    """Delete for good what lies in the trash.

    Raises:
        ProblemError: something can't be deleted; the rest is gone.
    """
    folders = folders_in(trash_folder(runs))
    kept = []
    for number, folder in enumerate(folders):
        progress(number, len(folders))
        try:
            _remove(folder)
        except OSError as error:
            kept.append(f"{folder.name} ({error.strerror})")
    if kept:
        raise ProblemError(
            "{count} of {total} runs can't be deleted: {names}.",
            count=len(kept),
            total=len(folders),
            names=", ".join(kept[:3]) + (", …" if len(kept) > 3 else ""),
        )


def _remove(folder: Path) -> None:
    if folder.is_symlink():
        folder.unlink()  # what it leads to is somebody else's
    else:
        shutil.rmtree(folder)


def _move(folder: Path, into: Path, name: str = "") -> Path:
    target = _free(into / (name or folder.name))
    try:
        into.mkdir(parents=True, exist_ok=True)
        os.replace(folder, target)
    except OSError as error:
        raise ProblemError(
            "{name} can't be moved: {reason}.",
            name=folder.name,
            reason=error.strerror or str(error),
        ) from error
    return target


def _free(path: Path) -> Path:
    """Find the first of NAME, NAME 2, NAME 3 ... that is not taken."""
    number, free = 2, path
    while os.path.lexists(free):
        free, number = path.with_name(f"{path.name} {number}"), number + 1
    return free
