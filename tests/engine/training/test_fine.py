"""What is set finely on a layer, in its training: first weights, L2, freezing, dropped channels."""

from __future__ import annotations

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
    Residual,
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
from tests.engine.training.test_resume import check_every_snapshot

FINE = (
    Conv2d(filters=3, frozen=True, l2=0.1),
    BatchNorm(),
    Residual(layers=(Conv2d(filters=2, kernel_size=1, bias=False, l2=0.05, initialisation="he"),)),
    Flatten(),
    Dense(units=5, initialisation="xavier", l2=0.01),
    Dense(units=4, frozen=True),
)


def batch(count=8):
    generator = torch.Generator().manual_seed(1)
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


@pytest.mark.parametrize("recorded", [False, True], ids=["plain", "recorded"])
def test_a_spatial_dropout_is_changed_on_the_way(
    recorded, make_project, make_dataset, content, tmp_path, monkeypatch
):
    monkeypatch.setattr(trainer, "CAPTURE_FROM", 1 if recorded else 10**9)
    project = make_project(Conv2d(filters=4), SpatialDropout2d(), Flatten(), epochs=2)
    changes = {3: [("layers.spatial_dropout2d_1.rate", 0.1)]}

    check_every_snapshot(project, make_dataset(train=22), content, tmp_path, changes)
