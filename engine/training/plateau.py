"""What a run remembers of its validation set: when to lower the learning rate, when to end."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any, Self

from engine.project.schedules import ReduceOnPlateau
from engine.project.stopping import EarlyStopping


@dataclass
class Plateau:
    """How far a run's plateaus have lowered its learning rate.

    Equal, step for step, to torch's ReduceLROnPlateau with a relative threshold, no cooldown and
    eps = 0, of a learning rate of 1. A NaN is no improvement.
    """

    schedule: ReduceOnPlateau
    best: float | None = None
    waited: int = 0  # epochs in a row without an improvement
    multiple: float = 1.0

    @classmethod
    def restored(cls, schedule: ReduceOnPlateau, state: dict[str, Any]) -> Self:
        """Go on from what `state` gave, perhaps with another schedule: one that watches another
        measure keeps what the drops have left and waits anew.
        """
        if state["watch"] != schedule.watch:
            return cls(schedule, multiple=state["multiple"])
        return cls(schedule, state["best"], state["waited"], state["multiple"])

    def state(self) -> dict[str, Any]:
        """Give what it remembers, ready for JSON."""
        return {
            "watch": self.schedule.watch,
            "best": self.best,
            "waited": self.waited,
            "multiple": self.multiple,
        }

    def heard(self, value: float) -> None:
        """Take in an epoch's watched measure."""
        if self._improves(value):
            self.best, self.waited = value, 0
        else:
            self.waited += 1
        if self.waited > self.schedule.patience:
            self.multiple = max(self.schedule.drop * self.multiple, self._least)
            self.waited = 0

    @property
    def _least(self) -> float:
        """The floor; one that was raised after the drops lifts nothing."""
        return min(self.schedule.least, self.multiple)

    def _improves(self, value: float) -> bool:
        share = self.schedule.threshold
        if self.schedule.watch == "validation loss":
            return value < (inf if self.best is None else self.best * (1.0 - share))
        return value > (-inf if self.best is None else self.best * (share + 1.0))


@dataclass
class Patience:
    """Whether a run has waited long enough for an improvement.

    As Keras' EarlyStopping without a baseline: it ends once as many epochs as its patience have
    passed since the best. Keras alone lets a run go on whose first epoch measures NaN or an
    infinite loss at a patience of 1.
    """

    settings: EarlyStopping
    best: float | None = None
    best_epoch: int = 0  # counted from 1, and 0 until there is one
    epochs: int = 0  # heard of

    @classmethod
    def restored(cls, settings: EarlyStopping, state: dict[str, Any]) -> Self:
        """Go on from what `state` gave, perhaps with other settings: anew where they watch
        another measure.
        """
        if state["watch"] != settings.watch:
            return cls(settings)
        return cls(settings, state["best"], state["best_epoch"], state["epochs"])

    def state(self) -> dict[str, Any]:
        """Give what it remembers, ready for JSON."""
        return {
            "watch": self.settings.watch,
            "best": self.best,
            "best_epoch": self.best_epoch,
            "epochs": self.epochs,
        }

    @property
    def improved(self) -> bool:
        """Whether the epoch that was heard last is the best so far."""
        return 0 < self.epochs == self.best_epoch

    def heard(self, value: float) -> bool:
        """Take in an epoch's watched measure; tell whether the run ends with it."""
        self.epochs += 1
        if self._improves(value):
            self.best, self.best_epoch = value, self.epochs
        return self.settings.on and self.epochs - self.best_epoch >= self.settings.patience

    def _improves(self, value: float) -> bool:
        if self.settings.watch == "validation loss":
            return value + self.settings.least_change < (inf if self.best is None else self.best)
        return value - self.settings.least_change > (-inf if self.best is None else self.best)
