"""Every layer type, one class each: fields, limits, help, shape rule, parameter count, torch call.

From a class here derive the palette's button, the form, tooltips, validation, JSON, shapes, the
torch module, its lines in both exported scripts and its test. Who adds a layer writes one class and
adds it to LAYER_TYPES.

Shapes are without the batch and channels first: (C, H, W) for images, (N,) for a row of numbers.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Union

from pydantic import BaseModel, ConfigDict, Field

from engine.problems import Problem, ProblemError
from engine.project.torch_call import KerasCall, TorchCall, call, keras_call

Shape = tuple[int, ...]
ActivationName = Literal["none", "relu", "sigmoid", "tanh", "softmax", "leaky_relu", "gelu", "silu"]
Group = Literal["Core", "Convolution", "Pooling", "Regularisation"]

ACTIVATION_TITLES: dict[str, str] = {
    "none": "None",
    "relu": "ReLU",
    "sigmoid": "Sigmoid",
    "tanh": "tanh",
    "softmax": "Softmax",
    "leaky_relu": "Leaky ReLU",
    "gelu": "GELU",
    "silu": "SiLU",
}

NEEDS_ROW = "{layer} needs a row of numbers, but gets {shape}. Add Flatten before it."
NEEDS_IMAGE = (
    "{layer} needs an image (channels×height×width), but gets a row of {shape} numbers. "
    "Move it above the layer that flattens the image."
)


class Layer(BaseModel):
    """One step of the network. A value: to change it, make another.

    `name` is unique within a project (conv2d_1) and names its weights; the project gives it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: ClassVar[str]
    help: ClassVar[str]
    group: ClassVar[Group]

    type: str = ""
    name: str = Field("", pattern=r"^([a-z][a-z0-9]*(_[a-z0-9]+)*_[0-9]+)?$", max_length=64)

    def output_shape(self, shape: Shape) -> Shape:
        """Say what comes out when `shape` goes in; ProblemError where it does not fit."""
        raise NotImplementedError

    def parameters(self, shape: Shape) -> int:
        """Count the trainable numbers for an input of `shape`."""
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


class Flatten(Layer):
    """(C, H, W) to (C·H·W,)."""

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


class Dense(Layer):
    """Every unit reads every input: y = activation(Wx + b)."""

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
        _row(self.title, shape)
        return (self.units,)

    def parameters(self, shape: Shape) -> int:
        return self.units * (shape[0] + 1)

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        return {"": call("nn.Linear", shape[0], self.units), **activation_calls(self.activation)}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        return keras_activated(self.activation, "layers.Dense", self.units)

    def summary(self) -> str:
        return _with_activation(f"{self.units:,}", self.activation)


class Conv2d(Layer):
    """Small filters slide over the image; each gives one channel."""

    title = "Convolution 2D"
    help = "Small filters slide over the image and look for the same pattern everywhere."
    group = "Convolution"
    type: Literal["conv2d"] = "conv2d"
    filters: int = Field(
        32, ge=1, le=100_000, title="Filters", description="How many patterns: the channels out."
    )
    kernel_size: int = Field(
        3, ge=1, le=31, title="Kernel size", description="Height and width of a filter, in pixels."
    )
    stride: int = Field(
        1, ge=1, le=16, title="Stride", description="How far a filter moves at each step."
    )
    padding: Literal["valid", "same"] = Field(
        "valid",
        title="Padding",
        description="valid: filters stay inside the image, which shrinks. same: zeros around the "
        "image keep its size (divided by the stride).",
    )
    activation: ActivationName = Field(
        "relu", title="Activation", description="The function applied to each output."
    )

    def output_shape(self, shape: Shape) -> Shape:
        _, height, width = _image(self.title, shape)
        if self.padding == "same":
            return (self.filters, -(-height // self.stride), -(-width // self.stride))
        _window(self.title, shape, self.kernel_size)
        return (self.filters, self._steps(height), self._steps(width))

    def parameters(self, shape: Shape) -> int:
        return self.filters * (shape[0] * self.kernel_size**2 + 1)

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        options: dict[str, Any] = {} if self.stride == 1 else {"stride": self.stride}
        before: dict[str, TorchCall] = {}
        if self.padding == "same":
            top, bottom = self._same_padding(shape[1])
            left, right = self._same_padding(shape[2])
            if top == bottom and left == right:
                options |= {"padding": top if top == left else (top, left)} if top or left else {}
            else:
                before = {"padding": call("nn.ZeroPad2d", (left, right, top, bottom))}
        convolution = call("nn.Conv2d", shape[0], self.filters, self.kernel_size, **options)
        return {**before, "": convolution, **activation_calls(self.activation)}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        options: dict[str, Any] = {} if self.stride == 1 else {"strides": self.stride}
        options |= {} if self.padding == "valid" else {"padding": self.padding}
        return keras_activated(
            self.activation, "layers.Conv2D", self.filters, self.kernel_size, **options
        )

    def summary(self) -> str:
        size = f"{self.filters:,} · {self.kernel_size}×{self.kernel_size}"
        stride = f" · stride {self.stride}" if self.stride > 1 else ""
        same = " · same" if self.padding == "same" else ""
        return _with_activation(size + stride + same, self.activation)

    def _steps(self, size: int) -> int:
        return (size - self.kernel_size) // self.stride + 1

    def _same_padding(self, size: int) -> tuple[int, int]:
        """Zeros before and after, as TensorFlow's "SAME" places them (the odd one goes last)."""
        steps = -(-size // self.stride)
        total = max((steps - 1) * self.stride + self.kernel_size - size, 0)
        return total // 2, total - total // 2


class _Pooling(Layer):
    """What the two window poolings share."""

    group = "Pooling"
    module: ClassVar[str]
    keras_layer: ClassVar[str]
    size: int = Field(
        2, ge=1, le=32, title="Window", description="Height and width of the window, in pixels."
    )
    stride: int = Field(
        2, ge=1, le=32, title="Stride", description="How far the window moves at each step."
    )

    def output_shape(self, shape: Shape) -> Shape:
        channels, height, width = _image(self.title, shape)
        _window(self.title, shape, self.size)
        return (
            channels,
            (height - self.size) // self.stride + 1,
            (width - self.size) // self.stride + 1,
        )

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        options = {} if self.stride == self.size else {"stride": self.stride}
        return {"": call(self.module, self.size, **options)}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        options = {} if self.stride == self.size else {"strides": self.stride}
        return {"": keras_call(self.keras_layer, self.size, **options)}

    def summary(self) -> str:
        stride = "" if self.stride == self.size else f" · stride {self.stride}"
        return f"{self.size}×{self.size}{stride}"


class MaxPool2d(_Pooling):
    """The largest value of each window."""

    title = "Max pooling"
    help = "Keeps the largest value of each window: the image shrinks, strong patterns stay."
    module = "nn.MaxPool2d"
    keras_layer = "layers.MaxPooling2D"
    type: Literal["max_pool2d"] = "max_pool2d"


class AvgPool2d(_Pooling):
    """The mean of each window."""

    title = "Average pooling"
    help = "Takes the mean of each window: the image shrinks and is smoothed."
    module = "nn.AvgPool2d"
    keras_layer = "layers.AveragePooling2D"
    type: Literal["avg_pool2d"] = "avg_pool2d"


class GlobalAvgPool(Layer):
    """(C, H, W) to (C,): the mean of each channel."""

    title = "Global average pooling"
    help = "Takes the mean of each whole channel: one number a channel, a row for Dense layers."
    group = "Pooling"
    type: Literal["global_avg_pool"] = "global_avg_pool"

    def output_shape(self, shape: Shape) -> Shape:
        return (_image(self.title, shape)[0],)

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        return {"": call("nn.AdaptiveAvgPool2d", 1), "flatten": call("nn.Flatten")}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        return {"": keras_call("layers.GlobalAveragePooling2D")}


class BatchNorm(Layer):
    """Ioffe and Szegedy 2015: y = gamma (x - mean) / sqrt(variance + epsilon) + beta."""

    title = "Batch normalisation"
    help = (
        "Brings each channel to mean 0 and deviation 1 over the batch, then scales and shifts it "
        "by two learned numbers. Training becomes steadier and often faster."
    )
    group = "Regularisation"
    type: Literal["batch_norm"] = "batch_norm"
    momentum: float = Field(
        0.1,
        gt=0,
        le=1,
        allow_inf_nan=False,
        title="Momentum",
        description="Weight of the newest batch in the running mean and variance "
        "(PyTorch's meaning; Keras writes 1 minus this).",
    )
    epsilon: float = Field(
        1e-5,
        gt=0,
        le=1,
        allow_inf_nan=False,
        title="Epsilon",
        description="A small number that keeps the division finite.",
    )

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def parameters(self, shape: Shape) -> int:
        return 2 * shape[0]

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        kind = "nn.BatchNorm2d" if len(shape) == 3 else "nn.BatchNorm1d"
        options: dict[str, Any] = {} if self.epsilon == 1e-5 else {"eps": self.epsilon}
        options |= {} if self.momentum == 0.1 else {"momentum": self.momentum}
        return {"": call(kind, shape[0], **options)}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        momentum = round(1 - self.momentum, 15)  # 1 - 0.7 is 0.30000000000000004
        return {
            "": keras_call("layers.BatchNormalization", momentum=momentum, epsilon=self.epsilon)
        }


class Dropout(Layer):
    """Srivastava et al. 2014, scaled while training so that evaluation needs no change."""

    title = "Dropout"
    help = (
        "Sets a random share of its inputs to zero while training, so that the network does not "
        "rely on any single one. Does nothing in evaluation."
    )
    group = "Regularisation"
    type: Literal["dropout"] = "dropout"
    rate: float = Field(
        0.5,
        ge=0,
        lt=1,
        allow_inf_nan=False,
        title="Rate",
        description="The share of inputs set to zero.",
    )

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        return {"": call("nn.Dropout", self.rate)}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        return {"": keras_call("layers.Dropout", self.rate)}

    def summary(self) -> str:
        return f"{100 * self.rate:.3g} %"


class Activation(Layer):
    """A function applied to every number (softmax: over the channels)."""

    title = "Activation"
    help = "Applies a function to every number. Without one, stacked layers are one linear layer."
    group = "Core"
    type: Literal["activation"] = "activation"
    function: Literal["relu", "sigmoid", "tanh", "softmax", "leaky_relu", "gelu", "silu"] = Field(
        "relu", title="Function", description="Which function."
    )

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        return {"": _ACTIVATIONS[self.function]}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        return {"": _KERAS_ACTIVATIONS[self.function]}

    def summary(self) -> str:
        return ACTIVATION_TITLES[self.function]


class Output(Layer):
    """The last layer: one score a class. It follows the data and is not the person's to edit.

    It gives logits; the softmax belongs to the loss and to the evaluation.
    """

    title = "Output"
    help = "One number for each class of the data; softmax turns them into probabilities."
    group = "Core"
    type: Literal["output"] = "output"
    name: Literal["output"] = "output"
    classes: int

    def output_shape(self, shape: Shape) -> Shape:
        _row(self.title, shape)
        return (self.classes,)

    def parameters(self, shape: Shape) -> int:
        return self.classes * (shape[0] + 1)

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        return {"": call("nn.Linear", shape[0], self.classes)}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        return {"": keras_call("layers.Dense", self.classes)}

    def summary(self) -> str:
        return f"{self.classes} classes · softmax"


LAYER_TYPES: tuple[type[Layer], ...] = (
    Dense,
    Conv2d,
    MaxPool2d,
    AvgPool2d,
    GlobalAvgPool,
    Flatten,
    Activation,
    Dropout,
    BatchNorm,
)
if TYPE_CHECKING:
    AnyLayer = Layer
else:
    AnyLayer = Annotated[Union[LAYER_TYPES], Field(discriminator="type")]  # noqa: UP007  a tuple

_ACTIVATIONS: dict[str, TorchCall] = {
    "relu": call("nn.ReLU"),
    "sigmoid": call("nn.Sigmoid"),
    "tanh": call("nn.Tanh"),
    "softmax": call("nn.Softmax", dim=1),
    "leaky_relu": call("nn.LeakyReLU", 0.01),
    "gelu": call("nn.GELU"),
    "silu": call("nn.SiLU"),
}
_KERAS_ACTIVATIONS: dict[str, KerasCall] = {
    name: keras_call("layers.Activation", name) for name in _ACTIVATIONS
} | {"leaky_relu": keras_call("layers.LeakyReLU", negative_slope=0.01)}
"""Softmax goes over the last axis, which is that of the channels in Keras."""


def activation_calls(name: ActivationName) -> dict[str, TorchCall]:
    """Give the activation as a module of its own, or nothing."""
    return {} if name == "none" else {name: _ACTIVATIONS[name]}


def keras_activated(
    name: ActivationName, target: str, *arguments: Any, **options: Any
) -> dict[str, KerasCall]:
    """Give a Keras layer with its activation: as an argument, where Keras' one is the same."""
    if name == "leaky_relu":  # by name its slope is 0.2
        return {"": keras_call(target, *arguments, **options), name: _KERAS_ACTIVATIONS[name]}
    activation = {} if name == "none" else {"activation": name}
    return {"": keras_call(target, *arguments, **options, **activation)}


def _with_activation(text: str, name: ActivationName) -> str:
    return text if name == "none" else f"{text} · {ACTIVATION_TITLES[name]}"


def _row(layer: str, shape: Shape) -> None:
    if len(shape) != 1:
        raise ProblemError(Problem(NEEDS_ROW, layer=layer, shape=shape))


def _image(layer: str, shape: Shape) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise ProblemError(Problem(NEEDS_IMAGE, layer=layer, shape=shape))
    return shape[0], shape[1], shape[2]


def _window(layer: str, shape: Shape, size: int) -> None:
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
