"""How many threads make a step fastest: measured on the training's own steps, all along."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from time import perf_counter

MOST_THREADS = 1024  # whoever asks, torch is not asked for more
TURN_SECONDS = 0.03  # a candidate's turn; interleaved, so that a passing load hits all alike
ROUNDS = 3
WORTHWHILE = 0.95  # more threads must bring at least this; a core left free keeps the window fluid
SMALL_STEP = 0.003  # seconds; here threads win little, and lose twentyfold while cores are busy
WATCHED_STEPS = 15  # their median is held against what was measured
CHANGED = 1.4  # so much slower or faster means that the machine's load has changed
REST_SECONDS = 3.0  # of steps at least between two measurements
RETRY_SECONDS = 30.0  # when cores are left free, see so often whether they are to be had again

Measuring = Generator[int, float, tuple[int, float]]
"""Yields the thread count of the next step, is sent its seconds; ends in the count and seconds."""


def cores() -> int:
    """Count the processor cores that this program may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class ThreadTuner:
    """Sets torch's thread count before each step to what is fastest now.

    Nothing is computed for the sake of measuring. `threads` fixes the count, and with it the
    results to the last bit.
    """

    def __init__(self, threads: int | None = None) -> None:
        most = cores()
        upwards = [*(count for count in (1, 2, 4, 8, 16, 32) if count < most), most]
        self._tuning = tuning([threads] if threads else upwards)
        self.threads = next(self._tuning)
        self.changed = False  # by the newest step
        self._use(self.threads)

    @contextmanager
    def timing(self) -> Iterator[None]:
        """Time a step, and set the count for the next one."""
        start = perf_counter()
        yield
        count = self._tuning.send(perf_counter() - start)
        self.changed = count != self.threads
        if self.changed:
            self._use(count)

    def _use(self, count: int) -> None:
        import torch

        self.threads = count
        torch.set_num_threads(count)


def tuning(counts: Sequence[int]) -> Generator[int, float, None]:
    """Yield the thread count of each step, sent the seconds of the one before.

    Measures all counts first, stays with the fastest, and measures again once steps take another
    time than they did, or now and then where cores are free.
    """
    while len(counts) == 1:
        yield counts[0]
    while True:
        count, seconds = yield from _measured(counts)
        yield from _settled(count, seconds, free=count < counts[-1])


def _measured(counts: Sequence[int]) -> Measuring:
    alone = median((yield from _turn(counts[0])))
    if alone < SMALL_STEP:
        return counts[0], alone
    seconds: dict[int, list[float]] = {count: [] for count in counts}
    for _ in range(ROUNDS):
        for count in counts:
            seconds[count] += yield from _turn(count)
    medians = {count: median(times) for count, times in seconds.items()}
    best = counts[0]
    for count in counts[1:]:
        if medians[count] < WORTHWHILE * medians[best]:
            best = count
    return best, medians[best]


def _turn(count: int) -> Generator[int, float, list[float]]:
    """Take steps for a moment; the first only wakes the threads."""
    yield count
    seconds: list[float] = []
    while sum(seconds) < TURN_SECONDS:
        seconds.append((yield count))
    return seconds


def _settled(count: int, usual: float, *, free: bool) -> Generator[int, float, None]:
    """Stay with a count until the load has changed."""
    spent = 0.0
    while True:
        seconds: list[float] = []
        while len(seconds) < WATCHED_STEPS:
            seconds.append((yield count))
        spent += sum(seconds)
        now = median(seconds)
        if spent > REST_SECONDS and not usual / CHANGED < now < usual * CHANGED:
            return
        if free and now > SMALL_STEP and spent > RETRY_SECONDS:
            return
