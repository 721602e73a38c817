"""Which images were answered wrongly, and in what order to look at them."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Order = Literal["surest", "least sure", "index"]
ORDERS: tuple[Order, ...] = ("surest", "least sure", "index")


def selected(
    labels: NDArray[np.int64],
    predicted: NDArray[np.int64],
    *,
    true: int | None = None,
    answered: int | None = None,
) -> NDArray[np.int64]:
    """Find positions of the mistakes, or of one cell of the confusion matrix, right ones included.

    `true` and `answered` keep one true class, one predicted class, or with both one cell.
    """
    keep = np.ones(len(labels), dtype=bool)
    if true is not None:
        keep &= labels == true
    if answered is not None:
        keep &= predicted == answered
    if true is None or answered is None:
        keep &= labels != predicted
    return np.flatnonzero(keep)


def ordered(
    positions: NDArray[np.int64], confidence: NDArray[np.floating], order: Order
) -> NDArray[np.int64]:
    """Sort positions by the probability of the predicted class, or by index; ties by index.

    `confidence` (N,) covers all images; a NaN probability counts as the least sure.
    """
    if order == "index":
        return positions
    values = np.nan_to_num(confidence[positions].astype(float), nan=-1.0)
    return positions[np.argsort(-values if order == "surest" else values, kind="stable")]
