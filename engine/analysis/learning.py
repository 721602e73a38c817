"""The history of every image: when it was learned, and how often it was forgotten again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Learning:
    """What T evaluations of the same N images tell of each image, and of each evaluation.

    By image, (N,) each: `first`, the evaluation that first had it right, -1 where none did;
    `last_learned`, the one since which it has been right until the end, -1 where it is wrong at
    the end; `forgotten`, how many times wrong followed right (a forgetting event of Toneva et
    al. 2019, "An Empirical Study of Example Forgetting during Deep Neural Network Learning").
    By evaluation, (T,) each: `learned_at` and `forgotten_at`, how many images turned right and
    wrong since the one before. Before the first one, none was right.
    """

    first: Ints
    last_learned: Ints
    forgotten: Ints
    learned_at: Ints
    forgotten_at: Ints


def learning(labels: Ints, predicted: Iterable[Ints]) -> Learning:
    """Follow images with true classes `labels` (N,) through answers (T, N), oldest first."""
    first, last_learned = np.full((2, len(labels)), -1, dtype=np.int64)
    forgotten = np.zeros(len(labels), dtype=np.int64)
    turns: list[tuple[int, int]] = []
    for at, answers in enumerate(predicted):
        right, was_right = answers == labels, last_learned >= 0
        learned, lost = np.flatnonzero(right > was_right), np.flatnonzero(right < was_right)
        first[learned[first[learned] < 0]] = at
        last_learned[learned] = at
        last_learned[lost] = -1
        forgotten[lost] += 1
        turns.append((len(learned), len(lost)))
    learned_at, forgotten_at = np.array(turns, dtype=np.int64).reshape(-1, 2).T
    return Learning(first, last_learned, forgotten, learned_at, forgotten_at)


def never_learned(history: Learning) -> Ints:
    """Find the images that no evaluation had right, in their order."""
    return np.flatnonzero(history.first < 0)


def most_forgotten(history: Learning, most: int = 200) -> Ints:
    """Find the images that were forgotten, those most often so first."""
    return _highest(history.forgotten, 1, most)


def learned_last(history: Learning, most: int = 200) -> Ints:
    """Find the images that are right at the end, those that became so latest first."""
    return _highest(history.last_learned, 0, most)


def _highest(values: Ints, least: int, most: int) -> Ints:
    places = np.flatnonzero(values >= least)
    return places[np.argsort(-values[places], kind="stable")][:most]
