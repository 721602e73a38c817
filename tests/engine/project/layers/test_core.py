from __future__ import annotations

import pytest
import torch

from engine.project.checks import problems
from engine.project.layers import Activation, Dense, Flatten, PReLU, Reshape
from engine.project.project import Project
from tests.engine.project.layers.modules import module


def test_a_layer_is_a_value():
    with pytest.raises(ValueError, match="frozen"):
        Dense().units = 3


def test_flatten_lays_out_channel_by_channel():
    images = torch.rand(3, 2, 5, 6)

    assert torch.equal(module(Flatten(), (2, 5, 6))(images), images.reshape(3, 60))


@pytest.mark.parametrize("shape", [(60,), (2, 5, 6), (5, 4, 3), (12, 5)])
def test_reshape_lays_out_channel_by_channel(shape):
    values = torch.rand(3, *shape)

    laid_out = module(Reshape(channels=3, height=2, width=10), shape)(values)

    assert torch.equal(laid_out, values.reshape(3, 3, 2, 10))


def test_reshape_offers_the_channels_that_fit():
    project = Project().insert(0, Flatten(), Dense(units=128), Reshape(), Flatten())

    (problem,) = problems(project)

    assert problem.mend.title == "Set the channels to 2"
    assert not problems(problem.mend.apply(project))


def test_reshape_of_sizes_that_never_fit_is_to_be_removed():
    project = Project().insert(0, Flatten(), Dense(units=100), Reshape(), Flatten())

    assert problems(project)[0].mend.title == "Remove this layer"


@pytest.mark.parametrize("shape", [(2,), (2, 3, 3)])
def test_prelu_has_a_slope_for_each_channel(shape):
    prelu = module(PReLU(slope=0.5), shape)
    values = torch.randn(4, *shape)
    assert prelu[0].weight.tolist() == [0.5, 0.5]
    prelu[0].weight.data = torch.tensor([0.1, 0.2])

    given_back = prelu(values).detach()

    for channel, slope in enumerate([0.1, 0.2]):
        before, after = values[:, channel], given_back[:, channel]
        torch.testing.assert_close(after, torch.where(before > 0, before, slope * before))


@pytest.mark.parametrize(
    ("layer", "summary"),
    [
        (Dense(units=1000), "1,000 · ReLU"),
        (Dense(units=10, activation="none"), "10"),
        (Activation(function="leaky_relu"), "Leaky ReLU"),
        (PReLU(), ""),
        (PReLU(slope=0), "from 0"),
        (Reshape(channels=2, height=4, width=6), "2×4×6"),
    ],
)
def test_a_summary_names_the_main_values(layer, summary):
    assert layer.summary() == summary
