"""Plateaus against torch's own scheduler, patience against its definition and Keras' rules."""

from __future__ import annotations

import json
from math import inf, nan

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import ReduceLROnPlateau

from engine.project.schedules import ReduceOnPlateau
from engine.project.stopping import EarlyStopping
from engine.training.plateau import Patience, Plateau

watches = st.sampled_from(["validation loss", "validation accuracy"])
few = st.sampled_from([0.0, 0.25, 0.5, 0.5001, 0.75, 1.0])  # so that many are equal
losses = st.lists(few | st.floats(0, 10) | st.sampled_from([nan, inf]), max_size=40)
measures = st.lists(few | st.floats(0, 10) | st.just(nan), max_size=40)
schedules = st.builds(
    ReduceOnPlateau,
    watch=watches,
    patience=st.integers(0, 5),
    drop=st.floats(1e-3, 0.999),
    least=few | st.floats(0, 1),
    threshold=st.just(0.0) | st.floats(0, 1, exclude_max=True),
)
stops = st.builds(
    EarlyStopping,
    on=st.just(True),
    watch=watches,
    patience=st.integers(1, 5),
    least_change=st.just(0.0) | st.floats(0, 1),
)


def torchs(schedule, values, rate=1.0):
    """Let torch's scheduler hear the values, and list its rate after each."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rate)
    scheduler = ReduceLROnPlateau(
        optimizer,
        mode="min" if schedule.watch == "validation loss" else "max",
        factor=schedule.drop,
        patience=schedule.patience,
        threshold=schedule.threshold,
        threshold_mode="rel",
        min_lr=schedule.least * rate,
        eps=0,
    )
    rates = []
    for value in values:
        scheduler.step(value)
        rates.append(optimizer.param_groups[0]["lr"])
    return rates


def multiples(plateau, values):
    given = []
    for value in values:
        plateau.heard(value)
        given.append(plateau.multiple)
    return given


@given(schedules, losses)
def test_a_plateau_lowers_as_torch_does(schedule, values):
    assert multiples(Plateau(schedule), values) == torchs(schedule, values)


@given(schedules, measures)
def test_a_plateau_lowers_any_rate_as_torch_does(schedule, values):
    ours = [0.003 * multiple for multiple in multiples(Plateau(schedule), values)]

    assert ours == pytest.approx(torchs(schedule, values, rate=0.003), rel=1e-9)


@given(schedules, measures, st.data())
def test_a_plateau_goes_on_from_its_state_as_if_uninterrupted(schedule, values, data):
    cut = data.draw(st.integers(0, len(values)))
    first = Plateau(schedule)
    before = multiples(first, values[:cut])

    state = json.loads(json.dumps(first.state(), allow_nan=False))
    after = multiples(Plateau.restored(schedule, state), values[cut:])

    assert before + after == multiples(Plateau(schedule), values)


def test_another_measure_keeps_what_the_drops_have_left():
    plateau = Plateau(ReduceOnPlateau(patience=0, drop=0.5))
    multiples(plateau, [0.1, 0.2])

    other = Plateau.restored(
        ReduceOnPlateau(watch="validation accuracy", patience=0), plateau.state()
    )

    assert (other.multiple, other.best, other.waited) == (0.5, None, 0)


def test_a_least_that_is_raised_meanwhile_lifts_nothing():
    plateau = Plateau(ReduceOnPlateau(patience=0, drop=0.1))
    multiples(plateau, [1.0, 1.0])

    higher = Plateau.restored(ReduceOnPlateau(patience=0, least=0.5), plateau.state())

    assert multiples(higher, [1.0]) == [0.1]


def improvements(settings, values):
    """Tell of each value whether it is better than each improvement before it, by definition."""
    sign = 1 if settings.watch == "validation loss" else -1
    better: list[bool] = []
    for number, value in enumerate(values):
        past = [values[i] for i in range(number) if better[i]] or [sign * inf]
        if sign > 0:
            better.append(all(value + settings.least_change < other for other in past))
        else:
            better.append(all(value - settings.least_change > other for other in past))
    return better


def end_by_definition(settings, values):
    """Find the first epoch (from 1) that ends `patience` epochs in a row without improvement."""
    better = improvements(settings, values)
    for end in range(settings.patience, len(values) + 1):
        if not any(better[end - settings.patience : end]):
            return end
    return None


def end_in_keras(settings, values):
    """Follow the rules of keras.callbacks.EarlyStopping (3.x), which count epochs from 0."""
    sign = 1 if settings.watch == "validation loss" else -1
    best, wait = sign * inf, 0
    for epoch, value in enumerate(values):
        moved = value + sign * settings.least_change
        if moved < best if sign > 0 else moved > best:
            best, wait = value, 0
            continue
        wait += 1
        if wait >= settings.patience and epoch > 0:
            return epoch + 1
    return None


def end(patience, values):
    heard = (number for number, value in enumerate(values, 1) if patience.heard(value))
    return next(heard, None)


@given(stops, losses)
def test_patience_ends_by_its_definition(settings, values):
    assert end(Patience(settings), values) == end_by_definition(settings, values)


@given(stops, losses)
def test_patience_ends_where_keras_does(settings, values):
    ours, keras = end(Patience(settings), values), end_in_keras(settings, values)

    assert ours == keras or (ours, settings.patience) == (1, 1)


def test_a_first_epoch_that_is_no_number_ends_a_run_without_patience():
    settings = EarlyStopping(on=True, patience=1)

    assert end(Patience(settings), [nan, 0.5]) == 1
    assert end_in_keras(settings, [nan, 0.5]) is None


@given(stops, losses)
def test_patience_knows_the_best_epoch(settings, values):
    patience = Patience(settings)
    for number, better in enumerate(improvements(settings, values), 1):
        patience.heard(values[number - 1])

        assert patience.improved == better
        assert (patience.best_epoch == number) == better


@given(stops, measures)
def test_patience_that_is_off_never_ends_a_run(settings, values):
    off = settings.model_copy(update={"on": False})

    assert end(Patience(off), values) is None


@given(stops, measures, st.data())
def test_patience_goes_on_from_its_state_as_if_uninterrupted(settings, values, data):
    cut = data.draw(st.integers(0, len(values)))
    first = Patience(settings)
    before = [first.heard(value) for value in values[:cut]]

    state = json.loads(json.dumps(first.state(), allow_nan=False))
    second = Patience.restored(settings, state)
    after = [second.heard(value) for value in values[cut:]]

    whole = Patience(settings)
    assert before + after == [whole.heard(value) for value in values]
    assert second == whole


def test_patience_begins_anew_with_another_measure():
    patience = Patience(EarlyStopping(on=True, patience=2))
    patience.heard(0.1)
    patience.heard(0.2)

    other = EarlyStopping(on=True, patience=2, watch="validation accuracy")

    assert Patience.restored(other, patience.state()) == Patience(other)
