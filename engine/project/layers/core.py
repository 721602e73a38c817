"""The layers that every network is made of."""

from __future__ import annotations

from math import prod
from typing import Literal

from pydantic import Field

from engine.problems import Mend, Problem, ProblemError
from engine.project.layers.activations import (
    ACTIVATION_TITLES,
    KERAS_ACTIVATIONS,
    ActivationName,
    FunctionName,
    activation_calls,
    keras_activated,
    torch_activation,
    with_activation,
)
from engine.project.layers.base import (
    Layer,
    Shape,
    expect_features,
    expect_row,
    features_axis,
)
from engine.project.layers.weighted import Weighted
from engine.project.torch_call import KerasCall, TorchCall, call, keras_call


class Flatten(Layer):
    """(C, H, W) to (C·H·W,), and (T, F) to (T·F,)."""

    title = "Flatten"
    help = "Lays the pixels of all channels out in one row, so that Dense layers can read them."
    group = "Core"
    type: Literal["flatten"] = "flatten"

    def output_shape(self, shape: Shape) -> Shape:
        return (prod(shape),)

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        return {"": call("nn.Flatten")}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        return {"": keras_call("layers.Flatten")}


class Dense(Weighted):
    """Every unit reads every input: y = activation(Wx + b); of a sequence, step by step."""

    title = "Dense"
    help = "Every unit reads every input: y = activation(Wx + b)."
    group = "Core"
    type: Literal["dense"] = "dense"
    units: int = Field(
        128, ge=1, le=2_000_000_000, title="Units", description="How many numbers come out."
    )
    activation: ActivationName = Field(
        "relu", title="Activation", description="The function applied to each output."
    )

    def output_shape(self, shape: Shape) -> Shape:
        expect_features(self.title, shape)
        return (*shape[:-1], self.units)

    def parameters(self, shape: Shape) -> int:
        return self.units * (shape[-1] + self.bias)

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        linear = call("nn.Linear", shape[-1], self.units, **self.torch_bias())
        return {"": linear, **activation_calls(self.activation, axis=len(shape))}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        fine = self.keras_fine(shape)
        return keras_activated(self.activation, "layers.Dense", self.units, **fine)

    def summary(self) -> str:
        return self.with_fine(with_activation(f"{self.units:,}", self.activation))


class Activation(Layer):
    """A function applied to every number (softmax: over the channels)."""

    title = "Activation"
    help = "Applies a function to every number. Without one, stacked layers are one linear layer."
    group = "Core"
    type: Literal["activation"] = "activation"
    function: FunctionName = Field("relu", title="Function", description="Which function.")

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        return {"": torch_activation(self.function, axis=1 + features_axis(shape))}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        return {"": KERAS_ACTIVATIONS[self.function]}

    def summary(self) -> str:
        return ACTIVATION_TITLES[self.function]


class PReLU(Layer):
    """He et al. 2015: y = max(0, x) + a min(0, x), with a learned for each channel."""

    title = "PReLU"
    help = (
        "ReLU with a slope below zero that is learned, one for each channel or unit; for the steps "
        "of a sequence one in all."
    )
    group = "Core"
    type: Literal["prelu"] = "prelu"
    slope: float = Field(
        0.25,
        ge=0,
        le=1,
        allow_inf_nan=False,
        title="First slope",
        description="The slope below zero before training.",
    )

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def parameters(self, shape: Shape) -> int:
        return 1 if len(shape) == 2 else shape[0]

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        options = {} if self.slope == 0.25 else {"init": self.slope}
        return {"": call("nn.PReLU", self.parameters(shape), **options)}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        shared = {"shared_axes": (1, 2)} if len(shape) > 1 else {}
        first = keras_call("keras.initializers.Constant", self.slope)
        return {"": keras_call("layers.PReLU", alpha_initializer=first, **shared)}

    def summary(self) -> str:
        return "" if self.slope == 0.25 else f"from {self.slope:g}"


class Reshape(Layer):
    """Any shape to (C, H, W) of as many numbers, channel by channel, or step by step."""

    title = "Reshape"
    help = "Lays its numbers out as an image: the way back from Dense layers to convolutions."
    group = "Core"
    type: Literal["reshape"] = "reshape"
    channels: int = Field(
        1, ge=1, le=100_000, title="Channels", description="How many channels come out."
    )
    height: int = Field(8, ge=1, le=10_000, title="Height", description="In pixels.")
    width: int = Field(8, ge=1, le=10_000, title="Width", description="In pixels.")

    def output_shape(self, shape: Shape) -> Shape:
        wanted = (self.channels, self.height, self.width)
        if prod(shape) != prod(wanted):
            raise ProblemError(self._unlike(wanted, prod(shape)))
        return wanted

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        before = {"flatten": call("nn.Flatten")} if len(shape) > 1 else {}
        return {**before, "": call("nn.Unflatten", 1, self.output_shape(shape))}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        """Bring the channels to the front and back, so that the numbers keep their order."""
        before = {"first": keras_call("layers.Permute", (3, 1, 2))} if len(shape) == 3 else {}
        laid_out = keras_call("layers.Reshape", self.output_shape(shape))
        return {**before, "image": laid_out, "": keras_call("layers.Permute", (2, 3, 1))}

    def summary(self) -> str:
        return f"{self.channels:,}×{self.height:,}×{self.width:,}"

    def _unlike(self, wanted: Shape, given: int) -> Problem:
        channels, rest = divmod(given, self.height * self.width)
        mend = Mend(
            f"Set the channels to {channels}",
            lambda project: project.set_layer(self.name, channels=channels),
        )
        return Problem(
            "{layer} needs {wanted} numbers for an image of {out}, but gets {given}. Choose sizes "
            "whose product is {given}.",
            mend=None if rest else mend,
            layer=self.title,
            wanted=prod(wanted),
            out=wanted,
            given=given,
        )


class Output(Layer):
    """The last layer: one score a class. It follows the data and is not the person's to edit.

    It gives logits; the softmax belongs to the loss and to the evaluation.
    """

    title = "Output"
    help = "One number for each class of the data; softmax turns them into probabilities."
    group = "Core"
    not_settings = Layer.not_settings | {"classes"}
    type: Literal["output"] = "output"
    name: Literal["output"] = "output"
    classes: int

    def output_shape(self, shape: Shape) -> Shape:
        expect_row(self.title, shape)
        return (self.classes,)

    def parameters(self, shape: Shape) -> int:
        return self.classes * (shape[0] + 1)

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        return {"": call("nn.Linear", shape[0], self.classes)}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        return {"": keras_call("layers.Dense", self.classes)}

    def summary(self) -> str:
        return f"{self.classes} classes · softmax"
