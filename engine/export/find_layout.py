"""Looks at a person's files to say how they are laid out, by the same readers as training."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import singledispatch
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from engine.data import npy_format
from engine.data.archives import are_bytes, channels_first, check_roles, is_one_hot, roles_of
from engine.data.folders import Picture, class_folders, listed
from engine.data.idx import TEST, TRAIN, find_pair, place_of
from engine.data.idx_format import is_packed
from engine.data.pictures import DEEP_MODES, BrokenPictureError, look
from engine.export.layout import Axes, IdxFiles, ImageFolders, LabelKind, Layout, NpzArrays
from engine.problems import ProblemError
from engine.project.sources import FileSource, IdxFolder, ImageFolder, NpzFile

Values = NDArray[Any]


@singledispatch
def find_layout(source: FileSource) -> Layout:
    """Look at the files of a source.

    Raises:
        ProblemError: they are gone, damaged, or not what the source expects.
    """
    raise TypeError(f"no layout is known for {type(source).__name__}")


@find_layout.register
def _idx(source: IdxFolder) -> IdxFiles:
    folder = Path(source.path)
    place = place_of(folder)
    train, test = find_pair(place, TRAIN), find_pair(place, TEST)
    if train is None:
        raise ProblemError("{folder} holds no IDX files any more.", folder=str(place))
    files = [train.images, train.labels, *((test.images, test.labels) if test else ())]
    names = [file.relative_to(folder).as_posix() for file in files]
    images, labels, test_images, test_labels = names if test else (*names, "", "")
    packed = (name for name, file in zip(names, files, strict=True) if is_packed(file))
    return IdxFiles(images, labels, test_images, test_labels, tuple(packed))


@find_layout.register
def _pictures(source: ImageFolder) -> ImageFolders:
    folder = Path(source.path)
    pictures = listed(folder)
    train, test, _ = class_folders(folder)
    return ImageFolders(
        tuple(_below(folder, place) for place in train),
        None if test is None else _below(folder, test),
        broken=len(pictures.pictures) > source.train_size + source.test_size,
        suffixes=tuple(sorted({one.path.suffix.lower() for one in pictures.pictures})),
        deep=_deep(pictures.pictures),
    )


def _deep(pictures: Iterable[Picture]) -> tuple[str, ...]:
    """Read the headers to say which modes have to be brought to 8 bits; broken ones have none."""
    modes: set[str] = set()
    for picture in pictures:
        with suppress(BrokenPictureError):
            modes.add(look(picture.path).mode)
    return tuple(sorted(modes & DEEP_MODES))


def _below(folder: Path, place: Path) -> str:
    return "" if place == folder else place.relative_to(folder).as_posix()


@find_layout.register
def _npz(source: NpzFile) -> NpzArrays:
    path = Path(source.path)
    with npy_format.opened(path) as archive:
        infos = npy_format.arrays(archive)
        roles = roles_of(path, tuple(infos))
        members = {name: npy_format.declared(archive, infos[name]) for name in roles.names}
        check_roles(members, roles)
        images = npy_format.read(archive, members[roles.images])
        labels = npy_format.read(archive, members[roles.labels])
    types = {members[name].dtype for name in (roles.images, roles.test_images) if name}
    return NpzArrays(
        roles.images,
        roles.labels,
        roles.test_images,
        roles.test_labels,
        axes=_axes(images, roles.images),
        bytes=len(types) == 1 and are_bytes(images),
        label_kind=_label_kind(labels),
    )


def _axes(images: Values, name: str) -> Axes:
    """Say which axes the reader takes for which, by what it makes of the array."""
    if images.ndim == 3:
        return "NHW"
    read = channels_first(images, name)
    return "NCHW" if read.strides == images.strides else "NHWC"


def _label_kind(labels: Values) -> LabelKind:
    if labels.dtype.kind == "S":
        return "encoded"
    if labels.dtype.kind == "U":
        return "text"
    several = labels.ndim == 2 and labels.shape[1] > 1
    return "one-hot" if several and is_one_hot(labels) else "numbers"
