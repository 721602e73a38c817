"""How many threads make a step fastest: measured on the first batch, before training begins."""

from __future__ import annotations

import os
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from engine.project.project import Project
from engine.training.network import build

if TYPE_CHECKING:
    from torch import Tensor

ROUND_SECONDS = 0.03  # a candidate's turn; interleaved, so that a passing load hits all alike
ROUNDS = 3
WORTHWHILE = 0.95  # more threads must bring at least this; a core left free keeps the window fluid
SMALL_STEP = 0.003  # seconds; here threads win little, and lose twentyfold while cores are busy


def cores() -> int:
    """Count the processor cores that this program may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def choose_threads(project: Project, images: Tensor, labels: Tensor) -> int:
    """Find the thread count with the fastest step for a batch of images, and set nothing else.

    Steps are taken by a copy of the network under a random state of its own, so what is measured
    leaves no trace in the training.
    """
    candidates = [count for count in (1, 2, 4, 8, 16, 32) if count < cores()] + [cores()]
    if len(candidates) == 1:
        return candidates[0]
    step = _trial_step(project, images, labels)
    if median(_turn(step, 1)) < SMALL_STEP:
        return 1
    seconds: dict[int, list[float]] = {count: [] for count in candidates}
    for _ in range(ROUNDS):
        for count in candidates:
            seconds[count] += _turn(step, count)
    best = candidates[0]
    for count in candidates[1:]:
        if median(seconds[count]) < WORTHWHILE * median(seconds[best]):
            best = count
    return best


def _trial_step(project: Project, images: Tensor, labels: Tensor) -> Callable[[], None]:
    import torch

    with torch.random.fork_rng(devices=[]):
        network = build(project).to(memory_format=torch.channels_last)
    optimizer = project.training.optimizer.build(network.parameters())

    def step() -> None:
        loss = project.training.loss.of(network(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def _turn(step: Callable[[], None], threads: int) -> list[float]:
    """Take steps for a moment and tell the seconds of each; the first only wakes the threads."""
    import torch

    torch.set_num_threads(threads)
    with torch.random.fork_rng(devices=[]):
        step()
        seconds: list[float] = []
        until = perf_counter() + ROUND_SECONDS
        while not seconds or perf_counter() < until:
            start = perf_counter()
            step()
            seconds.append(perf_counter() - start)
    return seconds
