"""Images and labels in one NumPy archive (.npz)."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data import npy_format
from engine.data.dataset import Images, Pixels, Progress
from engine.data.labels import number
from engine.data.limits import check_memory
from engine.data.npy_format import Member
from engine.data.splitting import own_test, whole
from engine.problems import Problem, ProblemError
from engine.project.sources import NpzFile

Values = NDArray[Any]


@dataclass(frozen=True)
class Roles:
    """What each array of an archive is, by name; without a test set the last two are empty."""

    images: str
    labels: str
    test_images: str = ""
    test_labels: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names that are used."""
        return tuple(n for n in (self.images, self.labels, self.test_images, self.test_labels) if n)


NAMINGS = (
    Roles("x_train", "y_train", "x_test", "y_test"),
    Roles("train_images", "train_labels", "test_images", "test_labels"),
    Roles("images_train", "labels_train", "images_test", "labels_test"),
    Roles("train_x", "train_y", "test_x", "test_y"),
    Roles("images", "labels", "test_images", "test_labels"),
    Roles("x", "y"),
    Roles("data", "labels"),
    Roles("data", "target"),
)
"""The names that are understood, whatever their case; the first pair that is there is taken."""

CHANNELS = (1, 3)

FAINT = 32
"""uint8 images below it use an eighth of their range: counts or 0 and 1 rather than brightness."""


def read_archive(source: NpzFile, folder: Path, progress: Progress) -> Images:
    """Read a person's archive again; `folder` is not looked at.

    Raises:
        ProblemError: as for examine_archive.
    """
    return examine_archive(Path(source.path), progress)


def examine_archive(path: Path, progress: Progress) -> Images:
    """Read an archive: (N, C, H, W), uint8 as they are, any other numbers as float32.

    Images are N×H×W, N×H×W×C or N×C×H×W with C 1 or 3. Labels are whole numbers, text or
    one-hot rows; the classes are those that occur, sorted.

    Raises:
        ProblemError: no sound archive, arrays missing or of other shapes or types, pixels that
            are no finite numbers, or too little memory.
        Cancelled: raised by `progress`, which counts arrays.
    """
    with npy_format.opened(path) as archive:
        infos = npy_format.arrays(archive)
        roles = roles_of(path, tuple(infos))
        members = {name: npy_format.declared(archive, infos[name]) for name in roles.names}
        check_roles(members, roles)
        arrays = _arrays(archive, members, progress)
    return _images(path.name, arrays, roles, _unused_note(roles, tuple(infos)))


def _arrays(
    archive: zipfile.ZipFile, members: dict[str, Member], progress: Progress
) -> dict[str, Values]:
    """Read all arrays, having asked for the memory of all, and of their copies as float32."""
    check_memory(
        sum(m.size_bytes + 4 * (m.size_bytes // m.dtype.itemsize) for m in members.values()),
        "The arrays " + ", ".join(members),
    )
    arrays = {}
    for done, (name, member) in enumerate(members.items()):
        progress(done, len(members))
        arrays[name] = npy_format.read(archive, member)
    progress(len(members), len(members))
    return arrays


def _images(
    file: str, arrays: dict[str, Values], roles: Roles, notes: tuple[Problem, ...]
) -> Images:
    files, test_files = (f"{file}/{roles.images}",), (f"{file}/{roles.test_images}",)
    labels = whole_numbers(arrays[roles.labels], roles.labels)
    train = channels_first(arrays[roles.images], roles.images)
    if not roles.test_images:
        names, numbers, _ = number(labels, None)
        (pixels,) = _pixels({roles.images: train})
        return whole(pixels, numbers, names, notes=notes, files=files)
    test = channels_first(arrays[roles.test_images], roles.test_images)
    _check_alike(roles, train, test)
    names, numbers, test_numbers = number(
        labels, whole_numbers(arrays[roles.test_labels], roles.test_labels)
    )
    assert test_numbers is not None
    pixels, test_pixels = _pixels({roles.images: train, roles.test_images: test})
    return own_test(
        (pixels, numbers),
        (test_pixels, test_numbers),
        names,
        notes=notes,
        files=(files, test_files),
    )


def roles_of(path: Path, names: tuple[str, ...]) -> Roles:
    """Say which array of an archive is what, by their names; ProblemError where that is unclear."""
    there = {name.lower(): name for name in names}
    for naming in NAMINGS:
        if naming.images in there and naming.labels in there:
            return _with_test(path, naming, there)
    raise ProblemError(
        "{path} holds the arrays {names}, but x_train and y_train (with x_test and y_test) or "
        "images and labels are expected: rename them when you save the file.",
        path=str(path),
        names=", ".join(names[:10]) or "(none)",
    )


def _with_test(path: Path, naming: Roles, there: dict[str, str]) -> Roles:
    tests = [name for name in (naming.test_images, naming.test_labels) if name in there]
    if len(tests) == 1:
        raise ProblemError(
            "{path} holds {name} but not the array that belongs to it: {images} and {labels} go "
            "together.",
            path=str(path),
            name=there[tests[0]],
            images=naming.test_images,
            labels=naming.test_labels,
        )
    return Roles(*(there[name] for name in (naming.images, naming.labels, *tests)))


def _unused_note(roles: Roles, names: tuple[str, ...]) -> tuple[Problem, ...]:
    unused = [name for name in names if name not in roles.names]
    if not unused:
        return ()
    return (Problem("These arrays are not used: {names}.", names=", ".join(unused[:10])),)


def check_roles(members: dict[str, Member], roles: Roles) -> None:
    """Check kinds, shapes and counts before anything is read; ProblemError where they don't fit."""
    _check_pair(members[roles.images], members[roles.labels])
    if roles.test_images:
        _check_pair(members[roles.test_images], members[roles.test_labels])


def _check_pair(images: Member, labels: Member) -> None:
    if images.dtype.kind in "US":
        raise ProblemError(
            "The array {name} holds text, but images are numbers: check which array is which.",
            name=images.name,
        )
    if 0 in images.shape or 0 in labels.shape:
        raise ProblemError(
            "The arrays {images} ({shape}) and {labels} ({label_shape}) hold nothing: save the "
            "file with images in it.",
            images=images.name,
            labels=labels.name,
            shape=images.shape,
            label_shape=labels.shape,
        )
    if images.shape[:1] != labels.shape[:1]:
        raise ProblemError(
            "{images} holds {shape} values and {labels} {label_shape}: there must be one label for "
            "each image.",
            images=images.name,
            labels=labels.name,
            shape=images.shape,
            label_shape=labels.shape,
        )


def channels_first(images: Values, name: str) -> Values:
    """Bring images to (N, C, H, W).

    Raises:
        ProblemError: they are none of N×H×W, N×H×W×C and N×C×H×W with C 1 or 3.
    """
    if images.ndim == 3:
        return images[:, None]
    if images.ndim == 4 and images.shape[3] in CHANNELS:
        return images.transpose(0, 3, 1, 2)
    if images.ndim == 4 and images.shape[1] in CHANNELS:
        return images
    raise ProblemError(
        "The array {name} is {shape}, but images are N×H×W, N×H×W×C or N×C×H×W with 1 or 3 "
        "channels C: reshape it before it is saved, for example to N×28×28.",
        name=name,
        shape=images.shape,
    )


def whole_numbers(labels: Values, name: str) -> Values:
    """Bring labels to whole numbers or text (N,), from one-hot rows or columns too.

    Raises:
        ProblemError: they are of another shape, no whole numbers, or no valid text.
    """
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2 and is_one_hot(labels):
        columns: Values = labels.argmax(axis=1)
        return columns
    if labels.ndim != 1:
        raise ProblemError(
            "The array {name} is {shape}, but labels are one number or name for each image, or "
            "one-hot rows (a single 1 in zeros).",
            name=name,
            shape=labels.shape,
        )
    if labels.dtype.kind in "US":
        return _text(labels, name)
    return _integers(labels, name)


def is_one_hot(labels: Values) -> bool:
    """Say whether each row of (N, K) holds a single 1 in zeros."""
    if labels.dtype.kind in "US":
        return False
    ones = labels == 1
    return bool((ones.sum(axis=1) == 1).all() and ((labels == 0) | ones).all())


def _integers(labels: Values, name: str) -> Values:
    if labels.dtype.kind != "f":
        return labels.astype(np.int64)
    odd = labels[~(np.isfinite(labels) & (labels == np.trunc(labels)) & (abs(labels) < 2**53))]
    if len(odd):
        raise ProblemError(
            "The array {name} holds {value}, but labels are whole numbers or names: check which "
            "array is which.",
            name=name,
            value=float(odd[0]),
        )
    return labels.astype(np.int64)


def _text(labels: Values, name: str) -> Values:
    text = _decoded(labels) if labels.dtype.kind == "S" else labels
    if text is None or not _is_unicode(text):
        raise ProblemError(
            "The array {name} holds text that is no valid Unicode: save its labels as numbers, or "
            "as UTF-8.",
            name=name,
        )
    return text.astype(text.dtype.newbyteorder("="))


def _decoded(labels: Values) -> Values | None:
    try:
        text: Values = np.char.decode(labels, "utf-8")
    except UnicodeDecodeError:
        return None
    return text


def _is_unicode(text: Values) -> bool:
    """Check the code points themselves: NumPy fails inside on those that are none."""
    points = np.frombuffer(text.tobytes(), text.dtype.byteorder.replace("|", "=") + "u4")
    return bool(((points < 0xD800) | ((points > 0xDFFF) & (points <= 0x10FFFF))).all())


def _check_alike(roles: Roles, train: Values, test: Values) -> None:
    if train.shape[1:] != test.shape[1:]:
        raise ProblemError(
            "The images of {train_name} are {train} and those of {test_name} {test} (channels, "
            "height, width): they must be of one size.",
            train_name=roles.images,
            test_name=roles.test_images,
            train=train.shape[1:],
            test=test.shape[1:],
        )


def _pixels(images: dict[str, Values]) -> tuple[Pixels, ...]:
    """Keep bytes as bytes, and bring all other numbers to float32: all arrays alike."""
    values = tuple(images.values())
    if all(v.dtype == np.uint8 for v in values) and are_bytes(values[0]):
        return values
    return tuple(_floats(name, value) for name, value in images.items())


def are_bytes(images: Values) -> bool:
    """Say whether training images are brightness in 0..255, not numbers of another range."""
    return images.dtype == np.uint8 and bool(images.max() >= FAINT)


def _floats(name: str, values: Values) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused
        floats = values.astype(np.float32)
    wrong = floats.size - int(np.isfinite(floats).sum())
    if wrong:
        raise ProblemError(
            "{count} of the {total} pixels of {name} are not finite numbers (NaN or infinite): "
            "replace them before the file is saved, for example with numpy.nan_to_num.",
            count=wrong,
            total=floats.size,
            name=name,
        )
    return floats
