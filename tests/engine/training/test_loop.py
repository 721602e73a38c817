"""Training against a plain PyTorch loop, and what it promises: the same again, stop at any batch,
the test set last.
"""

from __future__ import annotations

import pickle
from dataclasses import replace
from math import cos, pi

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from engine.problems import ProblemError
from engine.project.augmentation import Augmentation
from engine.project.layers import BatchNorm, Conv2d, Dense, Dropout, Flatten, MaxPool2d
from engine.project.losses import MeanSquaredError
from engine.project.optimizers import Adam, Sgd
from engine.project.project import Project
from engine.project.schedules import Cosine, OneCycle
from engine.training import batches, evaluation, judge, trainer, tuning
from engine.training.augment import augmented
from engine.training.batches import batch_end, batches_left, sample_steps
from engine.training.capture import CapturedStep
from engine.training.control import Control
from engine.training.events import (
    EpochDone,
    Evaluated,
    Finished,
    Progress,
    Started,
    ThreadsChanged,
    Weights,
)
from engine.training.loop import train
from engine.training.meter import Meter


def of_kind(events, kind):
    return [event for event in events if isinstance(event, kind)]


def last_weights(events):
    return [event for event in of_kind(events, Weights) if event.kind == "last"][-1].tensors


# ---- the same as a plain loop


def convolutions():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4, 3)
    )


def with_dropout():
    return nn.Sequential(
        nn.Flatten(), nn.Linear(16, 8), nn.Tanh(), nn.Dropout(0.3), nn.Linear(8, 3)
    )


def normalised():
    return nn.Sequential(
        nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.BatchNorm1d(8), nn.Linear(8, 3)
    )


ADAM = Adam(learning_rate=0.01), lambda weights: torch.optim.Adam(weights, lr=0.01)
# Adam would blow the rounding errors up that are all the gradient of a bias before batch norm.
SGD = Sgd(learning_rate=0.1), lambda weights: torch.optim.SGD(weights, lr=0.1, momentum=0.9)

NETWORKS = {
    "convolutions": (convolutions, [Conv2d(filters=4), MaxPool2d(), Flatten()], ADAM),
    "dropout": (
        with_dropout,
        [Flatten(), Dense(units=8, activation="tanh"), Dropout(rate=0.3)],
        ADAM,
    ),
    "batch norm": (normalised, [Flatten(), Dense(units=8), BatchNorm()], SGD),
}
each_network = pytest.mark.parametrize(
    ("model_of", "layers", "optimizers"), NETWORKS.values(), ids=NETWORKS
)


def plain_training(
    model_of, optimizer_of, dataset, seed, epochs, batch_size, factor=lambda step: 1.0
):
    """Train as a first lesson does it, without reports."""
    images = torch.from_numpy(dataset.train.images)
    labels = torch.from_numpy(dataset.train.labels)
    torch.manual_seed(seed)
    shuffling = torch.Generator().manual_seed(seed)
    model = model_of()
    optimizer = optimizer_of(model.parameters())
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    for _ in range(epochs):
        order = torch.randperm(len(labels), generator=shuffling)
        for rows in order.split(batch_size):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
            schedule.step()
    return model


@each_network
def test_training_ends_with_the_weights_of_a_plain_loop(
    make_project, events_of, dataset, model_of, layers, optimizers
):
    ours, torchs = optimizers
    project = make_project(*layers, optimizer=ours, seed=5, epochs=4, batch_size=12)

    ours = last_weights(events_of(project))

    model = plain_training(model_of, torchs, dataset, seed=5, epochs=4, batch_size=12)
    plain = model.state_dict()
    assert len(ours) == len(plain)
    for one, other in zip(ours.values(), plain.values(), strict=True):
        np.testing.assert_allclose(one, other.numpy(), rtol=1e-4, atol=1e-5)


@each_network
def test_the_test_result_is_that_of_a_plain_loop(
    make_project, events_of, dataset, model_of, layers, optimizers
):
    ours, torchs = optimizers
    finished = events_of(make_project(*layers, optimizer=ours, seed=5))[-1]

    model = plain_training(model_of, torchs, dataset, seed=5, epochs=3, batch_size=8).eval()
    with torch.no_grad():
        scores = model(torch.from_numpy(dataset.test.images))
    labels = torch.from_numpy(dataset.test.labels)
    assert finished.test_loss == pytest.approx(
        float(nn.functional.cross_entropy(scores, labels)), rel=1e-4
    )
    assert finished.test_accuracy == float((scores.argmax(1) == labels).double().mean())


@pytest.fixture
def captures(monkeypatch):
    """Keep the steps that capturing gives."""
    steps, capture = [], trainer.captured

    def captured(*arguments):
        steps.append(capture(*arguments))
        return steps[-1]

    monkeypatch.setattr(trainer, "captured", captured)
    return steps


@each_network
def test_a_captured_training_ends_with_the_weights_of_a_plain_loop(
    make_project, events_of, dataset, captures, model_of, layers, optimizers
):
    """200 steps, each epoch's last on a smaller batch, at a rate of its own by torch's schedule."""
    ours, torchs = SGD
    settings = {"seed": 5, "epochs": 50, "batch_size": 12}
    project = make_project(*layers, optimizer=ours, schedule=Cosine(), **settings)

    mine = last_weights(events_of(project))

    model = plain_training(
        model_of, torchs, dataset, **settings, factor=lambda step: (1 + cos(pi * step / 200)) / 2
    )
    assert [type(step) for step in captures] == [CapturedStep]
    for one, other in zip(mine.values(), model.state_dict().values(), strict=True):
        np.testing.assert_allclose(one, other.numpy(), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("epochs", "expected"), [(39, []), (40, [CapturedStep])])
def test_a_run_long_enough_to_pay_for_it_is_captured(
    make_project, events_of, captures, epochs, expected
):
    """An epoch here has five steps."""
    events_of(make_project(epochs=epochs))

    assert [type(step) for step in captures] == expected


# ---- the same again


class Tuned:
    """Trains with threads that are measured at once; keeps the counts that torch is told."""

    def __init__(self, dataset):
        self.dataset, self.counts = dataset, []

    def events(self, project):
        return list(train(project, self.dataset, Control()))


@pytest.fixture
def tuned(dataset, monkeypatch):
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    training = Tuned(dataset)
    monkeypatch.setattr(torch, "set_num_threads", training.counts.append)
    monkeypatch.setattr(tuning, "cores", lambda: 2)
    monkeypatch.setattr(tuning, "SMALL_STEP", 0)
    monkeypatch.setattr(tuning, "TURN_SECONDS", 1e-9)
    yield training
    monkeypatch.undo()
    torch.set_num_threads(before)


def test_one_seed_gives_the_same_events_to_the_last_bit(project, events_of, content):
    first, second = events_of(project), events_of(project)

    assert [content(event) for event in first] == [content(event) for event in second]


ALL = Augmentation(shift=0.2, rotate=20, scale=0.2, shear=10)


@pytest.mark.parametrize("captured_from", [1, 10**6], ids=["captured", "plain"])
def test_all_that_is_random_follows_the_seed(
    make_project, events_of, content, captures, monkeypatch, captured_from
):
    monkeypatch.setattr(trainer, "CAPTURE_FROM", captured_from)
    project = make_project(
        Conv2d(filters=4),
        MaxPool2d(),
        BatchNorm(),
        Dropout(),
        Flatten(),
        Dense(units=8),
        augmentation=ALL,
        schedule=OneCycle(),
        epochs=6,
    )

    first, second = events_of(project), events_of(project)

    assert [content(event) for event in first] == [content(event) for event in second]
    assert [type(step) for step in captures] == [CapturedStep] * 2 * (captured_from == 1)


def test_only_training_images_are_changed(make_project, make_dataset, events_of, monkeypatch):
    dataset, seen = make_dataset(), []

    def watched(images, augmentation, generator, pixels):
        seen.append(len(images))
        return augmented(images, augmentation, generator, pixels)

    monkeypatch.setattr(trainer, "augmented", watched)
    still = Sgd(learning_rate=1e-30)  # so that the answers are those of the first weights
    one, other = (
        list(events_of(make_project(optimizer=still, **change), dataset))
        for change in ({}, {"augmentation": ALL})
    )

    assert sum(seen) == 2 * 3 * 40
    for kind in Evaluated, Finished:
        for plain, changed in zip(of_kind(one, kind), of_kind(other, kind), strict=True):
            if kind is Evaluated and plain.of == "training":
                continue
            ours = changed.loss if kind is Evaluated else changed.test_loss
            assert ours == (plain.loss if kind is Evaluated else plain.test_loss)
    assert of_kind(one, EpochDone)[0].loss != of_kind(other, EpochDone)[0].loss


def test_augmentation_leaves_the_first_weights_and_the_order_alone(make_project, events_of):
    """A hardly visible change gives nearly the same training."""
    hardly = Augmentation(shift=1e-6)
    one, other = (
        last_weights(events_of(make_project(**change))) for change in ({}, {"augmentation": hardly})
    )

    for name in one:
        np.testing.assert_allclose(one[name], other[name], atol=1e-3)


def test_another_seed_gives_another_training(make_project, events_of):
    one, other = (last_weights(events_of(make_project(seed=seed))) for seed in (0, 1))

    assert (one["dense_1.weight"] != other["dense_1.weight"]).any()


def test_measuring_the_threads_leaves_no_trace(project, dataset, tuned, content):
    """Measured on the training's own steps, here with threads that are told of but never set."""
    told = [event for event in tuned.events(project) if not isinstance(event, ThreadsChanged)]

    fixed = list(train(project, dataset, Control(), threads=1))
    assert [content(event) for event in told] == [content(event) for event in fixed]


def test_each_change_of_the_threads_is_told(project, tuned):
    events = tuned.events(project)
    changes = of_kind(events, ThreadsChanged)

    assert [events[0].threads, *(event.threads for event in changes)] == tuned.counts
    assert len(changes) > 3
    steps = [event.step for event in changes]
    assert steps == sorted(set(steps))


def test_a_fixed_number_of_threads_is_told_once(project, events_of):
    events = events_of(project)

    assert events[0].threads == 1
    assert not of_kind(events, ThreadsChanged)


def test_validation_does_not_change_what_is_learned(project, make_dataset, events_of):
    one, other = (
        last_weights(events_of(project, make_dataset(validation_seed=seed))) for seed in (1, 7)
    )

    assert all((one[name] == other[name]).all() for name in one)


def test_the_test_set_is_untouched_until_the_end(project, make_dataset, events_of, content):
    one, other = (events_of(project, make_dataset(test_seed=seed)) for seed in (2, 7))
    tested = next(
        place for place, e in enumerate(one) if isinstance(e, Evaluated) and e.of == "test"
    )

    assert [content(event) for event in one[:tested]] == [
        content(event) for event in other[:tested]
    ]
    assert [type(event) for event in one[tested:]] == [Evaluated, Finished]


# ---- what is told


def test_the_start_tells_the_size_of_the_work(project, events_of):
    assert events_of(project)[0] == Started(
        run="",
        parameters=16 * 8 + 8 + 8 * 3 + 3,
        train_count=40,
        validation_count=17,
        test_count=9,
        epochs=3,
        steps_per_epoch=5,
        device="cpu",
        threads=1,
    )


def test_an_epochs_figures_are_means_over_its_images(make_project, make_dataset, events_of):
    """With a rate so small that nothing moves, they are those of the first weights."""
    project = make_project(optimizer=Sgd(learning_rate=1e-30), epochs=1, batch_size=7)
    dataset = make_dataset()
    events = events_of(project, dataset)
    weights = {name: torch.from_numpy(value) for name, value in last_weights(events).items()}
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 3))
    model.load_state_dict(dict(zip(model.state_dict(), weights.values(), strict=True)))
    scores = model(torch.from_numpy(dataset.train.images)).detach()
    labels = torch.from_numpy(dataset.train.labels)

    (epoch,) = of_kind(events, EpochDone)

    assert epoch.loss == pytest.approx(float(nn.functional.cross_entropy(scores, labels)), rel=1e-5)
    assert epoch.accuracy == pytest.approx(float((scores.argmax(1) == labels).double().mean()))


def test_figures_over_batches_of_different_sizes_are_means_over_images():
    meter = Meter(torch.empty(6, 2))
    for loss, scores, labels in [
        (1.0, [[1.0, 0.0]] * 3, [0, 0, 1]),
        (5.0, [[0.0, 1.0]], [1]),
        (2.0, [[0.0, 1.0]] * 2, [0, 0]),
    ]:
        meter.add(torch.tensor(loss), torch.tensor(scores), torch.tensor(labels))
        if loss == 5.0:
            assert meter.read() == ((3 * 1 + 5) / 4, 3 / 4)

    assert meter.read() == (2.0, 0.0)
    assert meter.means() == ((3 * 1 + 5 + 2 * 2) / 6, 3 / 6)
    assert meter.scores.tolist() == [[1.0, 0.0]] * 3 + [[0.0, 1.0]] * 3


# ---- the answers to the training images


def of_set(events, of):
    return [event for event in of_kind(events, Evaluated) if event.of == of]


def test_each_epoch_tells_its_figures_and_the_answers_behind_them(project, events_of, dataset):
    events = events_of(project)
    learned, epochs = of_set(events, "training"), of_kind(events, EpochDone)

    assert [event.epoch for event in learned] == [1, 2, 3]
    for event, epoch in zip(learned, epochs, strict=True):
        assert (event.step, event.whole) == (epoch.step, True)
        assert (event.loss, event.accuracy) == (epoch.loss, epoch.accuracy)
        assert event.accuracy == (event.predicted == dataset.train.labels).mean()
        np.testing.assert_array_equal(event.rows, np.arange(40))
        np.testing.assert_array_equal(event.labels, dataset.train.labels)


@pytest.mark.parametrize("batch_size", [1, 7, 40])
def test_each_training_image_has_its_own_answer(make_project, events_of, dataset, batch_size):
    """With a rate so small that nothing moves, it is that of the last weights."""
    still = Sgd(learning_rate=1e-30)
    events = events_of(make_project(optimizer=still, batch_size=batch_size))
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 3))
    weights = last_weights(events).values()
    values = (torch.from_numpy(value) for value in weights)
    model.load_state_dict(dict(zip(model.state_dict(), values, strict=True)))
    expected = model(torch.from_numpy(dataset.train.images)).detach().softmax(1).numpy()

    for event in of_set(events, "training"):
        np.testing.assert_allclose(event.probabilities, expected, atol=1e-6)


def test_the_answers_are_from_before_each_step(make_project, events_of, dataset):
    """One batch an epoch: those of the second epoch are by the weights that the first has left."""
    events = events_of(make_project(batch_size=40, epochs=2))
    weights = next(event for event in of_kind(events, Weights) if event.kind == "best")
    assert weights.epoch == 1
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 3))
    values = (torch.from_numpy(value) for value in weights.tensors.values())
    model.load_state_dict(dict(zip(model.state_dict(), values, strict=True)))
    expected = model(torch.from_numpy(dataset.train.images)).detach().softmax(1).numpy()

    np.testing.assert_allclose(of_set(events, "training")[1].probabilities, expected, atol=1e-6)


def test_nobody_writes_to_answers_that_were_told(project, dataset, content):
    events = train(project, dataset, Control(), threads=1)
    told = [(event, content(event)) for event in events if isinstance(event, Evaluated)]

    assert all(content(event) == before for event, before in told)


def test_all_evaluations_of_a_set_share_rows_and_labels(project, make_dataset, events_of):
    """There may be a thousand of them."""
    events = of_kind(events_of(project, make_dataset(validation=700)), Evaluated)
    parts = {(event.of, event.whole): event for event in events}

    assert len(parts) == 4
    for event in events:
        same = parts[event.of, event.whole]
        assert event.rows is same.rows
        assert event.labels is same.labels


# ---- when what is told


def test_progress_ends_with_each_epoch_and_never_goes_back(project, events_of):
    steps = [event.step for event in of_kind(events_of(project), Progress)]

    assert steps == sorted(set(steps))
    assert steps[0] == 1
    assert {5, 10, 15} <= set(steps)


def test_a_long_epoch_is_told_in_about_a_hundred_parts(make_project, make_dataset, events_of):
    project = make_project(batch_size=1, epochs=1)

    events = events_of(project, make_dataset(train=1000))

    assert len(of_kind(events, Progress)) == pytest.approx(batches.REPORTS_PER_EPOCH, abs=2)


def test_the_loss_goes_down(make_project, events_of):
    losses = [epoch.loss for epoch in of_kind(events_of(make_project(epochs=20)), EpochDone)]

    assert losses[-1] < 0.7 * losses[0]


def test_every_epoch_judges_the_whole_validation_set(project, events_of):
    whole = [event for event in of_kind(events_of(project), Evaluated) if event.step % 5 == 0]

    assert [(event.of, event.epoch, event.whole, len(event.rows)) for event in whole] == [
        ("training", 1, True, 40),
        ("validation", 1, True, 17),
        ("training", 2, True, 40),
        ("validation", 2, True, 17),
        ("training", 3, True, 40),
        ("validation", 3, True, 17),
        ("test", 3, True, 9),
    ]


def test_a_sample_of_a_large_validation_set_stays_the_same(make_project, make_dataset, events_of):
    events = events_of(make_project(), make_dataset(validation=700))
    samples = [event for event in of_kind(events, Evaluated) if not event.whole]

    assert len(samples) == 3 * batches.SAMPLES_PER_EPOCH
    assert {len(event.rows) for event in samples} == {judge.SAMPLE_SIZE}
    assert len({event.rows.tobytes() for event in samples}) == 1
    assert (np.diff(samples[0].rows) > 0).all()


def test_a_samples_rows_say_which_images_it_answers(make_project, make_dataset, events_of):
    dataset = make_dataset(validation=700)
    sample = next(e for e in of_kind(events_of(make_project(), dataset), Evaluated) if not e.whole)

    np.testing.assert_array_equal(sample.labels, dataset.validation.labels[sample.rows])


def test_the_best_weights_are_kept_whenever_validation_gets_better(make_project, events_of):
    events = events_of(make_project(epochs=12, optimizer=Adam(learning_rate=0.003)))
    epochs = of_kind(events, EpochDone)
    best, expected = -1.0, []
    for epoch in epochs:
        if epoch.validation_accuracy > best:
            best = epoch.validation_accuracy
            expected.append(epoch.epoch)

    kept = [event.epoch for event in of_kind(events, Weights) if event.kind == "best"]

    assert 1 < len(expected) < 12
    assert [epoch.epoch for epoch in epochs if epoch.best] == expected
    assert kept == expected


def test_the_mean_squared_error_trains_too(make_project, events_of):
    project = make_project(loss=MeanSquaredError(), epochs=20)
    losses = [epoch.loss for epoch in of_kind(events_of(project), EpochDone)]

    assert losses[-1] < 0.8 * losses[0] < 0.3


def test_events_are_plain_enough_to_be_sent_elsewhere(project, events_of, content):
    events = events_of(project)

    sent = [pickle.loads(pickle.dumps(event)) for event in events]

    assert [content(event) for event in sent] == [content(event) for event in events]


def test_nobody_writes_to_weights_that_were_told(make_project, dataset, content):
    events = train(make_project(epochs=4), dataset, Control(), threads=1)
    told = [(event, content(event)) for event in events]

    assert all(content(event) == before for event, before in told)


def test_images_are_standardised_where_the_dataset_says_so(project, dataset, events_of):
    mean, deviation = np.float32([0.4]), np.float32([0.2])
    standardising = replace(dataset, mean=mean, deviation=deviation)
    parts = {
        name: replace(part, images=(part.images - mean) / deviation)
        for name, part in vars(dataset).items()
        if name in ("train", "validation", "test")
    }

    one, other = (events_of(project, data) for data in (standardising, replace(dataset, **parts)))

    assert one[-1] == other[-1]


def test_numbers_that_overflow_end_the_training_while_the_weights_are_sound(
    make_project, events_of
):
    layers = [Flatten(), *[Dense()] * 6]
    events = events_of(make_project(*layers, optimizer=Sgd(learning_rate=100), epochs=5))

    diverged, last, end = events[-3:]
    assert end == Finished("diverged", diverged.step, epoch=0)
    assert diverged.message.endswith(".")
    assert all(np.isfinite(values).all() for values in last.tensors.values())


# ---- stop at any batch


class StopAfter(Control):
    """Is stopped once it has been asked so many times."""

    def __init__(self, times):
        super().__init__()
        self.left = times

    @property
    def stopped(self):
        self.left -= 1
        return self.left < 0


def test_it_stops_wherever_it_is_asked(project, make_dataset, monkeypatch):
    """At each step, within each sample and each evaluation, and within the test at the end."""
    monkeypatch.setattr(evaluation, "LARGEST_OUTPUT", 1)  # evaluates in pieces of 16
    dataset = make_dataset(validation=40, test=20)
    endless = StopAfter(10**6)
    list(train(project, dataset, endless, threads=1))
    asked = 10**6 - endless.left
    assert asked > 3 * (5 + 3) + 2

    for times in range(asked):
        events = list(train(project, dataset, StopAfter(times), threads=1))
        last, end = events[-2:]
        assert end == Finished("stopped", end.step, epoch=len(of_kind(events, EpochDone)))
        assert (type(last), last.kind, last.step) == (Weights, "last", end.step)
        assert "test" not in [event.of for event in of_kind(events, Evaluated)]


def test_what_was_learned_until_the_stop_is_kept(make_project, make_dataset, events_of):
    """A stop after an epoch leaves the weights of a training that was meant to end there."""
    dataset = make_dataset()
    control = Control()
    weights = []
    for event in train(make_project(epochs=9), dataset, control, threads=1):
        if isinstance(event, EpochDone) and event.epoch == 2:
            control.stop()
        if isinstance(event, Weights):
            weights.append(event)

    meant = last_weights(events_of(make_project(epochs=2), dataset))
    assert weights[-1].step == 10
    assert all((weights[-1].tensors[name] == meant[name]).all() for name in meant)


def test_a_stop_before_the_start_takes_no_step(project, dataset):
    control = Control()
    control.stop()

    events = list(train(project, dataset, control, threads=1))

    assert [type(event) for event in events] == [Started, Weights, Finished]
    assert events[-1] == Finished("stopped", step=0, epoch=0)


def test_no_step_is_taken_after_the_stop(project, dataset):
    control = Control()
    for event in train(project, dataset, control, threads=1):
        if isinstance(event, Progress) and event.step == 7:
            control.stop()

    assert (event.reason, event.step, event.epoch) == ("stopped", 7, 1)


# ---- batches


def bounds_of(count, project):
    bounds, start = [], 0
    while start < count:
        assert batches_left(start, count, project) > 0
        bounds.append((start, batch_end(start, count, project)))
        start = bounds[-1][1]
    assert len(bounds) == batches_left(0, count, project)
    return bounds


@given(st.integers(1, 300), st.integers(1, 80), st.booleans())
def test_batches_hold_every_image_once(count, size, normalises):
    project = Project().insert(0, BatchNorm()) if normalises else Project()

    bounds = bounds_of(count, project.set_training(batch_size=size))

    rows = [row for start, end in bounds for row in range(start, end)]
    sizes = [end - start for start, end in bounds]
    assert rows == list(range(count))
    assert all(length == size for length in sizes[:-1])
    assert sizes[-1] <= size + normalises


@given(st.integers(2, 300), st.integers(2, 80))
def test_batch_normalisation_never_gets_a_lone_image(count, size):
    project = Project().insert(0, BatchNorm()).set_training(batch_size=size)

    bounds = bounds_of(count, project)

    assert all(end - start > 1 for start, end in bounds)


def test_a_lone_last_image_trains_with_batch_normalisation(make_project, make_dataset, events_of):
    project = make_project(Flatten(), Dense(units=4), BatchNorm())

    events = events_of(project, make_dataset(train=33))

    assert events[0].steps_per_epoch == 4
    assert events[-1].reason == "completed"


def test_a_partial_last_batch_is_learned_from(make_project, make_dataset, events_of):
    events = events_of(make_project(batch_size=16), make_dataset(train=40))

    assert events[0].steps_per_epoch == 3


@given(st.integers(1, 5000))
def test_samples_are_taken_within_an_epoch(count):
    steps = sample_steps(count)

    assert len(steps) <= batches.SAMPLES_PER_EPOCH
    assert all(0 < step < count for step in steps)


# ---- what does not fit


def test_a_network_that_does_not_fit_is_refused(make_project, dataset):
    with pytest.raises(ProblemError, match="Add Flatten before it"):
        next(train(make_project(Dense()), dataset, Control()))
