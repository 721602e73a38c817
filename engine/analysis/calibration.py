"""Does a network know how sure it may be? Of the answers given with 80 %, are 80 % right?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Reliability:
    """How often answers were right, by how sure the network was of them.

    B bins of equal width over 0..1, `edges` (B + 1,); the lower edge belongs to the bin below.
    By bin: the mean `confidence` and the `accuracy`, (B,) each and NaN where no answer falls,
    and the `counts` (B,). `expected_error` is the mean distance between the two, each answer
    counting the same; NaN where there is no answer. `left_out` answers had a NaN confidence.
    """

    edges: Floats
    confidence: Floats
    accuracy: Floats
    counts: Ints
    expected_error: float
    left_out: int


def reliability(
    confidence: NDArray[np.floating], right: NDArray[np.bool_], bins: int = 10
) -> Reliability:
    """Compare confidence (N,) with what was right (N,), bin by bin.

    The expected calibration error is that of Guo et al. 2017, "On Calibration of Modern Neural
    Networks", equations 1 to 3.
    """
    known = ~np.isnan(confidence)
    sure, hits = confidence[known].astype(float), right[known].astype(float)
    edges = np.linspace(0, 1, bins + 1)
    places = np.searchsorted(edges[1:-1], sure)
    counts = np.bincount(places, minlength=bins).astype(np.int64, copy=False)
    mean_confidence = _means(places, sure, counts)
    accuracy = _means(places, hits, counts)
    return Reliability(
        edges=edges,
        confidence=mean_confidence,
        accuracy=accuracy,
        counts=counts,
        expected_error=_expected_error(accuracy - mean_confidence, counts),
        left_out=int(len(known) - known.sum()),
    )


def _means(places: NDArray[np.intp], values: Floats, counts: Ints) -> Floats:
    sums = np.bincount(places, weights=values, minlength=len(counts))
    means: Floats = np.divide(sums, counts, out=np.full(len(counts), np.nan), where=counts > 0)
    return means


def _expected_error(gaps: Floats, counts: Ints) -> float:
    total = int(counts.sum())
    return float(np.nansum(np.abs(gaps) * counts) / total) if total else float("nan")
