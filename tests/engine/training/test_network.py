from __future__ import annotations

from copy import deepcopy

import pytest
import torch

from engine.problems import ProblemError
from engine.project.layers import BatchNorm, Conv2d, Dense, Flatten, Residual
from engine.project.presets import preset, presets
from engine.training.network import build, layout


def test_modules_are_named_by_their_layers(make_project):
    network = build(make_project(Conv2d(padding="same", stride=2), BatchNorm(), Flatten(), Dense()))

    assert list(dict(network.named_children())) == [
        "conv2d_1_padding",
        "conv2d_1",
        "conv2d_1_relu",
        "batch_norm_1",
        "flatten_1",
        "dense_1",
        "dense_1_relu",
        "output",
    ]


@pytest.mark.parametrize("name", presets())
def test_a_preset_has_the_parameters_that_it_declares(name):
    with torch.device("meta"):
        network = build(preset(name))

    counted = sum(weights.numel() for weights in network.parameters())
    assert counted == preset(name).parameters


def test_it_gives_one_score_a_class(make_project):
    scores = build(make_project())(torch.rand(5, 1, 4, 4))

    assert scores.shape == (5, 3)
    assert scores.min() < 0  # logits, no probabilities


def test_weights_start_from_torchs_seed(make_project):
    torch.manual_seed(3)
    expected = torch.nn.Linear(16, 128).weight
    torch.manual_seed(3)

    network = build(make_project(Flatten(), Dense()))

    assert torch.equal(network.dense_1.weight, expected)


@pytest.mark.parametrize("layers", [[Dense()], [Dense(), Flatten()], [Conv2d()]])
def test_what_does_not_fit_is_refused(make_project, layers):
    with pytest.raises(ProblemError, match="Add Flatten before it"):
        build(make_project(*layers))


FEW = Conv2d(filters=4, padding="same")
LAYOUTS = {
    "small filters": [Conv2d(stride=2)],
    "every pixel": [FEW, Conv2d(kernel_size=1)],
    "pixels at a stride, of a gray image": [Conv2d(kernel_size=1, stride=2)],
    "pixels at a stride, of few channels": [FEW, Conv2d(kernel_size=1, stride=2)],
    "pixels at a stride, of many channels": [Conv2d(), Conv2d(kernel_size=1, stride=2)],
    "a shortcut": [FEW, Residual(layers=(Conv2d(filters=6, padding="same", stride=2),))],
}


@pytest.mark.parametrize("layers", LAYOUTS.values(), ids=LAYOUTS)
def test_gradients_are_right_in_the_layout_that_it_gets(make_project, layers):
    """They are not in every layout, by oneDNN, which has nothing to do with doubles."""
    network = build(make_project(*layers, Flatten()))
    form = layout(network)
    network.to(memory_format=form)
    doubles = deepcopy(network).double()
    images = torch.rand(16, 1, 4, 4).contiguous(memory_format=form)

    network(images).square().mean().backward()
    doubles(images.double()).square().mean().backward()

    for one, other in zip(network.parameters(), doubles.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad.float())


def test_channels_lie_together_where_that_is_right(make_project):
    assert layout(build(make_project(*LAYOUTS["small filters"], Flatten()))) == torch.channels_last
    many = LAYOUTS["pixels at a stride, of many channels"]
    assert layout(build(make_project(*many, Flatten()))) == torch.channels_last
