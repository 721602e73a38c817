"""Datasets of IDX files: MNIST and its relatives in the data folder, or a person's own folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import Files, Images, Progress
from engine.data.families import family_of
from engine.data.idx_format import IMAGES, LABELS, read_header, read_idx
from engine.data.labels import number
from engine.data.limits import check_folder
from engine.data.splitting import own_test, whole
from engine.problems import ProblemError
from engine.project.sources import IdxFolder, KnownSource

Bytes = NDArray[np.uint8]

TRAIN, TEST = "train", "t10k"


@dataclass(frozen=True)
class Pair:
    """A file of images and the file of their labels."""

    images: Path
    labels: Path

    def read(self) -> tuple[Bytes, Bytes]:
        """Read both: uint8 (N, 1, H, W) and uint8 (N,).

        Raises:
            ProblemError: a file is damaged, or their counts differ.
        """
        images = read_header(self.images, IMAGES).shape[0]
        labels = read_header(self.labels, LABELS).shape[0]
        if images != labels:
            raise ProblemError(
                "{images_file} holds {images} images, but {labels_file} holds {labels} labels: "
                "they do not belong together. Choose two files of the same dataset.",
                images_file=str(self.images),
                labels_file=self.labels.name,
                images=images,
                labels=labels,
            )
        return read_idx(self.images, IMAGES)[:, None], read_idx(self.labels, LABELS)


def spellings(unpacked_name: str) -> Iterator[str]:
    """Give the names that one file goes by: a hyphen or a dot before idx, plain or .gz."""
    for name in (unpacked_name, unpacked_name.replace("-idx", ".idx")):
        yield name
        yield name + ".gz"


def locate(folder: Path, unpacked_name: str) -> Path | None:
    """Find one of the files in a folder by any of its spellings."""
    paths = (folder / name for name in spellings(unpacked_name))
    return next((path for path in paths if path.is_file()), None)


def find_pair(folder: Path, part: str) -> Pair | None:
    """Find images and labels of one part, TRAIN or TEST; None where both are missing.

    Raises:
        ProblemError: only one of the two is there.
    """
    images = locate(folder, f"{part}-images-idx3-ubyte")
    labels = locate(folder, f"{part}-labels-idx1-ubyte")
    if images and labels:
        return Pair(images, labels)
    if images or labels:
        raise ProblemError(
            "{folder} holds {found}, but the file that belongs to it is missing: "
            "{part}-images-idx3-ubyte and {part}-labels-idx1-ubyte go together, each plain or .gz.",
            folder=str(folder),
            found=(images or labels or folder).name,
            part=part,
        )
    return None


def homes(source: KnownSource, folder: Path) -> tuple[Path, ...]:
    """List where a known dataset may lie in the data folder, torchvision's own place first."""
    family = family_of(source)
    if family is None:
        return ()
    named = folder / family.folder
    return (named / "raw", named, *((folder,) if family.folder == "MNIST" else ()))


def home(source: KnownSource, folder: Path) -> Path | None:
    """Find the folder that holds all four files; None where there is none.

    Looks at names only, so it is quick.
    """
    family = family_of(source)
    for place in homes(source, folder):
        if family and all(locate(place, file.unpacked_name) for file in family.files):
            return place
    return None


def read_family(source: KnownSource, folder: Path, progress: Progress) -> Images:
    """Read MNIST or a relative from the data folder: uint8 (N, 1, 28, 28).

    Raises:
        ProblemError: its files are not there or damaged, or a label is none of its classes.
    """
    place = home(source, folder)
    if place is None:
        raise ProblemError(
            "{title} is not in the data folder {folder}. Get it with “Choose data” in the "
            "window, or name the folder that holds it by --data or LAYERSCOPE_DATA.",
            title=source.title,
            folder=str(folder),
        )
    train, test, files = _read_pairs(place, progress)
    assert test is not None  # home() found all four
    _check_labels(source, train[1])
    _check_labels(source, test[1])
    return own_test(
        (train[0], train[1].astype(np.int64)),
        (test[0], test[1].astype(np.int64)),
        source.class_names,
        files=files,
    )


def read_folder(source: IdxFolder, folder: Path, progress: Progress) -> Images:
    """Read a person's folder of IDX files again; `folder` is not looked at.

    Raises:
        ProblemError: as for examine_folder.
    """
    return examine_folder(Path(source.path), progress)


def examine_folder(path: Path, progress: Progress) -> Images:
    """Read a person's folder of IDX files: uint8 (N, 1, H, W), classes as their labels say.

    `path` may also be the folder above torchvision's raw.

    Raises:
        ProblemError: files are missing, damaged or do not belong together.
    """
    place = place_of(path)
    (images, labels), test, files = _read_pairs(place, progress)
    names, numbers, test_numbers = number(labels, test[1] if test else None)
    if test is None or test_numbers is None:
        return whole(images, numbers, names, files=files[0])
    _check_sizes(place, images, test[0])
    return own_test((images, numbers), (test[0], test_numbers), names, files=files)


def place_of(path: Path) -> Path:
    """Say where the files of a person's folder lie: in it, or in torchvision's raw below it."""
    check_folder(path)
    raw = path / "raw"
    return raw if find_pair(path, TRAIN) is None and raw.is_dir() else path


def _read_pairs(
    place: Path, progress: Progress
) -> tuple[tuple[Bytes, Bytes], tuple[Bytes, Bytes] | None, tuple[Files, Files]]:
    """Read images and labels of both parts, and name the files that hold the images."""
    train, test = find_pair(place, TRAIN), find_pair(place, TEST)
    if train is None:
        raise ProblemError(
            "{folder} holds no IDX files: train-images-idx3-ubyte and train-labels-idx1-ubyte are "
            "expected there, each plain or .gz.",
            folder=str(place),
        )
    progress(0, 2)
    read_train = train.read()
    progress(1, 2)
    read_test = test.read() if test else None
    progress(2, 2)
    files = (train.images.name,), (test.images.name,) if test else ()
    return read_train, read_test, files


def _check_labels(source: KnownSource, labels: Bytes) -> None:
    largest = int(labels.max())
    if largest >= len(source.class_names):
        raise ProblemError(
            "A label of {title} is {label}, but it has {count} classes, 0 to {last}: the files "
            "are damaged or of another dataset. Download them again.",
            title=source.title,
            label=largest,
            count=len(source.class_names),
            last=len(source.class_names) - 1,
        )


def _check_sizes(place: Path, train: Bytes, test: Bytes) -> None:
    if train.shape[1:] != test.shape[1:]:
        raise ProblemError(
            "The training images in {folder} are {train} pixels and the test images {test}: they "
            "must be of one size.",
            folder=str(place),
            train=train.shape[2:],
            test=test.shape[2:],
        )
