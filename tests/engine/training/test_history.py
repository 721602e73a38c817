"""A run followed from event to event."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.project.presets import preset
from engine.training.control import Control
from engine.training.events import (
    DataReady,
    EpochDone,
    Evaluated,
    Failed,
    Finished,
    Loading,
    Progress,
    Started,
    ThreadsChanged,
    Warned,
    Weights,
)
from engine.training.history import SPEED_SECONDS, Columns, Run
from engine.training.loop import train

STARTED = Started(
    run="",
    parameters=10,
    train_count=1000,
    validation_count=10,
    test_count=10,
    epochs=4,
    steps_per_epoch=100,
    device="cpu",
    threads=1,
)


@pytest.fixture
def run():
    return Run(preset("digits-mlp"))


@pytest.fixture
def started(run):
    run.apply(STARTED, 100.0)
    return run


def epoch_done(epoch, validation_accuracy, best):
    return EpochDone(100 * epoch, epoch, 1.0, 0.5, 1.0, validation_accuracy, best=best)


def evaluated(of):
    none = np.zeros(0, np.int64)
    return Evaluated(1, 1, of, True, 0.5, 0.5, none, none, none, none, none, none)


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (Loading(1, 2), "loading"),
        (DataReady(dataset=None), "loading"),
        (STARTED, "started"),
        (Progress(1, 0.5, 0.5), "progress"),
        (ThreadsChanged(1, 2), "progress"),
        (evaluated("validation"), "evaluation"),
        (evaluated("test"), "evaluation"),
        (epoch_done(1, 0.5, True), "epoch"),
        (Warned("careful"), "warning"),
        (Finished("completed", 1, 1), "end"),
        (Failed("boom"), "end"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value,
)
def test_an_event_says_what_has_changed(run, event, kind):
    assert run.apply(event, 0.0) == kind


def test_the_newest_of_each_is_kept(run, dataset):
    events = [
        Loading(1, 2),
        Loading(2, 2),
        DataReady(dataset),
        STARTED,
        evaluated("validation"),
        evaluated("test"),
        Warned("careful"),
        Failed("boom"),
    ]
    for event in events:
        run.apply(event, 0.0)

    assert run.loading == Loading(2, 2)
    assert run.dataset is dataset
    assert run.started == STARTED
    assert (run.evaluation("validation"), run.evaluation("test")) == (events[4], events[5])
    assert run.warnings == ["careful"]
    assert run.end == Failed("boom")


def test_before_the_start_nothing_is_known(run):
    assert (run.step, run.total_steps, run.epoch, run.images, run.seconds) == (0, 0, 1, 0, 0)
    assert (run.best, run.images_per_second, run.seconds_left) == (None, None, None)


@pytest.mark.parametrize(
    ("step", "epoch", "images"), [(1, 1, 10), (99, 1, 990), (150, 2, 1500), (400, 4, 4000)]
)
def test_step_epoch_and_images_follow_the_progress(started, step, epoch, images):
    started.apply(Progress(step, 0.5, 0.5), 101.0)

    assert (started.step, started.epoch, started.images) == (step, epoch, images)
    assert started.total_steps == 400


def test_the_best_epoch_has_the_highest_validation_accuracy(started):
    for number, (accuracy, best) in enumerate([(0.5, True), (0.7, True), (0.7, False)], 1):
        started.apply(epoch_done(number, accuracy, best), 0.0)

    assert started.best.epoch == 2


def test_speed_and_time_left_are_measured(started):
    started.apply(Progress(50, 0.5, 0.5), 101.0)
    started.apply(Progress(100, 0.5, 0.5), 102.0)

    assert started.images_per_second == pytest.approx(500)
    assert started.seconds_left == pytest.approx(6)


def test_the_speed_is_that_of_the_last_seconds(started):
    for second in range(1, 60):
        steps = second if second < 30 else 30 + 5 * (second - 30)
        started.apply(Progress(steps, 0.5, 0.5), 100.0 + second)

    assert started.images_per_second == pytest.approx(50)


def test_the_speed_is_unknown_while_no_time_passes(started):
    started.apply(Progress(50, 0.5, 0.5), 100.0)

    assert started.images_per_second is None


def test_a_pause_between_two_reports_longer_than_the_window_still_gives_a_speed(started):
    started.apply(Progress(50, 0.5, 0.5), 100.0 + 10 * SPEED_SECONDS)

    assert started.images_per_second == pytest.approx(500 / (10 * SPEED_SECONDS))


def test_time_counts_from_the_start_to_the_newest_event(run):
    run.apply(Loading(1, 2), 5.0)
    run.apply(STARTED, 10.0)
    run.apply(Finished("completed", 1, 1), 12.5)

    assert run.seconds == 2.5


@given(st.lists(st.tuples(*[st.floats(allow_nan=False)] * 3), max_size=200))
def test_columns_give_back_the_rows_that_were_added(rows):
    columns = Columns(3)
    for row in rows:
        columns.append(*row)

    assert len(columns) == len(rows)
    for number in range(3):
        assert columns.column(number).tolist() == [row[number] for row in rows]


def test_columns_grow_and_leave_earlier_looks_alone():
    columns = Columns(2)
    columns.append(0, 0)
    early = columns.column(0)

    for number in range(1, 5000):
        columns.append(number, -number)

    np.testing.assert_array_equal(columns.column(0), np.arange(5000))
    np.testing.assert_array_equal(columns.column(1), -np.arange(5000))
    assert early.tolist() == [0]


def test_a_whole_training_can_be_followed(project, dataset):
    run = Run(project)
    for clock, event in enumerate(train(project, dataset, Control(), threads=1)):
        run.apply(event, float(clock))

    assert run.step == run.total_steps == 15
    assert run.images == 3 * 40
    assert [epoch.epoch for epoch in run.epochs] == [1, 2, 3]
    assert run.end.test_accuracy == run.evaluation("test").accuracy
    assert run.seconds_left == 0


def test_copies_of_weights_change_nothing_that_is_shown(started):
    started.apply(Weights(1, 1, "best", {}), 0.0)

    assert (started.step, started.epochs, started.end) == (0, [], None)
