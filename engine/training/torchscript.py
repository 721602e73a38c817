"""A recorded graph of torch operations as a TorchScript function."""

from __future__ import annotations

import operator
from collections.abc import Callable
from math import isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor
    from torch.fx import GraphModule, Node


def compiled(module: GraphModule) -> Callable[..., tuple[Tensor, ...]]:
    """Make a function of a graph of aten operations; ValueError where it holds anything else.

    It runs the operations as they are, in their order and without any fusing, so that its numbers
    are those of the same operations called from Python.
    """
    import torch

    function = torch.jit.CompilationUnit(source(module)).step

    def run(*tensors: Tensor) -> tuple[Tensor, ...]:
        with torch.jit.optimized_execution(False):  # type: ignore[attr-defined]  # public all the same
            result: tuple[Tensor, ...] = function(*tensors)
        return result

    return run


def source(module: GraphModule) -> str:
    """Write a graph down as the source of a TorchScript function named `step`."""
    inputs, lines = [], []
    for node in module.graph.nodes:
        if node.op == "placeholder":
            inputs.append(f"{node.name}: Tensor")
        elif node.op == "call_function":
            lines.append(f"{node.name} = {_call(node)}")
        elif node.op == "output" and node.args[0]:
            lines.append(f"return ({', '.join(map(_value, node.args[0]))},)")
        else:
            raise ValueError(f"a graph with a {node.op} can't be written down")
    return f"def step({', '.join(inputs)}):\n" + "".join(f"    {line}\n" for line in lines)


def _call(node: Node) -> str:
    import torch

    if node.target is operator.getitem:
        return f"{_value(node.args[0])}[{_value(node.args[1])}]"
    if not isinstance(node.target, torch._ops.OpOverload):
        raise ValueError(f"{node.target!r} can't be written down")
    space, name, _ = str(node.target).split(".")
    options = (f"{key}={_value(value)}" for key, value in node.kwargs.items())
    return f"torch.ops.{space}.{name}({', '.join([*map(_value, node.args), *options])})"


def _value(value: Any) -> str:
    import torch
    from torch.fx import Node

    match value:
        case Node():
            return value.name
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]"
        case None | bool() | int() | str():
            return repr(value)
        case float() if isfinite(value):
            return repr(value)
        case torch.device():
            return f"torch.device({str(value)!r})"
        case torch.dtype() | torch.memory_format() | torch.layout():
            return str(value)
    raise ValueError(f"{value!r} can't be written down")
