from __future__ import annotations

import os
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.training import tuning as tuning_module
from engine.training.tuning import (
    CHANGED,
    REST_SECONDS,
    RETRY_SECONDS,
    ROUNDS,
    SMALL_STEP,
    TURN_SECONDS,
    WATCHED_STEPS,
    WORTHWHILE,
    ThreadTuner,
    cores,
    tuning,
)

COUNTS = (1, 2, 4)
SPEEDS = {1: 0.012, 2: 0.008, 4: 0.010}  # seconds of a step


@pytest.fixture(autouse=True)
def _threads_are_set_back():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def followed(counts, seconds_of, until):
    """Take steps whose seconds are invented; list the clock before each, and its threads."""
    tuned, clock, steps = tuning(counts), 0.0, []
    count = next(tuned)
    while clock < until:
        steps.append((clock, count))
        seconds = seconds_of(count, clock)
        clock += seconds
        count = tuned.send(seconds)
    return steps


def settled(counts, seconds_of, until=2.0):
    """Give the count that is stayed with once all have been measured."""
    return followed(counts, seconds_of, until)[-1][1]


def measurements(steps):
    """List when a count other than the one before began to work, by the clock."""
    return [clock for (_, one), (clock, other) in pairwise(steps) if one != other]


# ---- what is chosen


@pytest.mark.parametrize("fastest", COUNTS)
def test_the_fastest_count_is_chosen(fastest):
    assert settled(COUNTS, lambda count, _: 0.005 if count == fastest else 0.01) == fastest


def test_a_small_step_stays_on_one_thread_however_fast_it_would_be_now():
    """Threads wait for each other: one busy core makes such a step many times slower."""
    steps = followed(COUNTS, lambda count, _: 0.9 * SMALL_STEP / count**2, until=60.0)

    assert {count for _, count in steps} == {1}


@given(st.floats(WORTHWHILE + 0.001, 3))
def test_a_gain_too_small_to_notice_takes_no_core(slowness):
    assert settled((1, 2), lambda count, _: 0.01 * (slowness if count == 2 else 1)) == 1


@given(st.floats(0.05, WORTHWHILE - 0.001))
def test_a_gain_that_can_be_noticed_takes_a_core(slowness):
    assert settled((1, 2), lambda count, _: 0.01 * (slowness if count == 2 else 1)) == 2


def test_one_slow_step_decides_nothing():
    numbers = iter(range(10**6))

    def seconds(count, _):
        return SPEEDS[count] * (30 if next(numbers) % 9 == 4 else 1)

    assert settled(COUNTS, seconds, until=6.0) == 2


def test_the_first_step_of_a_turn_only_wakes_the_threads():
    last = [0]

    def seconds(count, _):
        woken, last[0] = last[0] != count, count
        return 0.5 if woken else SPEEDS[count]

    assert settled(COUNTS, seconds, until=20.0) == 2


def test_a_fixed_count_never_changes():
    steps = followed((3,), lambda _, clock: 0.1 * (1 + clock), until=100.0)

    assert {count for _, count in steps} == {3}


@settings(max_examples=50)
@given(
    counts=st.sampled_from([(1,), (1, 2), (1, 2, 4), (1, 2, 4, 6)]),
    seconds=st.lists(st.floats(1e-6, 5), min_size=1, max_size=300),
)
def test_no_count_is_tried_that_is_no_candidate(counts, seconds):
    tuned = tuning(counts)

    tried = {next(tuned), *(tuned.send(each) for each in seconds)}

    assert tried <= set(counts)


# ---- what it costs


@settings(max_examples=50)
@given(seconds=st.floats(1e-4, 3))
def test_measuring_takes_few_steps(seconds):
    """Each turn wakes the threads, and lasts a moment and a step at most."""
    steps = followed(COUNTS, lambda count, _: seconds / count, until=400 * seconds)
    last_change = max(measurements(steps), default=0.0)

    turns = 1 + ROUNDS * len(COUNTS)
    if last_change < REST_SECONDS:
        assert last_change <= turns * (TURN_SECONDS + 2 * seconds) * (1 + 1e-9)
    assert len(measurements([step for step in steps if step[0] <= last_change])) <= turns


def test_a_quiet_training_is_measured_once():
    """Here all cores are taken, so that none is left to be tried again."""
    steps = followed((1, 2), lambda count, _: 0.01 / count, until=300.0)

    assert max(measurements(steps)) < 1.0
    assert steps[-1][1] == 2


# ---- a load that comes and goes


def busy(count, clock, since=10.0):
    """Pretend that another program takes a core, so that two threads wait for each other."""
    return 0.05 if count == 2 and clock > since else 0.01 / count


def test_a_change_of_load_is_measured():
    steps = followed((1, 2), busy, until=20.0)
    calm = [count for clock, count in steps if 1 < clock < 10]
    later = [count for clock, count in steps if clock > 13]

    assert set(calm) == {2}
    assert set(later) == {1}


@pytest.mark.parametrize("factor", [0.99 * CHANGED, 1.01 / CHANGED])
def test_a_slight_change_of_load_is_none(factor):
    steps = followed((1, 2), lambda count, clock: (factor if clock > 5 else 1) * 0.01 / count, 60.0)

    assert max(measurements(steps)) < 1.0


def test_two_measurements_rest_in_between():
    """However the load swings, steps are taken in peace for a while after each measurement."""
    steps = followed((1, 2), lambda count, clock: (1 + 3 * (int(clock) % 2)) * 0.01 / count, 60.0)
    changes = measurements(steps)
    pauses = [after - before for before, after in pairwise(changes)]
    longest_turn = TURN_SECONDS + 2 * 0.04

    assert len(changes) > 10
    assert all(pause < 2 * longest_turn + 0.01 or pause > REST_SECONDS for pause in pauses)


def test_cores_left_free_are_tried_again():
    def seconds(count, clock):
        return 0.01 if count == 1 else 0.05 if clock < 40 else 0.005

    steps = followed((1, 2), seconds, until=100.0)
    tried = [clock for clock, count in steps if count == 2]

    assert not [clock for clock in tried if 1 < clock < RETRY_SECONDS]
    assert [clock for clock in tried if RETRY_SECONDS < clock < RETRY_SECONDS + 1]
    assert steps[-1][1] == 2


def test_a_step_that_has_become_large_is_measured_again():
    steps = followed((1, 2), lambda count, clock: (0.02 if clock > 5 else 0.001) / count, 20.0)

    assert {count for clock, count in steps if clock < 5} == {1}
    assert steps[-1][1] == 2


def test_a_few_slow_steps_are_no_change_of_load():
    numbers = iter(range(10**6))

    def seconds(count, _):
        return (0.3 if next(numbers) % WATCHED_STEPS < 5 else 0.01) / count

    assert max(measurements(followed((1, 2), seconds, until=60.0))) < 10.0


# ---- torch's own count


def test_a_fixed_count_is_set():
    tuner = ThreadTuner(2)

    with tuner.timing():
        pass

    assert (tuner.threads, tuner.changed, torch.get_num_threads()) == (2, False, 2)


@pytest.mark.parametrize(("machine", "counts"), [(1, [1]), (2, [1, 2]), (6, [1, 2, 4, 6])])
def test_it_tries_powers_of_two_and_all_cores(monkeypatch, machine, counts):
    monkeypatch.setattr(tuning_module, "cores", lambda: machine)
    monkeypatch.setattr(tuning_module, "SMALL_STEP", 0.0)
    monkeypatch.setattr(tuning_module, "TURN_SECONDS", 1e-9)
    tuner, tried = ThreadTuner(), []

    for _ in range(2 * len(counts) * ROUNDS):
        tried.append(tuner.threads)
        assert torch.get_num_threads() == tuner.threads
        with tuner.timing():
            pass
        assert tuner.changed == (tuner.threads != tried[-1])

    assert sorted(set(tried)) == counts


def test_a_step_that_fails_leaves_the_count_as_it_is():
    tuner = ThreadTuner(1)

    with pytest.raises(ZeroDivisionError), tuner.timing():
        raise ZeroDivisionError

    assert (tuner.threads, tuner.changed) == (1, False)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux alone can bind a program")
def test_only_the_cores_that_the_program_may_use_count():
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert cores() == 1
    finally:
        os.sched_setaffinity(0, before)
