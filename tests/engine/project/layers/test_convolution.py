from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from engine.project.layers import Conv2d, ConvTranspose2d, DepthwiseConv2d
from tests.engine.project.layers.modules import module

a_few = settings(max_examples=40)


def tensorflows_same(image, kernel, stride):
    """Sum windows of an image (H, W), padded as TensorFlow's documentation defines "SAME"."""
    pads = []
    for size in image.shape:
        rest = size % stride
        total = max(kernel - (stride if rest == 0 else rest), 0)
        pads.append((total // 2, total - total // 2))
    padded = np.pad(image, pads)
    steps = [math.ceil(size / stride) for size in image.shape]
    return np.array(
        [
            [
                padded[
                    row * stride : row * stride + kernel, column * stride : column * stride + kernel
                ].sum()
                for column in range(steps[1])
            ]
            for row in range(steps[0])
        ]
    )


def with_ones(layer, shape):
    """Build a layer whose filters are all ones, without a bias."""
    built = module(layer, shape)
    (own,) = [each for each in built if hasattr(each, "weight")]
    nn.init.ones_(own.weight)
    nn.init.zeros_(own.bias)
    return built


@a_few
@given(
    kernel=st.integers(1, 9),
    stride=st.integers(1, 6),
    size=st.tuples(st.integers(1, 20), st.integers(1, 20)),
)
def test_same_padding_is_placed_as_tensorflow_does(kernel, stride, size):
    layer = Conv2d(filters=1, kernel_size=kernel, stride=stride, padding="same", activation="none")
    image = np.random.default_rng(0).integers(0, 9, size).astype(np.float32)

    summed = with_ones(layer, (1, *size))(torch.from_numpy(image)[None, None])[0, 0]

    np.testing.assert_allclose(summed.detach(), tensorflows_same(image, kernel, stride))


def test_same_padding_that_is_even_needs_no_module_of_its_own():
    calls = Conv2d(kernel_size=5, padding="same").torch_calls((1, 28, 28))

    assert str(calls[""]) == "nn.Conv2d(1, 32, 5, padding=2)"
    assert "padding" not in calls


def test_a_depthwise_filter_reads_its_own_channel_alone():
    layer = DepthwiseConv2d(kernel_size=2, multiplier=2, activation="none")
    images = torch.zeros(1, 3, 4, 4)
    images[0, 1] = 1

    filtered = with_ones(layer, (3, 4, 4))(images)[0].detach()

    assert [float(channel.max()) for channel in filtered] == [0, 0, 4, 4, 0, 0]


def painted(image, kernel, stride, padding):
    """Paint a square of ones at every pixel of an image (H, W), as strong as the pixel is: the
    gradient of TensorFlow's convolution of the same padding.
    """
    shape = [(size - 1) * stride + max(kernel, stride) for size in image.shape]
    whole = np.zeros(shape)
    for (row, column), value in np.ndenumerate(image):
        top, left = row * stride, column * stride
        whole[top : top + kernel, left : left + kernel] += value
    if padding == "valid":
        return whole
    cut = max(kernel - stride, 0) // 2
    height, width = (size * stride for size in image.shape)
    return whole[cut : cut + height, cut : cut + width]


@a_few
@given(
    kernel=st.integers(1, 7),
    stride=st.integers(1, 5),
    size=st.tuples(st.integers(1, 8), st.integers(1, 8)),
    padding=st.sampled_from(["valid", "same"]),
)
def test_a_transposed_convolution_paints_its_pattern_at_every_pixel(kernel, stride, size, padding):
    layer = ConvTranspose2d(
        filters=1, kernel_size=kernel, stride=stride, padding=padding, activation="none"
    )
    image = np.random.default_rng(0).integers(0, 9, size).astype(np.float32)

    given_back = with_ones(layer, (1, *size))(torch.from_numpy(image)[None, None])[0, 0]

    np.testing.assert_allclose(given_back.detach(), painted(image, kernel, stride, padding))


@pytest.mark.parametrize(
    ("layer", "summary"),
    [
        (Conv2d(filters=8, stride=2, padding="same"), "8 · 3×3 · stride 2 · same · ReLU"),
        (DepthwiseConv2d(), "3×3 · ReLU"),
        (DepthwiseConv2d(multiplier=2, activation="none"), "2 a channel · 3×3"),
        (ConvTranspose2d(filters=4), "4 · 2×2 · stride 2 · ReLU"),
    ],
)
def test_a_summary_names_the_main_values(layer, summary):
    assert layer.summary() == summary
