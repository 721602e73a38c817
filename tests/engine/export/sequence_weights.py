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
    """Give kernel, recurrent kernel and bias, if any, of one direction of one layer of a stack."""
    names = ("weight_ih", "weight_hh", *(("bias_ih", "bias_hh") if layer.bias else ()))
    read, kept, *biases = (state[f"recurrent.{name}_l{end}"] for name in names)
    if isinstance(layer, Gru):  # torch's gates are reset, update, new; Keras' update, reset, new
        read, kept, *biases = map(swapped, (read, kept, *biases))
        return [read.T, kept.T, *([np.stack(biases)] if biases else [])]
    return [read.T, kept.T, *([sum(biases)] if biases else [])]


def swapped(weights):
    """Change the places of the first two of three gates."""
    first, second, third = np.split(weights, 3)
    return np.concatenate([second, first, third])


def attention_weights(state, heads):
    """Give kernels (features, heads, size) and biases, if any, of query, key, value and output."""
    features = len(state["attention.out_proj.weight"])
    size = features // heads
    kernels = [
        kernel.T.reshape(features, heads, size)
        for kernel in np.split(state["attention.in_proj_weight"], 3)
    ]
    kernels.append(state["attention.out_proj.weight"].T.reshape(heads, size, features))
    if "attention.out_proj.bias" not in state:
        return kernels
    biases = [each.reshape(heads, size) for each in np.split(state["attention.in_proj_bias"], 3)]
    biases.append(state["attention.out_proj.bias"])
    return [weights for pair in zip(kernels, biases, strict=True) for weights in pair]


def fewer_parameters(project):
    """Count the second biases of PyTorch's layers, which Keras' have not, where they learn."""
    return sum(
        row.layer.gates * row.layer.width * row.layer.depth
        for row in project.walk()
        if isinstance(row.layer, (Lstm, Rnn)) and row.layer.bias and row.layer.learns
    )
