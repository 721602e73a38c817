from __future__ import annotations

import pytest
import torch

from engine.problems import ProblemError
from engine.project.layers import BatchNorm, Conv2d, Dense, Flatten
from engine.project.presets import preset, presets
from engine.training.network import build


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
