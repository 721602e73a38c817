"""Layers that make an image smaller or larger, without anything to learn."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from engine.project.layers.base import Layer, Shape, expect_image, expect_window
from engine.project.torch_call import KerasCall, TorchCall, call, keras_call


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
        channels, height, width = expect_image(self.title, shape)
        expect_window(self.title, shape, self.size)
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
    short = "Max pool"
    help = "Keeps the largest value of each window: the image shrinks, strong patterns stay."
    module = "nn.MaxPool2d"
    keras_layer = "layers.MaxPooling2D"
    type: Literal["max_pool2d"] = "max_pool2d"


class AvgPool2d(_Pooling):
    """The mean of each window."""

    title = "Average pooling"
    short = "Avg pool"
    help = "Takes the mean of each window: the image shrinks and is smoothed."
    module = "nn.AvgPool2d"
    keras_layer = "layers.AveragePooling2D"
    type: Literal["avg_pool2d"] = "avg_pool2d"


class GlobalAvgPool(Layer):
    """(C, H, W) to (C,): the mean of each channel; (T, F) to (F,): of each feature over steps."""

    title = "Global average pooling"
    short = "Global avg"
    help = (
        "Takes the mean of each whole channel: one number a channel, a row for Dense layers. Of a "
        "sequence, the mean of each feature over all steps."
    )
    group = "Pooling"
    type: Literal["global_avg_pool"] = "global_avg_pool"

    def output_shape(self, shape: Shape) -> Shape:
        if len(shape) == 2:
            return shape[1:]
        return (expect_image(self.title, shape)[0],)

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        if len(shape) == 2:
            return {"": call("MeanOfSteps")}
        return {"": call("nn.AdaptiveAvgPool2d", 1), "flatten": call("nn.Flatten")}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        axes = "1D" if len(shape) == 2 else "2D"
        return {"": keras_call(f"layers.GlobalAveragePooling{axes}")}


class AdaptiveAvgPool2d(Layer):
    """The mean of windows that lie so that a given size comes out. Row i of H' covers the rows
    from floor(i H / H') to before ceil((i + 1) H / H').
    """

    title = "Adaptive average pooling"
    short = "Adaptive avg"
    help = (
        "Takes means so that an image of a chosen size comes out, whatever the size that comes in."
    )
    group = "Pooling"
    type: Literal["adaptive_avg_pool2d"] = "adaptive_avg_pool2d"
    size: int = Field(
        4, ge=1, le=64, title="Size", description="Height and width of what comes out, in pixels."
    )

    def output_shape(self, shape: Shape) -> Shape:
        return (expect_image(self.title, shape)[0], self.size, self.size)

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        return {"": call("nn.AdaptiveAvgPool2d", self.size)}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        return {"": keras_call("layers.AdaptiveAveragePooling2D", self.size)}

    def summary(self) -> str:
        return f"to {self.size}×{self.size}"


class UpSampling2d(Layer):
    """Each pixel becomes a square of them; bilinear: pixels are squares, and values stand in their
    middles.
    """

    title = "Upsampling"
    help = "Makes the image larger, by repeating pixels or by shading from one to the next."
    group = "Pooling"
    type: Literal["up_sampling2d"] = "up_sampling2d"
    factor: int = Field(
        2, ge=1, le=16, title="Factor", description="How many times as high and wide it becomes."
    )
    method: Literal["nearest", "bilinear"] = Field(
        "nearest",
        title="Method",
        description="nearest: each pixel is repeated. bilinear: shades from pixel to pixel.",
    )

    def output_shape(self, shape: Shape) -> Shape:
        channels, height, width = expect_image(self.title, shape)
        return (channels, height * self.factor, width * self.factor)

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        mode = {} if self.method == "nearest" else {"mode": self.method}
        return {"": call("nn.Upsample", scale_factor=self.factor, **mode)}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        mode = {} if self.method == "nearest" else {"interpolation": self.method}
        return {"": keras_call("layers.UpSampling2D", self.factor, **mode)}

    def summary(self) -> str:
        return f"×{self.factor} · {self.method}"
