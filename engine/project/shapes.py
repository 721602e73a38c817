"""The shape and parameter count of every layer, and what does not fit, without torch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.problems import Problem, ProblemError
from engine.project.layers import Layer, Shape


@dataclass(frozen=True)
class Traced:
    """A layer with what goes in and what comes out; None below the first layer that is wrong."""

    layer: Layer
    input_shape: Shape | None = None
    output_shape: Shape | None = None
    parameters: int | None = None
    problem: Problem | None = None


def trace(layers: Iterable[Layer], input_shape: Shape) -> tuple[Traced, ...]:
    """Follow the shape of one image through the layers, up to the first that does not fit."""
    traced: list[Traced] = []
    shape: Shape | None = input_shape
    for layer in layers:
        row = Traced(layer) if shape is None else _step(layer, shape)
        shape = row.output_shape
        traced.append(row)
    return tuple(traced)


def _step(layer: Layer, shape: Shape) -> Traced:
    try:
        return Traced(layer, shape, layer.output_shape(shape), layer.parameters(shape))
    except ProblemError as error:
        return Traced(layer, shape, problem=error.problem.at(layer.name))
