"""Builds a layer by itself."""

from __future__ import annotations

from torch import nn


def module(layer, shape):
    """Build a layer's modules, one after the other."""
    return nn.Sequential(*(call.build() for call in layer.torch_calls(shape).values()))
