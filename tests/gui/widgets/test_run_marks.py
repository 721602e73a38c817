from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.training.events import (
    Branched,
    Changed,
    Continued,
    Diverged,
    Paused,
    RateDropped,
    Resumed,
)
from gui.widgets.run_marks import Group, Mark, grouped, marks_of, story, told

FASTER = Changed(30, "optimizer.learning_rate", 0.001, 0.01, 10, 20)
places = st.lists(st.floats(0, 100), max_size=60).map(sorted)


def paused(*xs):
    return [Mark(x, "pause", "Paused") for x in xs]


def test_marks_are_in_the_order_of_the_run(run_of):
    turns = (FASTER, Paused(10), Resumed(50), Branched(20, "first", 3, 0, 20))
    run = run_of(*turns, Diverged(55, "dense_1", "loss", "rate", "It was no number."))

    assert [(mark.x, mark.sign, mark.words) for mark in marks_of(run)] == [
        (0.5, "pause", "Paused"),
        (1.0, "branch", "Branched off first"),
        (1.5, "change", "Learning rate 0.001 → 0.01"),
        (2.5, "resume", "Resumed after an end"),
        (2.75, "divergence", "It was no number."),
    ]


def test_a_drop_on_a_plateau_is_marked_as_a_change(run_of):
    run = run_of(RateDropped(20, 0.001, 0.0005))

    assert [(mark.x, mark.sign, mark.words) for mark in marks_of(run)] == [
        (1.0, "change", "Learning rate 0.001 → 0.0005 on a plateau")
    ]


def test_a_mark_after_another_batch_size_is_where_its_epochs_are(run_of):
    run = run_of(Changed(20, "batch_size", 32, 64, 0, 10), Paused(25))

    assert [mark.x for mark in marks_of(run)] == [1.0, 1.5]


def test_a_run_without_turns_has_no_marks(run_of):
    assert marks_of(run_of()) == ()


@pytest.mark.parametrize(
    "event",
    [FASTER, RateDropped(10, 0.1, 0.01), Paused(10), Resumed(5), Branched(20, "first", 3, 0, 20)],
)
def test_each_turn_is_another_story(run_of, event):
    run = run_of()
    before = story(run)

    run.apply(event, 99.0)

    assert story(run) != before


def test_going_on_is_the_same_story(run_of):
    run = run_of(Paused(10))
    before = story(run)

    run.apply(Continued(10), 99.0)

    assert story(run) == before


@given(places, st.floats(0, 100), st.floats(0, 100), st.floats(0.01, 30))
def test_groups_hold_every_mark_of_the_range_once(xs, low, high, apart):
    low, high = sorted((low, high))

    groups = grouped(paused(*xs), low, high, apart)

    held = [mark.x for group in groups for mark in group.marks]
    assert held == [x for x in xs if low <= x <= high]


@given(places, st.floats(0.01, 30))
def test_groups_are_apart_and_not_longer_than_that(xs, apart):
    groups = grouped(paused(*xs), 0, 100, apart)

    assert all(group.last - group.x <= apart for group in groups)
    assert all(b.x - a.x >= apart * (1 - 1e-9) for a, b in pairwise(groups))


def test_a_group_looks_like_what_tells_most():
    group = Group((*paused(1.0, 1.1), Mark(1.2, "change", "Momentum 0 → 0.9")))

    assert group.sign == "change"
    assert group.x == 1.0


def test_pausing_for_a_change_is_counted_as_one():
    group = Group((*paused(1.0, 1.1), Mark(1.2, "change", "Momentum 0 → 0.9")))

    assert group.count == 1
    assert Group(tuple(paused(1, 2, 3))).count == 3


def test_a_group_is_told_in_a_line():
    marks = (*paused(1.0, 1.1), Mark(1.2, "change", "Momentum 0 → 0.9"))

    assert Group(marks).words == "Momentum 0 → 0.9, Paused (2 times)"


def test_a_group_of_many_changes_is_told_shortly():
    marks = tuple(Mark(1.0, "change", f"change {number}") for number in range(9))

    assert Group(marks).words == "change 0, change 1, change 2, and 6 more"


def test_many_marks_are_told_by_the_newest():
    lines = told(paused(*range(100))).splitlines()

    assert lines[0] == "80 earlier marks."
    assert lines[-1] == "Epoch 99.00: Paused."
    assert len(lines) == 21
