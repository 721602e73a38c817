"""What training works on: images and labels, as a source holds them and after splitting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.problems import Problem

SetName = Literal["training", "validation", "test"]

Progress = Callable[[int, int], None]
"""Receives (done, total). Whoever wants to cancel raises Cancelled from it."""

Pixels = NDArray[np.uint8] | NDArray[np.float32]
"""Images as they were read, (N, C, H, W): uint8 in 0..255 or float32 of any range."""


Files = tuple[str, ...]
"""Names of the files that a source's images lie in, by the images' indices there; where it is one
name, that file holds all of them. Empty where no file is to be named. All splits share one."""


class Cancelled(Exception):  # noqa: N818 - it is no error: a person pressed Cancel
    """The person wants no more of it."""


def silent(done: int, total: int) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True, eq=False)
class Images:
    """What a source holds, before splitting and scaling.

    Images are (N, C, H, W), labels int64 (N,), numbers into `class_names`. `train_rows` and
    `test_rows` give each image's place in the source's own order, by which `train_files` and
    `test_files` name its file. The arrays are read-only, because the last ones read are kept and
    shared.
    """

    train_images: Pixels
    train_labels: NDArray[np.int64]
    test_images: Pixels
    test_labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    train_rows: NDArray[np.int64]
    test_rows: NDArray[np.int64]
    notes: tuple[Problem, ...] = ()
    train_files: Files = ()
    test_files: Files = ()

    def __post_init__(self) -> None:
        for images, labels, rows in (
            (self.train_images, self.train_labels, self.train_rows),
            (self.test_images, self.test_labels, self.test_rows),
        ):
            assert images.ndim == 4
            assert len(images) == len(labels) == len(rows)
            for array in (images, labels, rows):
                array.setflags(write=False)

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of every image."""
        channels, height, width = self.train_images.shape[1:]
        return channels, height, width


@dataclass(frozen=True, eq=False)
class Split:
    """One part of a dataset.

    `images` is float32 (N, C, H, W) in 0..1 and C-contiguous, `labels` int64 (N,), and
    `indices` int64 (N,) says which image of the source each one is, in the source's own order.
    `files` is of the whole source and goes by these indices.
    """

    images: NDArray[np.float32]
    labels: NDArray[np.int64]
    indices: NDArray[np.int64]
    files: Files = ()

    def __post_init__(self) -> None:
        assert self.images.dtype == np.float32
        assert self.images.flags.c_contiguous
        assert len(self.images) == len(self.labels) == len(self.indices)

    def __len__(self) -> int:
        return len(self.labels)

    def file(self, index: int) -> str:
        """Name the file of the image with this index, as the source's folder has it; "" where
        there is none to name.
        """
        if len(self.files) > 1:
            return self.files[index]
        return self.files[0] if self.files else ""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Everything a run needs: three splits, the class names and the standardisation.

    Images stay in 0..1 so that they can be shown. `mean` and `deviation` are float32 (C,),
    measured on the training split, or 0 and 1 where nothing is to be standardised.
    """

    train: Split
    validation: Split
    test: Split
    class_names: tuple[str, ...]
    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]
    notes: tuple[Problem, ...] = ()

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of every image."""
        channels, height, width = self.train.images.shape[1:]
        return channels, height, width

    def split(self, of: SetName) -> Split:
        """Give one of the three parts by its name."""
        return {"training": self.train, "validation": self.validation, "test": self.test}[of]

    def standardised(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Subtract the mean and divide by the deviation, channel by channel.

        Takes and returns float32 (..., C, H, W); the very same array where there is nothing to
        do. A channel that never varies is only shifted.
        """
        if not self.mean.any() and (self.deviation == 1).all():
            return images
        mean = self.mean[:, None, None]
        deviation = np.where(self.deviation == 0, 1, self.deviation)[:, None, None]
        result = images - mean
        result /= deviation
        return result
