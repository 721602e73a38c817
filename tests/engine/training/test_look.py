"""A step's look against autograd, modules called one by one, and the step without a look."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from torch import nn

from engine.project.layers import BatchNorm, Conv2d, Dense, Dropout, Flatten, MaxPool2d, Residual
from engine.project.losses import CrossEntropy, MeanSquaredError
from engine.project.optimizers import Adam, Sgd
from engine.training import look
from engine.training.capture import captured
from engine.training.look import histogram, look_after, look_before, random_state
from engine.training.network import build
from engine.training.step import PlainStep

MLP = (Flatten(), Dense(units=9), Dropout(rate=0.3), BatchNorm(), Dense(units=5, activation="tanh"))
CNN = (
    Conv2d(filters=3, kernel_size=3, padding="same"),
    BatchNorm(),
    MaxPool2d(),
    Dropout(rate=0.4),
    Flatten(),
    Dense(units=6),
)
NETWORKS = pytest.mark.parametrize("layers", [MLP, CNN], ids=["mlp", "cnn"])
COUNT = 16
ROWS = np.arange(100, 100 + COUNT)


@pytest.fixture(autouse=True)
def _one_thread():
    """Sums are only those of the same thread count to the last bit."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def step_of(make_project):
    """Make a project and its step, as the loop does."""

    def make(*layers, optimizer=None, loss=None):
        optimizer = optimizer or Adam(learning_rate=0.01)
        project = make_project(*layers, optimizer=optimizer, loss=loss or CrossEntropy())
        torch.manual_seed(3)
        network = build(project).to(memory_format=torch.channels_last)
        step = PlainStep(network, project.training.loss, optimizer.build(network.parameters()))
        return project, step

    return make


def batch(seed=0):
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(COUNT, 1, 4, 4, generator=generator)
    return images, torch.randint(3, (COUNT,), generator=generator)


def looked(project, step, rate=0.01, seed=0):
    """Take a step with a look at it."""
    images, labels = batch(seed)
    before = look_before(project, network_of(step), images, labels)
    loss, scores = step(images, labels, rate)
    return look_after(before, network_of(step), ROWS, rate), loss, scores


def network_of(step):
    return step.network if isinstance(step, PlainStep) else step.plain.network


def state(step):
    """List every tensor that training changes: weights, running statistics, the optimizer's."""
    memory = [
        value
        for each in step.network.parameters()
        for value in step.optimizer.state[each].values()
        if isinstance(value, torch.Tensor)
    ]
    return [*step.network.state_dict().values(), *memory, torch.get_rng_state()]


def same(left, right):
    return len(left) == len(right) and all(map(torch.equal, left, right))


@NETWORKS
@pytest.mark.parametrize("optimizer", [Sgd(momentum=0.9), Adam()], ids=["sgd", "adam"])
def test_steps_with_a_look_are_those_without_it_bit_for_bit(step_of, layers, optimizer):
    states = []
    for looking in (True, False):
        project, step = step_of(*layers, optimizer=optimizer)
        for seed in range(3):
            images, labels = batch(seed)
            if looking:
                looked(project, step, seed=seed)
            else:
                step(images, labels, 0.01)
        states.append(state(step))

    assert same(*states)


@NETWORKS
def test_looking_alone_changes_nothing(step_of, layers):
    project, step = step_of(*layers)
    looked(project, step)
    gradients = [each.grad for each in step.network.parameters()]
    states = [each.clone() for each in (*state(step), *gradients)]

    before = look_before(project, step.network, *batch(1))
    look_after(before, step.network, ROWS, 0.01)

    assert all(
        each.grad is kept for each, kept in zip(step.network.parameters(), gradients, strict=True)
    )
    assert same(states, [*state(step), *gradients])
    assert step.network.training


@NETWORKS
def test_the_numbers_before_are_the_steps_own(step_of, layers):
    """So dropout dropped the same values in the look as in the step."""
    project, step = step_of(*layers)

    found, loss, scores = looked(project, step)

    assert found.loss_before == float(loss)
    assert found.predicted_before.tolist() == scores.argmax(1).tolist()
    np.testing.assert_array_equal(found.confidence_before, scores.softmax(1).amax(1).numpy())


def test_the_numbers_before_are_the_captured_steps_too(step_of):
    project, plain = step_of(*MLP)
    plain(*batch(5), 0.01)
    step = captured(plain, *batch(6))
    assert step is not plain

    found, loss, _ = looked(project, step)

    assert found.loss_before == pytest.approx(float(loss), rel=1e-5)


@NETWORKS
def test_before_and_after_drop_the_same_values(step_of, layers):
    """A step of no length changes no answer."""
    project, step = step_of(*layers, optimizer=Sgd())

    found, _, _ = looked(project, step, rate=0.0)

    assert found.loss_after == found.loss_before
    np.testing.assert_array_equal(found.confidence_after, found.confidence_before)
    assert {layer.update_ratio for layer in found.layers} == {None, 0.0}


def test_the_numbers_after_are_those_of_the_moved_weights(step_of):
    project, step = step_of(Flatten(), Dense(units=9))

    found, _, _ = looked(project, step)

    images, labels = batch()
    with torch.no_grad():
        scores = step.network(images)
    assert found.loss_after == float(nn.functional.cross_entropy(scores, labels))
    assert found.predicted_after.tolist() == scores.argmax(1).tolist()
    np.testing.assert_array_equal(
        found.confidence_after, scores.softmax(1).amax(1).detach().numpy()
    )


def test_the_loss_is_the_projects(step_of):
    project, step = step_of(*MLP, loss=MeanSquaredError())

    found, loss, _ = looked(project, step)

    assert found.loss_before == float(loss)


@NETWORKS
def test_gradients_are_autograds(step_of, layers):
    project, step = step_of(*layers)
    twin = deepcopy(step.network)
    images, labels = batch()
    with torch.random.fork_rng(devices=[]):
        loss = nn.functional.cross_entropy(twin(images), labels)
    weights = dict(twin.named_parameters())
    gradients = dict(zip(weights, torch.autograd.grad(loss, weights.values()), strict=True))

    found, _, _ = looked(project, step)

    for layer in found.layers:
        mine = [each.flatten() for name, each in gradients.items() if of(name, layer)]
        if not mine:
            assert (layer.gradient_norm, layer.gradients, layer.parameters) == (None, None, 0)
            continue
        values = torch.cat(mine).numpy()
        assert layer.gradient_norm == pytest.approx(np.linalg.norm(values.astype(float)))
        assert layer.gradients.counts.sum() == values.size == layer.parameters
        assert layer.gradients.edges[[0, -1]].tolist() == [values.min(), values.max()]


@NETWORKS
def test_the_update_ratio_is_the_true_change(step_of, layers):
    project, step = step_of(*layers)
    before = deepcopy(dict(step.network.named_parameters()))

    found, _, _ = looked(project, step)

    after = dict(step.network.named_parameters())
    for layer in found.layers:
        mine = [name for name in before if of(name, layer)]
        old, new = (
            np.concatenate([each[name].detach().numpy().ravel() for name in mine] or [np.empty(0)])
            for each in (before, after)
        )
        assert (layer.weights is None) == (not mine)
        if mine:
            norm = np.linalg.norm(old.astype(float))
            assert layer.weight_norm == pytest.approx(norm)
            assert layer.update_ratio == pytest.approx(np.linalg.norm(new - old) / norm)


def of(name, layer):
    return name.rpartition(".")[0] == layer.name


@NETWORKS
def test_activations_are_what_leaves_each_layer(step_of, layers):
    project, step = step_of(*layers)
    twin, (values, _) = deepcopy(step.network), batch()
    names, outputs = [row.layer.name for row in project.traced], {}
    with torch.random.fork_rng(devices=[]):
        for name, module in twin.named_children():
            values = module(values)
            owner = next(each for each in names if name.startswith(each))
            outputs[owner] = values.detach().numpy()

    found, _, _ = looked(project, step)

    assert [layer.name for layer in found.layers] == names
    for layer in found.layers:
        expected = outputs[layer.name].astype(float)
        assert layer.activation_mean == pytest.approx(expected.mean(), abs=1e-6)
        assert layer.activation_deviation == pytest.approx(expected.std(), abs=1e-6)
        assert layer.activation_zeros == np.mean(expected == 0)
        counts, edges = np.histogram(expected, look.BINS)
        np.testing.assert_array_equal(layer.activations.counts, counts)
        np.testing.assert_allclose(layer.activations.edges, edges)


def test_a_block_is_looked_at_after_what_it_holds(step_of):
    inside = Conv2d(filters=3, padding="same")
    project, step = step_of(Residual(layers=(inside,), activation="none"), Flatten())
    block, (values, _) = step.network.get_submodule("residual_1"), batch()
    held, shortcut = block.body.conv2d_1, block.shortcut
    before = [copied(held), copied(shortcut)]
    given = block(values).detach().numpy().astype(float)

    found, _, _ = looked(project, step)

    names = [layer.name for layer in found.layers]
    assert names == ["conv2d_1", "residual_1", "flatten_1", "output"]
    assert found.layers[1].activation_mean == pytest.approx(given.mean(), abs=1e-6)
    for layer, weights in zip(found.layers, before, strict=False):
        assert layer.parameters == len(weights)
        assert layer.weight_norm == pytest.approx(np.linalg.norm(weights))


def copied(module):
    return np.concatenate([each.detach().numpy().ravel().copy() for each in module.parameters()])


def test_the_images_are_those_that_the_network_saw(step_of):
    project, step = step_of(*MLP)

    found, _, _ = looked(project, step)

    images, labels = batch()
    np.testing.assert_array_equal(found.images, images.numpy())
    assert found.rows.tolist() == ROWS.tolist()
    assert found.labels.tolist() == labels.tolist()
    assert found.rate == 0.01
    assert found.right_before == int((found.predicted_before == labels.numpy()).sum())
    assert found.right_after == int((found.predicted_after == labels.numpy()).sum())


@pytest.mark.parametrize(("name", "most"), [("MOST_IMAGES", 5), ("MOST_BYTES", 5 * 64)])
def test_of_a_large_batch_the_first_images_are_kept(step_of, monkeypatch, name, most):
    monkeypatch.setattr(look, name, most)
    project, step = step_of(*MLP)

    found, _, _ = looked(project, step)

    np.testing.assert_array_equal(found.images, batch()[0][:5].numpy())
    assert len(found.labels) == len(found.predicted_after) == COUNT


def test_a_single_image_is_looked_at(step_of):
    project, step = step_of(Flatten(), Dense(units=4))
    images, labels = (each[:1] for each in batch())
    before = look_before(project, step.network, images, labels)
    step(images, labels, 0.1)

    found = look_after(before, step.network, ROWS[:1], 0.1)

    assert len(found.images) == 1
    assert found.loss_after < found.loss_before


def test_weights_that_are_no_numbers_are_told_as_such(step_of):
    project, step = step_of(Flatten(), Dense(units=4))
    with torch.no_grad():
        step.network.get_submodule("dense_1").weight.fill_(float("nan"))

    found = look_after(look_before(project, step.network, *batch()), step.network, ROWS, 0.01)

    dense = found.layers[1]
    assert np.isnan([found.loss_before, dense.activation_mean, dense.gradient_norm]).all()
    assert np.isnan([dense.weight_norm, dense.update_ratio]).all()
    assert dense.gradients is None


def test_weights_of_zero_change_by_an_infinite_share(step_of):
    project, step = step_of(Flatten(), Dense(units=4))
    with torch.no_grad():
        for each in step.network.get_submodule("output").parameters():
            each.zero_()

    found, _, _ = looked(project, step)

    assert found.layers[-1].update_ratio == float("inf")
    assert found.layers[1].gradient_norm == 0


def test_random_numbers_go_on_as_if_none_had_been_drawn():
    cpu = torch.device("cpu")
    torch.manual_seed(1)
    start = random_state(cpu)
    torch.rand(3)
    expected = torch.rand(5, generator=torch.Generator().manual_seed(1))

    with look.randomness(cpu, start):
        inside = torch.rand(2)
    after = torch.rand(2)

    assert inside.tolist() == expected[:2].tolist()
    assert after.tolist() == expected[3:].tolist()


ANY_FLOAT = st.floats(width=32, allow_nan=True, allow_infinity=True)


@given(arrays(np.float32, array_shapes(min_side=0, max_side=7), elements=ANY_FLOAT))
def test_a_histogram_counts_every_finite_value_once(values):
    found = histogram(values)

    known = values[np.isfinite(values)].astype(float)
    if found is None:
        assert known.size == 0
        return
    assert found.counts.shape == (look.BINS,)
    assert found.counts.sum() == known.size
    assert (np.diff(found.edges) > 0).all()
    assert found.edges[0] <= known.min()
    assert known.max() <= found.edges[-1]


def test_of_very_many_values_a_histogram_is_drawn_from_some(monkeypatch):
    monkeypatch.setattr(look, "MOST_VALUES", 1000)
    values = np.repeat([0.0, 1.0], [60_000, 20_000]).astype(np.float32)

    found = histogram(values)

    assert found.counts.sum() == 1000
    assert found.counts[-1] == pytest.approx(250, abs=60)
