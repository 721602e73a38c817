"""Layers that look for the same pattern everywhere in an image, or paint it there."""

from __future__ import annotations

from math import sqrt
from typing import Any, ClassVar, Literal

from pydantic import Field

from engine.project.layers.activations import (
    ActivationName,
    activation_calls,
    keras_activated,
    with_activation,
)
from engine.project.layers.base import Shape, expect_image, expect_window
from engine.project.layers.weighted import Weighted
from engine.project.torch_call import KerasCall, TorchCall, call, keras_call

Padding = Literal["valid", "same"]


def kernel_size(default: int) -> Any:
    """Declare the side of a square filter."""
    return Field(
        default,
        ge=1,
        le=31,
        title="Kernel size",
        description="Height and width of a filter, in pixels.",
    )


def stride(default: int, description: str) -> Any:
    """Declare how far a filter moves."""
    return Field(default, ge=1, le=16, title="Stride", description=description)


def padding(description: str) -> Any:
    """Declare what happens at the image's edge."""
    return Field("valid", title="Padding", description=description)


def activation() -> Any:
    """Declare the activation."""
    return Field("relu", title="Activation", description="The function applied to each output.")


MOVES = "How far a filter moves at each step."
AROUND = (
    "valid: filters stay inside the image, which shrinks. same: zeros around the image keep its "
    "size (divided by the stride)."
)


class Conv2d(Weighted):
    """Small filters slide over the image; each gives one channel."""

    title = "Convolution 2D"
    short = "Conv 2D"
    help = "Small filters slide over the image and look for the same pattern everywhere."
    group = "Convolution"
    type: Literal["conv2d"] = "conv2d"
    filters: int = Field(
        32, ge=1, le=100_000, title="Filters", description="How many patterns: the channels out."
    )
    kernel_size: int = kernel_size(3)
    stride: int = stride(1, MOVES)
    padding: Padding = padding(AROUND)
    activation: ActivationName = activation()

    def output_shape(self, shape: Shape) -> Shape:
        return (self.filters, *windows(self, shape))

    def parameters(self, shape: Shape) -> int:
        return self.filters * (shape[0] * self.kernel_size**2 + self.bias)

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        before, options = padded(self, shape)
        options |= self.torch_bias()
        convolution = call("nn.Conv2d", shape[0], self.filters, self.kernel_size, **options)
        return {**before, "": convolution, **activation_calls(self.activation)}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        options = keras_window(self) | self.keras_fine(shape)
        return keras_activated(
            self.activation, "layers.Conv2D", self.filters, self.kernel_size, **options
        )

    def summary(self) -> str:
        return in_short(self, f"{self.filters:,}")


class DepthwiseConv2d(Weighted):
    """Each channel is filtered by itself, as the first half of MobileNet's convolutions (Howard
    et al. 2017); a 1×1 convolution is the other.
    """

    title = "Depthwise convolution"
    short = "Depthwise"
    help = (
        "Filters each channel by itself, which takes far fewer weights than a convolution. A "
        "convolution with kernel size 1 behind it mixes the channels."
    )
    group = "Convolution"
    keras_kernel: ClassVar[str] = "depthwise"
    type: Literal["depthwise_conv2d"] = "depthwise_conv2d"
    multiplier: int = Field(
        1,
        ge=1,
        le=64,
        title="Filters per channel",
        description="How many patterns are looked for in each channel.",
    )
    kernel_size: int = kernel_size(3)
    stride: int = stride(1, MOVES)
    padding: Padding = padding(AROUND)
    activation: ActivationName = activation()

    def output_shape(self, shape: Shape) -> Shape:
        return (shape[0] * self.multiplier, *windows(self, shape))

    def parameters(self, shape: Shape) -> int:
        return shape[0] * self.multiplier * (self.kernel_size**2 + self.bias)

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        before, options = padded(self, shape)
        options |= {"groups": shape[0]} | self.torch_bias()
        channels = shape[0], shape[0] * self.multiplier
        convolution = call("nn.Conv2d", *channels, self.kernel_size, **options)
        return {**before, "": convolution, **activation_calls(self.activation)}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        options = keras_window(self) | self.keras_fine(shape)
        if self.multiplier > 1:
            options = {"depth_multiplier": self.multiplier, **options}
        return keras_activated(
            self.activation, "layers.DepthwiseConv2D", self.kernel_size, **options
        )

    def keras_start(self, shape: Shape) -> str | KerasCall:
        """Say the width by its number: Keras takes each filter to read all channels."""
        reads = self.kernel_size**2
        gives = {"he": 0, "xavier": shape[0] * self.multiplier * reads}
        if self.initialisation not in gives:
            return super().keras_start(shape)
        limit = sqrt(6 / (reads + gives[self.initialisation]))
        return keras_call("keras.initializers.RandomUniform", -limit, limit)

    def summary(self) -> str:
        return in_short(self, f"{self.multiplier} a channel" if self.multiplier > 1 else "")


class ConvTranspose2d(Weighted):
    """The way back of a convolution's gradient (Zeiler et al. 2010; Dumoulin and Visin 2016)."""

    title = "Transposed convolution"
    short = "Transposed"
    help = (
        "Paints a small pattern at every pixel, as strong as the pixel is, and adds them up. With "
        "a stride of 2 or more the image grows: a convolution the other way round."
    )
    group = "Convolution"
    type: Literal["conv_transpose2d"] = "conv_transpose2d"
    filters: int = Field(
        32, ge=1, le=100_000, title="Filters", description="How many channels come out."
    )
    kernel_size: int = kernel_size(2)
    stride: int = stride(2, "How far apart neighbouring pixels' patterns lie: the growth.")
    padding: Padding = padding(
        "valid: all of every pattern stays, so the edge grows by what lies over. same: the image's "
        "size is multiplied by the stride, and what lies over it is cut off."
    )
    activation: ActivationName = activation()

    def output_shape(self, shape: Shape) -> Shape:
        _, height, width = expect_image(self.title, shape)
        return (self.filters, self._grown(height), self._grown(width))

    def parameters(self, shape: Shape) -> int:
        return self.filters * (shape[0] * self.kernel_size**2 + self.bias)

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        options: dict[str, Any] = {} if self.stride == 1 else {"stride": self.stride}
        before, behind = self._cut()
        options |= {"padding": before} if before else {}
        if self.kernel_size < self.stride:  # the last pattern does not reach the end
            options["output_padding"] = self.stride - self.kernel_size
        options |= self.torch_bias()
        layer = call("nn.ConvTranspose2d", shape[0], self.filters, self.kernel_size, **options)
        rest = before - behind  # torch cuts as much behind as before
        crop = {"crop": call("nn.ZeroPad2d", (0, rest, 0, rest))} if rest else {}
        return {"": layer, **crop, **activation_calls(self.activation)}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        options = keras_window(self) | self.keras_fine(shape)
        return keras_activated(
            self.activation, "layers.Conv2DTranspose", self.filters, self.kernel_size, **options
        )

    def summary(self) -> str:
        return in_short(self, f"{self.filters:,}")

    def _grown(self, size: int) -> int:
        """Give the output's size, as TensorFlow defines it."""
        if self.padding == "same":
            return size * self.stride
        return (size - 1) * self.stride + max(self.kernel_size, self.stride)

    def _cut(self) -> tuple[int, int]:
        """Rows that "same" cuts off before and behind; the odd one is behind."""
        over = max(self.kernel_size - self.stride, 0) if self.padding == "same" else 0
        return over // 2, over - over // 2


Sliding = Conv2d | DepthwiseConv2d


def windows(layer: Sliding, shape: Shape) -> tuple[int, int]:
    """Count the places, down and across, at which a filter reads the image."""
    _, height, width = expect_image(layer.title, shape)
    if layer.padding == "same":
        return -(-height // layer.stride), -(-width // layer.stride)
    expect_window(layer.title, shape, layer.kernel_size)
    down, across = ((size - layer.kernel_size) // layer.stride + 1 for size in (height, width))
    return down, across


def padded(layer: Sliding, shape: Shape) -> tuple[dict[str, TorchCall], dict[str, Any]]:
    """Give the module that pads before nn.Conv2d, where it can't itself, and its options."""
    options: dict[str, Any] = {} if layer.stride == 1 else {"stride": layer.stride}
    if layer.padding == "valid":
        return {}, options
    top, bottom = same_padding(shape[1], layer.kernel_size, layer.stride)
    left, right = same_padding(shape[2], layer.kernel_size, layer.stride)
    if top != bottom or left != right:
        return {"padding": call("nn.ZeroPad2d", (left, right, top, bottom))}, options
    if top or left:
        options["padding"] = top if top == left else (top, left)
    return {}, options


def same_padding(size: int, kernel_size: int, stride: int) -> tuple[int, int]:
    """Zeros before and after, as TensorFlow's "SAME" places them (the odd one goes last)."""
    steps = -(-size // stride)
    total = max((steps - 1) * stride + kernel_size - size, 0)
    return total // 2, total - total // 2


def keras_window(layer: Sliding | ConvTranspose2d) -> dict[str, Any]:
    """Give Keras' options for stride and padding, where they are not the usual."""
    options: dict[str, Any] = {} if layer.stride == 1 else {"strides": layer.stride}
    return options | ({} if layer.padding == "valid" else {"padding": layer.padding})


def in_short(layer: Sliding | ConvTranspose2d, first: str) -> str:
    """Write the main values: what comes out first, then the window, then the rest."""
    words = [first, f"{layer.kernel_size}×{layer.kernel_size}"]
    words += [f"stride {layer.stride}"] if layer.stride > 1 else []
    words += ["same"] if layer.padding == "same" else []
    text = " · ".join(word for word in words if word)
    return layer.with_fine(with_activation(text, layer.activation))
