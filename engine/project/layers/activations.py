"""The functions that layers apply to what they give, as modules and as Keras writes them."""

from __future__ import annotations

from typing import Any, Literal

from engine.project.torch_call import KerasCall, TorchCall, call, keras_call

FunctionName = Literal[
    "relu",
    "sigmoid",
    "tanh",
    "softmax",
    "leaky_relu",
    "gelu",
    "silu",
    "elu",
    "selu",
    "mish",
    "relu6",
    "softplus",
    "softsign",
    "hard_sigmoid",
    "hard_swish",
]
ActivationName = Literal["none", FunctionName]

ACTIVATION_TITLES: dict[str, str] = {
    "none": "None",
    "relu": "ReLU",
    "sigmoid": "Sigmoid",
    "tanh": "tanh",
    "softmax": "Softmax",
    "leaky_relu": "Leaky ReLU",
    "gelu": "GELU",
    "silu": "SiLU",
    "elu": "ELU",
    "selu": "SELU",
    "mish": "Mish",
    "relu6": "ReLU6",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "hard_sigmoid": "Hard sigmoid",
    "hard_swish": "Hard swish",
}

TORCH_ACTIVATIONS: dict[str, TorchCall] = {
    "relu": call("nn.ReLU"),
    "sigmoid": call("nn.Sigmoid"),
    "tanh": call("nn.Tanh"),
    "softmax": call("nn.Softmax", dim=1),
    "leaky_relu": call("nn.LeakyReLU", 0.01),
    "gelu": call("nn.GELU"),
    "silu": call("nn.SiLU"),
    "elu": call("nn.ELU"),
    "selu": call("nn.SELU"),
    "mish": call("nn.Mish"),
    "relu6": call("nn.ReLU6"),
    "softplus": call("nn.Softplus"),
    "softsign": call("nn.Softsign"),
    "hard_sigmoid": call("nn.Hardsigmoid"),
    "hard_swish": call("nn.Hardswish"),
}
KERAS_ACTIVATIONS: dict[str, KerasCall] = {
    name: keras_call("layers.Activation", name) for name in TORCH_ACTIVATIONS
} | {"leaky_relu": keras_call("layers.LeakyReLU", negative_slope=0.01)}
"""Softmax goes over the last axis, which is that of the channels in Keras."""


def activation_calls(name: ActivationName, axis: int = 1) -> dict[str, TorchCall]:
    """Give the activation as a module of its own, or nothing. `axis` is that of the channels or
    features, the batch's being 0.
    """
    return {} if name == "none" else {name: torch_activation(name, axis)}


def torch_activation(name: ActivationName, axis: int = 1) -> TorchCall:
    """Give the activation as a module; softmax goes along `axis`."""
    return call("nn.Softmax", dim=axis) if name == "softmax" else TORCH_ACTIVATIONS[name]


def keras_activation_calls(name: ActivationName) -> dict[str, KerasCall]:
    """Give the activation as a Keras layer of its own, or nothing."""
    return {} if name == "none" else {name: KERAS_ACTIVATIONS[name]}


def keras_activated(
    name: ActivationName, target: str, *arguments: Any, **options: Any
) -> dict[str, KerasCall]:
    """Give a Keras layer with its activation: as an argument, where Keras' one is the same."""
    if name == "leaky_relu":  # by name its slope is 0.2
        return {"": keras_call(target, *arguments, **options), name: KERAS_ACTIVATIONS[name]}
    activation = {} if name == "none" else {"activation": name}
    return {"": keras_call(target, *arguments, **options, **activation)}


def with_activation(text: str, name: ActivationName) -> str:
    """Add the activation to a summary."""
    return text if name == "none" else f"{text} · {ACTIVATION_TITLES[name]}"
