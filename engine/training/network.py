"""A Project as a torch module, built from the calls that its layers declare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.project.layers import Block, Layer, Traced, Weighted, stack
from engine.project.project import Project

if TYPE_CHECKING:
    import torch
    from torch import nn

WIDEST_BLOCK = 16  # channels that oneDNN computes at once, on processors with AVX-512


def build(project: Project) -> nn.Sequential:
    """Make the module: (N, C, H, W) float images in, (N, K) scores out.

    Weights start as torch's layers do, from torch's global random state; then, one layer after
    another, those that a person wants otherwise. A ProblemError says what does not fit.
    """
    network = stack(project.traced).build()
    for row in project.walk():
        if isinstance(row.layer, Weighted):
            _set_first_weights(network.get_submodule(row.path + row.layer.name), row.layer)
    freeze(project, network)
    return network


def freeze(project: Project, network: nn.Module) -> None:
    """Let training leave the frozen layers as they are, and move all others."""
    for row in project.walk():
        if isinstance(row.layer, Weighted):
            module = network.get_submodule(row.path + row.layer.name)
            module.requires_grad_(not row.layer.frozen)


def _set_first_weights(module: nn.Module, layer: Weighted) -> None:
    from torch.nn import init

    for tensor, call in layer.first_weights().items():
        fill = getattr(init, call.target.removeprefix("nn.init."))
        fill(module.get_parameter(tensor), **dict(call.options))


def layout(network: nn.Module) -> torch.memory_format:
    """Say how the network's weights and images shall lie in memory.

    A pixel's channels lie together, which the processor's convolutions compute fastest. Not where a
    convolution takes single pixels at a stride from few channels: there oneDNN computes a wrong
    gradient and writes past its memory (https://github.com/uxlfoundation/oneDNN/issues/6035).
    """
    import torch
    from torch import nn

    convolutions = (each for each in network.modules() if isinstance(each, nn.Conv2d))
    if any(_writes_past_its_memory(each) for each in convolutions):
        return torch.contiguous_format
    return torch.channels_last


def _writes_past_its_memory(convolution: nn.Conv2d) -> bool:
    return (
        convolution.kernel_size == (1, 1)
        and convolution.stride != (1, 1)
        and convolution.in_channels // convolution.groups < WIDEST_BLOCK
    )


def trained(network: nn.Module) -> list[nn.Parameter]:
    """List the weights that steps move: all that are not frozen."""
    return [weights for weights in network.parameters() if weights.requires_grad]


@dataclass(frozen=True)
class Placed:
    """A layer's modules in a network: in their order, so that the last one's output is the
    layer's; and those that hold weights of its own, which a block's inner layers are not.
    """

    layer: Layer
    modules: tuple[nn.Module, ...]
    weighty: tuple[nn.Module, ...]


def placed(project: Project, network: nn.Module) -> list[Placed]:
    """Find every layer of the tree in a network of this project, as one reads them; a block follows
    what it holds, since its output does.
    """
    return [found for row in project.traced for found in _placed(row, network)]


def _placed(row: Traced, network: nn.Module) -> list[Placed]:
    names = [row.path + name for name in row.module_calls()]
    modules = tuple(network.get_submodule(name) for name in names)
    inner = [found for branch in row.inner for each in branch for found in _placed(each, network)]
    own = tuple(_own(row.layer, modules))
    return [*inner, Placed(row.layer, modules, own)]


def _own(layer: Layer, modules: tuple[nn.Module, ...]) -> list[nn.Module]:
    if not isinstance(layer, Block):
        return list(modules)
    shortcut = getattr(modules[0], "shortcut", None)
    return [*([] if shortcut is None else [shortcut]), *modules[1:]]
