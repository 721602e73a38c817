"""Layers that bring what they get to mean 0 and deviation 1, which steadies the training."""

from __future__ import annotations

from math import prod
from typing import Any, Literal

from pydantic import Field

from engine.problems import Mend, Problem, ProblemError
from engine.project.layers.base import Layer, Shape, expect_image, expect_no_steps
from engine.project.torch_call import KerasCall, TorchCall, call, keras_call

IMAGE = 3  # axes: channels, height, width


def epsilon() -> Any:
    """Declare what is added to the variance."""
    return Field(
        1e-5,
        gt=0,
        le=1,
        allow_inf_nan=False,
        title="Epsilon",
        description="A small number that keeps the division finite.",
    )


def torch_epsilon(value: float) -> dict[str, Any]:
    """Give torch's option, where it is not the usual; Keras' usual one is 0.001."""
    return {} if value == 1e-5 else {"eps": value}


class BatchNorm(Layer):
    """Ioffe and Szegedy 2015: y = gamma (x - mean) / sqrt(variance + epsilon) + beta."""

    title = "Batch normalisation"
    short = "Batch norm"
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
    epsilon: float = epsilon()

    def output_shape(self, shape: Shape) -> Shape:
        expect_no_steps(self.title, shape)
        return shape

    def parameters(self, shape: Shape) -> int:
        return 2 * shape[0]

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        kind = "nn.BatchNorm2d" if len(shape) == 3 else "nn.BatchNorm1d"
        options = torch_epsilon(self.epsilon)
        options |= {} if self.momentum == 0.1 else {"momentum": self.momentum}
        return {"": call(kind, shape[0], **options)}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        momentum = round(1 - self.momentum, 15)  # 1 - 0.7 is 0.30000000000000004
        return {
            "": keras_call("layers.BatchNormalization", momentum=momentum, epsilon=self.epsilon)
        }


class LayerNorm(Layer):
    """Ba et al. 2016: as batch normalisation, but over the numbers of one image alone."""

    title = "Layer normalisation"
    short = "Layer norm"
    help = (
        "Brings all numbers of one image, or of one step of a sequence, to mean 0 and deviation 1, "
        "then scales and shifts each by two learned numbers. Other images of the batch play no "
        "part, so it does the same in training and in evaluation."
    )
    group = "Regularisation"
    type: Literal["layer_norm"] = "layer_norm"
    epsilon: float = epsilon()

    def output_shape(self, shape: Shape) -> Shape:
        return shape

    def parameters(self, shape: Shape) -> int:
        return 2 * prod(self._normalised(shape))

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        sizes = self._normalised(shape)
        sized = sizes if len(sizes) > 1 else sizes[0]
        return {"": call("nn.LayerNorm", sized, **torch_epsilon(self.epsilon))}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        options: dict[str, Any] = {"axis": (1, 2, 3)} if len(shape) == IMAGE else {}
        return {"": keras_call("layers.LayerNormalization", **options, epsilon=self.epsilon)}

    def _normalised(self, shape: Shape) -> Shape:
        """Give the last axes, over which mean and deviation are taken."""
        return shape if len(shape) == IMAGE else shape[-1:]


class GroupNorm(Layer):
    """Wu and He 2018: between layer normalisation (one group) and each channel by itself."""

    title = "Group normalisation"
    short = "Group norm"
    help = (
        "Brings each group of channels of one image to mean 0 and deviation 1, then scales and "
        "shifts each channel by two learned numbers. It does not depend on the batch, so that it "
        "suits small ones."
    )
    group = "Regularisation"
    type: Literal["group_norm"] = "group_norm"
    groups: int = Field(
        8,
        ge=1,
        le=100_000,
        title="Groups",
        description="Into how many groups of equal size the channels are divided.",
    )
    epsilon: float = epsilon()

    def output_shape(self, shape: Shape) -> Shape:
        channels, _, _ = expect_image(self.title, shape)
        if channels % self.groups:
            raise ProblemError(self._uneven(channels))
        return shape

    def parameters(self, shape: Shape) -> int:
        return 2 * shape[0]

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        options = torch_epsilon(self.epsilon)
        return {"": call("nn.GroupNorm", self.groups, shape[0], **options)}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        options = {"epsilon": self.epsilon}
        return {"": keras_call("layers.GroupNormalization", self.groups, **options)}

    def _uneven(self, channels: int) -> Problem:
        fitting = max(n for n in range(1, min(channels, self.groups) + 1) if channels % n == 0)
        return Problem(
            "{layer} can't divide {channels} channels into {groups} equal groups. Choose a number "
            "of groups that divides the channels.",
            mend=Mend(
                f"Set the groups to {fitting}",
                lambda project: project.set_layer(self.name, groups=fitting),
            ),
            layer=self.title,
            channels=channels,
            groups=self.groups,
        )

    def summary(self) -> str:
        return f"{self.groups:,} {'group' if self.groups == 1 else 'groups'}"
