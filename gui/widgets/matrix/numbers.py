"""What a confusion matrix shows: counts, shares or a difference, and every part of it in words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication

from engine.analysis.classification import share
from engine.analysis.mistakes import Cell, covered
from engine.training.events import Evaluated
from engine.training.history import Run

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Unit = Literal["images", "share", "more images", "points"]
Share = Literal["", "true", "predicted"]  # the class whose images are the whole; "" for none
Earlier = Literal["before", "first", "best"]


@dataclass(frozen=True, eq=False)
class Numbers:
    """A matrix (K, K) to show: rows are true classes, columns predicted ones, in their order.

    counts: of the images; values: what the cells say, shares as 0..1; order: (K,) the class in
    each place, from the top and from the left; diagonal: whether right answers are shown.
    """

    names: tuple[str, ...]
    counts: Ints
    values: Floats
    unit: Unit
    order: Ints
    diagonal: bool = True
    before: str = ""  # in words, what a difference was taken from

    @property
    def signed(self) -> bool:
        """Whether the values are differences, so that a cell got better or worse."""
        return self.unit in ("more images", "points")

    @cached_property
    def top(self) -> tuple[float, float]:
        """The largest absolute value of the errors, and of the diagonal: the ends of the scales."""
        sizes = np.abs(self.values)
        right = float(np.diagonal(sizes).max(initial=0))
        return float((sizes - np.diag(np.diagonal(sizes))).max(initial=0)), right

    @cached_property
    def strengths(self) -> Floats:
        """How strong the colour of each cell is, 0 to 1; of a difference 1 is best, -1 worst.

        More right answers are better, and so are fewer errors.
        """
        diagonal = np.eye(len(self.names), dtype=bool)
        wrong, right = (value or 1.0 for value in self.top)
        strengths: Floats = self.values / np.where(diagonal, right, wrong)
        return np.where(diagonal, strengths, -strengths) if self.signed else strengths

    def placed(self, matrix: NDArray[np.generic]) -> NDArray[np.generic]:
        """Put the rows and columns of a matrix (K, K) where they are shown."""
        return matrix[np.ix_(self.order, self.order)]

    def text(self, value: float) -> str:
        """Write a value as a cell does: 12, 1.2 (percent), +3, −0.4 (percentage points)."""
        match self.unit:
            case "images":
                return f"{value:.0f}"
            case "share":
                return f"{100 * value:.1f}"
            case "more images":
                return f"{value:+.0f}".replace("-", "−")
            case _:
                return f"{100 * value:+.1f}".replace("-", "−")

    def full_text(self, value: float) -> str:
        """Write a value with its unit."""
        number = self.text(value) if value else "0"
        if self.unit == "points":
            return QCoreApplication.translate("Matrix", "{number} points").format(number=number)
        return f"{number} %" if self.unit == "share" else number

    def unchanged(self, *, right: bool) -> bool:
        """Whether this is a difference in which all of the diagonal, or of the errors, is 0."""
        return self.signed and not self.top[right]

    def ends(self, *, right: bool) -> tuple[str, str]:
        """Write the ends of the scale of the diagonal or of the errors."""
        top = self.top[right]
        if self.signed:
            return self.text(-top), self.text(top)
        return "0", self.full_text(top)

    def words(self, cell: Cell) -> str:
        """Say a part of the matrix in words, for a tooltip and a screen reader."""
        whole = self.counts
        if cell.true is not None:
            whole = whole[cell.true]
        elif cell.predicted is not None:
            whole = whole[:, cell.predicted]
        count = int(self.counts[covered((cell,), len(self.names))].sum())
        total = int(whole.sum())
        words = QCoreApplication.translate(
            "Matrix", "{part}: {count:,} of {total:,} ({percent:.1f} %)"
        ).format(
            part=self._part(cell), count=count, total=total, percent=100 * count / max(total, 1)
        )
        return f"{words}\n{said}" if (said := self._change(cell)) else words

    def _part(self, cell: Cell) -> str:
        translate = QCoreApplication.translate
        true = "" if cell.true is None else self.names[cell.true]
        predicted = "" if cell.predicted is None else self.names[cell.predicted]
        if cell.right:
            words = translate("Matrix", "true {true}, right") if true else ""
            return (words or translate("Matrix", "all right answers")).format(true=true)
        if true and predicted:
            words = translate("Matrix", "true {true}, predicted {predicted}")
        elif true:
            words = translate("Matrix", "true {true}, predicted another")
        elif predicted:
            words = translate("Matrix", "predicted {predicted}, true another")
        else:
            words = translate("Matrix", "all errors")
        return words.format(true=true, predicted=predicted)

    def _change(self, cell: Cell) -> str:
        if not self.signed or cell.true is None or cell.predicted is None:
            return ""
        value = float(self.values[cell.true, cell.predicted])
        better = (value > 0) == (cell.true == cell.predicted)
        translate = QCoreApplication.translate
        if value == 0:
            words = translate("Matrix", "as in {before}")
        elif better:
            words = translate("Matrix", "{change} since {before}: better")
        else:
            words = translate("Matrix", "{change} since {before}: worse")
        return words.format(change=self.full_text(value), before=self.before)


def numbers_of(counts: Ints, names: tuple[str, ...], of: Share) -> Numbers:
    """Show counts (K, K), as they are or as shares of their true or of their predicted class."""
    order = np.arange(len(names))
    if not of:
        return Numbers(names, counts, counts.astype(float), "images", order)
    total = counts.sum(axis=1 if of == "true" else 0, keepdims=True)
    return Numbers(names, counts, share(counts, total), "share", order)


def difference(
    counts: Ints, earlier: Ints, names: tuple[str, ...], before: str, *, same_images: bool
) -> Numbers:
    """Show what has changed since an earlier evaluation: counts where both are of the same
    images, else shares of the true class.
    """
    order = np.arange(len(names))
    if same_images:
        change = (counts - earlier).astype(float)
        return Numbers(names, counts, change, "more images", order, before=before)
    now, then = (share(one, one.sum(axis=1, keepdims=True)) for one in (counts, earlier))
    return Numbers(names, counts, now - then, "points", order, before=before)


def earlier_one(run: Run, shown: Evaluated, which: Earlier) -> Evaluated | None:
    """Find what an evaluation is compared with, of the same set; None where that is itself.

    The one before is the last of its kind, whole or sample: only those are of the same images.
    """
    every = run.evaluations[shown.of]
    if which == "best":
        found = every.at(run.best.step) if run.best else None
    else:
        earlier = (one for one in every if one.step < shown.step)
        alike = [one for one in earlier if one.whole == shown.whole]
        alike = alike or [one for one in every if one.step < shown.step]
        found = alike[0 if which == "first" else -1] if alike else None
    return found if found is not shown else None


def same_images(one: Evaluated, other: Evaluated) -> bool:
    """Tell whether two evaluations are of the same images, in whatever order."""
    if len(one.rows) != len(other.rows):
        return False
    return np.array_equal(one.rows, other.rows) or np.array_equal(
        np.sort(one.rows), np.sort(other.rows)
    )
