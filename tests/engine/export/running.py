"""Runs parts of an exported script, and carries weights from PyTorch to Keras."""

from __future__ import annotations

from math import prod

import numpy as np

from engine.export.ending import DRAWING
from engine.project.layers import Block, Flatten
from tests.engine.export.sequence_weights import keras_sequence_weights, take_over_sequence

NETWORK, TRAINING = "# 2. The network", "# 3. The training"
FIT = "model.fit("


def up_to(text, *marks, without=("import matplotlib",)):
    """Cut a script off before the first mark, and leave out lines that begin with such words."""
    for mark in marks:
        assert mark in text
        text = text.split(mark, 1)[0]
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(without))


def between(text, start, stop):
    """Take the part of a script from one mark to before the next."""
    assert start in text
    return up_to(text.split(start, 1)[1], stop)


def run(text, **names):
    """Execute a script's text and give what it has named."""
    exec(compile(text.encode(), "<script>", "exec"), names)
    return names


def run_without_drawing(text):
    """Execute all of a script that needs neither matplotlib nor a screen."""
    return run(up_to(text, DRAWING))


def keras_weights(module, order=None):
    """Give a torch layer's weights as Keras' layer takes them.

    `order` is the places that a Dense layer's inputs have in Keras' Flatten, of those in torch's.
    """
    state = {name: value.detach().numpy() for name, value in module.state_dict().items()}
    if "running_mean" in state:
        return [state[name] for name in ("weight", "bias", "running_mean", "running_var")]
    weight, *bias = state.values()
    match weight.ndim:
        case 1:  # of normalisations and PReLU
            return [weight, *bias]
        case 3:  # of a layer normalisation over images
            return [each.transpose(1, 2, 0) for each in (weight, *bias)]
        case 4 if getattr(module, "groups", 1) > 1:  # each channel has filters of its own
            each_channel = weight.reshape(module.groups, -1, *weight.shape[2:])
            return [each_channel.transpose(2, 3, 0, 1), *bias]
        case 4:
            return [weight.transpose(2, 3, 1, 0), *bias]
    return [weight.T if order is None else weight.T[order], *bias]


def weighted_weights(row, network):
    """Give what Keras' layers of one of ours take, by their names."""
    module = network.get_submodule(row.path + row.layer.name)
    sequence = row.layer.group == "Sequence"
    found = keras_sequence_weights(row.layer, module) if sequence else {"": keras_weights(module)}
    return {row.layer.part_name(suffix): weights for suffix, weights in found.items()}


def put_weights(layer, weights):
    """Give a Keras layer its weights; PReLU's are (1, 1, C) for images."""
    shapes = [each.shape for each in layer.get_weights()]
    layer.set_weights([each.reshape(shape) for each, shape in zip(weights, shapes, strict=True)])


def flattened_order(shape):
    """Give the places in torch's row of (C, H, W) by their places in Keras' row of (H, W, C)."""
    return np.arange(prod(shape)).reshape(shape).transpose(1, 2, 0).ravel()


def take_over(project, network, model):
    """Give a Keras model the weights of our network of the same project."""
    order = None
    for row in project.walk():
        if isinstance(row.layer, Flatten) and len(row.input_shape) == 3:
            order = flattened_order(row.input_shape)
        elif isinstance(row.layer, Block):
            block = network.get_submodule(row.path + row.layer.name)
            shortcut = getattr(block, "shortcut", None)
            if shortcut is not None and list(shortcut.parameters()):
                name = row.layer.part_name("shortcut")
                model.get_layer(name).set_weights(keras_weights(shortcut, order))
        elif take_over_sequence(row, network, model):
            pass
        elif row.parameters:
            module = network.get_submodule(row.path + row.layer.name)
            weights = keras_weights(module, order)
            if order is not None and weights[0].ndim == 1:  # acts on each number by itself
                weights = [weight[order] for weight in weights]
            else:
                order = None
            put_weights(model.get_layer(row.layer.name), weights)
