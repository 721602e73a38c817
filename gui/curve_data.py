"""Curves made ready to draw: smoothed, and cut down to what the pixels can show."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def decimated(x: Floats, y: Floats, buckets: int) -> tuple[Floats, Floats]:
    """Keep the lowest and the highest point of each bucket, in their order.

    What is drawn is the same to the eye, peaks included, with at most 2·buckets points. Points
    that are not finite are left out.
    """
    finite = np.isfinite(y)
    x, y = x[finite], y[finite]
    if len(y) <= 2 * buckets:
        return x, y
    size = -(-len(y) // buckets)
    padded = np.pad(y, (0, size * buckets - len(y)), mode="edge").reshape(buckets, size)
    starts = np.arange(buckets)[:, None] * size
    ends = np.stack([padded.argmin(axis=1), padded.argmax(axis=1)], axis=1)
    places = np.unique(np.minimum(np.sort(ends, axis=1) + starts, len(y) - 1))
    return x[places], y[places]


def smoothed(x: Floats, y: Floats, share: float, points: int) -> tuple[Floats, Floats]:
    """Average over a sliding window of `share` of the curve, at no more than `points` places.

    The window is centred and shorter near the ends, so that the curve keeps its length.
    """
    finite = np.isfinite(y)
    x, y = x[finite], y[finite]
    if len(y) == 0:
        return x, y
    half = int(share * len(y) / 2)
    sums = np.concatenate([[0.0], np.cumsum(y)])
    places = np.unique(np.linspace(0, len(y) - 1, min(points, len(y))).astype(int))
    reach = np.minimum(half, np.minimum(places, len(y) - 1 - places))
    means = (sums[places + reach + 1] - sums[places - reach]) / (2 * reach + 1)
    return x[places], means
