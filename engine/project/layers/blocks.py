"""Layers that hold layers: the project is a tree."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field

from engine.problems import Problem, ProblemError, shown
from engine.project.layers.activations import (
    ActivationName,
    activation_calls,
    keras_activation_calls,
    with_activation,
)
from engine.project.layers.base import Layer, Shape, Traced, features_axis, stack, trace
from engine.project.torch_call import KerasCall, Stack, TorchCall, call, keras_call

if TYPE_CHECKING:
    from engine.project.layers import AnyLayer

MOST_BRANCHES = 8
LARGEST_STRIDE = 16  # of a shortcut that shrinks the image
IMAGE = 3  # axes: channels, height, width


class Block(Layer):
    """A layer that gives what it gets to branches of layers, and joins what they make of it."""

    group = "Block"
    not_settings: ClassVar[frozenset[str]] = Layer.not_settings | {"layers", "branches"}

    @abstractmethod
    def with_inner(self, inner: Sequence[Sequence[Layer]]) -> Self:
        """Give this block with other layers in its branches."""

    @abstractmethod
    def branch_path(self, branch: int) -> str:
        """Name the module that holds a branch, within the block's own module."""

    @abstractmethod
    def joined_shape(self, shape: Shape, outputs: Sequence[Shape]) -> Shape:
        """Say what the branches' outputs give together; ProblemError where they don't fit."""

    @abstractmethod
    def own_parameters(self, shape: Shape, outputs: Sequence[Shape]) -> int:
        """Count the trainable numbers that none of the inner layers has."""

    @abstractmethod
    def keras_shortcut(self, shape: Shape) -> dict[str, KerasCall] | None:
        """Give the Keras layers of a further way, from the input straight to the joint, or None
        where there is no such way.
        """

    @abstractmethod
    def keras_joint(self) -> dict[str, KerasCall]:
        """Give the Keras layers that take the ends of all ways; the first joins them."""

    def traced_inner(self, shape: Shape, path: str = "") -> tuple[tuple[Traced, ...], ...]:
        """Follow the input's shape through each branch."""
        return tuple(
            trace(branch, shape, f"{path}{self.name}.{self.branch_path(number)}.")
            for number, branch in enumerate(self.inner)
        )

    def traced(self, shape: Shape, path: str = "") -> Traced:
        """Follow a shape through the branches and their joint."""
        inner = self.traced_inner(shape, path)
        if any(row.output_shape is None for branch in inner for row in branch):
            return Traced(self, shape, inner=inner, path=path)  # which say themselves what is wrong
        outputs = _ends(inner, shape)
        try:
            out = self.joined_shape(shape, outputs)
        except ProblemError as error:
            problem = error.problem.at(self.name)
            return Traced(self, shape, problem=problem, inner=inner, path=path)
        held = sum(row.parameters or 0 for branch in inner for row in branch)
        count = held + self.own_parameters(shape, outputs)
        return Traced(self, shape, out, count, inner=inner, path=path)

    def output_shape(self, shape: Shape) -> Shape:
        return self.joined_shape(shape, self.outputs(shape))

    def parameters(self, shape: Shape) -> int:
        return self.traced(shape).parameters or 0

    def outputs(self, shape: Shape) -> list[Shape]:
        """Give each branch's output; ProblemError where something inside does not fit."""
        inner = self.traced_inner(shape)
        for row in (row for branch in inner for top in branch for row in top.walk()):
            if row.problem is not None:
                raise ProblemError(row.problem)
        return _ends(inner, shape)

    def stacks(self, shape: Shape) -> list[Stack]:
        """Give each branch as one torch call."""
        return [stack(branch) for branch in self.traced_inner(shape)]


class Residual(Block):
    """activation(layers(x) + x), He et al. 2015."""

    title = "Residual block"
    short = "Residual"
    help = (
        "Adds what comes in to what the layers inside make of it, so that they have only the "
        "difference to learn: deep networks train as easily as shallow ones. Where the shapes "
        "differ, a 1×1 convolution brings the input to the new one."
    )
    type: Literal["residual"] = "residual"
    layers: tuple[AnyLayer, ...] = Field((), title="Layers")
    activation: ActivationName = Field(
        "relu", title="Activation", description="The function applied to the sum."
    )

    @property
    def inner(self) -> tuple[tuple[Layer, ...], ...]:
        return (self.layers,)

    def with_inner(self, inner: Sequence[Sequence[Layer]]) -> Self:
        return self.model_copy(update={"layers": tuple(inner[0])})

    def branch_path(self, branch: int) -> str:
        return "body"

    def joined_shape(self, shape: Shape, outputs: Sequence[Shape]) -> Shape:
        if not self.layers:
            raise ProblemError("{layer} is empty: put layers into it.", layer=self.title)
        self._shortcut(shape, outputs[0])
        return outputs[0]

    def own_parameters(self, shape: Shape, outputs: Sequence[Shape]) -> int:
        if outputs[0] == shape:
            return 0
        axis = features_axis(shape)
        return (shape[axis] + 1) * outputs[0][axis]

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        shortcut = self._shortcut(shape, self.outputs(shape)[0])
        options = {"shortcut": shortcut} if shortcut else {}
        block = call("Residual", *self.stacks(shape), **options)
        axis = 1 + features_axis(shape)
        return {"": block, **activation_calls(self.activation, axis)}

    def keras_shortcut(self, shape: Shape) -> dict[str, KerasCall]:
        out = self.outputs(shape)[0]
        if out == shape:
            return {}
        if len(shape) < IMAGE:
            return {"shortcut": keras_call("layers.Dense", out[-1])}
        stride = _stride(shape, out)
        options = {} if stride == 1 else {"strides": stride}
        return {"shortcut": keras_call("layers.Conv2D", out[0], 1, **options)}

    def keras_joint(self) -> dict[str, KerasCall]:
        return {"": keras_call("layers.Add"), **keras_activation_calls(self.activation)}

    def summary(self) -> str:
        return with_activation("input + layers", self.activation)

    def _shortcut(self, shape: Shape, out: Shape) -> TorchCall | None:
        """Give what brings the input to the output's shape; None where it has it already."""
        if out == shape:
            return None
        if len(out) == len(shape) < IMAGE and out[:-1] == shape[:-1]:
            return call("nn.Linear", shape[-1], out[-1])
        stride = _stride(shape, out)
        if not stride:
            raise ProblemError(
                Problem(
                    "{layer} adds its input, {shape}, to what its layers give, {out}, and these "
                    "can't be brought together. Let the layers inside keep the image's size "
                    '(padding "same"), or shrink it by a stride; or keep every step of a sequence.',
                    layer=self.title,
                    shape=shape,
                    out=out,
                )
            )
        options = {} if stride == 1 else {"stride": stride}
        return call("nn.Conv2d", shape[0], out[0], 1, **options)


def _ends(inner: Iterable[Sequence[Traced]], shape: Shape) -> list[Shape]:
    """Give the branches' outputs; that of an empty one is the input."""
    return [(branch[-1].output_shape if branch else shape) or shape for branch in inner]


def _stride(shape: Shape, out: Shape) -> int:
    """Find the step by which a 1×1 convolution shrinks an image to another's size, 0 if none."""
    if len(shape) != IMAGE or len(out) != IMAGE:
        return 0
    for stride in range(1, LARGEST_STRIDE + 1):
        if tuple(-(-size // stride) for size in shape[1:]) == out[1:]:
            return stride
    return 0


class Parallel(Block):
    """Branches side by side, as in Szegedy et al. 2015."""

    title = "Parallel block"
    short = "Parallel"
    help = (
        "Gives its input to several branches of layers at once and joins what they give: side by "
        "side as more channels, or added up. So one step can look at small and large patterns."
    )
    type: Literal["parallel"] = "parallel"
    branches: tuple[tuple[AnyLayer, ...], ...] = Field(
        ((), ()), min_length=1, max_length=MOST_BRANCHES, title="Branches"
    )
    join: Literal["concatenate", "add"] = Field(
        "concatenate",
        title="Join",
        description="concatenate: the branches' channels side by side; they must agree in height "
        "and width. add: their sum; they must agree in everything.",
    )

    @property
    def inner(self) -> tuple[tuple[Layer, ...], ...]:
        return self.branches

    def with_inner(self, inner: Sequence[Sequence[Layer]]) -> Self:
        return self.model_copy(update={"branches": tuple(tuple(branch) for branch in inner)})

    def branch_path(self, branch: int) -> str:
        return str(branch)

    def joined_shape(self, shape: Shape, outputs: Sequence[Shape]) -> Shape:
        axis = features_axis(outputs[0])
        if self.join == "add":
            if len(set(outputs)) > 1:
                raise self._unlike("add up", outputs)
            return outputs[0]
        if len({(*out[:axis], *out[axis + 1 :]) for out in outputs}) > 1 or (
            len({len(out) for out in outputs}) > 1
        ):
            raise self._unlike("lie side by side", outputs)
        first = outputs[0]
        return (*first[:axis], sum(out[axis] for out in outputs), *first[axis + 1 :])

    def own_parameters(self, shape: Shape, outputs: Sequence[Shape]) -> int:
        return 0

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        branches = [each if each.calls else call("nn.Identity") for each in self.stacks(shape)]
        if self.join == "add":
            return {"": call("Add", *branches)}
        axis = 1 + features_axis(self.outputs(shape)[0])
        return {"": call("Concatenate", *branches, **({} if axis == 1 else {"dim": axis}))}

    def keras_shortcut(self, shape: Shape) -> None:
        return None

    def keras_joint(self) -> dict[str, KerasCall]:
        return {"": keras_call("layers.Add" if self.join == "add" else "layers.Concatenate")}

    def summary(self) -> str:
        count = len(self.branches)
        return f"{count} {'branch' if count == 1 else 'branches'} · {self.join}"

    def _unlike(self, deed: str, outputs: Sequence[Shape]) -> ProblemError:
        return ProblemError(
            Problem(
                "The branches of {layer} give {outputs}, which can't {deed}. Let them agree "
                '(padding "same" and equal strides keep the image\'s size).',
                layer=self.title,
                outputs=" and ".join(map(shown, outputs)),
                deed=deed,
            )
        )
