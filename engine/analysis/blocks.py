"""Many images, a few at a time: so few that a copy of them stays in the processor's cache."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

BLOCK_BYTES = 2**20


def blocks(images: NDArray[np.generic], count: int | None = None) -> Iterator[slice]:
    """Cut `count` rows of such images, by default all of them, into slices of about 1 MiB."""
    total = len(images) if count is None else count
    row_bytes = images.itemsize * int(np.prod(images.shape[1:]))
    size = max(1, BLOCK_BYTES // max(row_bytes, 1))
    for start in range(0, total, size):
        yield slice(start, min(start + size, total))
