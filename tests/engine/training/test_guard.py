"""The guard against runs that really diverge, and against numbers that are spoiled by hand."""

from __future__ import annotations

from copy import deepcopy
from functools import cache

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from engine.project.layers import BatchNorm, Conv2d, Dense, Dropout, Flatten, MaxPool2d, Residual
from engine.project.losses import CrossEntropy, MeanSquaredError
from engine.project.optimizers import Adam, RmsProp, Sgd
from engine.project.project import Project
from engine.training.events import Finished
from engine.training.guard import (
    GRADIENTS_EVERY,
    Finding,
    Guard,
    NotANumber,
    all_finite,
    diagnosis,
    mends,
)
from engine.training.network import build

MOST_MENDS = 6
STEPS = 300


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@cache
def digits():
    found = load_digits()
    images = torch.tensor(found.images / 16, dtype=torch.float32).unsqueeze(1)
    return images, torch.tensor(found.target)


def project_of(*layers, **training):
    return Project().insert(0, *layers).set_training(**training)


def network_of(project):
    torch.manual_seed(0)
    return build(project)


def linear(count, units=16):
    return Flatten(), *[Dense(units=units, activation="none")] * count


def found_in_training(project):
    """Learn from digits by a plain loop; gives what the guard found, or None."""
    network, settings = network_of(project), project.training
    optimizer, guard = settings.optimizer.build(network.parameters()), Guard(network)
    images, labels = digits()
    for _ in range(STEPS):
        rows = torch.randint(len(images), (32,))
        guard.before()
        loss = settings.loss.of(network(images[rows]), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        try:
            guard.check(loss, (each.grad for each in network.parameters()))
        except NotANumber:
            assert all_finite(network.state_dict().values())
            return diagnosis(project, network, images[rows], labels[rows])
        if settings.clip_norm:
            torch.nn.utils.clip_grad_norm_(network.parameters(), settings.clip_norm)
        optimizer.step()
    return None


# ---- runs that diverge

MLP = Flatten(), Dense(units=32), Dense(units=16)
CNN = Conv2d(filters=4), MaxPool2d(), Flatten(), Dense(units=16)
REGULARISED = (
    *(Flatten(), Dense(units=32), BatchNorm(), Dropout(rate=0.2)),
    Dense(units=16, activation="none"),
)
RESIDUAL = (
    Residual(layers=(Conv2d(filters=4, padding="same"), BatchNorm())),
    Residual(layers=(Conv2d(filters=4, padding="same", activation="none"),)),
    Flatten(),
)
GROWING = Sgd(learning_rate=1, weight_decay=10)
DIVERGING = {
    "MLP": (MLP, GROWING, CrossEntropy(), "rate"),
    "MLP, squared error": (MLP, GROWING, MeanSquaredError(), "rate"),
    "CNN": (CNN, GROWING, CrossEntropy(), "rate"),
    "CNN, squared error": (CNN, GROWING, MeanSquaredError(), "rate"),
    "regularised": (REGULARISED, Sgd(learning_rate=100), CrossEntropy(), "rate"),
    "residual": (RESIDUAL, GROWING, CrossEntropy(), "rate"),
    "linear": (linear(4), Sgd(learning_rate=100), CrossEntropy(), "rate"),
    "momentum": (linear(4), Sgd(momentum=0.999), CrossEntropy(), "momentum"),
    "Adam": (linear(20), Adam(learning_rate=100), CrossEntropy(), "rate"),
    "RMSprop": (linear(20), RmsProp(learning_rate=100), CrossEntropy(), "rate"),
}


@pytest.mark.parametrize(
    ("layers", "optimizer", "loss", "cause"), DIVERGING.values(), ids=DIVERGING
)
def test_a_run_that_diverges_is_stopped_with_sound_weights_and_mended(
    layers, optimizer, loss, cause
):
    project = project_of(*layers, optimizer=optimizer, loss=loss)

    found = found_in_training(project)

    assert found is not None
    assert found.quantity in ("activation", "loss", "gradient")
    assert found.cause == cause
    assert found.layer in [row.layer.name for row in project.walk()]
    for _ in range(MOST_MENDS):
        if found is None:
            break
        project = mends(found.cause, project)[0].apply(project)
        found = found_in_training(project)
    assert found is None


@pytest.mark.parametrize(
    ("layers", "optimizer"), [(linear(4), Sgd(learning_rate=100)), (MLP, GROWING)]
)
def test_dividing_the_learning_rate_is_enough_in_the_end(layers, optimizer):
    project = project_of(*layers, optimizer=optimizer)
    for _ in range(MOST_MENDS):
        found = found_in_training(project)
        if found is None:
            break
        (divide,) = [mend for mend in mends(found.cause, project) if "Divide" in mend.title]
        project = divide.apply(project)

    assert found_in_training(project) is None


def test_what_has_been_mended_trains_to_its_end(make_project, events_of):
    project = make_project(*linear(4), optimizer=Sgd(learning_rate=100))
    network = network_of(project)
    with torch.no_grad():
        network.dense_2.weight.mul_(1e38)
    found = diagnosis(project, network, torch.rand(4, 1, 4, 4), torch.zeros(4, dtype=torch.int64))

    events = events_of(mends(found.cause, project)[0].apply(project))

    assert isinstance(events[-1], Finished)
    assert events[-1].test_loss < 5


# ---- the guard


def guarded(*layers):
    network = network_of(project_of(*layers))
    return network, Guard(network)


@given(st.lists(st.integers(-(2**100), 2**100), min_size=1), st.booleans())
def test_numbers_are_finite_or_not(values, spoil):
    tensors = [
        None,
        torch.tensor(values, dtype=torch.float64),
        torch.tensor([torch.nan if spoil else 1.0]),
    ]

    assert all_finite(tensors) is not spoil


def test_infinities_of_both_signs_do_not_hide_each_other():
    assert not all_finite([torch.tensor([torch.inf]), torch.tensor([-torch.inf])])


@pytest.mark.parametrize("loss", [torch.nan, torch.inf, -torch.inf])
def test_a_loss_that_is_no_number_stops_the_step(loss):
    _, guard = guarded(*MLP)
    guard.before()

    with pytest.raises(NotANumber):
        guard.check(torch.tensor(loss), [])


def test_gradients_are_read_where_the_loss_is_alarming():
    _, guard = guarded(*MLP)

    with pytest.raises(NotANumber):
        guard.check(torch.tensor(1000.0), [torch.tensor(torch.inf)])


def test_gradients_are_read_at_every_sixteenth_step():
    _, guard = guarded(*MLP)
    for _ in range(GRADIENTS_EVERY - 1):
        guard.check(torch.tensor(1.0), [torch.tensor(torch.inf)])

    with pytest.raises(NotANumber):
        guard.check(torch.tensor(1.0), [torch.tensor(torch.inf)])


def test_large_finite_numbers_stop_nothing():
    _, guard = guarded(*MLP)
    for _ in range(GRADIENTS_EVERY):
        guard.before()
        guard.check(torch.tensor(1e30), [torch.tensor(1e30), None])


def test_running_statistics_and_random_state_are_put_back():
    network, guard = guarded(*REGULARISED)
    before, random = deepcopy(network.state_dict()), torch.random.get_rng_state()
    guard.before()
    loss = network(torch.full((4, 1, 8, 8), torch.nan)).mean()

    with pytest.raises(NotANumber):
        guard.check(loss, [])

    assert_equal(network.state_dict(), before)
    assert torch.equal(torch.random.get_rng_state(), random)


def test_a_step_that_is_sound_keeps_its_new_statistics():
    network, guard = guarded(*REGULARISED)
    guard.before()
    loss = network(torch.rand(4, 1, 8, 8)).mean()

    guard.check(loss, [])

    assert network.batch_norm_1.num_batches_tracked == 1


def test_the_guard_of_a_copy_leaves_the_original_alone():
    network, guard = guarded(*REGULARISED)
    copied, its_guard = deepcopy((network, guard))
    its_guard.before()
    for each in network, copied:
        each(torch.rand(4, 1, 8, 8))

    with pytest.raises(NotANumber):
        its_guard.check(torch.tensor(torch.nan), [])

    assert network.batch_norm_1.num_batches_tracked == 1
    assert copied.batch_norm_1.num_batches_tracked == 0


# ---- the diagnosis


def look(project, network, images=None):
    some, labels = digits()
    return diagnosis(project, network, some[:8] if images is None else images, labels[:8])


def scaled(project, **factors):
    """Build a network and multiply the weights of layers."""
    network = network_of(project)
    with torch.no_grad():
        for name, factor in factors.items():
            getattr(network, name).weight.mul_(factor)
    return network


def test_an_image_that_holds_no_number_is_found():
    images = digits()[0][:8].clone()
    images[3, 0, 2, 2], images[5, 0, 0, 0] = torch.nan, torch.inf
    project = project_of(*CNN)

    found = look(project, network_of(project), images)

    assert (found.layer, found.quantity, found.cause) == ("", "input", "data")
    assert str(found.message).startswith("2 of the 8 images in this batch hold values that are not")
    assert mends(found.cause, project) == ()


@pytest.mark.parametrize("value", [torch.inf, torch.nan])
def test_weights_that_are_spoiled_already_are_found(value):
    project = project_of(*CNN)
    network = network_of(project)
    with torch.no_grad():
        network.dense_1.bias[2] = value

    found = look(project, network)

    assert (found.layer, found.quantity) == ("dense_1", "weights")


@pytest.mark.parametrize("activation", ["relu", "tanh", "silu"])
def test_the_first_layer_that_overflows_is_found(activation):
    project = project_of(Flatten(), *[Dense(units=64, activation=activation)] * 3)

    found = look(project, scaled(project, dense_1=1e30, dense_2=3e38))

    assert (found.layer, found.quantity) == ("dense_2", "activation")
    assert found.message.where == "dense_2"
    assert found.message.values["heaviest"] == "dense_2"


def test_batch_normalisation_is_found_by_its_name():
    project = project_of(*REGULARISED)

    found = look(project, scaled(project, batch_norm_1=3e38))

    assert (found.layer, found.quantity) == ("batch_norm_1", "activation")


def test_a_loss_of_finite_scores_is_found():
    project = project_of(Flatten())
    network = network_of(project)
    with torch.no_grad():
        network.output.weight.zero_()
        network.output.bias.copy_(torch.tensor([3e38, -3e38] * 5))

    found = look(project, network)

    assert (found.layer, found.quantity) == ("output", "loss")


def overflowing_backwards():
    """A network whose first layer gives zeros, but gets a gradient beyond float32."""
    project = project_of(*linear(2))
    network = scaled(project, dense_1=0, dense_2=1e22, output=1e22)
    with torch.no_grad():
        network.dense_1.bias.zero_()
        network.dense_2.bias.zero_()
    return project, network


def test_a_gradient_that_overflows_under_a_finite_loss_is_found():
    project, network = overflowing_backwards()

    found = look(project, network)

    assert (found.layer, found.quantity, found.cause) == ("dense_1", "gradient", "growth")
    assert "The loss is finite (2." in str(found.message)


def test_a_gradient_that_overflows_is_stopped_before_the_weights_move():
    project, network = overflowing_backwards()
    images, labels = (each[:8] for each in digits())
    guard = Guard(network)

    loss = project.training.loss.of(network(images), labels)
    loss.backward()

    for _ in range(GRADIENTS_EVERY - 1):
        guard.check(loss.detach(), [])
    with pytest.raises(NotANumber):
        guard.check(loss, (each.grad for each in network.parameters()))


def test_where_nothing_is_wrong_the_message_says_so():
    project = project_of(*MLP)

    found = look(project, network_of(project))

    assert "a second look at the same batch did not" in str(found.message)


def test_the_same_dropout_is_looked_at():
    """The guard puts the random state back, so that the look drops what the step dropped."""
    project = project_of(Flatten(), Dropout(), Dense(units=4))
    network, images = network_of(project), digits()[0][:8]
    guard, seen = Guard(network), []
    network.output.register_forward_hook(lambda module, _, output: seen.append(output.detach()))
    guard.before()
    network(images)
    with pytest.raises(NotANumber):
        guard.check(torch.tensor(torch.nan), [])

    look(project, network)

    in_the_step, in_the_look = seen
    assert torch.equal(in_the_step, in_the_look)


@pytest.mark.parametrize("factor", [1, 1e38])
def test_the_diagnosis_leaves_no_trace(factor):
    project = project_of(*REGULARISED)
    network = scaled(project, dense_1=factor)
    before, random = deepcopy(network.state_dict()), torch.random.get_rng_state()
    images = digits()[0][:8]
    kept = images.clone()

    with torch.no_grad():
        look(project, network.eval(), images)

    assert_equal(network.state_dict(), before)
    assert torch.equal(torch.random.get_rng_state(), random)
    assert torch.equal(images, kept)
    assert not network.training
    assert all(each.grad is None for each in network.parameters())


# ---- what is likely, and the mends


def test_a_rate_that_was_scheduled_is_the_one_that_counts():
    project = project_of(*MLP)

    found = diagnosis(project, network_of(project), *(each[:8] for each in digits()), rate=0.5)

    assert found.cause == "rate"
    assert "0.5 is likely too large: 0.001 is usual for Adam" in str(found.message)


def test_images_blown_up_by_standardising_are_blamed():
    project = project_of(*MLP).set_data(standardise=True)
    images = digits()[0][:8] * 1e6

    found = look(project, network_of(project), images)

    assert found.cause == "scale"
    first, *_ = mends(found.cause, project)
    assert not first.apply(project).data.standardise


@pytest.mark.parametrize(
    ("cause", "optimizer", "titles"),
    [
        ("rate", Sgd(learning_rate=1), ["Set the learning rate to 0.01", "Divide", "Clip"]),
        ("rate", Sgd(learning_rate=0.05), ["Divide", "Clip"]),
        ("momentum", Sgd(momentum=0.99), ["Set the momentum to 0.9", "Divide", "Clip"]),
        ("growth", Sgd(), ["Clip", "Divide"]),
        ("growth", Adam(), ["Divide", "Clip"]),
        ("scale", Adam(), ["Divide", "Clip"]),
        ("rate", Adam(learning_rate=1e-12), ["Clip"]),
    ],
)
def test_the_likeliest_mend_comes_first(cause, optimizer, titles):
    project = project_of(*MLP, optimizer=optimizer)

    offered = mends(cause, project)

    assert len(offered) == len(titles)
    assert all(mend.title.startswith(title) for mend, title in zip(offered, titles, strict=True))
    assert all(mend.apply(project) != project for mend in offered)


def test_gradients_that_are_clipped_already_are_not_clipped_again():
    project = project_of(*MLP, optimizer=Sgd(), clip_norm=0.5)

    assert [mend.title for mend in mends("growth", project)] == ["Divide the learning rate by 10"]


def test_a_tenth_of_a_rate_is_written_shortly():
    project = project_of(*MLP, optimizer=Sgd(learning_rate=0.7))
    (divide,) = [each for each in mends("growth", project) if "Divide" in each.title]

    assert divide.apply(project).training.optimizer.learning_rate == 0.07


def finding(cause):
    project = project_of(*MLP)
    found = look(project, network_of(project))
    return Finding("dense_1", "activation", cause, found.message)


def assert_equal(one, other):
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)
