"""What happens in a training, as frozen plain values: floats, and arrays that nobody writes again.

They hold no clock time, so that two runs with one seed tell the same story, number for number.
Steps and epochs are counted from 1; an event's `step` is the number of steps done by then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import Dataset, SetName

if TYPE_CHECKING:
    from engine.training.look import BatchLook


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """One thing that happened. Those with arrays are equal to themselves alone."""


@dataclass(frozen=True, slots=True)
class Loading(Event):
    """Images are being read: `done` of `total`, in whatever the source counts."""

    done: int
    total: int


@dataclass(frozen=True, slots=True, eq=False)
class DataReady(Event):
    """The images are there, split and scaled. Views show them from here."""

    dataset: Dataset


@dataclass(frozen=True, slots=True)
class Started(Event):
    """The network is built and the first step follows."""

    run: str  # the run folder's name; "" where nothing is kept
    parameters: int
    train_count: int
    validation_count: int
    test_count: int
    epochs: int
    steps_per_epoch: int
    device: str
    threads: int


@dataclass(frozen=True, slots=True)
class WarmStarted(Event):
    """The first weights are those of another training where they fit, and the seed's elsewhere.

    They are kept in the run's folder; `digest` tells whether they are still the same.
    """

    source: str  # what people call what they were taken from
    count: int  # tensors; the rest are the seed's
    digest: str


@dataclass(frozen=True, slots=True)
class Progress(Event):
    """Mean training loss and accuracy over the images since the last Progress."""

    step: int
    loss: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class ThreadsChanged(Event):
    """From the next step on this many processor threads work; sums may round another way."""

    step: int
    threads: int


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated(Event):
    """The network's answers to a set, or to a fixed sample of it.

    rows: (N,) places in the split; labels, predicted: (N,) class numbers; confidence and
    true_probability: (N,) float32, what the network gives the predicted and the true class;
    probabilities: (N, K) float32, the softmax of the scores, None where only the above is kept.
    Of the training set these are the answers as each image was learned from, during the epoch.
    """

    step: int
    epoch: int
    of: SetName
    whole: bool
    loss: float
    accuracy: float
    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    predicted: NDArray[np.int64]
    confidence: NDArray[np.float32]
    true_probability: NDArray[np.float32]
    probabilities: NDArray[np.float32] | None

    def compact(self) -> Evaluated:
        """Give the same without the probabilities of all classes, a fraction of the size."""
        return self if self.probabilities is None else replace(self, probabilities=None)

    @property
    def nbytes(self) -> int:
        """The memory that the answers take."""
        arrays = (self.predicted, self.confidence, self.true_probability, self.probabilities)
        return sum(array.nbytes for array in arrays if array is not None)


@dataclass(frozen=True, slots=True)
class EpochDone(Event):
    """An epoch's figures; training's are means over the epoch, while the weights moved."""

    step: int
    epoch: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    best: bool  # the highest validation accuracy so far


@dataclass(frozen=True, slots=True, eq=False)
class Weights(Event):
    """A copy of all weights, by their name in the module's state_dict."""

    step: int
    epoch: int
    kind: Literal["best", "last"]
    tensors: dict[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot(Event):
    """All that the training is after so many steps: from here it can go on, to the last bit.

    `state` is plain enough for JSON. It comes as often as the run's folder can take it, by the
    clock, and the log does not tell it.
    """

    step: int
    epoch: int
    kind: Literal["first", "running", "epoch", "best", "end"]
    tensors: Mapping[str, NDArray[np.generic]]
    state: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Changed(Event):
    """From the next step on a field of the project has another value.

    `steps_left` is the number of steps to the epoch's end from here, `steps_per_epoch` that of each
    later epoch: a batch size changes them.
    """

    step: int
    field: str
    old: float
    new: float
    steps_left: int
    steps_per_epoch: int


@dataclass(frozen=True, slots=True)
class RateDropped(Event):
    """From the next step on the learning rate is lower, since validation did not improve."""

    step: int
    old: float
    new: float


@dataclass(frozen=True, slots=True)
class Paused(Event):
    """The training waits before its next step."""

    step: int


@dataclass(frozen=True, slots=True)
class Continued(Event):
    """The training goes on after a pause."""

    step: int


@dataclass(frozen=True, slots=True)
class Resumed(Event):
    """A training that had ended, or was killed, goes on from here."""

    step: int


@dataclass(frozen=True, slots=True)
class Branched(Event):
    """From here on this run is another one than its parent, with another project.

    `steps_left` and `steps_per_epoch` are those of Changed.
    """

    step: int
    parent: str  # the name of its run folder
    epochs: int
    steps_left: int
    steps_per_epoch: int


@dataclass(frozen=True, slots=True, eq=False)
class Stepped(Event):
    """A single step that was asked for, with what it did."""

    step: int
    epoch: int
    look: BatchLook


@dataclass(frozen=True, slots=True)
class Diverged(Event):
    """A quantity was no number any more; the weights are still those from before that step."""

    step: int  # done by then
    layer: str
    quantity: str
    cause: str  # what is likely; it decides what is offered as a mend
    message: str


@dataclass(frozen=True, slots=True)
class Warned(Event):
    """Something went wrong that training survives."""

    message: str


@dataclass(frozen=True, slots=True)
class Finished(Event):
    """The end: all epochs done, or no more of them since validation did not get better, and the
    test set used; or before that, stopped by the person or for a number that was none.
    """

    reason: Literal["completed", "early", "stopped", "diverged"]
    step: int
    epoch: int  # epochs completed
    test_loss: float | None = None
    test_accuracy: float | None = None


@dataclass(frozen=True, slots=True)
class Failed(Event):
    """The end by an error: a sentence for people, and a traceback for a report."""

    message: str
    details: str = ""
