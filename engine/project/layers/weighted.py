"""What a person may set finely on a layer that multiplies by kernels of weights."""

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
    "This fails with ReLU: all units give 0 and never get a gradient. With other activations they "
    "get the same one and stay equal, unless the layer above tells them apart. Try it and see."
)


STARTS_AT_ZERO = "With the last three, biases start at 0."


def bias(description: str) -> Any:
    """Declare whether numbers are added to what the kernels give."""
    return Field(True, title="Bias", description=description)


def initialisation(description: str, zeros: str) -> Any:
    """Declare what the first weights are drawn from; `zeros` says why nobody takes those."""
    return Field(
        "default",
        title="First weights",
        description=f"{description} {STARTS_AT_ZERO}",
        json_schema_extra={"reasons": {"zeros": zeros}},
    )


def l2(squares: str) -> Any:
    """Declare how much the squares, of what `squares` says, count in training."""
    return Field(
        0.0,
        ge=0,
        le=10,
        allow_inf_nan=False,
        title="L2",
        description=f"Adds this many times the sum of {squares} to what training makes small, so "
        "that weights stay small. The losses that are shown are without it.",
    )


class Weighted(Layer):
    """A layer whose module has kernels, tensors of weights to multiply by, and perhaps biases.

    As declared here, the module has one kernel, `weight`, and one `bias`.
    """

    fine: ClassVar[tuple[str, ...]] = ("bias", "initialisation", "l2", "frozen")
    keras_kernel: ClassVar[str] = "kernel"  # as Keras' arguments call it

    bias: bool = bias(
        "Adds a learned number to each output. Before a normalisation, which takes it away again, "
        "it can be left out."
    )
    initialisation: Initialisation = initialisation(
        "default: PyTorch's own, uniform within 1/√inputs. xavier: as wide as suits tanh and "
        "sigmoid (Glorot and Bengio 2010). he: as wide as suits ReLU (He et al. 2015). zeros: "
        "fails with ReLU, because all units give 0 and never get a gradient; else they get the "
        "same one and stay equal, unless the layer above tells them apart.",
        zeros=ZEROS_FAIL,
    )
    l2: float = l2("the kernel's squares")
    frozen: bool = Field(
        False,
        title="Frozen",
        description="Training leaves these weights as they are.",
    )

    @property
    def learns(self) -> bool:
        return not self.frozen

    def kernels(self) -> dict[str, str]:
        """Give what Keras' arguments call each of the kernels, by its name in the module."""
        return {"weight": self.keras_kernel}

    def biases(self) -> tuple[str, ...]:
        """Name the biases that the module has where `bias` is on."""
        return ("bias",)

    def first_weights(self) -> dict[str, TorchCall]:
        """Give the functions that set the first weights, by the tensor's name in the module; none
        where they stay as torch's layer makes them.
        """
        if self.initialisation == "default":
            return {}
        biases = self.biases() if self.bias else ()
        kernels = {tensor: self.torch_start(tensor) for tensor in self.kernels()}
        return kernels | dict.fromkeys(biases, TORCH_KERNELS["zeros"])

    def torch_start(self, tensor: str) -> TorchCall:
        """Give the function that sets a kernel's first weights."""
        del tensor
        return TORCH_KERNELS[self.initialisation]

    def torch_bias(self) -> dict[str, Any]:
        """Give the torch module's option for the bias, where it is not the usual."""
        return {} if self.bias else {"bias": False}

    def keras_fine(self, shape: Shape) -> dict[str, Any]:
        """Give the options of the Keras layer that do the same, where they are not the usual."""
        options: dict[str, Any] = {} if self.bias else {"use_bias": False}
        if self.initialisation != "default":
            starts = self.keras_starts(shape)
            options |= {f"{kernel}_initializer": start for kernel, start in starts.items()}
        if self.l2 and self.learns:
            penalty = keras_call("keras.regularizers.L2", self.l2)
            options |= {f"{kernel}_regularizer": penalty for kernel in self.kernels().values()}
        return options | ({"trainable": False} if self.frozen else {})

    def keras_starts(self, shape: Shape) -> dict[str, str | KerasCall]:
        """Give what Keras draws the first kernels from, by what it calls them, for an input of
        `shape`; without those that it would draw so anyway.
        """
        return {self.keras_kernel: self.keras_start(shape)}

    def keras_start(self, shape: Shape) -> str | KerasCall:
        """Give what Keras draws the kernel from that reads an input of `shape`."""
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
        f"{row.path}{row.layer.name}.{tensor}": row.layer.l2
        for row in rows
        if isinstance(row.layer, Weighted) and row.layer.l2 and row.layer.learns
        for tensor in row.layer.kernels()
    }
