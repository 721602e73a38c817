"""Carries the weights of layers for sequences from PyTorch to Keras."""

from __future__ import annotations

import numpy as np

from engine.project.layers import Gru, Lstm, PositionalEncoding, Rnn, SelfAttention


def take_over_sequence(row, network, model):
    """Give the Keras layers of one of ours its weights; tell whether it is one for sequences."""
    layer = row.layer
    if not isinstance(layer, (Gru, Lstm, Rnn, SelfAttention, PositionalEncoding)):
        return False
    module = network.get_submodule(row.path + layer.name)
    for suffix, weights in keras_sequence_weights(layer, module).items():
        model.get_layer(layer.part_name(suffix)).set_weights(weights)
    return True


def keras_sequence_weights(layer, module):
    """Give the weights as Keras' layers take them, by the suffixes of their names."""
    state = {name: value.detach().numpy() for name, value in module.state_dict().items()}
    if isinstance(layer, PositionalEncoding):
        return {"": [state["offsets"]] if layer.encoding == "learned" else []}
    if isinstance(layer, SelfAttention):
        return {"": attention_weights(state, layer.heads)}
    ends = ("", "_reverse") if layer.bidirectional else ("",)
    return {
        f"layer{number + 1}" if number + 1 < layer.depth else "": [
            weight for end in ends for weight in recurrent_weights(layer, state, f"{number}{end}")
        ]
        for number in range(layer.depth)
    }


def recurrent_weights(layer, state, end):
    """Give kernel, recurrent kernel and bias of one direction of one layer of a stack."""
    read, kept, bias, kept_bias = (
        state[f"recurrent.{name}_l{end}"]
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    if isinstance(layer, Gru):  # torch's gates are reset, update, new; Keras' update, reset, new
        read, kept, bias, kept_bias = map(swapped, (read, kept, bias, kept_bias))
        return [read.T, kept.T, np.stack([bias, kept_bias])]
    return [read.T, kept.T, bias + kept_bias]


def swapped(weights):
    """Change the places of the first two of three gates."""
    first, second, third = np.split(weights, 3)
    return np.concatenate([second, first, third])


def attention_weights(state, heads):
    """Give kernels (features, heads, size) and biases of query, key, value and output."""
    features = state["attention.out_proj.bias"].size
    size = features // heads
    weights = []
    for kernel, bias in zip(
        np.split(state["attention.in_proj_weight"], 3),
        np.split(state["attention.in_proj_bias"], 3),
        strict=True,
    ):
        weights += [kernel.T.reshape(features, heads, size), bias.reshape(heads, size)]
    joined = state["attention.out_proj.weight"].T.reshape(heads, size, features)
    return [*weights, joined, state["attention.out_proj.bias"]]


def fewer_parameters(project):
    """Count the second biases of PyTorch's layers, which Keras' have not."""
    return sum(
        row.layer.gates * row.layer.width * row.layer.depth
        for row in project.walk()
        if isinstance(row.layer, (Lstm, Rnn))
    )
