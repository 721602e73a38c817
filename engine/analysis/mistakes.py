"""Which images are looked at: those behind cells of the confusion matrix, and in what order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Order = Literal["surest", "least sure", "loss", "index", "likeness"]
ORDERS: tuple[Order, ...] = ("surest", "least sure", "loss", "index", "likeness")

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Cell:
    """A part of the confusion matrix, of which None leaves a side open.

    With both classes it is one cell. With one it is the errors of a row or a column, with none all
    errors. `right` turns to the diagonal: all right answers, or those of the class `true`.
    """

    true: int | None = None
    predicted: int | None = None
    right: bool = False


def covered(cells: Iterable[Cell], classes: int) -> NDArray[np.bool_]:
    """Mark what parts of the matrix cover together: (K, K), rows are true classes."""
    marks = np.zeros((classes, classes), dtype=bool)
    diagonal = np.eye(classes, dtype=bool)
    for cell in cells:
        part = np.zeros_like(marks)
        rows = slice(None) if cell.true is None else slice(cell.true, cell.true + 1)
        columns = (
            slice(None) if cell.predicted is None else slice(cell.predicted, cell.predicted + 1)
        )
        part[rows, columns] = True
        if cell.right:
            part &= diagonal
        elif cell.true is None or cell.predicted is None:
            part &= ~diagonal
        marks |= part
    return marks


def selected(
    labels: Ints,
    predicted: Ints,
    classes: int,
    cells: Iterable[Cell] = (),
    *,
    right_too: bool = False,
) -> Ints:
    """Find the positions of the images behind parts of the matrix; without any, of all mistakes.

    `right_too` adds the right answers of the classes that the parts name as true ones; of all
    classes where no part names any.
    """
    parts = tuple(cells) or (Cell(),)
    if right_too:
        named: set[int | None] = {part.true for part in parts} - {None}
        parts += tuple(Cell(true=true, right=True) for true in named or {None})
    return np.flatnonzero(covered(parts, classes)[labels, predicted])


def ordered(
    positions: Ints,
    order: Order,
    confidence: NDArray[np.floating],
    true_probability: NDArray[np.floating],
) -> Ints:
    """Sort positions by index, by how sure the network was of its answer, or by loss.

    The arrays (N,) cover all images; the loss is -log of the true class's probability, so the
    least probable comes first. Ties stay in the order of the index; a NaN counts as the least
    sure and as the greatest loss. Likeness needs pixels: see likeness.py.
    """
    if order in ("index", "likeness"):
        return positions
    if order == "loss":
        values = np.nan_to_num(true_probability[positions].astype(float), nan=-1.0)
    else:
        values = np.nan_to_num(confidence[positions].astype(float), nan=-1.0)
        values = -values if order == "surest" else values
    return positions[np.argsort(values, kind="stable")]
