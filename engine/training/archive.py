"""The evaluations of a run on disk: the very ones that memory keeps, several of them in a file.

A file costs more than an epoch of a small network, so those that came since the last writing share
one. The folder `evaluations` holds numpy archives, each named by the first step in it:

    SET-STEP.npz                 steps (M,), labels (N,), and (M, N): predicted, confidence,
                                 true_probability, of M evaluations of a whole set of N images
    SET-STEP-probabilities.npz   steps (M,), probabilities (M, N, K)
    SET-sample-STEP.npz          the same of the set's sample, with rows (N,)
    SET-sample-STEP-probabilities.npz
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import SetName
from engine.store.runs import RunFolder
from engine.training.evaluations import Evaluations
from engine.training.events import Evaluated

FOLDER = "evaluations"
FILE_BYTES = 16 * 2**20  # of one file, as far as one evaluation is not larger

Arrays = dict[str, NDArray[np.generic]]


@dataclass(frozen=True)
class Stack:
    """A kind of file: what of which evaluations lies on top of each other in it."""

    of: SetName
    whole: bool
    full: bool  # the probabilities of all classes, or else all the other arrays

    def prefix(self) -> str:
        """Give what the names of its files begin with."""
        return f"{self.of}-" if self.whole else f"{self.of}-sample-"

    def suffix(self) -> str:
        """Give what the names of its files end with."""
        return "-probabilities" if self.full else ""

    def name(self, step: int) -> str:
        """Name the file whose first evaluation is after so many steps."""
        return f"{FOLDER}/{self.prefix()}{step:09d}{self.suffix()}"

    def files(self, folder: Path) -> list[Path]:
        """Find its files in a run folder, by the first step in them."""
        found = (folder / FOLDER).glob(f"{self.prefix()}*{self.suffix()}.npz")
        start, end = len(self.prefix()), len(f"{self.suffix()}.npz")
        return sorted(path for path in found if path.name[start:-end].isdecimal())

    def holds(self, one: Evaluated) -> bool:
        """Say whether it has a place for an evaluation of its set."""
        return one.whole == self.whole and not (self.full and one.probabilities is None)

    def arrays(self, some: Sequence[Evaluated]) -> Arrays:
        """Stack evaluations, class numbers and rows in as few bytes as hold them."""
        steps = np.array([one.step for one in some])
        if self.full:
            return {"steps": steps, "probabilities": np.stack([_full(one) for one in some])}
        stacked: Arrays = {
            "steps": steps,
            "labels": _small(some[0].labels),
            "predicted": _small(np.stack([one.predicted for one in some])),
            "confidence": np.stack([one.confidence for one in some]),
            "true_probability": np.stack([one.true_probability for one in some]),
        }
        return stacked if self.whole else {**stacked, "rows": _small(some[0].rows)}


STACKS = [
    Stack(of, whole, full)
    for of in get_args(SetName)
    for whole in (True, False)
    for full in (False, True)
]


class Archive:
    """Writes a run's evaluations into its folder. What can't be written raises a ProblemError.

    Memory and disk keep the same ones, see Evaluations. A file is rewritten without those that
    are no longer kept once they are half of it, so that the disk holds less than twice the bound.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._kept: dict[SetName, Evaluations] = {of: Evaluations() for of in get_args(SetName)}
        self._files: dict[Stack, dict[str, frozenset[int]]] = {stack: {} for stack in STACKS}

    def adopt(self, kept: Mapping[SetName, Evaluations]) -> None:
        """Go on with the evaluations of a run that was read back. Its files are written anew the
        next time, since nobody knows what else is in them.
        """
        self._kept = {of: evaluations.copy() for of, evaluations in kept.items()}
        for stack, files in self._files.items():
            names = (path.stem for path in stack.files(self._folder.path))
            files.update({f"{FOLDER}/{name}": frozenset() for name in names})

    def add(self, evaluated: Evaluated) -> None:
        """Take in an evaluation, to be written the next time."""
        self._kept[evaluated.of].add(evaluated)

    def write(self) -> None:
        """Write what is not on disk yet, and remove what is no longer kept."""
        for stack, files in self._files.items():
            kept = {one.step: one for one in self._kept[stack.of] if stack.holds(one)}
            stale = {
                name for name, steps in files.items() if 2 * len(steps & kept.keys()) <= len(steps)
            }
            there = {step for name in files.keys() - stale for step in files[name]}
            missing = [one for step, one in kept.items() if step not in there]
            written = dict(self._write(stack, missing))
            for name in stale - written.keys():
                self._folder.remove_arrays(name)
                del files[name]
            files.update(written)

    def _write(self, stack: Stack, some: list[Evaluated]) -> Iterator[tuple[str, frozenset[int]]]:
        largest = max((one.nbytes for one in some), default=1)
        at_once = max(1, FILE_BYTES // max(1, largest))
        for start in range(0, len(some), at_once):
            part = some[start : start + at_once]
            name = stack.name(part[0].step)
            self._folder.write_arrays(name, stack.arrays(part), synced=False)
            yield name, frozenset(one.step for one in part)


def _full(one: Evaluated) -> NDArray[np.float32]:
    assert one.probabilities is not None
    return one.probabilities


def _small(numbers: NDArray[np.int64]) -> NDArray[np.generic]:
    return numbers.astype(np.min_scalar_type(int(numbers.max(initial=0))))
