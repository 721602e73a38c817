from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from engine.project.layers import AdaptiveAvgPool2d, GlobalAvgPool, UpSampling2d
from tests.engine.project.layers.modules import module


def test_global_average_pooling_is_the_mean_of_each_channel():
    images = torch.rand(3, 4, 5, 6)

    pooled = module(GlobalAvgPool(), (4, 5, 6))(images)

    np.testing.assert_allclose(pooled, images.numpy().mean(axis=(2, 3)), rtol=1e-6)


@pytest.mark.parametrize("size", [1, 3, 4, 11])
def test_adaptive_pooling_takes_means_of_windows_that_cover_all(size):
    image = np.random.default_rng(0).random((7, 9))

    pooled = module(AdaptiveAvgPool2d(size=size), (1, 7, 9))(torch.from_numpy(image)[None, None])

    rows, columns = (
        [slice(i * n // size, math.ceil((i + 1) * n / size)) for i in range(size)] for n in (7, 9)
    )
    expected = [[image[row, column].mean() for column in columns] for row in rows]
    np.testing.assert_allclose(pooled[0, 0], expected)


def test_nearest_upsampling_repeats_pixels():
    image = torch.arange(6.0).reshape(1, 1, 2, 3)

    larger = module(UpSampling2d(factor=3), (1, 2, 3))(image)

    np.testing.assert_array_equal(larger[0, 0], np.kron(image[0, 0], np.ones((3, 3))))


def test_bilinear_upsampling_shades_between_the_middles_of_pixels():
    image = torch.tensor([[[[0.0, 4.0]]]])

    larger = module(UpSampling2d(method="bilinear"), (1, 1, 2))(image)

    assert larger[0, 0].tolist() == [[0, 1, 3, 4], [0, 1, 3, 4]]


@pytest.mark.parametrize(
    ("layer", "summary"),
    [
        (AdaptiveAvgPool2d(size=3), "to 3×3"),
        (UpSampling2d(factor=4, method="bilinear"), "×4 · bilinear"),
    ],
)
def test_a_summary_names_the_main_values(layer, summary):
    assert layer.summary() == summary
