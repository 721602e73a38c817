"""Weights that travel: a safetensors file that carries the project they were trained for.

A run's best.safetensors and last.safetensors are such files, and so is what is saved of them
elsewhere. All that is not tensors stands in the format's own metadata, which is text by name.
A file may be a stranger's: its sizes are checked before memory is taken, and nothing in it is run.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import psutil
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.problems import ProblemError, byte_size, problem_of
from engine.project.format import dumps, loads
from engine.project.project import Project
from engine.store.files import open_to_read, write_safely
from engine.store.projects import load_project
from engine.store.runs import PROJECT

if TYPE_CHECKING:
    from safetensors import safe_open

FORMAT = "layerscope/weights"
VERSION = 1
SUFFIX = ".safetensors"

LARGEST_HEADER = 32_000_000  # bytes; a project file has 16,000,000 at most
HEADER_SIZE = struct.Struct("<Q")
LARGEST_COUNT = 2**53

DTYPES = {
    "F64": np.float64, "F32": np.float32, "F16": np.float16,
    "I64": np.int64, "I32": np.int32, "I16": np.int16, "I8": np.int8,
    "U64": np.uint64, "U32": np.uint32, "U16": np.uint16, "U8": np.uint8, "BOOL": np.bool_,
}  # fmt: skip
"""The format's names of the numbers that NumPy has."""

Tensors = Mapping[str, NDArray[np.generic]]
Which = Literal["best", "last", "start"]
KEPT: tuple[Literal["best", "last"], ...] = ("best", "last")

UNREADABLE = "{path} can't be read as weights. {reason}"
CUT = "It is cut, damaged, or no safetensors file. Save or copy it again."
LONG_HEADER = (
    "It begins with a description of {length}, but {most} is the most that one of weights takes."
)
NO_PROJECT = (
    "It holds tensors without a project. Choose a file that Layerscope has saved, or a run's."
)
TOO_LARGE = "It takes {needed} of memory, and {free} are free. Close other programs."
NUMBERS = "Its tensor {name} holds numbers of the kind {kind}, which are not read here."
NEWER = (
    "It was written by a newer Layerscope (format version {version}). Install the newest "
    "Layerscope to read it."
)
UNSOUND = "What it tells of itself is not sound. {reason}"
NO_WEIGHTS = (
    "{path} holds no weights: it is no file of weights, and no folder of a run that has trained."
)
NOT_THERE = "The run in {path} has kept no {which} weights. Choose its {other} ones."


class Preparation(BaseModel):
    """How pictures were made ready for a network, beyond their size and being scaled to 0..1."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    mean: tuple[float, ...] = Field(max_length=16)  # of each channel, subtracted
    deviation: tuple[float, ...] = Field(max_length=16)  # of each channel, divided by
    background: float = Field(ge=0, le=1)  # the mean brightness of the training images' borders


class About(BaseModel):
    """What is known of weights beside their project."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    weights: Which = "last"
    run: str = Field("", max_length=1000)  # the name of the run's folder
    step: int = Field(0, ge=0, le=LARGEST_COUNT)
    epoch: int = Field(0, ge=0, le=LARGEST_COUNT)
    validation_accuracy: float | None = Field(None, ge=0, le=1)
    test_accuracy: float | None = Field(None, ge=0, le=1)
    source: str = Field("", max_length=1000)  # of starting weights: where they were taken from
    preparation: Preparation | None = None


@dataclass(frozen=True, eq=False)
class Weights:
    """Named tensors, what they are, and the project that they belong to, where that is told."""

    tensors: Tensors
    about: About
    project: Project | None
    path: Path

    @property
    def known_project(self) -> Project:
        """The project; ProblemError where the file tells none."""
        if self.project is None:
            raise ProblemError(UNREADABLE, path=str(self.path), reason=NO_PROJECT)
        return self.project

    @property
    def name(self) -> str:
        """How people call them: by their run, or by their file."""
        return self.about.run or self.path.name


def metadata(project: Project, about: About) -> dict[str, str]:
    """Write all that a file of weights tells beside its tensors."""
    told = about.model_dump(exclude_none=True, exclude={"preparation"})
    lines = {name: str(value) for name, value in told.items() if value != ""}
    if about.preparation is not None:
        lines["preparation"] = about.preparation.model_dump_json()
    return {"format": FORMAT, "version": str(VERSION), "project": dumps(project), **lines}


def save_weights(path: Path, weights: Weights) -> None:
    """Write a file of weights; ProblemError where that fails, and then the old one is as it was."""
    write_safely(path, content_of(weights))


def content_of(weights: Weights) -> bytes:
    """Give the bytes of a file of weights."""
    from safetensors.numpy import save

    # It writes an array's memory as it lies; ascontiguousarray would make a number a row of one.
    plain = {name: np.asarray(tensor, order="C") for name, tensor in weights.tensors.items()}
    return save(plain, metadata=metadata(weights.known_project, weights.about))


def digest(tensors: Tensors) -> str:
    """Tell tensors from others: by their names, kinds, shapes and numbers."""
    told = blake2b(digest_size=16)
    for name, tensor in sorted(tensors.items()):
        told.update(f"{name} {tensor.dtype} {tensor.shape}\n".encode())
        told.update(np.asarray(tensor, order="C").tobytes())
    return told.hexdigest()


def weights_of(path: Path, which: Literal["best", "last"] | None = None) -> Weights:
    """Read the weights of a run's folder, the best ones unless asked, or those of a file.

    Raises:
        ProblemError: there are none, or the file is not sound.
    """
    if not path.is_dir():
        return read_weights(path)
    kept = kept_weights(path)
    if not kept:
        raise ProblemError(NO_WEIGHTS, path=str(path))
    if which is not None and which not in kept:
        raise ProblemError(NOT_THERE, path=str(path), which=which, other=kept[0])
    weights = read_weights(path / f"{which or kept[0]}{SUFFIX}")
    if weights.project is not None:
        return weights
    about = weights.about.model_copy(update={"weights": which or kept[0], "run": path.name})
    return Weights(weights.tensors, about, load_project(path / PROJECT), weights.path)


def kept_weights(folder: Path) -> list[Literal["best", "last"]]:
    """List which weights a run's folder holds, the best first."""
    return [which for which in KEPT if (folder / f"{which}{SUFFIX}").is_file()]


def read_weights(path: Path) -> Weights:
    """Read a file of weights, or of plain tensors, whose project is None.

    Raises:
        ProblemError: it is missing, not sound, from a newer Layerscope, or too large for memory.
    """
    with _opened(path) as file:
        _check_numbers(file)
        _check_memory(path)
        told = file.metadata() or {}
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  no mapping
        return Weights(tensors, _about(told), _project(told), path)


def project_in(path: Path) -> Project:
    """Read the project alone.

    Raises:
        ProblemError: it is missing, not sound, or holds none.
    """
    with _opened(path) as file:
        project = _project(file.metadata() or {})
    if project is None:
        raise ProblemError(UNREADABLE, path=str(path), reason=NO_PROJECT)
    return project


@contextmanager
def _opened(path: Path) -> Iterator[safe_open]:
    """Map a file whose sizes agree; whatever is wrong with it becomes a sentence that names it."""
    from safetensors import SafetensorError, safe_open

    try:
        _check_header(path)
        with safe_open(path, framework="numpy") as file:  # checks each tensor's place and size
            yield file
    except ProblemError as error:
        raise ProblemError(UNREADABLE, path=str(path), reason=str(error)) from None
    except FileNotFoundError:
        raise ProblemError(UNREADABLE, path=str(path), reason="There is no such file.") from None
    except OSError as error:
        reason = f"{error.strerror or CUT}.".replace("..", ".")
        raise ProblemError(UNREADABLE, path=str(path), reason=reason) from error
    except (SafetensorError, ValueError) as error:
        raise ProblemError(UNREADABLE, path=str(path), reason=CUT) from error


def _check_header(path: Path) -> None:
    """Refuse a file that says of its description that it is longer than it can be."""
    with open_to_read(path) as file:
        first = file.read(HEADER_SIZE.size)
    if len(first) < HEADER_SIZE.size:
        raise ProblemError(CUT)
    (length,) = HEADER_SIZE.unpack(first)
    if length > path.stat().st_size - HEADER_SIZE.size:
        raise ProblemError(CUT)
    if length > LARGEST_HEADER:
        sizes = {"length": byte_size(length), "most": byte_size(LARGEST_HEADER)}
        raise ProblemError(LONG_HEADER, **sizes)


def _check_numbers(file: safe_open) -> None:
    for name in file.keys():  # noqa: SIM118  no mapping
        kind = file.get_slice(name).get_dtype()
        if kind not in DTYPES:
            raise ProblemError(NUMBERS, name=name[:100], kind=kind)


def _check_memory(path: Path) -> None:
    needed, free = path.stat().st_size, psutil.virtual_memory().available
    if needed > free:
        raise ProblemError(TOO_LARGE, needed=byte_size(needed), free=byte_size(free))


def _project(told: Mapping[str, str]) -> Project | None:
    if told.get("format") != FORMAT:
        return None
    version = told.get("version", "")
    if version.isdecimal() and int(version[:9]) > VERSION:
        raise ProblemError(NEWER, version=version[:9])
    try:
        return loads(told.get("project", ""))
    except ProblemError as error:
        raise ProblemError("The project inside is not sound. {reason}", reason=str(error)) from None


def _about(told: Mapping[str, str]) -> About:
    """Read what is told; of a file of plain tensors, such as one of an older run, when it was."""
    names = About.model_fields if told.get("format") == FORMAT else ("step", "epoch")
    fields: dict[str, Any] = {name: told[name] for name in names if name in told}
    try:
        if "preparation" in fields:
            fields["preparation"] = Preparation.model_validate_json(fields["preparation"])
        return About.model_validate(fields)
    except ValidationError as error:
        raise ProblemError(UNSOUND, reason=str(problem_of(error))) from None
