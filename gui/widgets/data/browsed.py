"""Which images the data browser shows: rows of one set, or duplicates of several, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import Dataset, SetName
from gui.widgets.data.survey import SETS, Twins

Rows = NDArray[np.int64]

MOST_TWINS = 2000  # images that are put side by side, which takes a copy of them
TWINS_BYTES = 64 * 2**20


@dataclass(frozen=True, eq=False)
class Browsed:
    """Images (N, C, H, W) in 0..1 with labels, indices in their files, and sets, numbers into
    SETS, (N,) each; `rows` of them are shown, in that order. `groups` (N,) numbers images that
    are equal, from 1; `total` is how many there are altogether, shown or not.
    """

    images: NDArray[np.float32]
    labels: Rows
    indices: Rows
    sets: Rows
    rows: Rows
    total: int
    groups: Rows | None = None

    def set_of(self, row: int) -> SetName:
        """Say which set an image is of."""
        return SETS[int(self.sets[row])]


def of_classes(dataset: Dataset, of: SetName, classes: Sequence[int]) -> Browsed:
    """Give a set's images of these classes; of every class where there is none."""
    split = dataset.split(of)
    chosen = np.isin(split.labels, classes) if classes else np.ones(len(split), bool)
    sets = np.broadcast_to(np.int64(SETS.index(of)), len(split))
    rows = np.flatnonzero(chosen)
    return Browsed(split.images, split.labels, split.indices, sets, rows, len(split))


def of_twins(dataset: Dataset, twins: Twins) -> Browsed:
    """Put equal images next to each other, group by group, as many as there is room for."""
    found = [
        (SETS.index(of), int(row), number)
        for number, group in enumerate(twins.groups, 1)
        for of, rows in zip(twins.sets, group, strict=True)
        for row in rows
    ]
    total = len(found)
    sets, places, groups = np.array(found[: _room(dataset)], np.int64).reshape(-1, 3).T
    images = np.empty((len(sets), *dataset.input_shape), np.float32)
    labels, indices = np.empty_like(places), np.empty_like(places)
    for number, of in enumerate(SETS):
        split, here = dataset.split(of), sets == number
        rows = places[here]
        images[here], labels[here] = split.images[rows], split.labels[rows]
        indices[here] = split.indices[rows]
    return Browsed(images, labels, indices, sets, np.arange(len(sets)), total, groups)


def place_of(dataset: Dataset, of: SetName, index: int) -> tuple[SetName, int] | None:
    """Find an image by its index, its place in the files: its set and row, or None.

    The set that is looked at comes first. Training and validation images are of the same files.
    """
    learnt: tuple[SetName, ...] = ("training", "validation")
    for each in (of, *(learnt if of in learnt else ())):
        rows = np.flatnonzero(dataset.split(each).indices == index)
        if len(rows):
            return each, int(rows[0])
    return None


def _room(dataset: Dataset) -> int:
    """Bound how many images are copied: so many bytes, and two at the least."""
    size = dataset.train.images.itemsize * int(np.prod(dataset.input_shape))
    return max(2, min(MOST_TWINS, TWINS_BYTES // size))
