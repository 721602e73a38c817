"""The digits that scikit-learn brings along: no file, no network."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.data.dataset import Images, Progress
from engine.project.sources import BundledDigits

DARKEST = 16
"""scikit-learn's digits count ink on a grid of 4×4: 0..16."""


def read_digits(source: BundledDigits, folder: Path, progress: Progress) -> Images:
    """Read the bundled digits: float32 in 0..1, a fixed stratified test set of 360.

    The files that come with scikit-learn are read, so `folder` is not looked at.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    progress(0, 1)
    bunch = load_digits()
    pixels = (bunch.images[:, None] / DARKEST).astype(np.float32)
    labels = bunch.target.astype(np.int64)
    train, test = (
        np.sort(rows)
        for rows in train_test_split(
            np.arange(len(labels)), test_size=source.test_size, stratify=labels, random_state=0
        )
    )
    progress(1, 1)
    return Images(
        pixels[train], labels[train], pixels[test], labels[test], source.class_names, train, test
    )
