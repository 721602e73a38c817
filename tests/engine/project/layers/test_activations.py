from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from engine.project.layers import ACTIVATION_TITLES, Activation, activation_calls

ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805  # of SELU: Klambauer et al. 2017


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


FORMULAS = {
    "none": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(axis=1, keepdims=True),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "gelu": lambda x: x * np.vectorize(lambda v: (1 + math.erf(v / math.sqrt(2))) / 2)(x),
    "silu": lambda x: x * sigmoid(x),
    "elu": lambda x: np.where(x > 0, x, np.exp(x) - 1),
    "selu": lambda x: SCALE * np.where(x > 0, x, ALPHA * (np.exp(x) - 1)),
    "mish": lambda x: x * np.tanh(np.log1p(np.exp(x))),
    "relu6": lambda x: np.clip(x, 0, 6),
    "softplus": lambda x: np.log1p(np.exp(x)),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "hard_sigmoid": lambda x: np.clip((x + 3) / 6, 0, 1),
    "hard_swish": lambda x: x * np.clip((x + 3) / 6, 0, 1),
}


@pytest.mark.parametrize("name", ACTIVATION_TITLES)
@pytest.mark.parametrize("shape", [(4, 7), (2, 3, 4, 5)])
def test_an_activation_computes_its_formula(name, shape):
    x = np.random.default_rng(0).normal(scale=3, size=shape)
    y = torch.from_numpy(x)
    for call in activation_calls(name).values():
        y = call.build()(y)

    np.testing.assert_allclose(y.numpy(), FORMULAS[name](x), rtol=1e-6, atol=1e-12)


def test_the_activation_layer_offers_every_activation():
    functions = Activation.model_json_schema()["properties"]["function"]["enum"]

    assert {"none", *functions} == set(ACTIVATION_TITLES)
