"""The run folder: project.json, events.jsonl, weights as safetensors, arrays as npz."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any, Literal

import numpy as np
from pydantic_core import from_json

from engine.places import home
from engine.problems import ProblemError
from engine.project.format import dumps
from engine.project.project import Project
from engine.store.files import TEMPORARY, open_to_read, write_problem, write_safely
from engine.store.lock import RunLock

LOG = "events.jsonl"
PROJECT = "project.json"
START = "start.safetensors"
FLUSH_SECONDS = 1.0
LONGEST_LINE = 1_000_000  # bytes; a traceback is the longest thing that the log tells


def runs_folder() -> Path:
    """Give the folder in which runs are kept; it may not exist yet."""
    return home() / "runs"


def new_run_folder(project: Project) -> Path:
    """Choose a folder for a new run, by time and title; it does not exist yet."""
    moment = datetime.now().strftime("%Y-%m-%d %H.%M.%S")
    title = re.sub(r"[^\w\- ]+", "", project.title).strip()[:40] or "run"
    first = folder = runs_folder() / f"{moment} {title}"
    number = 2
    while os.path.exists(folder):
        folder = first.with_name(f"{first.name} {number}")
        number += 1
    return folder


def check_unused(path: Path) -> None:
    """Refuse a folder that holds a run already."""
    if (path / LOG).exists():
        raise ProblemError(
            "{path} holds a run already. Choose another folder for this one.", path=str(path)
        )


class RunFolder:
    """Writes a run as it happens. What can't be written raises a ProblemError."""

    def __init__(self, path: Path, lock: RunLock, *, mode: Literal["xb", "ab"]) -> None:
        self.path, self._lock = path, lock
        self._flushed = self._appended = monotonic()
        try:
            self._log = (path / LOG).open(mode)
            self.length = self._log.tell()  # bytes of the log, flushed or not
        except OSError as error:
            lock.release()
            raise write_problem(path / LOG, error) from error

    @classmethod
    def new(cls, path: Path, project: Project, start: bytes | None = None) -> RunFolder:
        """Begin a folder for a run; `start` is the file of the weights that it begins with."""
        check_unused(path)
        lock = RunLock.acquire(path)
        try:
            _write_or_remove(path / START, start)
            write_safely(path / PROJECT, dumps(project).encode())
        except ProblemError:
            lock.release()
            raise
        return cls(path, lock, mode="xb")

    @classmethod
    def again(cls, path: Path, lock: RunLock) -> RunFolder:
        """Go on with a run's folder, after the last line of its log."""
        return cls(path, lock, mode="ab")

    def append(self, line: Mapping[str, Any]) -> None:
        """Add a line to the log; it reaches the system within a second, where more follow at the
        pace of the last.
        """
        content = (json.dumps(line, allow_nan=False) + "\n").encode()
        try:
            self._log.write(content)
        except OSError as error:
            raise write_problem(self.path / LOG, error) from error
        self.length += len(content)
        now = monotonic()
        next_one, self._appended = 2 * now - self._appended, now
        if next_one - self._flushed >= FLUSH_SECONDS:
            self.flush()

    def sync(self) -> None:
        """Bring the log to the disk, before a checkpoint that says how long it was."""
        self.flush()
        try:
            os.fsync(self._log.fileno())
        except OSError as error:
            raise write_problem(self.path / LOG, error) from error

    def flush(self) -> None:
        """Bring the log to the system, before files that it must not lag behind."""
        try:
            self._log.flush()
        except OSError as error:
            raise write_problem(self.path / LOG, error) from error
        self._flushed = monotonic()

    def write_arrays(
        self, name: str, arrays: Mapping[str, np.ndarray], *, synced: bool = True
    ) -> None:
        """Keep named arrays in NAME.npz; not waiting for the disk, where losing them is no harm."""
        if not synced:
            _write_unsynced(self.path / f"{name}.npz", arrays)
            return
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **arrays)
        write_safely(self.path / f"{name}.npz", buffer.getvalue())

    def remove_arrays(self, name: str) -> None:
        """Delete NAME.npz, if it is there."""
        path = self.path / f"{name}.npz"
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise write_problem(path, error) from error

    def write_tensors(
        self, name: str, tensors: dict[str, np.ndarray], about: dict[str, str]
    ) -> None:
        """Keep named tensors, with words about them, in NAME.safetensors."""
        from safetensors.numpy import save

        write_safely(self.path / f"{name}.safetensors", save(tensors, metadata=about))

    def close(self) -> None:
        """Flush and close the log, and let others write the folder."""
        try:
            self._log.close()
        except OSError as error:
            raise write_problem(self.path / LOG, error) from error
        finally:
            self._lock.release()


def _write_or_remove(path: Path, content: bytes | None) -> None:
    """Write a file, or see to it that there is none: one may be left of a run that hardly began."""
    if content is not None:
        write_safely(path, content)
        return
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise write_problem(path, error) from error


def cut_log(path: Path, length: int) -> None:
    """Take the lines away that were written to a run's log after its first `length` bytes."""
    log = path / LOG
    try:
        if log.stat().st_size > length:
            os.truncate(log, length)
    except OSError as error:
        raise write_problem(log, error) from error


def _write_unsynced(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Put a whole file in its place; the system brings it to the disk when it likes."""
    temporary = path.with_name(f"{TEMPORARY}{path.name}.tmp")
    try:
        path.parent.mkdir(exist_ok=True)
        with temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        os.replace(temporary, path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise write_problem(path, error) from error


def read_log(path: Path, length: int | None = None) -> Iterator[dict[str, Any]]:
    """Read a run folder's log line by line, or so many bytes of it; what is no line of it, as a
    torn last one, is skipped.

    OSError where it can't be read.
    """
    with open_to_read(path / LOG) as file:
        while (length is None or file.tell() < length) and (line := file.readline(LONGEST_LINE)):
            try:
                content = from_json(line)  # bounds nesting and digits, which json.loads does not
            except ValueError:
                continue
            if isinstance(content, dict):
                yield content


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read the named arrays of an .npz file of a run."""
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
