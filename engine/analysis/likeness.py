"""Which images look like one another, pixel by pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.analysis.blocks import blocks

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Pixels = NDArray[np.float32]

ROUNDING = 1e-3  # far more than single precision loses in a sum of squares


def nearest(images: Pixels, image: Pixels, count: int) -> tuple[Ints, Floats]:
    """Find the `count` images (N, C, H, W) nearest to one image (C, H, W): rows and distances.

    Euclidean distance over all pixels, nearest first, ties by row. An image that is itself among
    them comes at distance 0. Fewer than `count` where there are no more.
    """
    rough = _squares(images, image)
    count = min(count, len(images))
    if count < 1:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    limit = np.partition(rough, count - 1)[count - 1] * (1 + ROUNDING)
    rows = np.flatnonzero(~(rough > limit))
    exact = _exact_squares(images, rows, image)
    places = np.argsort(exact, kind="stable")[:count]
    return rows[places], np.sqrt(exact[places])


def by_likeness(images: Pixels, positions: Ints, to: int) -> Ints:
    """Sort positions among images (N, C, H, W) by distance to the image at row `to`.

    The nearest comes first, which is `to` itself where it is among them; ties stay in order.
    """
    return positions[np.argsort(_exact_squares(images, positions, images[to]), kind="stable")]


def _squares(images: Pixels, image: Pixels) -> Pixels:
    """Compute squared distances (N,) in single precision: one pass at the memory's speed."""
    squares = np.empty(len(images), dtype=np.float32)
    for block in blocks(images):
        gaps = (images[block] - image).reshape(block.stop - block.start, -1)
        np.einsum("np,np->n", gaps, gaps, out=squares[block])
    return squares


def _exact_squares(images: Pixels, rows: Ints, image: Pixels) -> Floats:
    """Compute the squared distances of some rows (R,) in double precision."""
    squares = np.empty(len(rows))
    for block in blocks(images, len(rows)):
        gaps = np.subtract(images[rows[block]], image, dtype=np.float64)
        gaps = gaps.reshape(block.stop - block.start, -1)
        np.einsum("np,np->n", gaps, gaps, out=squares[block])
    return squares
