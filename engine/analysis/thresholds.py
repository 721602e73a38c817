"""One class against the rest: what is found and what is wrongly taken, at every threshold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Probabilities = NDArray[np.floating]

MOST_POINTS = 500  # more are not to be told apart on a screen
TOLERANCE = 1e-4  # of the curve's square: a fifth of a pixel on one of 2000


@dataclass(frozen=True, eq=False)
class Curve:
    """Points x, y (P,) from left to right, all in 0..1, and the area below the whole curve.

    The points are at most MOST_POINTS, the area is that of all of them.
    """

    x: Floats
    y: Floats
    area: float


def roc(labels: Ints, probabilities: Probabilities, number: int) -> Curve | None:
    """Trace the ROC curve of class `number`: x false positive rate, y true positive rate.

    Takes labels (N,) and probabilities (N, K); images with a NaN are left out. None where no
    image, or every image, is of the class: then one of the two rates has nothing to divide by.
    """
    from sklearn.metrics import auc, roc_curve

    def curve(is_class: NDArray[np.bool_], scores: Probabilities) -> Curve:
        x, y, _ = roc_curve(is_class, scores)
        return Curve(*_thinned(x, y), area=float(auc(x, y)))

    return _against_rest(curve, labels, probabilities, number)


def precision_recall(labels: Ints, probabilities: Probabilities, number: int) -> Curve | None:
    """Trace the precision-recall curve of class `number`: x recall, y precision.

    Takes and leaves out what roc does. The area is the average precision, sum of the precision
    times the step in recall, which unlike a trapezoid does not flatter.
    """
    from sklearn.metrics import average_precision_score, precision_recall_curve

    def curve(is_class: NDArray[np.bool_], scores: Probabilities) -> Curve:
        y, x, _ = precision_recall_curve(is_class, scores, drop_intermediate=True)
        area = float(average_precision_score(is_class, scores))
        return Curve(*_thinned(x[::-1], y[::-1]), area=area)

    return _against_rest(curve, labels, probabilities, number)


def _against_rest(
    curve: Callable[[NDArray[np.bool_], Probabilities], Curve],
    labels: Ints,
    probabilities: Probabilities,
    number: int,
) -> Curve | None:
    scores = probabilities[:, number]
    known = ~np.isnan(scores)
    is_class = labels[known] == number
    return curve(is_class, scores[known]) if 0 < is_class.sum() < len(is_class) else None


def _thinned(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Keep the points that shape a curve: Ramer, Douglas and Peucker's, farthest ones first."""
    kept = [0, len(x) - 1]
    stretches: list[tuple[float, int, int, int]] = []
    _push_farthest(stretches, x, y, 0, len(x) - 1)
    while stretches and len(kept) < MOST_POINTS:
        _, start, farthest, end = heappop(stretches)
        kept.append(farthest)
        _push_farthest(stretches, x, y, start, farthest)
        _push_farthest(stretches, x, y, farthest, end)
    places = np.sort(kept)
    return x[places], y[places]


def _push_farthest(
    stretches: list[tuple[float, int, int, int]], x: Floats, y: Floats, start: int, end: int
) -> None:
    """Queue the point between two that is farthest from the straight line through them."""
    if end - start < 2:
        return
    run, rise = x[end] - x[start], y[end] - y[start]
    across, up = x[start + 1 : end] - x[start], y[start + 1 : end] - y[start]
    length = np.hypot(run, rise)
    gaps = np.abs(across * rise - up * run) / length if length else np.hypot(across, up)
    farthest = int(gaps.argmax())
    if gaps[farthest] > TOLERANCE:
        heappush(stretches, (-float(gaps[farthest]), start, start + 1 + farthest, end))
