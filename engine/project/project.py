"""The Project: what the person built, as one frozen value with the edits that make another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.problems import ProblemError, problem_of
from engine.project.layers import AnyLayer, Layer, Output, Shape
from engine.project.shapes import Traced, trace
from engine.project.sources import Data
from engine.project.training import Training

Model = TypeVar("Model", bound=BaseModel)
MAX_LAYERS = 1000


class Project(BaseModel):
    """Data, layers and training settings. Every edit returns a new Project."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field("", max_length=200)
    about: str = Field("", max_length=2000, description="What it shows or teaches, in a line.")
    data: Data = Field(default_factory=Data)
    layers: tuple[AnyLayer, ...] = Field((), max_length=MAX_LAYERS)
    training: Training = Field(default_factory=Training)

    @model_validator(mode="before")
    @classmethod
    def _name_layers(cls, values: Any) -> Any:
        """Give a name to each layer that comes without one, so that every layer has one."""
        layers = values.get("layers") if isinstance(values, dict) else None
        if isinstance(layers, list | tuple) and len(layers) <= MAX_LAYERS:
            return values | {"layers": _with_names(layers)}
        return values

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        counts = Counter(layer.name for layer in self.layers)
        for name, count in counts.items():
            if count > 1:
                raise ValueError(f"Two layers are named {name}; give each a name of its own")
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
        """The number of trainable weights, or None while a shape does not fit."""
        counts = [row.parameters for row in self.traced]
        return None if None in counts else sum(count for count in counts if count)

    def index(self, name: str) -> int:
        """Find a layer by its name; KeyError where there is none."""
        for index, layer in enumerate(self.layers):
            if layer.name == name:
                return index
        raise KeyError(name)

    def layer(self, name: str) -> Layer:
        """Get a layer by its name; KeyError where there is none."""
        return self.layers[self.index(name)]

    def insert(self, index: int, *layers: Layer) -> Project:
        """Put layers in at a place, each under a name that is free. They keep their order."""
        nameless = [layer.model_copy(update={"name": ""}) for layer in layers]
        return self._with_layers([*self.layers[:index], *nameless, *self.layers[index:]])

    def remove(self, names: Collection[str]) -> Project:
        """Take layers away."""
        return self._with_layers(layer for layer in self.layers if layer.name not in names)

    def move(self, names: Collection[str], index: int) -> Project:
        """Bring layers together in front of place `index`, counted before they are taken out."""
        moved = [layer for layer in self.layers if layer.name in names]
        before = [layer for layer in self.layers[:index] if layer.name not in names]
        after = [layer for layer in self.layers[index:] if layer.name not in names]
        return self._with_layers([*before, *moved, *after])

    def set_layer(self, name: str, **values: Any) -> Project:
        """Change fields of a layer; ProblemError with a sentence where a value is out of range."""
        index = self.index(name)
        changed = checked(self.layers[index], **values)
        return self._with_layers([*self.layers[:index], changed, *self.layers[index + 1 :]])

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

    def _with_layers(self, layers: Iterable[Layer]) -> Project:
        return self._with(layers=tuple(layers))

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


def free_name(kind: str, taken: Collection[str]) -> str:
    """Find the first of dense_1, dense_2 ... that is not taken."""
    number = 1
    while f"{kind}_{number}" in taken:
        number += 1
    return f"{kind}_{number}"


def _with_names(layers: Sequence[Any]) -> list[Any]:
    """Name what has no name. Layers may be dicts of a file, not checked yet."""
    taken = {name for layer in layers if isinstance(name := _get(layer, "name"), str)}
    named = []
    for layer in layers:
        kind = _get(layer, "type")
        if isinstance(kind, str) and not _get(layer, "name"):
            name = free_name(kind, taken)
            taken.add(name)
            layer = _renamed(layer, name)
        named.append(layer)
    return named


def _get(layer: Any, field: str) -> Any:
    return layer.get(field) if isinstance(layer, dict) else getattr(layer, field, None)


def _renamed(layer: Any, name: str) -> Any:
    update = {"name": name}
    return layer | update if isinstance(layer, dict) else layer.model_copy(update=update)
