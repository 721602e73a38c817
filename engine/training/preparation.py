"""Makes a picture of one's own ready for a network, as the images that it learned from were."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import Dataset
from engine.data.pictures import decode
from engine.project.sources import ImageShape
from engine.store.weights import Preparation

MEASURED = 2000  # images whose borders tell what all are drawn on
CLEAR = 0.3  # a mean border this near to black or to white is a background

Image = NDArray[np.float32]
"""(C, H, W), 0 to 1."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A picture as the network sees it, before it is standardised."""

    path: Path
    image: Image
    inverted: bool  # dark on light was made light on dark, or the other way round


def preparation_of(dataset: Dataset) -> Preparation:
    """Measure what has to be done to pictures that join a dataset."""
    return Preparation(
        mean=tuple(map(float, dataset.mean)),
        deviation=tuple(map(float, dataset.deviation)),
        background=float(np.clip(border(dataset.train.images[:MEASURED]), 0, 1)),
    )


def prepared(path: Path, shape: ImageShape, background: float) -> Prepared:
    """Read a picture file: the whole of it in the network's size, grey where that sees grey,
    scaled to 0..1, and inverted where its background is the opposite of theirs.

    Raises:
        BrokenPictureError: it is no picture, damaged, or too large.
    """
    image = decode(path, shape).astype(np.float32) / np.float32(255)
    if is_opposite(border(image[None]), background):
        return Prepared(path, 1 - image, inverted=True)
    return Prepared(path, image, inverted=False)


def border(images: NDArray[np.float32]) -> float:
    """Measure the mean brightness of the outermost pixels of images (N, C, H, W)."""
    inner = images[:, :, 1:-1, 1:-1]
    count = images.size - inner.size
    if count == 0 or not images.size:
        return float(images.mean()) if images.size else 0.0
    return float((images.sum(dtype=np.float64) - inner.sum(dtype=np.float64)) / count)


def is_opposite(brightness: float, background: float) -> bool:
    """Tell whether a border is light where those of the training images are clearly dark, or dark
    where they are light. Photographs, whose borders are of any brightness, are never inverted.
    """
    if background <= CLEAR:
        return brightness > 0.5
    return background >= 1 - CLEAR and brightness < 0.5
