"""Where a project's data come together: found, read, checked and prepared.

A new kind of source is declared in engine.project.sources and gets one reader, which is named
here: `read` for every source, EXAMINERS for those that a person's own files make up.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, singledispatch
from pathlib import Path
from threading import Lock
from typing import TypeVar

from pydantic import ValidationError

from engine.data import archives, digits, folders, idx
from engine.data.dataset import Dataset, Images, Progress, silent
from engine.data.families import FAMILIES, family_of
from engine.data.last_read import LastRead
from engine.data.prepare import prepare
from engine.problems import ProblemError, problem_of, shown
from engine.project.sources import (
    BundledDigits,
    Data,
    FileSource,
    IdxFolder,
    ImageFolder,
    KnownSource,
    NpzFile,
    Source,
)

__all__ = ["found", "images_of", "inspect", "load", "prepare", "read"]

AnyFile = TypeVar("AnyFile", bound=FileSource)

_last = LastRead()
_loading = Lock()


@singledispatch
def read(source: Source, folder: Path, progress: Progress) -> Images:
    """Read what a source holds; known sources are looked for in `folder`.

    Raises:
        ProblemError: it is not there, damaged, or too much for this machine's memory.
        Cancelled: raised by `progress`.
    """
    raise TypeError(f"no reader is registered for {type(source).__name__}")


read.register(BundledDigits, digits.read_digits)
for _kind in FAMILIES:
    read.register(_kind, idx.read_family)
read.register(IdxFolder, idx.read_folder)
read.register(ImageFolder, folders.read_folder)
read.register(NpzFile, archives.read_archive)

EXAMINERS: dict[type[FileSource], Callable[[Path, Progress], Images]] = {
    IdxFolder: idx.examine_folder,
    ImageFolder: folders.examine_folder,
    NpzFile: archives.examine_archive,
}
"""How a person's files are read for the first time, when nothing is declared of them yet."""


def found(source: KnownSource, folder: Path) -> bool:
    """Say whether a known source is there, by its files' names, without reading them."""
    return family_of(source) is None or idx.home(source, folder) is not None


def inspect(kind: type[AnyFile], path: Path, progress: Progress = silent) -> AnyFile:
    """Read a person's files and return the source with what was found in them.

    What was read is kept, so that a load right after it need not read again.

    Raises:
        ProblemError: the files are missing, damaged, or not what `kind` expects.
        Cancelled: raised by `progress`.
    """
    path = path.expanduser().absolute()
    _last.clear()
    images = EXAMINERS[kind](path, progress)
    source = _declared(kind, path, images)
    _last.keep(source, path, images)
    return source


def _declared(kind: type[AnyFile], path: Path, images: Images) -> AnyFile:
    try:
        return kind.model_validate(
            {
                "path": str(path),
                "input_shape": images.input_shape,
                "class_names": images.class_names,
                "train_size": len(images.train_labels),
                "test_size": len(images.test_labels),
            }
        )
    except ValidationError as error:  # such as a folder's name that is no text
        raise ProblemError(problem_of(error)) from error


def load(data: Data, seed: int, folder: Path, progress: Progress = silent) -> Dataset:
    """Read, check, split and scale: everything a run needs.

    The dataset prepared last is kept too. Who asks for one that another thread is just loading
    waits and gets that one.

    Raises:
        ProblemError: as for images_of and prepare.
        Cancelled: raised by `progress`.
    """
    with _loading:
        images = images_of(data.source, folder, progress)
        dataset = _last.prepared(images, data, seed)
        if dataset is None:
            _last.forget_prepared()  # before the next one: memory holds one at a time
            dataset = prepare(images, data, seed, partial(progress, 1, 1))  # all is read
            _last.keep_prepared(images, data, seed, dataset)
        return dataset


def images_of(source: Source, folder: Path, progress: Progress = silent) -> Images:
    """Read a source and check it against what it declares.

    The images read last are kept, so that the same source again, or a load right after an
    inspect, need not be read anew.

    Raises:
        ProblemError: as for read, or the files are no longer what the source declares.
        Cancelled: raised by `progress`.
    """
    images = _last.get(source, folder)
    if images is None:
        _last.clear()  # before the next ones are read: memory holds one source at a time
        images = read(source, folder, progress)
        _check_declared(source, images)
        _last.keep(source, folder, images)
    return images


def _check_declared(source: Source, images: Images) -> None:
    """Compare what was read with what the source declares."""
    assert isinstance(source, KnownSource | FileSource)
    for declared, now in zip(_facts(source), _read_facts(images), strict=True):
        if declared != now:
            raise _differs(source, declared, now)


def _facts(source: KnownSource | FileSource) -> tuple[str, ...]:
    return _described(source.input_shape, source.class_names, source.train_size, source.test_size)


def _read_facts(images: Images) -> tuple[str, ...]:
    sizes = len(images.train_labels), len(images.test_labels)
    return _described(images.input_shape, images.class_names, *sizes)


def _described(
    shape: tuple[int, ...], class_names: tuple[str, ...], train: int, test: int
) -> tuple[str, ...]:
    return (
        f"images of {shown(shape)}",
        f"the {len(class_names)} classes {', '.join(class_names)}",
        f"{train:,} training images",
        f"{test:,} test images",
    )


def _differs(source: KnownSource | FileSource, declared: str, now: str) -> ProblemError:
    if isinstance(source, KnownSource):
        return ProblemError(
            "The files of {title} hold {now}, but {declared} are expected: they are not the "
            "published ones. Download them again.",
            title=source.title,
            now=now,
            declared=declared,
        )
    return ProblemError(
        "{path} has changed since it was chosen: it held {declared}, and now it holds {now}. "
        "Choose it again.",
        path=source.path,
        declared=declared,
        now=now,
    )
