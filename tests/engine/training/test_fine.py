"""What is set finely on a layer, in its training: first weights, L2, freezing, dropped channels."""

from __future__ import annotations

from copy import deepcopy
from math import sqrt

import numpy as np
import pytest
import torch

from engine.project.layers import (
    BatchNorm,
    Conv2d,
    Dense,
    DepthwiseConv2d,
    Flatten,
    GlobalAvgPool,
    Gru,
    Lstm,
    Residual,
    Rnn,
    Rows,
    SelfAttention,
    SpatialDropout2d,
    penalties,
)
from engine.project.optimizers import Sgd
from engine.training import trainer
from engine.training.events import Weights
from engine.training.guard import diagnosis
from engine.training.look import look_after, look_before
from engine.training.network import build, trained
from engine.training.step import PlainStep
from tests.engine.training.test_capture import assert_learns_the_same, plain_step
from tests.engine.training.test_resume import check_every_snapshot

FINE = (
    Conv2d(filters=3, frozen=True, l2=0.1),
    BatchNorm(),
    Residual(layers=(Conv2d(filters=2, kernel_size=1, bias=False, l2=0.05, initialisation="he"),)),
    Flatten(),
    Dense(units=5, initialisation="xavier", l2=0.01),
    Dense(units=4, frozen=True),
)

FINE_SEQUENCES = (
    Rows(),
    SelfAttention(heads=2, frozen=True, l2=0.1),
    SelfAttention(heads=2, bias=False, initialisation="xavier", l2=0.05),
    Rnn(units=3, gives="every step", bidirectional=True, frozen=True),
    Rnn(units=3, bias=False, initialisation="he", l2=0.1),
)


def batch(count=8, seed=1):
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(count, 1, 4, 4, generator=generator)
    return images, torch.randint(3, (count,), generator=generator)


def step_of(project):
    torch.manual_seed(3)
    network = build(project)
    optimizer = project.training.optimizer.build(trained(network))
    loss = project.training.loss
    return PlainStep(network, loss, optimizer, l2=penalties(project.walk()))


# ---- first weights

RECEPTIVE = 9  # pixels of a filter
LIMITS = {
    "dense xavier": (Dense(units=40, initialisation="xavier"), (60,), sqrt(6 / (60 + 40))),
    "dense he": (Dense(units=40, initialisation="he"), (60,), sqrt(6 / 60)),
    "conv xavier": (
        Conv2d(filters=20, initialisation="xavier"),
        (10, 8, 8),
        sqrt(6 / (10 * RECEPTIVE + 20 * RECEPTIVE)),
    ),
    "conv he": (Conv2d(filters=20, initialisation="he"), (10, 8, 8), sqrt(6 / (10 * RECEPTIVE))),
    "depthwise he": (
        DepthwiseConv2d(multiplier=9, initialisation="he"),
        (10, 8, 8),
        sqrt(6 / RECEPTIVE),
    ),
    "zeros": (Dense(units=40, initialisation="zeros"), (60,), 0),
}


@pytest.mark.parametrize(("layer", "shape", "limit"), LIMITS.values(), ids=LIMITS)
def test_first_weights_are_as_wide_as_their_formula_says(layer, shape, limit, make_project):
    layers = (layer, Flatten()) if len(shape) == 3 else (Flatten(), layer)
    project = make_project(*layers)
    image = shape if len(shape) == 3 else (1, 1, *shape)
    source = project.data.source.model_copy(update={"input_shape": image})
    project = project.set_data(source=source)

    network = build(project)

    own = network.get_submodule(f"{layer.type}_1")
    largest = float(own.weight.detach().abs().max())
    assert largest <= limit * 1.0001
    assert largest >= limit * 0.97
    assert not own.bias.any()


def test_the_seed_decides_first_weights(make_project):
    project = make_project(*FINE)

    one, other = step_of(project).network, step_of(project).network

    for name, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[name])


def test_layers_without_an_initialisation_start_as_ever(make_project):
    torch.manual_seed(3)
    plain = build(make_project(Flatten(), Dense(units=8), Dense(units=8)))
    torch.manual_seed(3)
    other = build(make_project(Flatten(), Dense(units=8), Dense(units=8, initialisation="he")))

    assert torch.equal(plain.dense_1.weight, other.dense_1.weight)
    assert torch.equal(plain.output.weight, other.output.weight)
    assert not torch.equal(plain.dense_2.weight, other.dense_2.weight)


def test_units_that_start_at_zero_stay_equal(make_project):
    layers = Flatten(), Dense(units=6, activation="sigmoid", initialisation="zeros"), Dense(units=4)
    step = step_of(make_project(*layers, optimizer=Sgd(momentum=0)))
    with torch.no_grad():  # each unit counts as much as another
        step.network.dense_2.weight.fill_(0.1)

    for _ in range(5):
        step(*batch(), 0.1)

    weights = step.network.dense_1.weight
    assert weights.any()
    torch.testing.assert_close(weights, weights[:1].expand_as(weights))


# What they read is 20 numbers at each of 8 steps; 30 units of 1, 4 or 3 gates.
RECURRENT_LIMITS = {
    "RNN xavier": (Rnn(units=30, initialisation="xavier"), sqrt(6 / (20 + 30))),
    "RNN he": (Rnn(units=30, initialisation="he"), sqrt(6 / 20)),
    "LSTM xavier": (Lstm(units=30, initialisation="xavier"), sqrt(6 / (20 + 4 * 30))),
    "LSTM he": (Lstm(units=30, initialisation="he", bidirectional=True), sqrt(6 / 20)),
    "GRU xavier": (Gru(units=30, initialisation="xavier"), sqrt(6 / (20 + 3 * 30))),
}


@pytest.fixture
def of_steps(make_project):
    """Build a layer that reads 8 steps of 20 numbers."""

    def own(layer):
        project = make_project(Rows(), layer, *([Flatten()] if layer.type[0] == "s" else []))
        source = project.data.source.model_copy(update={"input_shape": (1, 8, 20)})
        torch.manual_seed(3)
        return build(project.set_data(source=source)).get_submodule(f"{layer.type}_1")

    return own


def assert_within(weights, limit):
    assert limit * 0.97 <= float(weights.detach().abs().max()) <= limit * 1.0001


@pytest.mark.parametrize(("layer", "limit"), RECURRENT_LIMITS.values(), ids=RECURRENT_LIMITS)
def test_recurrent_weights_start_by_their_formulas(layer, limit, of_steps):
    for name, weights in of_steps(layer).named_parameters():
        if "weight_ih" in name:
            assert_within(weights, limit)
        elif "weight_hh" in name:  # orthogonal: a state keeps its length
            torch.testing.assert_close(weights.T @ weights, torch.eye(30), rtol=0, atol=1e-5)
        else:
            assert not weights.any()


@pytest.mark.parametrize(("start", "limit"), {"xavier": sqrt(6 / 40), "he": sqrt(6 / 20)}.items())
def test_each_matrix_of_attention_starts_by_itself(start, limit, of_steps):
    attention = of_steps(SelfAttention(heads=4, initialisation=start)).attention

    for matrix in (*attention.in_proj_weight.split(20), attention.out_proj.weight):
        assert_within(matrix, limit)
    assert not attention.in_proj_bias.any()
    assert not attention.out_proj.bias.any()


# ---- what the reasons against zeros say


@pytest.mark.parametrize(("activation", "learns"), [("relu", False), ("tanh", True)])
def test_zeros_before_relu_never_get_a_gradient(activation, learns, make_project):
    dense = Dense(units=6, activation=activation, initialisation="zeros")
    convolution = Conv2d(filters=3, activation=activation, initialisation="zeros")

    names = moved(make_project(Flatten(), dense)) | moved(make_project(convolution, Flatten()))

    assert {name for name in names if "output" not in name} == (
        {f"{layer}_1.{tensor}" for layer in ("dense", "conv2d") for tensor in ("weight", "bias")}
        if learns
        else set()
    )


def moved(project, steps=5):
    """Name what has moved after some steps."""
    step = step_of(project)
    before = deepcopy(step.network.state_dict())
    for number in range(steps):
        step(*batch(seed=number), 0.1)
    return {n for n, v in step.network.state_dict().items() if not torch.equal(v, before[n])}


@pytest.mark.parametrize("kind", [Rnn, Lstm, Gru])
def test_a_state_of_zeros_is_zero_whatever_is_read(kind, make_project):
    step = step_of(make_project(Rows(), kind(units=3, initialisation="zeros")))

    images, labels = batch()
    assert not step.network[:2](images).any()

    step(images, labels, 0.1)
    assert not step.network.get_submodule(f"{kind().type}_1.recurrent").weight_hh_l0.grad.any()


@pytest.mark.parametrize("kind", [Rnn, Lstm, Gru])
def test_two_layers_of_zeros_never_learn_from_what_they_read(kind, make_project):
    layer = kind(units=3, depth=2, initialisation="zeros")

    names = moved(make_project(Rows(), layer))

    assert not {name for name in names if "_l0" in name or "weight_ih" in name}
    assert "output.bias" in names


def test_zeros_before_relu_never_learn(make_project):
    layers = Rows(), Rnn(units=3, activation="relu", initialisation="zeros")

    assert moved(make_project(*layers)) == {"output.bias"}


def test_attention_of_zeros_only_ever_moves_its_last_bias(make_project):
    layers = Rows(), SelfAttention(heads=2, initialisation="zeros"), GlobalAvgPool()

    names = moved(make_project(*layers))

    assert names == {
        "self_attention_1.attention.out_proj.bias",
        "output.weight",
        "output.bias",
    }


# ---- L2


def test_l2_adds_its_own_gradient_to_the_kernels(make_project):
    layers = Flatten(), Dense(units=6)
    with_l2 = Flatten(), Dense(units=6, l2=0.25)
    plain, penalised = step_of(make_project(*layers)), step_of(make_project(*with_l2))
    weights = penalised.network.dense_1.weight.detach().clone()

    told, _ = plain(*batch(), 0.01)
    told_with_l2, _ = penalised(*batch(), 0.01)

    assert torch.equal(told, told_with_l2)  # the loss that is shown is without it
    for name, gradient in ((n, w.grad) for n, w in plain.network.named_parameters()):
        expected = gradient + 2 * 0.25 * weights if name == "dense_1.weight" else gradient
        torch.testing.assert_close(penalised.network.get_parameter(name).grad, expected)


@pytest.mark.parametrize(
    "layer",
    [
        Rnn(units=3, l2=0.25),
        Lstm(units=3, depth=2, bidirectional=True, l2=0.25),
        Gru(units=3, bidirectional=True, bias=False, l2=0.25),
        SelfAttention(heads=2, l2=0.25),
        SelfAttention(heads=2, bias=False, l2=0.25),
    ],
    ids=lambda layer: f"{layer.title} {layer.summary()}",
)
def test_l2_adds_its_own_gradient_to_every_matrix_of_a_sequence_layer(layer, make_project):
    end = [Flatten()] if isinstance(layer, SelfAttention) else []
    plain = step_of(make_project(Rows(), layer.model_copy(update={"l2": 0.0}), *end))
    penalised = step_of(make_project(Rows(), layer, *end))
    before = deepcopy(penalised.network.state_dict())

    told, _ = plain(*batch(), 0.01)
    told_with_l2, _ = penalised(*batch(), 0.01)

    assert torch.equal(told, told_with_l2)
    for name, weights in plain.network.named_parameters():
        counts = weights.dim() == 2 and not name.startswith("output")  # all but the biases
        expected = weights.grad + 2 * 0.25 * before[name] if counts else weights.grad
        torch.testing.assert_close(penalised.network.get_parameter(name).grad, expected)


# ---- freezing


def test_frozen_weights_stay_and_the_others_move(make_project, events_of):
    project = make_project(*FINE)
    torch.manual_seed(project.training.seed)
    first = build(project).state_dict()

    weights = [event for event in events_of(project) if isinstance(event, Weights)][-1].tensors

    for name, value in weights.items():
        if not name.startswith("batch_norm_1.num"):
            frozen = name.startswith(("conv2d_1.", "dense_2."))
            assert np.array_equal(value, first[name].numpy()) == frozen, name


def test_the_optimizer_gets_no_frozen_weights(make_project):
    step = step_of(make_project(*FINE))

    given = {id(each) for group in step.optimizer.param_groups for each in group["params"]}

    frozen = {"conv2d_1.weight", "conv2d_1.bias", "dense_2.weight", "dense_2.bias"}
    names = {name for name, each in step.network.named_parameters() if id(each) not in given}
    assert names == frozen


def test_frozen_sequence_layers_stay_and_the_others_move(make_project, events_of):
    project = make_project(*FINE_SEQUENCES)
    torch.manual_seed(project.training.seed)
    first = build(project).state_dict()

    weights = [event for event in events_of(project) if isinstance(event, Weights)][-1].tensors

    for name, value in weights.items():
        frozen = name.startswith(("self_attention_1.", "rnn_1."))
        assert np.array_equal(value, first[name].numpy()) == frozen, name


def test_a_frozen_sequence_layer_passes_gradients_on(make_project):
    layers = Rows(), SelfAttention(heads=2), Lstm(units=3, frozen=True)
    step = step_of(make_project(*layers))

    step(*batch(), 0.01)

    assert step.network.self_attention_1.attention.in_proj_weight.grad.any()
    assert all(each.grad is None for each in step.network.lstm_1.parameters())


def test_a_look_shows_frozen_sequence_layers_without_a_gradient(make_project):
    project = make_project(*FINE_SEQUENCES)
    step, (images, labels) = step_of(project), batch()

    before = look_before(project, step.network, images, labels)
    step(images, labels, 0.01)
    looks = {
        look.name: look for look in look_after(before, step.network, np.arange(8), 0.01).layers
    }

    for name in ("self_attention_1", "rnn_1"):
        assert (looks[name].gradient_norm, looks[name].update_ratio) == (None, 0)
    assert looks["rnn_2"].gradient_norm > 0


def test_a_look_shows_frozen_weights_without_a_gradient(make_project):
    project = make_project(*FINE)
    step, (images, labels) = step_of(project), batch()

    before = look_before(project, step.network, images, labels)
    step(images, labels, 0.01)
    looks = {
        look.name: look for look in look_after(before, step.network, np.arange(8), 0.01).layers
    }

    assert looks["conv2d_1"].parameters == 30
    assert looks["conv2d_1"].weights is not None
    assert (looks["conv2d_1"].gradient_norm, looks["conv2d_1"].gradients) == (None, None)
    assert looks["conv2d_1"].update_ratio == 0
    assert looks["dense_1"].gradient_norm > 0


def test_what_goes_wrong_is_found_before_frozen_layers(make_project):
    project = make_project(Flatten(), Dense(units=5, activation="none"), Dense(frozen=True))
    network = build(project)
    with torch.no_grad():
        network.dense_1.weight.fill_(torch.nan)

    assert diagnosis(project, network, *batch()).layer == "dense_1"


def test_gradients_are_looked_through_without_those_of_frozen_layers(make_project):
    project = make_project(*FINE)

    finding = diagnosis(project, build(project), *batch())

    assert "a second look at the same batch did not" in str(finding.message)


# ---- all of it, resumed and recorded


@pytest.mark.parametrize("recorded", [False, True], ids=["plain", "recorded"])
def test_it_goes_on_to_the_last_bit(
    recorded, make_project, make_dataset, content, tmp_path, monkeypatch
):
    monkeypatch.setattr(trainer, "CAPTURE_FROM", 1 if recorded else 10**9)

    check_every_snapshot(make_project(*FINE), make_dataset(train=22), content, tmp_path)


def test_sequence_layers_go_on_to_the_last_bit(make_project, make_dataset, content, tmp_path):
    check_every_snapshot(make_project(*FINE_SEQUENCES), make_dataset(train=22), content, tmp_path)


RECORDED = {
    "RNN": Rnn(units=4, bias=False, l2=0.1, initialisation="he"),
    "GRU": Gru(units=4, bias=False, l2=0.1, initialisation="xavier"),
    "attention": SelfAttention(heads=3, l2=0.1, initialisation="he"),
    "attention without a bias": SelfAttention(heads=3, bias=False),
    "attention, frozen": SelfAttention(heads=3, l2=0.1, frozen=True),
}


@pytest.mark.parametrize("layer", RECORDED.values(), ids=RECORDED)
def test_a_recorded_step_learns_the_same_to_the_last_bit(layer):
    assert_learns_the_same(plain_step(Rows(), SelfAttention(heads=2), layer, Dense(units=4)))


@pytest.mark.parametrize("recorded", [False, True], ids=["plain", "recorded"])
def test_a_spatial_dropout_is_changed_on_the_way(
    recorded, make_project, make_dataset, content, tmp_path, monkeypatch
):
    monkeypatch.setattr(trainer, "CAPTURE_FROM", 1 if recorded else 10**9)
    project = make_project(Conv2d(filters=4), SpatialDropout2d(), Flatten(), epochs=2)
    changes = {3: [("layers.spatial_dropout2d_1.rate", 0.1)]}

    check_every_snapshot(project, make_dataset(train=22), content, tmp_path, changes)
