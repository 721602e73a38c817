"""Where layers go: below others, into a block, up and down. Pure functions over a Project."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from engine.project.layers import Block
from engine.project.project import Place, Project, walk


def below(project: Project, names: Collection[str]) -> Place:
    """Find the place below layers, in the branch of the last one; the network's end for none."""
    layers = project.outermost(names)
    if not layers:
        return Place(len(project.layers))
    place = project.place(layers[-1].name)
    return replace(place, index=place.index + 1)


def inside_or_below(project: Project, names: Collection[str]) -> Place:
    """Find the place in a block that is alone and empty, or else the one below the layers."""
    layers = project.outermost(names)
    if len(layers) == 1 and isinstance(layers[0], Block) and not any(layers[0].inner):
        return Place(0, layers[0].name)
    return below(project, names)


def one_on(project: Project, names: Collection[str], step: int) -> Place | None:
    """Find the place of layers that go up (-1) or down (1) by one: past their neighbour, or, at
    their branch's edge, out of the block. None at the network's edge.
    """
    layers = project.outermost(names)
    if not layers:
        return None
    place = project.place(layers[0 if step < 0 else -1].name)
    index = place.index + (-1 if step < 0 else 2)
    if 0 <= index <= len(project.branch(place)):
        return replace(place, index=index)
    if not place.parent:
        return None
    block = project.place(place.parent)
    return block if step < 0 else replace(block, index=block.index + 1)


def is_inside(project: Project, names: Collection[str], place: Place) -> bool:
    """Tell whether a place is in one of these layers, where they themselves can't go."""
    return any(place.parent == layer.name for layer in walk(project.outermost(names)))


def next_to(project: Project, place: Place) -> str | None:
    """Name the layer at a place, or the last one before it, or the block that is empty there."""
    branch = project.branch(place)
    if branch:
        return branch[min(place.index, len(branch) - 1)].name
    return place.parent or None


def is_empty(project: Project, place: Place) -> bool:
    """Tell whether a place is in a branch that is there and empty."""
    try:
        return not project.branch(place)
    except (KeyError, IndexError):
        return False
