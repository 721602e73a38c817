"""Checkpoints of a run: all that is needed to go on exactly where it was, in RUN/checkpoints.

Each is two files: STEP-DIGEST.safetensors holds the tensors, STEP.json names them, tells when it
was, and keeps the caller's state. The JSON is written last and sealed with a digest of its own: a
checkpoint without a sound one does not exist, so a program that is killed between the two files
leaves the former checkpoint of that step, or none. Which ones are kept is engine.store.retention's.
One program at a time may write (engine.store.lock).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

import numpy as np
import psutil
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import from_json

from engine.problems import Problem, ProblemError, byte_size
from engine.store.files import TEMPORARY, write_problem, write_safely
from engine.store.retention import RANKS, Kept, Kind, surplus

DEFAULT_BYTES = 512_000_000  # of a run's checkpoints, as far as there is a choice
LARGEST_CURSOR = 16 * 2**20  # bytes of a JSON file
LARGEST_NUMBER = 2**53

CURSOR_NAME = re.compile(r"(\d{9,15})\.json")
TENSORS_NAME = re.compile(r"(\d{9,15})-[0-9a-f]{8}\.safetensors")

MISSING = "There is no checkpoint of step {step} in {path}. Go on from another one."
DAMAGED = (
    "The checkpoint of step {step} is damaged: {path} is not what was written. "
    "Go on from an earlier one."
)
UNREADABLE = "{path} can't be read: {reason}. Allow reading it, or go on from another checkpoint."
NEWER = (
    "The checkpoint of step {step} was written by a newer Layerscope (format version {version}). "
    "Update Layerscope, or go on from another one."
)
TOO_LARGE = (
    "The checkpoint of step {step} needs {needed} of memory, and {free} are free. "
    "Close other programs, or go on from another one."
)


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A run after some steps: named tensors, and whatever JSON holds of the rest."""

    step: int
    epoch: int
    kind: Kind
    tensors: Mapping[str, np.ndarray]
    state: Mapping[str, Any]


class _Cursor(BaseModel):
    """A checkpoint's JSON file."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    format: Literal["layerscope/checkpoint"] = "layerscope/checkpoint"
    version: Literal[1] = 1
    step: int = Field(ge=0, lt=10**15)
    epoch: int = Field(ge=0, lt=LARGEST_NUMBER)
    kind: Kind
    size: int = Field(gt=0, lt=LARGEST_NUMBER)  # bytes of the tensors' file
    blake2b: str = Field(pattern=r"^[0-9a-f]{32}$")  # of the tensors' file
    state: dict[str, Any]

    @property
    def tensors_name(self) -> str:
        """Name the tensors by what they are: other tensors of this step don't overwrite them."""
        return f"{self.step:09d}-{self.blake2b[:8]}.safetensors"

    def kept(self, length: int) -> Kept:
        return Kept(self.step, self.epoch, self.kind, self.size + length)


@dataclass(frozen=True)
class _Listed:
    """A pointer that was sound when it was read, and which file that was."""

    file: tuple[int, int, int]
    tensors_name: str
    kept: Kept


class Checkpoints:
    """The checkpoints in a run folder; nothing is made before the first is written."""

    def __init__(self, folder: Path, budget: int = DEFAULT_BYTES) -> None:
        self.path = folder / "checkpoints"
        self._budget = budget  # bytes
        self._known: dict[int, _Listed] = {}

    def write(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint, in the place of the former of its step, then remove what goes for it.

        A kind that outranks the new one stays: an epoch's end that is the best, too, is the best.
        `state` is JSON: tuples come back as lists, numbers exactly, infinity and NaN, too.

        Raises:
            ProblemError: it can't be written; those that were there are as they were.
        """
        tensors = _packed(checkpoint.tensors)
        cursor = _Cursor(
            step=checkpoint.step,
            epoch=checkpoint.epoch,
            kind=self._ranked(checkpoint),
            size=len(tensors),
            blake2b=_digest(tensors),
            state=dict(checkpoint.state),
        )
        content = _sealed(json.dumps(cursor.model_dump()).encode())
        if len(content) > LARGEST_CURSOR:
            raise ValueError(f"a state of {len(content)} bytes; arrays belong to the tensors")
        write_safely(self.path / cursor.tensors_name, tensors)
        write_safely(self._pointer(cursor.step), content)
        self._tidy()

    def kept(self) -> list[Kept]:
        """List the checkpoints by step, without those whose files are not sound at first sight."""
        return [listed.kept for listed in self._sound().values()]

    def read(self, step: int) -> Checkpoint:
        """Read a checkpoint; its arrays may be written to.

        Raises:
            ProblemError: it is missing, damaged, or needs more memory than there is.
        """
        cursor = self._cursor(step)
        path = self.path / cursor.tensors_name
        self._check_size(step, cursor.tensors_name, cursor.size)
        _check_memory(cursor)
        content = _content(step, path, cursor.size)
        if len(content) != cursor.size or _digest(content) != cursor.blake2b:
            raise ProblemError(DAMAGED, step=step, path=str(path))
        tensors = _unpacked(step, path, content)
        return Checkpoint(step, cursor.epoch, cursor.kind, tensors, cursor.state)

    def newest(
        self, check: Callable[[Checkpoint], None] = lambda _: None
    ) -> tuple[Checkpoint | None, list[Problem]]:
        """Read the last checkpoint that is sound, if any; say why later ones were passed over:
        the `damaged` among the reasons are for ever, the others may pass. `check` raises a
        ProblemError for one whose state does not make sense.
        """
        passed: list[Problem] = []
        try:
            steps = self._steps()
        except OSError as error:
            return None, [_unreadable(self.path, error)]
        for step in reversed(steps):
            try:
                checkpoint = self.read(step)
                check(checkpoint)
                return checkpoint, passed
            except ProblemError as error:
                passed.append(error.problem)
        return None, passed

    @staticmethod
    def damaged(problem: Problem) -> bool:
        """Tell whether a checkpoint was passed over since it is not what was written."""
        return problem.template in (DAMAGED, MISSING)

    @property
    def nbytes(self) -> int:
        """How much of the disk the folder's files take."""
        return sum(map(_size, self._files()))

    def drop_after(self, step: int) -> None:
        """Remove the checkpoints of later steps, the last one first.

        Raises:
            ProblemError: one of them can't be removed.
        """
        try:
            for later in reversed(self._steps()):
                if later > step:
                    self._pointer(later).unlink()
        except OSError as error:
            raise write_problem(self.path, error) from error
        self._tidy()

    def _pointer(self, step: int) -> Path:
        return self.path / f"{step:09d}.json"

    def _files(self) -> Iterator[Path]:
        with suppress(OSError):
            yield from self.path.iterdir()

    def _steps(self) -> list[int]:
        """Find the steps of all pointers, sound or not; OSError where the folder can't be read."""
        try:
            names = [path.name for path in self.path.iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            return []
        found = (int(match[1]) for name in names if (match := CURSOR_NAME.fullmatch(name)))
        return sorted(step for step in found if self._pointer(step).name in names)

    def _sound(self) -> dict[int, _Listed]:
        """List what is sound at first sight; a pointer is read again only if it is another file."""
        sound = {}
        with suppress(OSError):
            for step in self._steps():
                with suppress(OSError, ProblemError):
                    sound[step] = self._listed(step)
        self._known = sound
        return sound

    def _listed(self, step: int) -> _Listed:
        stat = self._pointer(step).stat()
        file = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
        known = self._known.get(step)
        if known is None or known.file != file:
            cursor = self._cursor(step)
            known = _Listed(file, cursor.tensors_name, cursor.kept(stat.st_size))
        self._check_size(step, known.tensors_name, known.kept.nbytes - stat.st_size)
        return known

    def _cursor(self, step: int) -> _Cursor:
        """Read a pointer."""
        path = self._pointer(step)
        content = _content(step, path, LARGEST_CURSOR)
        try:
            loaded = from_json(_unsealed(content))
            _check_version(step, loaded)
            cursor = _Cursor.model_validate(loaded)
        except ValueError as error:
            raise ProblemError(DAMAGED, step=step, path=str(path)) from error
        if cursor.step != step:
            raise ProblemError(DAMAGED, step=step, path=str(path))
        return cursor

    def _check_size(self, step: int, name: str, size: int) -> None:
        path = self.path / name
        if _size(path) != size:
            raise ProblemError(DAMAGED, step=step, path=str(path))

    def _ranked(self, checkpoint: Checkpoint) -> Kind:
        try:
            former = self._cursor(checkpoint.step).kind
        except ProblemError:
            return checkpoint.kind
        return max(former, checkpoint.kind, key=RANKS.index)

    def _tidy(self) -> None:
        """Remove the checkpoints that are no longer kept, and what nobody points at.

        What can't be removed now, as somebody reads it, is removed after the next writing.
        """
        sound = self._sound()
        for kept in surplus([listed.kept for listed in sound.values()], self._budget):
            with suppress(OSError):
                self._pointer(kept.step).unlink()
                del sound[kept.step]
        pointed = {listed.tensors_name for listed in sound.values()}
        for path in list(self._files()):
            with suppress(OSError):
                if path.name not in pointed and self._is_waste(path, sound):
                    path.unlink()

    def _is_waste(self, path: Path, sound: Mapping[int, object]) -> bool:
        """Tell half-written files, and tensors whose step has no pointer or one to others."""
        if path.name.startswith(TEMPORARY):
            return True
        match = TENSORS_NAME.fullmatch(path.name)
        return match is not None and (
            int(match[1]) in sound or not self._pointer(int(match[1])).exists()
        )


def _packed(tensors: Mapping[str, np.ndarray]) -> bytes:
    from safetensors.numpy import save

    # It writes an array's memory as it lies; ascontiguousarray would make a number a row of one.
    return save({name: np.asarray(tensor, order="C") for name, tensor in tensors.items()})


def _unpacked(step: int, path: Path, content: bytes) -> dict[str, np.ndarray]:
    from safetensors.numpy import load

    try:
        return load(content)
    except Exception as error:  # its own, and KeyError where numpy lacks the type
        raise ProblemError(DAMAGED, step=step, path=str(path)) from error


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=16).hexdigest()


def _sealed(body: bytes) -> bytes:
    """Put a digest of a JSON object's text in front of its first field."""
    return b'{"seal": "' + _digest(body).encode() + b'", ' + body[1:]


def _unsealed(content: bytes) -> bytes:
    """Give the JSON object as it was; ValueError where a bit of it is another."""
    body = b"{" + content[len(_sealed(b"")) :]
    if _sealed(body) != content:
        raise ValueError("it is not what was sealed")
    return body


def _check_version(step: int, loaded: object) -> None:
    match loaded:
        case {"format": "layerscope/checkpoint", "version": int(version)} if version > 1:
            raise ProblemError(NEWER, step=step, version=version)


def _check_memory(cursor: _Cursor) -> None:
    """Refuse what does not fit in memory twice, as it is read and as arrays."""
    needed, free = 2 * cursor.size, psutil.virtual_memory().available
    if needed > free:
        sizes = {"needed": byte_size(needed), "free": byte_size(free)}
        raise ProblemError(TOO_LARGE, step=cursor.step, **sizes)


def _content(step: int, path: Path, most: int) -> bytes:
    """Read a file of at most so many bytes; a pipe or a device, which may never end, is none."""
    try:
        if not path.is_file():
            raise ProblemError(MISSING, step=step, path=str(path.parent))
        with path.open("rb") as file:
            if _size(path) > most:
                raise ProblemError(DAMAGED, step=step, path=str(path))
            return file.read(most + 1)
    except OSError as error:
        raise ProblemError(_unreadable(path, error)) from error


def _unreadable(path: Path, error: OSError) -> Problem:
    return Problem(UNREADABLE, path=str(path), reason=error.strerror or str(error))


def _size(path: Path) -> int:
    """Tell a file's size in bytes; 0 where there is none."""
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0
