"""What is kept of many evaluations: a bound, the first and the newest, evenly spread."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.training import evaluations as module
from engine.training.evaluations import Evaluations, Thinned
from engine.training.events import Evaluated

ROWS = np.arange(5)


def evaluation(step, whole=True, full=True):
    shares = np.full(5, step, np.float32)
    probabilities = np.full((5, 3), step, np.float32) if full else None
    return Evaluated(
        step, 1, "test", whole, 0.5, 0.5, ROWS, ROWS, ROWS, shares, shares, probabilities
    )


COMPACT, FULL = evaluation(1, full=False).nbytes, evaluation(1).nbytes


@pytest.fixture
def bounds(monkeypatch):
    """Set how many there is room for: of the sample, of the whole set, and with probabilities."""

    def bound(samples, whole, full):
        monkeypatch.setattr(module, "MOST", samples)
        monkeypatch.setattr(module, "FEWEST", 1)
        monkeypatch.setattr(module, "ANSWERS_BYTES", whole * COMPACT)
        monkeypatch.setattr(module, "PROBABILITIES_BYTES", full * (FULL - COMPACT))

    return bound


def steps(evaluations):
    return [one.step for one in evaluations]


# ---- numbers


@given(st.integers(2, 40), st.integers(1, 500))
def test_numbers_are_thinned_evenly_within_the_bound(most, count):
    thinned, kept = Thinned(most), []
    for place in range(count):
        gone = thinned.add(place, 7 * place)
        assert set(gone) <= set(kept)
        kept = [number for number in kept if number not in gone] + [7 * place]

        assert len(kept) <= most
        grid = range(0, place + 1, thinned.every)
        assert kept == sorted({7 * spot for spot in grid} | {7 * place})


@given(st.integers(2, 40), st.integers(1, 500))
def test_no_more_are_let_go_than_must_be(most, count):
    thinned = Thinned(most)
    for place in range(count):
        thinned.add(place, place)

    before = thinned.every // 2
    assert thinned.every == 1 or len(range(0, count, before)) + 1 > most


# ---- evaluations


def test_before_the_first_there_is_none():
    evaluations = Evaluations()

    assert evaluations.newest is None
    assert evaluations.at(100) is None
    assert list(evaluations) == []
    assert evaluations.every == 1


@given(st.lists(st.booleans(), max_size=120), st.integers(2, 9), st.integers(2, 9))
def test_the_bounds_hold_and_the_first_and_the_newest_stay(kinds, room, full_room):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST", room)
        patch.setattr(module, "FEWEST", 1)
        patch.setattr(module, "PROBABILITIES_BYTES", full_room * (FULL - COMPACT))
        evaluations = Evaluations()
        for step, whole in enumerate(kinds):
            evaluations.add(evaluation(step, whole))

            of_whole = [one for one in evaluations if one.whole]
            samples = [one for one in evaluations if not one.whole]
            full = [one for one in of_whole if one.probabilities is not None]
            assert max(len(of_whole), len(samples)) <= room
            assert len(full) <= min(room, full_room)
            assert steps(evaluations) == sorted(steps(evaluations))
            assert evaluations.newest.step == step
            assert evaluations.newest.probabilities is not None
            assert all(one.probabilities is None for one in samples if one.step != step)
            for some, kind in ((of_whole, True), (samples, False)):
                if some:
                    assert some[0].step == kinds.index(kind)
                    assert some[-1].step == max(s for s in range(step + 1) if kinds[s] is kind)


@given(st.integers(1, 200), st.integers(2, 20), st.integers(2, 20))
def test_every_tells_which_ones_are_kept(count, room, full_room):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST", room)
        patch.setattr(module, "FEWEST", 1)
        patch.setattr(module, "PROBABILITIES_BYTES", full_room * (FULL - COMPACT))
        evaluations = Evaluations()
        for step in range(count):
            evaluations.add(evaluation(step))

    newest, full = {count - 1}, [one for one in evaluations if one.probabilities is not None]
    every_full = full[1].step if len(full) > 2 else count
    assert set(steps(evaluations)) == {*range(0, count, evaluations.every)} | newest
    assert set(steps(full)) == {*range(0, count, every_full)} | newest


@given(st.lists(st.booleans(), min_size=1, max_size=100))
def test_those_that_come_without_probabilities_count_like_the_others(full):
    """The window may get them so, where it was slow."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST", 12)
        patch.setattr(module, "FEWEST", 1)
        patch.setattr(module, "PROBABILITIES_BYTES", 3 * (FULL - COMPACT))
        evaluations = Evaluations()
        for step, one in enumerate(full):
            evaluations.add(evaluation(step, full=one))
            assert sum(kept.probabilities is not None for kept in evaluations) <= 3

    assert set(steps(evaluations)) == {*range(0, len(full), evaluations.every), len(full) - 1}


@given(st.sets(st.integers(0, 50)), st.integers(0, 60))
def test_the_last_one_at_a_step_is_found(all_steps, step):
    evaluations = Evaluations()
    for one in sorted(all_steps):
        evaluations.add(evaluation(one))

    found = evaluations.at(step)

    assert (found.step if found else None) == max((s for s in all_steps if s <= step), default=None)


def test_kept_answers_are_the_ones_that_came(bounds):
    bounds(samples=4, whole=4, full=2)
    evaluations = Evaluations()
    came = [evaluation(step) for step in range(9)]
    for one in came:
        evaluations.add(one)

    assert steps(evaluations) == [0, 4, 8]
    assert evaluations[1].predicted is came[4].predicted
    assert evaluations[:2] == list(evaluations)[:2]
    assert [one.probabilities is None for one in evaluations] == [False, True, False]


def test_there_is_room_for_a_few_however_large_they_are(monkeypatch):
    monkeypatch.setattr(module, "ANSWERS_BYTES", 1)
    monkeypatch.setattr(module, "PROBABILITIES_BYTES", 1)
    evaluations = Evaluations()
    for step in range(module.FEWEST):
        evaluations.add(evaluation(step))

    assert len(evaluations) == module.FEWEST
    full = [one.step for one in evaluations if one.probabilities is not None]
    assert full == [0, module.FEWEST - 1]


@pytest.mark.parametrize(("images", "classes"), [(700_000, 62), (60_000, 1000), (60_000, 10)])
def test_a_large_set_takes_no_more_than_its_bounds_or_the_fewest(images, classes):
    def hollow(kind, *shape):
        return np.broadcast_to(np.zeros((), kind), shape)

    numbers, shares = hollow(np.int64, images), hollow(np.float32, images)
    full = hollow(np.float32, images, classes)
    evaluations = Evaluations()
    for step in range(40):
        evaluations.add(
            Evaluated(
                *(step, 1, "training", True, 0.5, 0.5),
                *(numbers, numbers, numbers, shares, shares, full),
            )
        )
        held = sum(one.nbytes for one in evaluations)
        fullest = max(module.PROBABILITIES_BYTES, 2 * full.nbytes)
        assert held <= module.ANSWERS_BYTES + fullest


def test_two_after_the_same_step_are_both_kept():
    evaluations = Evaluations()
    for _ in range(3):
        evaluations.add(evaluation(5))

    assert steps(evaluations) == [5, 5, 5]
    assert evaluations.at(5) is evaluations.newest


def test_each_can_be_replaced_or_left_out():
    evaluations = Evaluations()
    for step in range(4):
        evaluations.add(evaluation(step))

    evaluations.replace(lambda one: replace(one, loss=9.0) if one.step != 2 else None)

    assert [(one.step, one.loss) for one in evaluations] == [(0, 9.0), (1, 9.0), (3, 9.0)]
    assert evaluations.at(2).step == 1


def test_what_was_lost_takes_nothing_else_with_it(bounds):
    bounds(samples=4, whole=4, full=4)
    kept = Evaluations()
    for step in (10, 20, 30, 40):
        kept.add(evaluation(step, whole=False))
    kept.replace(lambda one: None if one.step == 20 else one)  # its file is gone

    kept.add(evaluation(50, whole=False))  # the second and the fourth go

    assert steps(kept) == [10, 30, 50]
