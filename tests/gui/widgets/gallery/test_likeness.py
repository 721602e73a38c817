from __future__ import annotations

import threading

import numpy as np
import pytest

from engine.problems import ProblemError
from gui.widgets.gallery.likeness import Compared, Likeness, ranks

IMAGES = np.random.default_rng(0).random((40, 2, 3, 3), np.float32)


def brute_force(row):
    distances = [float(((image.astype(float) - IMAGES[row]) ** 2).sum()) for image in IMAGES]
    return sorted(range(len(IMAGES)), key=lambda other: (distances[other], other))


class Slow:
    """Ranks once it may, and remembers what it was asked."""

    def __init__(self):
        self.asked, self.goes_on = [], threading.Event()

    def __call__(self, compared, progress):
        self.asked.append(compared.row)
        self.goes_on.wait(5)
        return ranks(compared, progress)


@pytest.fixture
def slow():
    made = Slow()
    yield made
    made.goes_on.set()


def test_ranks_are_those_of_brute_force():
    found = ranks(Compared(IMAGES, 7), lambda *_: None)

    assert np.argsort(found).tolist() == brute_force(7)


def test_there_is_no_answer_before_it_is_found(qtbot, slow):
    likeness = Likeness(rank=slow)
    likeness.ask(IMAGES, 7)
    assert likeness.ranks(IMAGES, 7) is None
    assert likeness.sorting

    with qtbot.waitSignal(likeness.changed):
        slow.goes_on.set()

    assert np.argsort(likeness.ranks(IMAGES, 7)).tolist() == brute_force(7)
    assert not likeness.sorting


def test_only_the_newest_question_is_answered(qtbot, slow):
    likeness = Likeness(rank=slow)
    for row in range(4):
        likeness.ask(IMAGES, row)
    with qtbot.waitSignal(likeness.changed):
        slow.goes_on.set()

    assert slow.asked == [0, 3]
    assert likeness.ranks(IMAGES, 0) is None
    assert likeness.ranks(IMAGES, 3) is not None


def test_the_same_question_is_asked_once(qtbot, slow):
    slow.goes_on.set()
    likeness = Likeness(rank=slow)
    with qtbot.waitSignal(likeness.changed):
        likeness.ask(IMAGES, 7)

    likeness.ask(IMAGES, 7)

    assert not likeness.sorting
    assert slow.asked == [7]


def test_the_last_answer_stays_while_the_next_is_sought(qtbot, slow):
    slow.goes_on.set()
    likeness = Likeness(rank=slow)
    with qtbot.waitSignal(likeness.changed):
        likeness.ask(IMAGES, 7)
    slow.goes_on.clear()

    likeness.ask(IMAGES, 8)

    assert likeness.ranks(IMAGES, 7) is not None
    assert likeness.ranks(IMAGES, 8) is None
    with qtbot.waitSignal(likeness.changed):
        slow.goes_on.set()


def test_what_is_forgotten_is_neither_known_nor_told(qtbot, slow):
    likeness = Likeness(rank=slow)
    likeness.ask(IMAGES, 7)

    with qtbot.assertNotEmitted(likeness.changed, wait=150):
        likeness.forget()
        slow.goes_on.set()

    assert likeness.ranks(IMAGES, 7) is None
    assert not likeness.sorting


def test_a_failure_is_told_and_not_tried_again(qtbot):
    def refuse(compared, progress):
        raise ProblemError("Too little memory.")

    likeness = Likeness(rank=refuse)
    with qtbot.waitSignal(likeness.failed) as told:
        likeness.ask(IMAGES, 7)

    assert told.args == ["Too little memory."]
    likeness.ask(IMAGES, 7)
    assert not likeness.sorting
