"""Counts and rates of a classifier's answers. All functions are pure and take class numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def confusion_matrix(labels: Ints, predicted: Ints, classes: int) -> Ints:
    """Count (true, predicted) pairs: (K, K), rows are true classes, columns predicted ones."""
    pairs = np.bincount(labels * classes + predicted, minlength=classes * classes)
    return pairs.reshape(classes, classes).astype(np.int64)


@dataclass(frozen=True)
class PerClass:
    """Rates by class, (K,) each; 0 where nothing is there to divide by, as scikit-learn has it."""

    precision: Floats
    recall: Floats
    f1: Floats
    support: Ints


def per_class(matrix: Ints) -> PerClass:
    """Compute precision, recall and F1 of each class from a confusion matrix (K, K).

    precision = TP / (TP + FP), recall = TP / (TP + FN), F1 = 2 TP / (2 TP + FP + FN).
    """
    right = np.diagonal(matrix).astype(float)
    predicted, support = matrix.sum(axis=0), matrix.sum(axis=1)
    return PerClass(
        precision=share(right, predicted),
        recall=share(right, support),
        f1=share(2 * right, predicted + support),
        support=support,
    )


def share(part: NDArray[np.generic], whole: NDArray[np.generic]) -> Floats:
    """Divide element by element, 0 where the whole is 0."""
    part_, whole_ = np.broadcast_arrays(part.astype(float), whole.astype(float))
    shares: Floats = np.divide(part_, whole_, out=np.zeros(part_.shape), where=whole_ != 0)
    return shares
