"""Which images of an evaluation a gallery lists, and in what order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.analysis.mistakes import Cell, Order, ordered, selected
from engine.training.events import Evaluated
from gui.selection import Shelf

Ints = NDArray[np.int64]
Sorting = Order | Literal["shelf"]


@dataclass(frozen=True)
class Listed:
    """What is asked for. Two that are equal list the same images of an evaluation."""

    cells: tuple[Cell, ...] = ()
    shelf: Shelf | None = None
    right_too: bool = False
    sorting: Sorting = "surest"
    like: int | None = None  # the row of the image that others are compared with

    @property
    def all_mistakes(self) -> bool:
        """Whether it is neither more nor less than everything that is wrong."""
        return not self.cells and self.shelf is None and not self.right_too

    def positions(self, evaluation: Evaluated, classes: int, likeness: Ints | None = None) -> Ints:
        """Find the positions in an evaluation; `likeness` ranks the images (N,) of its set, where
        they are sorted by it.

        A shelf by itself shows all of its images, also those that are right.
        """
        places = self._shelved(evaluation)
        if self.shelf is None or self.cells:
            of_cells = selected(
                evaluation.labels,
                evaluation.predicted,
                classes,
                self.cells,
                right_too=self.right_too,
            )
            places = of_cells if self.shelf is None else places[np.isin(places, of_cells)]
        if self.sorting == "shelf":
            return places
        places = np.sort(places)
        if self.sorting == "likeness" and likeness is not None:
            return places[np.argsort(likeness[evaluation.rows[places]])]
        return ordered(places, self.sorting, evaluation.confidence, evaluation.true_probability)

    def _shelved(self, evaluation: Evaluated) -> Ints:
        """Find where the shelf's images are in an evaluation, in the shelf's order."""
        if self.shelf is None or not len(evaluation.rows):
            return np.empty(0, np.int64)
        size = int(max(evaluation.rows.max(), self.shelf.rows.max(initial=0))) + 1
        places = np.full(size, -1, np.int64)
        places[evaluation.rows] = np.arange(len(evaluation.rows))
        found = places[self.shelf.rows]
        return found[found >= 0]
