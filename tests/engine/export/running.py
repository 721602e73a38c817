"""Runs parts of an exported script, and carries weights from PyTorch to Keras."""

from __future__ import annotations

import os
from math import prod

import numpy as np

from engine.export.ending import DRAWING
from engine.project.layers import BatchNorm, Flatten

# TensorFlow and torch's compiler in one process: whichever loads LLVM second aborts it.
os.environ.setdefault("KERAS_BACKEND", "torch")

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
    weight = state["weight"]
    if weight.ndim == 4:
        return [weight.transpose(2, 3, 1, 0), state["bias"]]
    return [weight.T if order is None else weight.T[order], state["bias"]]


def flattened_order(shape):
    """Give the places in torch's row of (C, H, W) by their places in Keras' row of (H, W, C)."""
    return np.arange(prod(shape)).reshape(shape).transpose(1, 2, 0).ravel()


def take_over(project, network, model):
    """Give a Keras model the weights of our network of the same project."""
    order = None
    for row in project.traced:
        if isinstance(row.layer, Flatten) and len(row.input_shape) == 3:
            order = flattened_order(row.input_shape)
        elif row.parameters:
            module = network.get_submodule(row.layer.name)
            takes = order if not isinstance(row.layer, BatchNorm) else None
            weights = keras_weights(module, takes)
            if isinstance(row.layer, BatchNorm) and order is not None:
                weights = [weight[order] for weight in weights]
            elif order is not None:
                order = None
            model.get_layer(row.layer.name).set_weights(weights)
