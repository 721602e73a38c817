from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.project.checks import problems
from engine.project.layers import BatchNorm, Conv2d, Flatten, GroupNorm, LayerNorm
from engine.project.project import Project
from tests.engine.project.layers.modules import module


def normalised(x, axes, epsilon):
    mean, variance = x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)
    return (x - mean) / np.sqrt(variance + epsilon)


@pytest.mark.parametrize("shape", [(5,), (5, 3, 3)])
def test_batch_norm_follows_its_formula(shape):
    x = torch.rand(16, *shape)
    norm = module(BatchNorm(momentum=0.3, epsilon=0.01), shape)

    y = norm(x)

    axes = (0, 2, 3)[: len(shape)]
    expected = normalised(x.numpy(), axes, 0.01)
    np.testing.assert_allclose(y.detach(), expected, rtol=1e-4, atol=1e-5)
    mean = x.numpy().mean(axis=axes)
    np.testing.assert_allclose(norm[0].running_mean, 0.3 * mean, rtol=1e-5)


@pytest.mark.parametrize(
    ("shape", "axes"), [((5,), 1), ((4, 5), 2), ((5, 3, 3), (1, 2, 3))], ids=str
)
def test_layer_norm_takes_each_image_or_step_by_itself(shape, axes):
    x = torch.rand(6, *shape)

    y = module(LayerNorm(epsilon=0.01), shape)(x)

    expected = normalised(x.numpy(), axes, 0.01)
    np.testing.assert_allclose(y.detach(), expected, rtol=1e-4, atol=1e-5)


def test_group_norm_takes_neighbouring_channels_together():
    x = torch.rand(3, 6, 4, 4)

    y = module(GroupNorm(groups=2, epsilon=0.01), (6, 4, 4))(x)

    expected = normalised(x.numpy().reshape(3, 2, 3 * 16), 2, 0.01).reshape(x.shape)
    np.testing.assert_allclose(y.detach(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("channels", "groups"), [(6, 6), (10, 5), (7, 7), (11, 1), (4, 4)])
def test_group_norm_offers_a_number_of_groups_that_fits(channels, groups):
    project = Project().insert(0, Conv2d(filters=channels), GroupNorm(groups=8), Flatten())

    (problem,) = problems(project)

    assert problem.mend.title == f"Set the groups to {groups}"
    assert not problems(problem.mend.apply(project))


@pytest.mark.parametrize(
    ("layer", "summary"), [(GroupNorm(groups=1), "1 group"), (GroupNorm(), "8 groups")]
)
def test_a_summary_names_the_main_values(layer, summary):
    assert layer.summary() == summary
