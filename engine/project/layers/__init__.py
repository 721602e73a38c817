"""Every layer type, one class each: fields, limits, help, shape rule, parameter count, torch call.

From a class derive the palette's button, the form, tooltips, validation, JSON, shapes, the torch
module, its lines in both exported scripts and its test. Who adds a layer writes one class, in the
module of its subject, and adds it to LAYER_TYPES.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Union

from pydantic import Field

from engine.project.layers.activations import (
    ACTIVATION_TITLES,
    ActivationName,
    FunctionName,
    activation_calls,
    keras_activated,
)
from engine.project.layers.base import (
    NEEDS_IMAGE,
    NEEDS_ROW,
    Group,
    Layer,
    Shape,
    Traced,
    stack,
    trace,
)
from engine.project.layers.blocks import Block, Parallel, Residual
from engine.project.layers.convolution import Conv2d, ConvTranspose2d, DepthwiseConv2d
from engine.project.layers.core import Activation, Dense, Flatten, Output, PReLU, Reshape
from engine.project.layers.normalisation import BatchNorm, GroupNorm, LayerNorm
from engine.project.layers.pooling import (
    AdaptiveAvgPool2d,
    AvgPool2d,
    GlobalAvgPool,
    MaxPool2d,
    UpSampling2d,
)
from engine.project.layers.regularisation import Dropout, SpatialDropout2d
from engine.project.layers.sequence import (
    Gru,
    Lstm,
    PositionalEncoding,
    Rnn,
    Rows,
    SelfAttention,
)
from engine.project.layers.weighted import INITIALISATION_TITLES, Weighted, penalties

LAYER_TYPES: tuple[type[Layer], ...] = (
    Dense,
    Flatten,
    Activation,
    PReLU,
    Reshape,
    Conv2d,
    DepthwiseConv2d,
    ConvTranspose2d,
    MaxPool2d,
    AvgPool2d,
    AdaptiveAvgPool2d,
    GlobalAvgPool,
    UpSampling2d,
    Dropout,
    SpatialDropout2d,
    BatchNorm,
    LayerNorm,
    GroupNorm,
    Rows,
    Rnn,
    Lstm,
    Gru,
    SelfAttention,
    PositionalEncoding,
    Residual,
    Parallel,
)
if TYPE_CHECKING:
    AnyLayer = Layer
else:
    AnyLayer = Annotated[Union[LAYER_TYPES], Field(discriminator="type")]  # noqa: UP007  a tuple
    for _block in (Residual, Parallel):
        _block.model_rebuild(_types_namespace={"AnyLayer": AnyLayer, **vars()})

__all__ = [
    "ACTIVATION_TITLES",
    "INITIALISATION_TITLES",
    "LAYER_TYPES",
    "NEEDS_IMAGE",
    "NEEDS_ROW",
    "Activation",
    "ActivationName",
    "AdaptiveAvgPool2d",
    "AnyLayer",
    "AvgPool2d",
    "BatchNorm",
    "Block",
    "Conv2d",
    "ConvTranspose2d",
    "Dense",
    "DepthwiseConv2d",
    "Dropout",
    "Flatten",
    "FunctionName",
    "GlobalAvgPool",
    "Group",
    "GroupNorm",
    "Gru",
    "Layer",
    "LayerNorm",
    "Lstm",
    "MaxPool2d",
    "Output",
    "PReLU",
    "Parallel",
    "PositionalEncoding",
    "Reshape",
    "Residual",
    "Rnn",
    "Rows",
    "SelfAttention",
    "Shape",
    "SpatialDropout2d",
    "Traced",
    "UpSampling2d",
    "Weighted",
    "activation_calls",
    "keras_activated",
    "penalties",
    "stack",
    "trace",
]
