"""Begins a training from weights that another one has learned, as far as they fit the network.

A layer takes weights over as a whole: all its tensors are in the file, under the layer's name, in
the same shapes. Layers are matched by name wherever they stand, so that one that was moved into a
block, or out of it, keeps what it has learned.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.problems import Problem, ProblemError, shown
from engine.project.project import Project
from engine.store.runs import START
from engine.store.weights import About, Tensors, Weights, content_of, digest, read_weights
from engine.training.network import build

if TYPE_CHECKING:
    import torch
    from torch import nn

NOT_IN_FILE = "They hold no layer of this name."
LACKING = "They lack its {part}."
OTHER_SHAPE = "Its {part} is {mine} here and {theirs} there."
OTHER_KIND = "Its {part} holds {mine} here and {theirs} there."
NOT_FINITE = "Its {part} there holds values that are no numbers."
NOTHING_FITS = (
    "No layer of this network can start from the weights in {path}. {layer}: {reason} Choose "
    "weights of a network with layers of the same names and sizes."
)
OTHER_NETWORK = (
    "The starting weights in {path} are not those of the run's network. Put the file of that time "
    "back, or train the project anew."
)
LOST = (
    "The run began from weights that its folder has lost: {reason} Put the file of that time back."
)


@dataclass(frozen=True, eq=False)
class WarmStart:
    """Weights that a network begins with, by their names in its state_dict; the rest of them is
    the seed's.
    """

    tensors: Tensors
    source: str  # what people call what they were taken from

    @property
    def digest(self) -> str:
        """Tell these weights from others."""
        return digest(self.tensors)


@dataclass(frozen=True)
class LayerFit:
    """Whether a layer takes weights over; if not, why."""

    layer: str
    why_not: Problem | None = None

    @property
    def taken(self) -> bool:
        """Whether it starts from them."""
        return self.why_not is None


@dataclass(frozen=True, eq=False)
class Fit:
    """What a network takes of some weights: its layers that have weights, in their order, and the
    layers and tensors of the file that none of them asked for.
    """

    layers: tuple[LayerFit, ...]
    unused: tuple[str, ...]
    tensors: Tensors  # those that are taken, by their names in this network

    @property
    def taken(self) -> tuple[str, ...]:
        """The layers that take weights over."""
        return tuple(one.layer for one in self.layers if one.taken)

    @property
    def left(self) -> tuple[LayerFit, ...]:
        """The layers that start from the seed."""
        return tuple(one for one in self.layers if not one.taken)


Place = tuple[str, str]
"""A layer's name and the rest of a tensor's name in it: conv2d_1 and .weight."""


def fit(project: Project, weights: Weights) -> Fit:
    """See which layers of a project's network can take weights over.

    Raises:
        ProblemError: the project's network can't be built.
    """
    wanted = blank(project).state_dict()
    names = layer_names(project)
    theirs = layer_names(weights.project) if weights.project else names
    offered = {place(name, theirs): name for name in weights.tensors}
    parts: dict[str, dict[Place, str]] = {}
    for name in wanted:
        at = place(name, names)
        parts.setdefault(at[0], {})[at] = name
    layers: list[LayerFit] = []
    taken: dict[str, NDArray[np.generic]] = {}
    for layer, mine in parts.items():
        why_not = _why_not(layer, mine, wanted, offered, weights.tensors)
        layers.append(LayerFit(layer, why_not))
        if why_not is None:
            taken |= {name: weights.tensors[offered[at]] for at, name in mine.items()}
    asked = {at for mine in parts.values() for at in mine}
    return Fit(tuple(layers), _unused(offered, asked, parts), taken)


def warm_start(project: Project, weights: Weights) -> WarmStart:
    """Take over what fits.

    Raises:
        ProblemError: nothing does.
    """
    found = fit(project, weights)
    if not found.taken:
        first = found.left[0] if found.left else LayerFit("output", Problem(NOT_IN_FILE))
        raise ProblemError(
            NOTHING_FITS, path=str(weights.path), layer=first.layer, reason=str(first.why_not)
        )
    return WarmStart(found.tensors, weights.name)


def blank(project: Project) -> nn.Sequential:
    """Build a project's network without weights: it takes no memory, and no random numbers."""
    import torch

    with torch.device("meta"):
        return build(project)


def layer_names(project: Project) -> frozenset[str]:
    """Name all layers, the output and those inside others included."""
    return frozenset(row.layer.name for row in project.walk())


def place(name: str, layers: Collection[str]) -> Place:
    """Find the innermost layer that a tensor belongs to: the last part of its dotted name that is
    a layer's name, or begins with one and an underscore, as a layer's second module does.
    """
    parts = name.split(".")
    for index in range(len(parts) - 2, -1, -1):
        if layer := _layer_of(parts[index], layers):
            rest = [parts[index].removeprefix(layer), *parts[index + 1 :]]
            return layer, ".".join(rest)
    return ".".join(parts[:-1]) or name, f".{parts[-1]}"


def _layer_of(part: str, layers: Collection[str]) -> str:
    fitting = (name for name in layers if part == name or part.startswith(f"{name}_"))
    return max(fitting, key=len, default="")


def _why_not(
    layer: str,
    mine: Mapping[Place, str],
    wanted: Mapping[str, torch.Tensor],
    offered: Mapping[Place, str],
    tensors: Tensors,
) -> Problem | None:
    """Say the first thing that keeps a layer from taking weights over."""
    if not any(at[0] == layer for at in offered):
        return Problem(NOT_IN_FILE)
    for at, name in mine.items():
        part = at[1].removeprefix(".")
        if at not in offered:
            return Problem(LACKING, part=part)
        problem = _unlike(part, wanted[name], tensors[offered[at]])
        if problem is not None:
            return problem
    return None


def _unlike(part: str, mine: torch.Tensor, theirs: NDArray[np.generic]) -> Problem | None:
    if tuple(mine.shape) != theirs.shape:
        here, there = _shape(tuple(mine.shape)), _shape(theirs.shape)
        return Problem(OTHER_SHAPE, part=part, mine=here, theirs=there)
    kind = str(mine.dtype).removeprefix("torch.")
    if kind != str(theirs.dtype):
        return Problem(OTHER_KIND, part=part, mine=kind, theirs=str(theirs.dtype))
    return None if np.isfinite(theirs).all() else Problem(NOT_FINITE, part=part)


def _shape(shape: tuple[int, ...]) -> str:
    return shown(shape) if shape else "one number"


def _unused(
    offered: Mapping[Place, str], asked: Collection[Place], layers: Collection[str]
) -> tuple[str, ...]:
    """Name what is left over in the file: whole layers, or single tensors of a layer."""
    left = [at for at in offered if at not in asked]
    return tuple(
        dict.fromkeys(layer if layer not in layers else layer + part for layer, part in left)
    )


# ---- in a run's folder


def start_content(project: Project, start: WarmStart, run: str) -> bytes:
    """Give the bytes of the file that a run keeps its starting weights in."""
    about = About(weights="start", run=run, source=start.source)
    return content_of(Weights(start.tensors, about, project, Path()))


def kept_start(folder: Path) -> WarmStart | None:
    """Read the starting weights of a run's folder; None where it began from its seed alone.

    Raises:
        ProblemError: they can't be read.
    """
    path = folder / START
    if not path.exists():
        return None
    weights = read_weights(path)
    return WarmStart(weights.tensors, weights.about.source)


def needed_start(folder: Path) -> WarmStart:
    """Read the starting weights that a run's log tells of.

    Raises:
        ProblemError: they are not there, or can't be read.
    """
    try:
        start = kept_start(folder)
    except ProblemError as error:
        raise ProblemError(LOST, reason=str(error)) from None
    if start is None:
        missing = str(Problem("{name} is missing in {path}.", name=START, path=folder))
        raise ProblemError(LOST, reason=missing)
    return start


def put_in(network: nn.Module, start: WarmStart) -> None:
    """Give a network its starting weights.

    Raises:
        ProblemError: it has no such weights.
    """
    import torch

    tensors = {name: torch.from_numpy(np.array(value)) for name, value in start.tensors.items()}
    try:
        unknown = network.load_state_dict(tensors, strict=False).unexpected_keys
    except RuntimeError:  # shapes
        unknown = [""]
    if unknown:
        raise ProblemError(OTHER_NETWORK, path=start.source)


def told(found: Fit) -> Iterator[str]:
    """Say what is taken and what is not, a line each."""
    if found.taken:
        yield f"Layers that take the weights over: {', '.join(found.taken)}."
    for one in found.left:
        yield f"{one.layer} starts from the seed. {one.why_not}"
    if found.unused:
        yield f"Not used of the file: {', '.join(found.unused)}."
