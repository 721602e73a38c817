"""What a person may set finely on a layer that multiplies by a kernel of weights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Literal

from pydantic import Field

from engine.project.layers.base import Layer, Shape, Traced
from engine.project.torch_call import KerasCall, TorchCall, call, keras_call

Initialisation = Literal["default", "xavier", "he", "zeros"]

INITIALISATION_TITLES: dict[Initialisation, str] = {
    "default": "PyTorch's own",
    "xavier": "Xavier",
    "he": "He",
    "zeros": "Zeros",
}
TORCH_KERNELS: dict[Initialisation, TorchCall] = {
    "xavier": call("nn.init.xavier_uniform_"),
    "he": call("nn.init.kaiming_uniform_", nonlinearity="relu"),
    "zeros": call("nn.init.zeros_"),
}
KERAS_KERNELS: dict[Initialisation, str] = {
    "xavier": "glorot_uniform",
    "he": "he_uniform",
    "zeros": "zeros",
}
"""The same distributions, of the same width, by Keras' names."""
ZEROS_FAIL = (
    "This fails: all units give the same and get the same gradient, so that they stay equal for "
    "ever. Try it and see."
)


class Weighted(Layer):
    """A layer whose module has a `weight`, which is the kernel, and perhaps a `bias`."""

    fine: ClassVar[tuple[str, ...]] = ("bias", "initialisation", "l2", "frozen")
    keras_kernel: ClassVar[str] = "kernel"  # as Keras' arguments call it

    bias: bool = Field(
        True,
        title="Bias",
        description="Adds a learned number to each output. Before a normalisation, which takes it "
        "away again, it can be left out.",
    )
    initialisation: Initialisation = Field(
        "default",
        title="First weights",
        description="default: PyTorch's own, uniform within 1/√inputs. xavier: as wide as suits "
        "tanh and sigmoid (Glorot and Bengio 2010). he: as wide as suits ReLU (He et al. 2015). "
        "zeros: fails, because all units give the same and get the same gradient, so that they "
        "stay equal for ever. With the last three, biases start at 0.",
        json_schema_extra={"reasons": {"zeros": ZEROS_FAIL}},
    )
    l2: float = Field(
        0.0,
        ge=0,
        le=10,
        allow_inf_nan=False,
        title="L2",
        description="Adds this many times the sum of the kernel's squares to what training makes "
        "small, so that weights stay small. The losses that are shown are without it.",
    )
    frozen: bool = Field(
        False,
        title="Frozen",
        description="Training leaves these weights as they are.",
    )

    @property
    def learns(self) -> bool:
        return not self.frozen

    def first_weights(self) -> dict[str, TorchCall]:
        """Give the functions that set the first weights, by the tensor's name in the module; none
        where they stay as torch's layer makes them.
        """
        if self.initialisation == "default":
            return {}
        bias = {"bias": call("nn.init.zeros_")} if self.bias else {}
        return {"weight": TORCH_KERNELS[self.initialisation], **bias}

    def torch_bias(self) -> dict[str, Any]:
        """Give the torch module's option for the bias, where it is not the usual."""
        return {} if self.bias else {"bias": False}

    def keras_fine(self, shape: Shape) -> dict[str, Any]:
        """Give the options of the Keras layer that do the same, where they are not the usual."""
        kernel = self.keras_kernel
        options: dict[str, Any] = {} if self.bias else {"use_bias": False}
        if self.initialisation != "default":
            options[f"{kernel}_initializer"] = self.keras_start(shape)
        if self.l2 and self.learns:
            options[f"{kernel}_regularizer"] = keras_call("keras.regularizers.L2", self.l2)
        return options | ({"trainable": False} if self.frozen else {})

    def keras_start(self, shape: Shape) -> str | KerasCall:
        """Give what Keras draws the first kernel from for an input of `shape`."""
        del shape
        return KERAS_KERNELS[self.initialisation]

    def with_fine(self, text: str) -> str:
        """Add to a summary what is set finely, in short words."""
        words = [] if self.bias else ["no bias"]
        if self.initialisation != "default":
            words.append(INITIALISATION_TITLES[self.initialisation])
        words += [f"L2 {self.l2:g}"] if self.l2 else []
        words += ["frozen"] if self.frozen else []
        return " · ".join([text, *words])


def penalties(rows: Iterable[Traced]) -> dict[str, float]:
    """Give the factor of the squares of each kernel that is kept small, by its name in the
    network: what training makes small is the loss with these added.
    """
    return {
        f"{row.path}{row.layer.name}.weight": row.layer.l2
        for row in rows
        if isinstance(row.layer, Weighted) and row.layer.l2 and row.layer.learns
    }
