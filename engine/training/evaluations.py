"""Every evaluation of a run, within a bound: where there are too many, every second one goes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from typing import overload

from engine.training.events import Evaluated

ANSWERS_BYTES = 96 * 2**20  # of predictions with their probabilities, for each set
PROBABILITIES_BYTES = 64 * 2**20  # of the probabilities of all classes, for each set
MOST = 1000  # of the whole set, and as many of its sample
FEWEST = 8  # answers, however large the set
FEWEST_FULL = 2  # the first and the newest: of 700,000 images and 62 classes each takes 166 MiB


class Thinned:
    """Keeps numbers by their places in a row: all, then every second, fourth, eighth of them.

    There are never more than `most`, evenly spread; place 0 and the newest are always kept.
    """

    def __init__(self, most: int) -> None:
        self.every = 1
        self._most = most
        self._kept: list[tuple[int, int]] = []

    def add(self, place: int, number: int) -> list[int]:
        """Keep a number whose place is after all others; give those that go for it."""
        kept = self._kept
        gone = [kept.pop()[1]] if kept and kept[-1][0] % self.every else []
        kept.append((place, number))
        while len(kept) > self._most:
            self.every *= 2
            gone += [was for place, was in kept[:-1] if place % self.every]
            kept[:-1] = [(place, was) for place, was in kept[:-1] if place % self.every == 0]
        return gone


class Evaluations(Sequence[Evaluated]):
    """The evaluations of one set, oldest first, each of them after another number of steps.

    The newest is as it came. Of the others all answers are kept, and for the whole set the
    probabilities of all classes, both as far as the bounds allow: `every` tells how far that is
    for the answers. Adding one costs the same however many there are, but where they are thinned.
    """

    def __init__(self) -> None:
        self._all: list[Evaluated] = []
        self._steps: list[int] = []
        self._samples_come = self._whole_come = 0
        self._samples = Thinned(MOST)
        self._whole: Thinned | None = None  # the first one tells how many there is room for
        self._full: Thinned | None = None

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Evaluated]:
        return iter(self._all)

    @overload
    def __getitem__(self, place: int) -> Evaluated: ...
    @overload
    def __getitem__(self, place: slice) -> list[Evaluated]: ...
    def __getitem__(self, place: int | slice) -> Evaluated | list[Evaluated]:
        return self._all[place]

    @property
    def newest(self) -> Evaluated | None:
        """The last one, None before the first."""
        return self._all[-1] if self._all else None

    @property
    def every(self) -> int:
        """Of the evaluations of the whole set, 1 says that all are kept, 2 every second one."""
        return self._whole.every if self._whole else 1

    def place(self, step: int) -> int:
        """Tell the place of the last one after at most this many steps; -1 where there is none."""
        return bisect_right(self._steps, step) - 1

    def at(self, step: int) -> Evaluated | None:
        """Give the last one after at most this many steps; None where none was so early."""
        place = self.place(step)
        return self._all[place] if place >= 0 else None

    def nearest(self, step: float) -> Evaluated:
        """Give the one whose number of steps is next to this; there must be one."""
        return min(self._all, key=lambda one: abs(one.step - step))

    def add(self, evaluated: Evaluated) -> None:
        """Take in the next evaluation; others may go for it, or their probabilities."""
        before = self.newest
        if before is not None and not before.whole:
            self._all[-1] = before.compact()
        self._all.append(evaluated)
        self._steps.append(evaluated.step)
        if evaluated.whole:
            self._thin_whole(evaluated)
            self._whole_come += 1
        else:
            self._remove(self._samples.add(self._samples_come, evaluated.step))
            self._samples_come += 1

    def copy(self) -> Evaluations:
        """Give another one with the same evaluations, to which others may come."""
        other = Evaluations()
        other._all, other._steps = list(self._all), list(self._steps)
        other._samples_come, other._whole_come = self._samples_come, self._whole_come
        other._samples = deepcopy(self._samples)
        other._whole, other._full = deepcopy(self._whole), deepcopy(self._full)
        return other

    def replace(self, found: Callable[[Evaluated], Evaluated | None]) -> None:
        """Put in the place of each what `found` gives for it; None leaves it out."""
        self._all = [new for old in self._all if (new := found(old)) is not None]
        self._steps = [one.step for one in self._all]

    def _thin_whole(self, evaluated: Evaluated) -> None:
        place, step, compact = self._whole_come, evaluated.step, evaluated.compact().nbytes
        if self._whole is None:
            self._whole = Thinned(_room(ANSWERS_BYTES, compact, FEWEST))
        if evaluated.probabilities is not None:
            if self._full is None:
                size = evaluated.nbytes - compact
                self._full = Thinned(_room(PROBABILITIES_BYTES, size, FEWEST_FULL))
            self._make_compact(self._full.add(place, step))
        self._remove(self._whole.add(place, step))

    def _make_compact(self, steps: list[int]) -> None:
        for step in steps:
            place = bisect_left(self._steps, step)
            if self._steps[place] == step:  # it may be gone altogether
                self._all[place] = self._all[place].compact()

    def _remove(self, steps: list[int]) -> None:
        for step in steps:
            place = bisect_left(self._steps, step)
            if self._steps[place : place + 1] == [step]:  # it may have been lost with its file
                del self._all[place], self._steps[place]


def _room(budget: int, size: int, fewest: int) -> int:
    return max(fewest, min(MOST, budget // max(size, 1)))
