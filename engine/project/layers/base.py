"""What every layer type declares, and how a shape is followed through layers, without torch.

Shapes are without the batch and channels first: (C, H, W) for images, (T, F) for sequences of T
steps with F features each, (N,) for a row of numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from engine.problems import Problem, ProblemError
from engine.project.torch_call import KerasCall, Stack, TorchCall

Shape = tuple[int, ...]
Group = Literal["Core", "Convolution", "Pooling", "Regularisation", "Sequence", "Block"]

NEEDS_ROW = "{layer} needs a row of numbers, but gets {shape}. Add Flatten before it."
NEEDS_IMAGE = (
    "{layer} needs an image (channels×height×width), but gets a row of {shape} numbers. "
    "Move it above the layer that flattens the image."
)
NEEDS_ROW_NOT_STEPS = (
    "{layer} needs a row of numbers, but gets a sequence of {shape} (steps×features). Add Flatten "
    "or Global average pooling before it."
)
NEEDS_IMAGE_NOT_STEPS = (
    "{layer} needs an image (channels×height×width), but gets a sequence of {shape} "
    "(steps×features). Move it above the layer that makes steps of the image."
)
NEEDS_STEPS_NOT_IMAGE = (
    "{layer} reads a sequence step by step, but gets an image of {shape}. Add Rows as steps before "
    "it, which makes each row of pixels a step."
)
NEEDS_STEPS_NOT_ROW = (
    "{layer} reads a sequence step by step, but gets a row of {shape} numbers. Move it above the "
    "layer that ends the sequence, or let that one give every step."
)
NO_STEPS = (
    "{layer} takes images and rows of numbers, but gets a sequence of {shape} (steps×features). "
    "Take Layer normalisation instead."
)


class Layer(BaseModel):
    """One step of the network. A value: to change it, make another.

    `name` is unique within a project (conv2d_1) and names its weights; the project gives it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: ClassVar[str]
    short: ClassVar[str] = ""
    """The title where there is little room, if that is another one."""
    help: ClassVar[str]
    group: ClassVar[Group]
    not_settings: ClassVar[frozenset[str]] = frozenset({"type", "name"})
    fine: ClassVar[tuple[str, ...]] = ()
    """Settings that few need: last in a form, in a file only where they are not the usual."""

    type: str = ""
    name: str = Field("", pattern=r"^([a-z][a-z0-9]*(_[a-z0-9]+)*_[0-9]+)?$", max_length=64)

    @classmethod
    def short_title(cls) -> str:
        """Give the title for where there is little room."""
        return cls.short or cls.title

    @classmethod
    def settings(cls) -> tuple[str, ...]:
        """Name the fields that a person sets, in their order, the fine ones last."""
        passed = cls.not_settings.union(cls.fine)
        return (*(name for name in cls.model_fields if name not in passed), *cls.fine)

    @property
    def inner(self) -> tuple[tuple[Layer, ...], ...]:
        """The layers that this one holds, branch by branch; only a block holds any."""
        return ()

    @property
    def learns(self) -> bool:
        """Whether training moves its own weights, if it has any."""
        return True

    def output_shape(self, shape: Shape) -> Shape:
        """Say what comes out when `shape` goes in; ProblemError where it does not fit."""
        raise NotImplementedError

    def parameters(self, shape: Shape) -> int:
        """Count the weights for an input of `shape`."""
        del shape
        return 0

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        """Give the torch modules in their order. The key is a suffix of the module's name: "" for
        the one that holds the weights.
        """
        raise NotImplementedError

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        """Give the Keras layers that do the same, for the exported script; keys as above.

        Keras' shapes have the channels last; `shape` has them first, as everywhere here.
        ProblemError where Keras has no such layer.
        """
        del shape
        raise ProblemError(
            Problem(
                "{layer} ({name}) can't be written in Keras. Export to PyTorch, or remove it.",
                where=self.name,
                layer=self.title,
                name=self.name,
            )
        )

    def part_name(self, suffix: str) -> str:
        """Name a module: conv2d_1 holds the weights, conv2d_1_relu follows it."""
        return f"{self.name}_{suffix}" if suffix else self.name

    def summary(self) -> str:
        """Write the main values in a few words, for the card."""
        return ""

    @model_serializer(mode="wrap")
    def _written(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out the fine settings that are the usual ones, and write the others last."""
        content: dict[str, Any] = write(self)
        usual = type(self).model_fields
        fine = {name: content.pop(name) for name in self.fine if name in content}
        return content | {n: value for n, value in fine.items() if value != usual[n].default}

    def traced(self, shape: Shape, path: str = "") -> Traced:
        """Follow a shape through this layer; `path` leads to where its modules stand."""
        try:
            out, count = self.output_shape(shape), self.parameters(shape)
        except ProblemError as error:
            return Traced(self, shape, problem=error.problem.at(self.name), path=path)
        return Traced(self, shape, out, count, path=path)


@dataclass(frozen=True)
class Traced:
    """A layer with what goes in and what comes out; None below the first layer that is wrong.

    `parameters` takes in those of the layers that it holds, which are `inner`, branch by branch.
    `path` is what comes before its modules' names in the network: "" or "residual_1.body.".
    """

    layer: Layer
    input_shape: Shape | None = None
    output_shape: Shape | None = None
    parameters: int | None = None
    problem: Problem | None = None
    inner: tuple[tuple[Traced, ...], ...] = ()
    path: str = ""

    @property
    def trainable(self) -> int | None:
        """Those of the parameters that training moves."""
        if self.parameters is None:
            return None
        return self.parameters - sum(
            row.parameters or 0 for row in self.walk() if not row.layer.learns
        )

    def walk(self) -> Iterator[Traced]:
        """Give this and all that it holds, as one reads them."""
        yield self
        for branch in self.inner:
            for row in branch:
                yield from row.walk()

    def module_calls(self) -> dict[str, TorchCall]:
        """Give the modules that make this layer, by their names in the network.

        Raises:
            ProblemError: it, or what it holds, does not fit.
        """
        if self.problem is not None:
            raise ProblemError(self.problem)
        assert self.input_shape is not None  # the first wrong layer has raised already
        calls = self.layer.torch_calls(self.input_shape)
        return {self.layer.part_name(suffix): call for suffix, call in calls.items()}


def trace(layers: Iterable[Layer], shape: Shape, path: str = "") -> tuple[Traced, ...]:
    """Follow the shape of one image through the layers, up to the first that does not fit."""
    rows: list[Traced] = []
    reached: Shape | None = shape
    for layer in layers:
        row = untraced(layer, path) if reached is None else layer.traced(reached, path)
        reached = row.output_shape
        rows.append(row)
    return tuple(rows)


def untraced(layer: Layer, path: str = "") -> Traced:
    """Give a layer whose shapes nobody knows, with all that it holds."""
    inner = tuple(tuple(untraced(each) for each in branch) for branch in layer.inner)
    return Traced(layer, inner=inner, path=path)


def stack(rows: Iterable[Traced]) -> Stack:
    """Give layers that follow each other as one call; ProblemError where one does not fit."""
    calls = {name: call for row in rows for name, call in row.module_calls().items()}
    return Stack(calls)


def expect_row(layer: str, shape: Shape) -> None:
    """Raise a ProblemError where `shape` is no row of numbers."""
    if len(shape) != 1:
        needs = NEEDS_ROW_NOT_STEPS if len(shape) == 2 else NEEDS_ROW
        raise ProblemError(Problem(needs, layer=layer, shape=shape))


def expect_features(layer: str, shape: Shape) -> int:
    """Give the numbers of a row, or of each step; ProblemError where `shape` is an image."""
    if len(shape) == 3:
        raise ProblemError(Problem(NEEDS_ROW, layer=layer, shape=shape))
    return shape[-1]


def expect_steps(layer: str, shape: Shape) -> tuple[int, int]:
    """Give steps and features; ProblemError where `shape` is no sequence."""
    if len(shape) != 2:
        needs = NEEDS_STEPS_NOT_ROW if len(shape) == 1 else NEEDS_STEPS_NOT_IMAGE
        raise ProblemError(Problem(needs, layer=layer, shape=shape))
    return shape[0], shape[1]


def expect_no_steps(layer: str, shape: Shape) -> None:
    """Raise a ProblemError where `shape` is a sequence."""
    if len(shape) == 2:
        raise ProblemError(Problem(NO_STEPS, layer=layer, shape=shape))


def expect_image(layer: str, shape: Shape) -> tuple[int, int, int]:
    """Give channels, height and width; ProblemError where `shape` is no image."""
    if len(shape) != 3:
        needs = NEEDS_IMAGE_NOT_STEPS if len(shape) == 2 else NEEDS_IMAGE
        raise ProblemError(Problem(needs, layer=layer, shape=shape))
    return shape[0], shape[1], shape[2]


def features_axis(shape: Shape) -> int:
    """Tell the axis of the channels or features: the first of an image, the last of others."""
    return 0 if len(shape) == 3 else len(shape) - 1


def expect_window(layer: str, shape: Shape, size: int) -> None:
    """Raise a ProblemError where an image is smaller than a square window."""
    if min(shape[1:]) < size:
        raise ProblemError(
            Problem(
                "{layer} looks at windows of {window} pixels, but gets an image of only {image}. "
                "Make the window smaller or remove a layer that shrinks the image.",
                layer=layer,
                window=(size, size),
                image=shape[1:],
            )
        )
