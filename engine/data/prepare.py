"""Images become the three splits of a dataset, scaled to 0..1 and measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import Dataset, Files, Images, Pixels, Split
from engine.data.limits import check_memory
from engine.data.splitting import validation_rows
from engine.project.sources import Data

AT_ONCE = 4096
"""Images scaled or measured at a time, so that float64 takes little memory."""

Rows = NDArray[np.int64]
Floats = NDArray[np.float32]
Scale = tuple[float, float]
"""What is subtracted from every pixel, and what it is then divided by."""


def prepare(
    images: Images, data: Data, seed: int, alive: Callable[[], None] = lambda: None
) -> Dataset:
    """Split off the validation set by the seed and scale all images to 0..1.

    Bytes are divided by 255. Floats stay as they are when the training images lie in 0..1, and are
    scaled by the training images' least and largest value otherwise. Test images are never mixed
    in; what of them lies beyond the training images' range is cut off. `alive` is called often.

    Raises:
        ProblemError: a class has too few images, or too little memory is free.
        Cancelled: raised by `alive`.
    """
    labels, names = images.train_labels, images.class_names
    learnt, kept = validation_rows(labels, names, data.validation, seed)
    _check_memory(images)
    scale = _scale(images.train_images)
    of_train = images.train_images, labels, images.train_rows, images.train_files
    of_test = images.test_images, images.test_labels, images.test_rows, images.test_files
    train = _split(*of_train, learnt, scale, alive)
    mean, deviation = _nothing(train.images)
    if data.standardise:
        mean, deviation = _measured(train.images, alive)
    every = np.arange(len(images.test_labels))
    return Dataset(
        train=train,
        validation=_split(*of_train, kept, scale, alive),
        test=_split(*of_test, every, scale, alive),
        class_names=names,
        mean=mean,
        deviation=deviation,
        notes=images.notes,
    )


def _check_memory(images: Images) -> None:
    count = len(images.train_labels) + len(images.test_labels)
    size = images.train_images.size + images.test_images.size
    check_memory(4 * size, f"{count:,} images of {images.train_images[0].size:,} values")


def _scale(pixels: Pixels) -> Scale:
    if pixels.dtype == np.uint8:
        return 0, 255
    least, largest = float(pixels.min()), float(pixels.max())
    if least >= 0 and largest <= 1:
        return 0, 1
    return least, largest - least or 1


def _split(
    pixels: Pixels,
    labels: Rows,
    places: Rows,
    files: Files,
    rows: Rows,
    scale: Scale,
    alive: Callable[[], None],
) -> Split:
    images = np.empty((len(rows), *pixels.shape[1:]), np.float32)
    for start in range(0, len(rows), AT_ONCE):
        alive()
        chunk = slice(start, start + AT_ONCE)
        images[chunk] = _scaled(pixels[rows[chunk]], scale)
    return Split(images, labels[rows], places[rows], files)


def _scaled(pixels: Pixels, scale: Scale) -> Floats:
    least, extent = scale
    if pixels.dtype == np.uint8:
        return np.divide(pixels, extent, dtype=np.float32)
    return ((pixels.astype(np.float64) - least) / extent).clip(0, 1).astype(np.float32)


def _nothing(images: Floats) -> tuple[Floats, Floats]:
    channels = images.shape[1]
    return np.zeros(channels, np.float32), np.ones(channels, np.float32)


def _measured(images: Floats, alive: Callable[[], None]) -> tuple[Floats, Floats]:
    """Measure each channel's mean and deviation; a channel that never varies gets deviation 1."""
    count = images.size // images.shape[1]
    mean = sum(chunk.sum((0, 2, 3)) for chunk in _chunks(images, alive)) / count
    centred = (chunk - mean[:, None, None] for chunk in _chunks(images, alive))
    deviation = np.sqrt(sum((chunk**2).sum((0, 2, 3)) for chunk in centred) / count)
    return mean.astype(np.float32), np.where(deviation < 1e-7, 1, deviation).astype(np.float32)


def _chunks(images: Floats, alive: Callable[[], None]) -> Iterator[NDArray[np.float64]]:
    for start in range(0, len(images), AT_ONCE):
        alive()
        yield images[start : start + AT_ONCE].astype(np.float64)
