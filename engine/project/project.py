"""The Project: what the person built, as one frozen value with the edits that make another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.problems import ProblemError, problem_of
from engine.project.layers import AnyLayer, Block, Layer, Output, Shape, Traced, trace
from engine.project.sources import Data
from engine.project.training import Training

Model = TypeVar("Model", bound=BaseModel)
MAX_LAYERS = 1000  # in the whole tree
MAX_DEPTH = 8  # of blocks within blocks

Layers = tuple[Layer, ...]


@dataclass(frozen=True)
class Place:
    """Where a layer stands: in front of which of those in a branch of a block, or of the network
    itself, whose name is "".
    """

    index: int
    parent: str = ""
    branch: int = 0


class Project(BaseModel):
    """Data, layers and training settings. Every edit returns a new Project."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field("", max_length=200)
    about: str = Field("", max_length=2000, description="What it shows or teaches, in a line.")
    data: Data = Field(default_factory=Data)
    layers: tuple[AnyLayer, ...] = Field((), max_length=MAX_LAYERS)
    training: Training = Field(default_factory=Training)

    @model_validator(mode="after")
    def _name_layers(self) -> Self:
        """Give a name to each layer that comes without one, so that every layer has one."""
        if depth(self.layers) > MAX_DEPTH:
            raise ValueError(f"Blocks may stand within each other {MAX_DEPTH} deep, not deeper")
        names = [layer.name for layer in walk(self.layers)]
        if len(names) > MAX_LAYERS:
            raise ValueError(
                f"A network has at most {MAX_LAYERS} layers, but this has {len(names)}"
            )
        for name, count in Counter(name for name in names if name).items():
            if count > 1:
                raise ValueError(f"Two layers are named {name}; give each a name of its own")
        if "" in names:
            object.__setattr__(self, "layers", _named(self.layers, set(names)))
        return self

    @property
    def output(self) -> Output:
        """The last layer, which follows the data's classes."""
        return Output(classes=len(self.data.source.class_names))

    @cached_property
    def traced(self) -> tuple[Traced, ...]:
        """Every layer with its shapes, the output layer last."""
        return trace((*self.layers, self.output), self.input_shape)

    @property
    def input_shape(self) -> Shape:
        """The shape of one image: channels, height, width."""
        return self.data.source.input_shape

    @property
    def parameters(self) -> int | None:
        """The number of weights, or None while a shape does not fit."""
        counts = [row.parameters for row in self.traced]
        return None if None in counts else sum(count for count in counts if count)

    @property
    def trainable(self) -> int | None:
        """The number of weights that training moves, or None while a shape does not fit."""
        counts = [row.trainable for row in self.traced]
        return None if None in counts else sum(count for count in counts if count)

    def walk(self) -> Iterator[Traced]:
        """Give every layer of the tree as one reads it, the output layer last."""
        for row in self.traced:
            yield from row.walk()

    def place(self, name: str) -> Place:
        """Find a layer by its name; KeyError where there is none."""
        return _place(self.layers, name)

    def layer(self, name: str) -> Layer:
        """Get a layer by its name; KeyError where there is none."""
        for layer in walk(self.layers):
            if layer.name == name:
                return layer
        raise KeyError(name)

    def branch(self, place: Place) -> Layers:
        """Give the layers among which a place is."""
        if not place.parent:
            return self.layers
        return self.layer(place.parent).inner[place.branch]

    def outermost(self, names: Collection[str]) -> Layers:
        """Find layers by their names, in reading order, without those that stand in another one
        that is named.
        """
        return tuple(_outermost(self.layers, names))

    def insert(self, at: int | Place, *layers: Layer) -> Project:
        """Put layers in at a place, each under a name that is free. They keep their order."""
        return self._put(_place_of(at), [_nameless(layer) for layer in layers])

    def remove(self, names: Collection[str]) -> Project:
        """Take layers away, and with a block what it holds."""
        return self._edited(
            lambda _, layers: tuple(layer for layer in layers if layer.name not in names)
        )

    def move(self, names: Collection[str], to: int | Place) -> Project:
        """Bring layers together in front of a place, counted before they are taken out. What stands
        in a block that is moved itself stays in it.

        Raises:
            ProblemError: the place is inside one of the layers that are moved.
        """
        place = _place_of(to)
        moved = self.outermost(names)
        if any(place.parent == layer.name for layer in walk(moved)):
            raise ProblemError("A block can't be moved into itself.")
        before = self.branch(place)[: place.index]
        index = place.index - sum(layer in moved for layer in before)
        return self.remove(names)._put(Place(index, place.parent, place.branch), moved)

    def wrap(self, names: Collection[str], block: Block) -> Project:
        """Put layers that follow each other into the first branch of a new block, which takes their
        place. They keep their names.

        Raises:
            ProblemError: they don't follow each other, or the blocks would stand too deep.
        """
        wrapped = self.outermost(names)
        place = self.place(wrapped[0].name)
        if self.branch(place)[place.index : place.index + len(wrapped)] != wrapped:
            raise ProblemError("Only layers that follow each other can be put into one block.")
        around = block.with_inner([wrapped, *block.inner[1:]])
        return self.remove(names)._put(place, [around])

    def unwrap(self, name: str) -> Project:
        """Put what a block holds in its place, one branch after the other."""
        place, held = self.place(name), self.layer(name).inner
        return self.remove([name])._put(place, [layer for branch in held for layer in branch])

    def set_layer(self, name: str, **values: Any) -> Project:
        """Change fields of a layer; ProblemError with a sentence where a value is out of range."""
        changed = checked(self.layer(name), **values)
        return self._edited(
            lambda _, layers: tuple(changed if each.name == name else each for each in layers)
        )

    def set_training(self, **values: Any) -> Project:
        """Change training settings; ProblemError with a sentence where a value is out of range."""
        return self._with(training=checked(self.training, **values))

    def set_optimizer(self, **values: Any) -> Project:
        """Change numbers of the optimizer; ProblemError where a value is out of range."""
        return self.set_training(optimizer=checked(self.training.optimizer, **values))

    def set_schedule(self, **values: Any) -> Project:
        """Change numbers of the schedule; ProblemError where a value is out of range."""
        return self.set_training(schedule=checked(self.training.schedule, **values))

    def set_early_stopping(self, **values: Any) -> Project:
        """Change when a run ends early; ProblemError where a value is out of range."""
        changed = checked(self.training.early_stopping, **values)
        return self.set_training(early_stopping=changed)

    def set_augmentation(self, **values: Any) -> Project:
        """Change the augmentation's limits; ProblemError where a value is out of range."""
        return self.set_training(augmentation=checked(self.training.augmentation, **values))

    def set_data(self, **values: Any) -> Project:
        """Change the source, the split or the scaling; ProblemError where a value is wrong."""
        return self._with(data=checked(self.data, **values))

    def _put(self, place: Place, layers: Iterable[Layer]) -> Project:
        there = self.branch(place)
        after = (*there[: place.index], *layers, *there[place.index :])
        return self._edited(lambda at, old: after if at == (place.parent, place.branch) else old)

    def _edited(self, edit: Edit) -> Project:
        return self._with(layers=_rebuilt(self.layers, edit, ("", 0)))

    def _with(self, **values: Any) -> Project:
        # Not model_copy: that would carry the cached shapes of the old layers along.
        return checked(self, **values)


def checked(model: Model, **values: Any) -> Model:
    """Copy a frozen value with other fields, validated; ProblemError names field and value."""
    fields = {name: getattr(model, name) for name in type(model).model_fields}
    try:
        return type(model).model_validate(fields | values)
    except ValidationError as error:
        titles = {name: field.title or name for name, field in type(model).model_fields.items()}
        raise ProblemError(problem_of(error, titles)) from None


def walk(layers: Iterable[Layer]) -> Iterator[Layer]:
    """Give layers and all that they hold, a block before what is in it."""
    for layer in layers:
        yield layer
        for branch in layer.inner:
            yield from walk(branch)


def depth(layers: Iterable[Layer]) -> int:
    """Count how many blocks stand within each other at most."""
    inner = [branch for layer in layers if isinstance(layer, Block) for branch in layer.inner]
    return 1 + max(map(depth, inner)) if inner else 0


def free_name(kind: str, taken: Collection[str]) -> str:
    """Find the first of dense_1, dense_2 ... that is not taken."""
    number = 1
    while f"{kind}_{number}" in taken:
        number += 1
    return f"{kind}_{number}"


Edit = Callable[[tuple[str, int], Layers], Layers]
"""Gives a branch's new layers, told the block's name with the branch's number, and the old ones."""


def _rebuilt(layers: Layers, edit: Edit, at: tuple[str, int]) -> Layers:
    """Edit every branch of a tree, the innermost first: what an edit brings in stays as it is."""
    return edit(at, tuple(_with_edited(layer, edit) for layer in layers))


def _with_edited(layer: Layer, edit: Edit) -> Layer:
    if not isinstance(layer, Block):
        return layer
    branches = [
        _rebuilt(branch, edit, (layer.name, number)) for number, branch in enumerate(layer.inner)
    ]
    return layer.with_inner(branches)


def _place(layers: Layers, name: str, parent: str = "", branch: int = 0) -> Place:
    for index, layer in enumerate(layers):
        if layer.name == name:
            return Place(index, parent, branch)
    for layer in layers:
        for number, inner in enumerate(layer.inner):
            if any(each.name == name for each in walk(inner)):
                return _place(inner, name, layer.name, number)
    raise KeyError(name)


def _place_of(at: int | Place) -> Place:
    return at if isinstance(at, Place) else Place(at)


def _outermost(layers: Layers, names: Collection[str]) -> Iterator[Layer]:
    """Find layers by their names, without those that stand in one that is found."""
    for layer in layers:
        if layer.name in names:
            yield layer
        else:
            for branch in layer.inner:
                yield from _outermost(branch, names)


def _nameless(layer: Layer) -> Layer:
    """Give a layer without its name, and what it holds without theirs."""
    if isinstance(layer, Block):
        layer = layer.with_inner([[_nameless(each) for each in branch] for branch in layer.inner])
    return layer.model_copy(update={"name": ""})


def _named(layers: Layers, taken: set[str]) -> Layers:
    """Name what has no name, in reading order."""
    named = []
    for layer in layers:
        if not layer.name:
            name = free_name(layer.type, taken)
            taken.add(name)
            layer = layer.model_copy(update={"name": name})
        if isinstance(layer, Block):
            layer = layer.with_inner([_named(branch, taken) for branch in layer.inner])
        named.append(layer)
    return tuple(named)
