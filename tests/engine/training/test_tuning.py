from __future__ import annotations

import os

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.project.layers import BatchNorm, Dense, Dropout, Flatten
from engine.training import tuning
from engine.training.tuning import choose_threads, cores


@pytest.fixture
def batch():
    return torch.rand(8, 1, 4, 4), torch.arange(8) % 3


@pytest.fixture(autouse=True)
def _threads_are_set_back():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def machine(monkeypatch):
    """Pretend a number of cores, and the seconds that a step takes by the number of threads."""

    def pretend(count, seconds):
        monkeypatch.setattr(tuning, "cores", lambda: count)
        monkeypatch.setattr(tuning, "_turn", lambda step, threads: [seconds[threads]])

    return pretend


def test_random_numbers_go_on_as_if_nothing_had_been_measured(make_project, batch, monkeypatch):
    monkeypatch.setattr(tuning, "SMALL_STEP", 0)
    project = make_project(Flatten(), Dense(), Dropout(), BatchNorm())
    torch.manual_seed(0)
    expected = torch.rand(5)
    torch.manual_seed(0)

    choose_threads(project, *batch)

    assert torch.equal(torch.rand(5), expected)


def test_the_images_are_not_changed(project, batch):
    before = batch[0].clone()

    choose_threads(project, *batch)

    assert torch.equal(batch[0], before)


def test_it_chooses_no_more_threads_than_there_are_cores(project, batch, monkeypatch):
    monkeypatch.setattr(tuning, "SMALL_STEP", 0)

    assert 1 <= choose_threads(project, *batch) <= cores()


def test_the_fastest_number_is_chosen(project, batch, machine):
    machine(8, {1: 1.0, 2: 0.6, 4: 0.4, 8: 0.5})

    assert choose_threads(project, *batch) == 4


def test_a_small_step_stays_on_one_thread_however_fast_it_would_be_now(project, batch, machine):
    """Threads wait for each other: one busy core makes such a step many times slower."""
    machine(2, {1: 0.9 * tuning.SMALL_STEP, 2: 0.1 * tuning.SMALL_STEP})

    assert choose_threads(project, *batch) == 1


def test_all_cores_are_a_candidate(project, batch, machine):
    machine(6, {1: 1.0, 2: 0.6, 4: 0.4, 6: 0.3})

    assert choose_threads(project, *batch) == 6


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(seconds=st.floats(0.951, 2))
def test_a_gain_too_small_to_notice_takes_no_core(project, batch, machine, seconds):
    machine(2, {1: 1.0, 2: seconds})

    assert choose_threads(project, *batch) == 1


def test_with_one_core_nothing_is_measured(project, batch, machine):
    machine(1, {})

    assert choose_threads(project, *batch) == 1


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux alone can bind a program")
def test_only_the_cores_that_the_program_may_use_count():
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert cores() == 1
    finally:
        os.sched_setaffinity(0, before)
