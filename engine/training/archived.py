"""The answers of a run as they lie in its archive, believed only after they were checked.

Memory is taken for no more than lies in a file, and nothing but plain arrays is read.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data import npy_format
from engine.data.dataset import SetName
from engine.problems import ProblemError
from engine.training.archive import Stack
from engine.training.events import Evaluated

Content = dict[str, NDArray[Any]]

ANSWERS = ("steps", "labels", "predicted", "confidence", "true_probability")
ROUNDING = 1e-4  # how far above 1 a probability may lie


class Damaged(Exception):  # noqa: N818 - it never leaves this file
    """What lies in a file can't be what a run wrote."""


@dataclass
class Archived:
    """What is found in the files of a run's archive, of sets of so many images and classes."""

    counts: dict[SetName, int]
    classes: int
    _answers: dict[tuple[SetName, int], dict[str, Any]] = field(default_factory=dict)
    _probabilities: dict[tuple[SetName, int], NDArray[np.float32]] = field(default_factory=dict)
    _shared: dict[tuple[str, bool, str], NDArray[np.int64]] = field(default_factory=dict)

    def look_into(self, path: Path, stack: Stack, wanted: set[int]) -> None:
        """Take from a file what is of these steps; nothing where the file is damaged."""
        try:
            content = _content(path, stack)
            if wanted.isdisjoint(content["steps"].tolist()):
                return
            take = self._take_probabilities if stack.full else self._take_answers
            take(content, stack, wanted)
        except (Damaged, ProblemError, ValueError, MemoryError):
            return

    def complete(self, hollow: Evaluated) -> Evaluated | None:
        """Put the answers that were found into an evaluation; None where there are none.

        The probabilities of all classes may be missing alone.
        """
        answers = self._answers.get((hollow.of, hollow.step))
        if answers is None or (len(answers["rows"]) == self.counts[hollow.of]) != hollow.whole:
            return None
        full = None
        if hollow.probabilities is not None:
            full = self._probabilities.get((hollow.of, hollow.step))
            full = full if full is not None and len(full) == len(answers["rows"]) else None
        return replace(hollow, **answers, probabilities=full)

    def _take_probabilities(self, content: Content, stack: Stack, wanted: set[int]) -> None:
        steps, full = content["steps"].tolist(), content["probabilities"]
        if full.ndim != 3:
            raise Damaged
        _check_shares(full, (len(steps), full.shape[1], self.classes))
        for place, step in enumerate(steps):
            if step in wanted:
                self._probabilities[stack.of, step] = full[place].copy()

    def _take_answers(self, content: Content, stack: Stack, wanted: set[int]) -> None:
        steps, count = content["steps"].tolist(), self.counts[stack.of]
        rows = content["rows"] if "rows" in content else np.arange(len(content["labels"]))
        _check_numbers(rows, (len(rows),), count)
        rising = bool((rows[1:] > rows[:-1]).all())  # views look for images in them by halving
        if not rising or (stack.whole and len(rows) != count):
            raise Damaged
        shape = len(steps), len(rows)
        _check_numbers(content["labels"], shape[1:], self.classes)
        _check_numbers(content["predicted"], shape, self.classes)
        _check_shares(content["confidence"], shape)
        _check_shares(content["true_probability"], shape)
        shared = {
            "rows": self._one_for_all(stack, "rows", rows),
            "labels": self._one_for_all(stack, "labels", content["labels"]),
        }
        for place, step in enumerate(steps):
            if step in wanted:
                self._answers[stack.of, step] = shared | {
                    "predicted": content["predicted"][place].astype(np.int64),
                    "confidence": content["confidence"][place].copy(),
                    "true_probability": content["true_probability"][place].copy(),
                }

    def _one_for_all(self, stack: Stack, name: str, found: NDArray[Any]) -> NDArray[np.int64]:
        """Share rows and labels among all evaluations, as a run does; others are no run's."""
        first = self._shared.setdefault((stack.of, stack.whole, name), found.astype(np.int64))
        if not np.array_equal(first, found):
            raise Damaged
        return first


def _content(path: Path, stack: Stack) -> Content:
    names = ("steps", "probabilities") if stack.full else ANSWERS
    names = names if stack.full or stack.whole else (*names, "rows")
    with npy_format.opened(path) as archive:
        infos, size = npy_format.arrays(archive), path.stat().st_size
        if not infos.keys() >= set(names):
            raise Damaged
        members = [npy_format.declared(archive, infos[name]) for name in names]
        if sum(member.size_bytes for member in members) > size:  # packed, which no run does
            raise Damaged
        content = {member.name: npy_format.read(archive, member) for member in members}
    steps = content["steps"]
    if steps.ndim != 1 or steps.dtype.kind not in "iu" or (steps[1:] <= steps[:-1]).any():
        raise Damaged
    return content


def _check_numbers(numbers: NDArray[Any], shape: tuple[int, ...], end: int) -> None:
    """Class numbers, or rows: whole numbers from 0 to before `end`."""
    if numbers.shape != shape or numbers.dtype.kind not in "iu":
        raise Damaged
    if numbers.size and not 0 <= int(numbers.min()) <= int(numbers.max()) < end:
        raise Damaged


def _check_shares(shares: NDArray[Any], shape: tuple[int, ...]) -> None:
    """Probabilities: 0 to 1, or NaN where the network gave no number."""
    if shares.shape != shape or shares.dtype != np.float32:
        raise Damaged
    if ((shares < 0) | (shares > 1 + ROUNDING)).any():
        raise Damaged
