"""A Project as a torch module, built from the calls that its layers declare."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from engine.problems import ProblemError
from engine.project.project import Project
from engine.project.shapes import Traced
from engine.project.torch_call import TorchCall

if TYPE_CHECKING:
    from torch import nn


def build(project: Project) -> nn.Sequential:
    """Make the module: (N, C, H, W) float images in, (N, K) scores out.

    Weights start as torch's layers do, from torch's global random state. A ProblemError says what
    does not fit.
    """
    from torch import nn

    modules = [
        (module_name(row, suffix), call.build())
        for row in project.traced
        for suffix, call in calls(row).items()
    ]
    return nn.Sequential(OrderedDict(modules))


def calls(row: Traced) -> dict[str, TorchCall]:
    """Give a layer's torch calls for the shape that reaches it; ProblemError where none does."""
    if row.problem is not None:
        raise ProblemError(row.problem)
    assert row.input_shape is not None  # the first wrong layer has raised already
    return row.layer.torch_calls(row.input_shape)


def module_name(row: Traced, suffix: str) -> str:
    """Name a module: conv2d_1 holds the weights, conv2d_1_relu follows it."""
    return row.layer.part_name(suffix)
