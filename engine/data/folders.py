"""A folder of pictures with one subfolder a class, listed by torchvision, decoded by Pillow.

Two layouts are understood: <class>/*.png; and train/<class>/*.png beside test/<class>/*.png.
A folder val (valid, validation) beside train is learnt from too, because Layerscope draws its
own validation images. Without test, a sixth of each class is kept for it.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import Files, Images, Progress
from engine.data.labels import natural
from engine.data.limits import check_folder, check_memory, reading
from engine.data.pictures import SUFFIXES, BrokenPictureError, Look, decode, is_colourful, look
from engine.data.splitting import own_test, whole
from engine.problems import Problem, ProblemError
from engine.project.sources import ImageFolder, ImageShape

TRAIN_NAMES = ("train", "training")
VALIDATION_NAMES = ("val", "valid", "validation")
TEST_NAMES = ("test", "testing")

SMALLEST, LARGEST = 8, 64
"""Sides in pixels that pictures of different or large sizes are brought to: what a small network
learns from in reasonable time."""

COLOUR_SAMPLE = 32
FIRST_FEW = 3
SUPPORTED = "PNG, JPEG, BMP, GIF, TIFF or WebP"

Tick = Callable[[], None]


@dataclass(frozen=True)
class Picture:
    """A file and its class's number."""

    path: Path
    label: int


@dataclass(frozen=True)
class Listing:
    """The pictures of a folder in their order; no test pictures where there is no such folder."""

    root: Path
    class_names: tuple[str, ...]
    train: tuple[Picture, ...]
    test: tuple[Picture, ...]
    notes: tuple[Problem, ...]

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """All of them, training first."""
        return self.train + self.test


def read_folder(source: ImageFolder, folder: Path, progress: Progress) -> Images:
    """Read the pictures again in the shape that was declared; `folder` is not looked at.

    Raises:
        ProblemError: as for examine_folder.
    """
    pictures = listed(Path(source.path))
    return _read(pictures, source.input_shape, _ticks(progress, len(pictures.pictures)))


def examine_folder(path: Path, progress: Progress) -> Images:
    """Read a folder of pictures: uint8 (N, C, H, W), one channel if all are grey, otherwise three.

    Pictures that all have one size of at most 64×64 keep it. Larger ones of one size are scaled
    so that their longer side is 64. Pictures of different sizes become squares of the median of
    all sides, at least 8 and at most 64. Broken pictures are left out and noted.

    Raises:
        ProblemError: no class folders or pictures, fewer than two classes, or too little memory.
        Cancelled: raised by `progress`, which counts two steps a picture.
    """
    pictures = listed(path)
    tick = _ticks(progress, 2 * len(pictures.pictures))
    return _read(pictures, _shape(pictures, tick), tick)


def listed(root: Path) -> Listing:
    """List the classes and pictures of a folder; classes and files in their natural order.

    A class folder without pictures is no class, and noted.

    Raises:
        ProblemError: as for examine_folder.
    """
    check_folder(root)
    with reading(root):
        trains, test, notes = class_folders(root)
        names = _class_names(root, trains)
        train = _merged(_pictures(place, names) for place in trains)
        filled = tuple(names[label] for label in sorted({p.label for p in train}))
        _check_classes(root, names, filled)
        _check_test_classes(test, filled)
        return Listing(
            root,
            filled,
            _renumbered(train, names, filled),
            tuple(_pictures(test, filled)) if test else (),
            notes + tuple(_empty_note(root, name) for name in names if name not in filled),
        )


def class_folders(root: Path) -> tuple[list[Path], Path | None, tuple[Problem, ...]]:
    """Say which folders hold the classes to learn from, and which those of the test, if any."""
    inside = {entry.name.lower(): entry for entry in _subfolders(root)}
    train = _first(inside, TRAIN_NAMES)
    if train is None or not _subfolders(train):
        return [root], None, ()
    more = _first(inside, VALIDATION_NAMES)
    test = _first(inside, TEST_NAMES)
    trains = [train, more] if more and _subfolders(more) else [train]
    if test and not _subfolders(test):
        return trains, None, (_unlabelled_note(test),)
    return trains, test, ()


def _first(folders: dict[str, Path], names: tuple[str, ...]) -> Path | None:
    return next((folders[name] for name in names if name in folders), None)


def _subfolders(folder: Path) -> list[Path]:
    return [entry for entry in folder.iterdir() if entry.is_dir() and _is_shown(entry.name)]


def _is_shown(name: str) -> bool:
    """Leave out what file managers and tools leave behind."""
    return not name.startswith(".") and name not in {"__MACOSX", "__pycache__"}


def _class_names(root: Path, places: Iterable[Path]) -> tuple[str, ...]:
    try:
        found = {name for place in places for name in _torchvision().find_classes(str(place))[0]}
    except FileNotFoundError:
        found = set()
    names = sorted(filter(_is_shown, found), key=lambda name: (natural(name), name))
    if not names:
        raise ProblemError(
            "{folder} has no subfolders: one subfolder for each class is expected, each with its "
            "{kinds} pictures.",
            folder=str(root),
            kinds=SUPPORTED,
        )
    return tuple(names)


def _pictures(place: Path, names: tuple[str, ...]) -> list[Picture]:
    samples = _torchvision().make_dataset(
        str(place),
        {name: label for label, name in enumerate(names)},
        is_valid_file=_is_picture,
        allow_empty=True,
    )
    pictures = [Picture(Path(path), label) for path, label in samples]
    return sorted(pictures, key=_order)


def _order(picture: Picture) -> tuple[int, tuple[tuple[int, int, str], ...], str]:
    return picture.label, natural(str(picture.path)), str(picture.path)


def _is_picture(path: str) -> bool:
    name = Path(path)
    return name.suffix.lower() in SUFFIXES and not name.name.startswith(".")


def _merged(parts: Iterable[list[Picture]]) -> list[Picture]:
    return sorted((picture for part in parts for picture in part), key=lambda p: p.label)


def _renumbered(
    pictures: list[Picture], names: tuple[str, ...], filled: tuple[str, ...]
) -> tuple[Picture, ...]:
    """Give the classes new numbers, because empty ones among them were left out."""
    number = {name: label for label, name in enumerate(filled)}
    return tuple(Picture(p.path, number[names[p.label]]) for p in pictures)


def _check_classes(root: Path, names: tuple[str, ...], filled: tuple[str, ...]) -> None:
    if not filled:
        raise ProblemError(
            "{folder} has {count} subfolders but no {kinds} pictures in them: choose the folder "
            "whose subfolders hold the pictures of one class each.",
            folder=str(root),
            count=len(names),
            kinds=SUPPORTED,
        )
    if len(filled) < 2:
        raise ProblemError(
            "{folder} has only one class with pictures, {name}, but a network needs at least two "
            "to tell apart: choose the folder above the class folders, or add a class.",
            folder=str(root),
            name=filled[0],
        )


def _check_test_classes(test: Path | None, names: tuple[str, ...]) -> None:
    if test is None:
        return
    unknown = [entry.name for entry in _subfolders(test) if entry.name not in names]
    if unknown:
        raise ProblemError(
            "{folder} has the class {name}, which has no pictures to learn from: every class of "
            "the test must also be a class of the training.",
            folder=str(test),
            name=unknown[0],
        )


def _empty_note(root: Path, name: str) -> Problem:
    return Problem(
        "The folder {name} in {folder} holds no pictures, so it is no class.",
        name=name,
        folder=str(root),
    )


def _unlabelled_note(test: Path) -> Problem:
    return Problem(
        "{folder} has no class folders, so its pictures have no labels; a sixth of the training "
        "pictures is kept for the test instead.",
        folder=str(test),
    )


def _torchvision() -> ModuleType:
    """Import torchvision's folder listing, the only thing that the pictures need of it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its own codecs, which are not used here
            from torchvision.datasets import folder
    except (ImportError, RuntimeError, AttributeError, OSError) as error:
        raise ProblemError(
            "torchvision cannot be used ({reason}). Most often torch is built for the CPU and "
            "torchvision for CUDA, or the other way round: install both from the same index.",
            reason=str(error),
        ) from error
    return folder  # type: ignore[no-any-return]  # torchvision is untyped


def _shape(listing: Listing, tick: Tick) -> ImageShape:
    """Decide channels, height and width for all pictures, from their headers."""
    looks = [_looked(picture.path, tick) for picture in listing.pictures]
    good = [(p, seen) for p, seen in zip(listing.pictures, looks, strict=True) if seen]
    if not good:
        raise _all_broken(listing)
    height, width = common_size([seen.size for _, seen in good])
    return _channels([p.path for p, seen in good if not seen.grey]), height, width


def _looked(path: Path, tick: Tick) -> Look | None:
    try:
        return look(path)
    except BrokenPictureError:
        return None
    finally:
        tick()


def common_size(sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Choose the height and width that pictures of these heights and widths are brought to."""
    if len(set(sizes)) == 1:
        height, width = sizes[0]
        scale = min(1.0, LARGEST / max(height, width))
        return max(1, round(height * scale)), max(1, round(width * scale))
    side = round(median(side for size in sizes for side in size))
    side = min(max(side, SMALLEST), LARGEST)
    return side, side


def _channels(coloured: list[Path]) -> int:
    """Look at a sample, evenly spread, of the pictures that could show colour."""
    step = max(1, len(coloured) // COLOUR_SAMPLE)
    return 3 if any(map(_shows_colour, coloured[::step])) else 1


def _shows_colour(path: Path) -> bool:
    try:
        return is_colourful(path)
    except BrokenPictureError:
        return False


def _read(listing: Listing, shape: ImageShape, tick: Tick) -> Images:
    total = len(listing.pictures)
    channels, height, width = shape
    check_memory(total * channels * height * width * 4, f"{total:,} pictures of {height}×{width}")
    train = _decoded(listing.train, shape, tick)
    test = _decoded(listing.test, shape, tick)
    notes = listing.notes + _broken_note(train.broken + test.broken)
    if not len(train.images) or (listing.test and not len(test.images)):
        raise _all_broken(listing)
    if not listing.test:
        names, files = listing.class_names, _files(listing.root, listing.train)
        return whole(train.images, train.labels, names, train.rows, notes, files)
    return own_test(
        (train.images, train.labels),
        (test.images, test.labels),
        listing.class_names,
        (train.rows, test.rows),
        notes,
        (_files(listing.root, listing.train), _files(listing.root, listing.test)),
    )


def _files(root: Path, pictures: Iterable[Picture]) -> Files:
    """Name the pictures' files as their folder has them: cat/113.png, on every system so.

    Bytes that are no Unicode, which a name on Linux may have, are replaced: it is for showing.
    """
    names = (picture.path.relative_to(root).as_posix() for picture in pictures)
    return tuple(os.fsencode(name).decode("utf-8", "replace") for name in names)


@dataclass(frozen=True, eq=False)
class _Decoded:
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    rows: NDArray[np.int64]
    broken: tuple[Path, ...]


def _decoded(pictures: tuple[Picture, ...], shape: ImageShape, tick: Tick) -> _Decoded:
    images = np.empty((len(pictures), *shape), np.uint8)
    good: list[int] = []
    for row, picture in enumerate(pictures):
        with suppress(BrokenPictureError):
            images[len(good)] = decode(picture.path, shape)
            good.append(row)
        tick()
    rows = np.array(good, np.int64)
    labels = np.array([picture.label for picture in pictures], np.int64)[rows]
    broken = tuple(pictures[row].path for row in sorted({*range(len(pictures))} - {*good}))
    return _Decoded(images[: len(good)], labels, rows, broken)


def _broken_note(paths: tuple[Path, ...]) -> tuple[Problem, ...]:
    if not paths:
        return ()
    named = ", ".join(f"{path.parent.name}/{path.name}" for path in paths[:FIRST_FEW])
    more = len(paths) - FIRST_FEW
    return (
        Problem(
            "{count} broken pictures were left out: {named}{more}.",
            count=len(paths),
            named=named,
            more=f" and {more:,} more" if more > 0 else "",
        ),
    )


def _all_broken(listing: Listing) -> ProblemError:
    return ProblemError(
        "None of the pictures of the training or of the test in {folder} can be read: they are "
        "damaged, or not {kinds}.",
        folder=str(listing.root),
        kinds=SUPPORTED,
    )


def _ticks(progress: Progress, total: int) -> Tick:
    """Count steps for a progress that wants to know how many are done of how many."""
    progress(0, total)
    done = count(1)
    return lambda: progress(next(done), total)
