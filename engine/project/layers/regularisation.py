"""Layers that keep the network from learning by heart."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from engine.project.layers.base import Layer, Shape, expect_image
from engine.project.torch_call import KerasCall, TorchCall, call, keras_call


def rate(description: str) -> Any:
    """Declare the share that is dropped."""
    return Field(0.5, ge=0, lt=1, allow_inf_nan=False, title="Rate", description=description)


class Dropout(Layer):
    """Srivastava et al. 2014, scaled while training so that evaluation needs no change."""

    title = "Dropout"
    help = (
        "Sets a random share of its inputs to zero while training, so that the network does not "
        "rely on any single one. Does nothing in evaluation."
    )
    group = "Regularisation"
    type: Literal["dropout"] = "dropout"
    rate: float = rate("The share of inputs set to zero.")

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        return {"": call("nn.Dropout", self.rate)}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        return {"": keras_call("layers.Dropout", self.rate)}

    def summary(self) -> str:
        return f"{100 * self.rate:.3g} %"


class SpatialDropout2d(Layer):
    """Tompson et al. 2015: whole channels are dropped, since neighbouring pixels say the same."""

    title = "Spatial dropout"
    short = "Spatial drop"
    help = (
        "Sets a random share of the channels to zero while training, each as a whole: dropping "
        "single pixels helps little where their neighbours tell the same."
    )
    group = "Regularisation"
    type: Literal["spatial_dropout2d"] = "spatial_dropout2d"
    rate: float = rate("The share of channels set to zero.")

    def output_shape(self, shape: Shape) -> Shape:
        expect_image(self.title, shape)
        return shape

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        return {"": call("nn.Dropout2d", self.rate)}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        return {"": keras_call("layers.SpatialDropout2D", self.rate)}

    def summary(self) -> str:
        return f"{100 * self.rate:.3g} %"
