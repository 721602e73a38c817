"""Where in a run a step is, counted in epochs, also where the batch size changes on the way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
ROUNDING = 1e-9  # a third of an epoch, as a binary fraction, may fall just short of a third


@dataclass(frozen=True)
class Course:
    """A line of straight pieces from steps to epochs: each begins at a step, after so many epochs,
    and takes so many steps an epoch.
    """

    epochs: int
    pieces: tuple[tuple[int, float, float], ...]

    @classmethod
    def straight(cls, steps_per_epoch: int, epochs: int) -> Course:
        """Give the course of a run whose batch size never changes."""
        return cls(epochs, ((0, 0.0, float(steps_per_epoch)),))

    @classmethod
    def read(cls, values: Any) -> Course:
        """Make the course that was written as plain values."""
        epochs, pieces = values
        return cls(
            int(epochs), tuple((int(step), float(at), float(per)) for step, at, per in pieces)
        )

    def plain(self) -> list[Any]:
        """Write it as plain values."""
        return [self.epochs, [list(piece) for piece in self.pieces]]

    @property
    def total_steps(self) -> int:
        """The number of steps of the whole run."""
        return round(self.step_at(self.epochs))

    def epoch(self, step: int) -> int:
        """Tell which epoch the step after this many is in, from 1; the last one is never left."""
        return min(self.epochs, int(self.epochs_at(step) + ROUNDING) + 1)

    def epochs_at(self, step: float) -> float:
        """Tell how many epochs are over after so many steps."""
        return float(self.epochs_of(np.array([step], float))[0])

    def epochs_of(self, steps: NDArray[Any]) -> Floats:
        """Tell how many epochs are over after each of these numbers of steps."""
        starts, epochs, per_epoch = (np.array(side) for side in zip(*self.pieces, strict=True))
        piece = np.maximum(np.searchsorted(starts, steps, side="right") - 1, 0)
        result: Floats = epochs[piece] + (steps - starts[piece]) / per_epoch[piece]
        return result

    def step_at(self, epochs: float) -> float:
        """Tell after how many steps so many epochs are over."""
        start, at, per_epoch = next(
            (piece for piece in reversed(self.pieces) if piece[1] <= epochs), self.pieces[0]
        )
        return start + (epochs - at) * per_epoch

    def share(self, step: int) -> float:
        """Tell which share of the run is over, 0..1."""
        if len(self.pieces) == 1:
            return step / (self.pieces[0][2] * self.epochs)
        return min(self.epochs_at(step) / self.epochs, 1.0)

    def bent(self, step: int, steps_left: int, steps_per_epoch: int) -> Course:
        """Give the course that takes other steps from here on: so many to the epoch's end, and so
        many in each later one.
        """
        at = self.epochs_at(step)
        kept = tuple(piece for piece in self.pieces if piece[0] < step)
        if not steps_left:  # the epoch is over
            return replace(self, pieces=(*kept, (step, float(round(at)), float(steps_per_epoch))))
        end = float(int(at + ROUNDING) + 1)
        bend = (step, at, steps_left / (end - at))
        after = (step + steps_left, end, float(steps_per_epoch))
        return replace(self, pieces=(*kept, bend, after))
