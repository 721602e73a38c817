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
    return pairs.reshape(classes, classes).astype(np.int64, copy=False)


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


@dataclass(frozen=True)
class Means:
    """Means of the classes' rates."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Averages:
    """All classes in one number: `macro` counts each class the same, `weighted` each image."""

    accuracy: float
    macro: Means
    weighted: Means


def averages(matrix: Ints) -> Averages:
    """Sum up a confusion matrix (K, K) as scikit-learn's classification_report does.

    The macro mean is over the classes that have an image or are an answer. A class with neither
    says nothing of the network: its zeros would only pull the mean down, as when a small sample
    has no image of it. Without any image all are 0.
    """
    rates = per_class(matrix)
    appears = (rates.support + matrix.sum(axis=0)) > 0
    return Averages(
        accuracy=float(share(np.trace(matrix), matrix.sum())),
        macro=_means(rates, appears),
        weighted=_means(rates, rates.support),
    )


def _means(rates: PerClass, weights: NDArray[np.generic]) -> Means:
    shares = share(weights, weights.sum())
    return Means(*(float(rate @ shares) for rate in (rates.precision, rates.recall, rates.f1)))


@dataclass(frozen=True)
class Pair:
    """One class taken for another: how often, and for what share of its images."""

    true: int
    predicted: int
    count: int
    share_of_true: float


def most_confused(matrix: Ints, most: int) -> list[Pair]:
    """List the pairs of classes that are confused, the most frequent first, at most `most`.

    4 read as 9 and 9 read as 4 are two pairs. Ties come in the order of the classes.
    """
    shares = share(matrix, matrix.sum(axis=1, keepdims=True))
    true, predicted = np.nonzero(_errors(matrix))
    counts = matrix[true, predicted]
    places = np.argsort(-counts, kind="stable")[:most]
    return [
        Pair(int(i), int(j), int(matrix[i, j]), float(shares[i, j]))
        for i, j in zip(true[places], predicted[places], strict=True)
    ]


def together(matrix: Ints) -> Ints:
    """Order the classes (K,) so that those confused with each other stand together.

    Classes that no chain of confusions links stay in their own order, and so do all of them
    where there are fewer than three or no errors. Within a chain: average linkage on how often
    two classes are taken for each other, with the most alike as neighbours (Bar-Joseph et al.
    2001, "Fast optimal leaf ordering for hierarchical clustering").
    """
    from scipy.sparse.csgraph import connected_components

    if len(matrix) < 3:
        return np.arange(len(matrix))
    rates = share(_errors(matrix), matrix.sum(axis=1, keepdims=True))
    rates += rates.T
    count, chain_of = connected_components(rates, directed=False)
    chains = [np.flatnonzero(chain_of == chain) for chain in range(count)]
    chains.sort(key=lambda chain: int(chain[0]))
    return np.concatenate([chain[_side_by_side(rates[np.ix_(chain, chain)])] for chain in chains])


def _side_by_side(rates: Floats) -> Ints:
    """Order classes by their symmetric rates of confusion (K, K), the lower end first."""
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    if len(rates) < 3:
        return np.arange(len(rates))
    distances = squareform(1 - rates / rates.max(), checks=False)
    order: Ints = leaves_list(linkage(distances, "average", optimal_ordering=True)).astype(np.int64)
    return order if order[0] < order[-1] else order[::-1]


def _errors(matrix: Ints) -> Ints:
    errors = matrix.copy()
    np.fill_diagonal(errors, 0)
    return errors
