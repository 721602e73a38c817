"""Arrays become pictures that Qt can draw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage


def as_picture(image: NDArray[np.float32]) -> QImage:
    """Make a picture of an image (C, H, W) in 0..1; C is 1 (grey) or 3 (RGB).

    What is beyond the range is cut off at its ends; what is no number is black.
    """
    return next(as_pictures(image[None]))


def as_pictures(images: NDArray[np.float32], side: int = 0) -> Iterator[QImage]:
    """Make the pictures of images (N, C, H, W), at a fraction of what one by one takes.

    They are enlarged until the longer side has so many pixels, each staying as crisp as it is;
    those that are larger already keep their size.
    """
    return _pictures(_enlarged(eight_bits(images), side))


def eight_bits(images: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Turn images (N, C, H, W) in 0..1 into (N, H, W, C) in 0..255."""
    known = np.fmin(np.fmax(images, 0), 1)  # of a number and none, fmax takes the number
    return np.ascontiguousarray((255 * known + 0.5).astype(np.uint8).transpose(0, 2, 3, 1))


def _enlarged(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Repeat the pixels of (N, H, W, C): the nearest one of each place."""
    height, width = pixels.shape[1:3]
    scale = side / max(height, width)
    if scale <= 1:
        return pixels
    rows, columns = (
        np.arange(large) * small // large
        for small in (height, width)
        for large in [max(1, round(small * scale))]
    )
    return np.ascontiguousarray(pixels[:, rows][:, :, columns])


def _pictures(pixels: Iterable[NDArray[np.uint8]]) -> Iterator[QImage]:
    for one in pixels:
        height, width, channels = one.shape
        form = QImage.Format.Format_RGB888 if channels == 3 else QImage.Format.Format_Grayscale8
        made = QImage(one.data, width, height, channels * width, form)
        yield made.copy()  # the array's memory is not Qt's to keep
