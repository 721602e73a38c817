"""What a set of images holds: how many of each class, what they look like on average, and twice."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.analysis.blocks import blocks

Ints = NDArray[np.int64]
Pixels = NDArray[np.float32]

Progress = Callable[[int, int], None]
"""The same as engine.data.dataset's: receives (done, total), and may raise to cancel."""


def class_counts(labels: Ints, classes: int) -> Ints:
    """Count the images of each class, (K,)."""
    return np.bincount(labels, minlength=classes).astype(np.int64, copy=False)


def mean_images(images: Pixels, labels: Ints, classes: int) -> Pixels:
    """Average the images (N, C, H, W) of each class: (K, C, H, W), 0 for a class without any."""
    sums = np.zeros((classes, int(np.prod(images.shape[1:]))))
    for block in blocks(images):
        belongs = labels[block] == np.arange(classes)[:, None]
        sums += belongs.astype(np.float32) @ images[block].reshape(belongs.shape[1], -1)
    means = sums / np.maximum(class_counts(labels, classes), 1)[:, None]
    return means.astype(np.float32).reshape(classes, *images.shape[1:])


def pixel_range(images: Pixels) -> tuple[float, float]:
    """Find the darkest and the brightest value of all pixels; 0 and 0 where there is no image."""
    return (float(images.min()), float(images.max())) if images.size else (0.0, 0.0)


def _silent(done: int, total: int) -> None:
    """Report progress to nobody."""


def duplicates(images: Pixels, progress: Progress = _silent) -> list[Ints]:
    """Find the images (N, C, H, W) that are there more than once, pixel for pixel.

    Gives groups of at least two rows that are all equal, each in rising order, the group with
    the earliest row first. `progress` counts images.
    """
    return _equal_groups([images], progress)


def shared(first: Pixels, second: Pixels, progress: Progress = _silent) -> list[tuple[Ints, Ints]]:
    """Find the images that are in two sets: (rows of the first, rows of the second) for each.

    Ordered by the first row of the first set. Nothing is shared by images of other sizes.
    """
    if first.shape[1:] != second.shape[1:]:
        return []
    groups = _equal_groups([first, second], progress)
    cuts = [int(np.searchsorted(group, len(first))) for group in groups]
    return [
        (group[:cut], group[cut:] - len(first))
        for group, cut in zip(groups, cuts, strict=True)
        if 0 < cut < len(group)
    ]


def _equal_groups(sets: list[Pixels], progress: Progress) -> list[Ints]:
    """Group the rows, counted on from set to set, whose images are equal; leave single ones out."""
    codes = _codes(sets, progress)
    firsts = _first_equals(sets, codes)
    rows = np.flatnonzero(np.bincount(firsts)[firsts] > 1) if len(firsts) else firsts
    rows = rows[np.argsort(firsts[rows], kind="stable")]
    return np.split(rows, np.flatnonzero(np.diff(firsts[rows])) + 1) if len(rows) else []


def _codes(sets: list[Pixels], progress: Progress) -> NDArray[np.uint64]:
    """Sum up each image as a number (N,), equal where the images are; others rarely share one.

    A pixel's bits times a number drawn for its place, added up modulo 2^64: exact in any order.
    """
    pixels = int(np.prod(sets[0].shape[1:]))
    factors = np.random.default_rng(0).integers(2**64, size=pixels, dtype=np.uint64)
    codes = np.empty(sum(map(len, sets)), dtype=np.uint64)
    done = 0
    for images in sets:
        for block in blocks(images):
            progress(done, len(codes))
            found = _bits(images[block]) @ factors
            codes[done : done + len(found)] = found
            done += len(found)
    progress(done, len(codes))
    return codes


def _bits(images: Pixels) -> NDArray[np.uint32]:
    """View the pixels of images (N, C, H, W) as whole numbers (N, P), equal where they are."""
    same_zeros = images + np.float32(0)  # -0.0 has other bits than 0.0
    return same_zeros.view(np.uint32).reshape(len(images), -1)


def _first_equals(sets: list[Pixels], codes: NDArray[np.uint64]) -> Ints:
    """Find for every row the first one whose image is equal: itself, where there is none before.

    Each is compared with the first one of its code. Those that differ share a code by chance:
    they go on among themselves.
    """
    firsts = np.arange(len(codes))
    left = firsts
    while len(left):
        _, places, which = np.unique(codes[left], return_index=True, return_inverse=True)
        candidates = left[places[which]]
        later = candidates != left
        left, candidates = left[later], candidates[later]
        equal = _equal(sets, left, candidates)
        firsts[left[equal]] = candidates[equal]
        left = left[~equal]
    return firsts


def _equal(sets: list[Pixels], rows: Ints, others: Ints) -> NDArray[np.bool_]:
    """Compare the images at `rows` (R,) with those at `others` (R,), pair by pair."""
    equal = np.empty(len(rows), dtype=bool)
    for block in blocks(sets[0], len(rows)):
        bits = _bits(_taken(sets, rows[block])) == _bits(_taken(sets, others[block]))
        equal[block] = bits.all(axis=1)
    return equal


def _taken(sets: list[Pixels], rows: Ints) -> Pixels:
    taken = np.empty((len(rows), *sets[0].shape[1:]), dtype=np.float32)
    for images in sets:
        inside = (rows >= 0) & (rows < len(images))
        taken[inside] = images[rows[inside]]
        rows = rows - len(images)
    return taken
