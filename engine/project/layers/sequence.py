"""Layers that read an image row by row: (T, F), a sequence of T steps with F features each."""

from __future__ import annotations

from math import sqrt
from typing import Any, ClassVar, Literal

from pydantic import Field

from engine.problems import ProblemError
from engine.project.layers.base import Layer, Shape, expect_image, expect_steps
from engine.project.layers.weighted import Initialisation, Weighted, bias, initialisation, l2
from engine.project.torch_call import KerasCall, TorchCall, call, keras_call

UNEVEN_HEADS = (
    "{layer} shares the {features} features of a step out among {heads} heads, which leaves some "
    "over. Choose a number of heads that divides {features}."
)
THREE = "attention.in_proj_weight"  # of queries, keys and values, above each other
ZERO_STATES = (
    "This learns late: every state is 0, whatever is read, so that hardly a gradient comes back. "
    "{never} it never learns from what it reads. Try it and see."
)
ZERO_GATHERED = (
    "This fails: all that is gathered is 0 and is multiplied by 0 once more, so that no gradient "
    "comes through: nothing but the last bias ever moves. Try it and see."
)


class Rows(Layer):
    """(C, H, W) to (H, C·W)."""

    title = "Rows as steps"
    help = (
        "Makes each row of pixels one step of a sequence, from top to bottom, so that recurrent "
        "layers and attention can read the image row by row."
    )
    group = "Sequence"
    type: Literal["rows"] = "rows"

    def output_shape(self, shape: Shape) -> Shape:
        channels, height, width = expect_image(self.title, shape)
        return (height, channels * width)

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        return {"": call("Rows")}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        channels, height, width = shape
        rows = keras_call("layers.Reshape", (height, channels * width))
        if channels == 1:
            return {"": rows}
        return {"channels": keras_call("layers.Permute", (1, 3, 2)), "": rows}


def recurrent_initialisation(never: str) -> Any:
    """Declare the first weights; with zeros and `never` a layer never learns from what it reads."""
    return initialisation(
        "default: PyTorch's own, uniform within 1/√units. xavier and he: as wide as suits tanh and "
        "sigmoid (Glorot and Bengio 2010), or ReLU (He et al. 2015), for the weights that read the "
        "input, those of all gates drawn as one matrix; the weights that read the state start "
        "orthogonal, so that it neither grows nor fades at once (Saxe et al. 2014). zeros: learns "
        "late or never, because every state is 0 and hardly a gradient comes back.",
        zeros=ZERO_STATES.format(never=never),
    )


class Recurrent(Weighted):
    """What the layers share that carry a state from each step to the next.

    Their kernels read the input, or the layer below, and the state of the step before.
    """

    group = "Sequence"
    module: ClassVar[str]
    keras_layer: ClassVar[str]
    gates: ClassVar[int]  # how many times a state is computed: each has weights of its own
    units: int = Field(
        64, ge=1, le=100_000, title="Units", description="How many numbers the state has."
    )
    depth: int = Field(
        1,
        ge=1,
        le=4,
        title="Depth",
        description="How many of these layers lie above one another; each reads the states of the "
        "one below.",
    )
    bidirectional: bool = Field(
        False,
        title="Both directions",
        description="Reads the sequence from its end as well, with weights of its own, and lays "
        "both states side by side.",
    )
    gives: Literal["last step", "every step"] = Field(
        "last step",
        title="Gives",
        description="last step: the state once all is read, a row of numbers. every step: the "
        "states after each step, a sequence for another layer that reads one.",
    )
    bias: bool = bias("Adds learned numbers to what becomes of the input and of the state.")
    initialisation: Initialisation = recurrent_initialisation("With a depth of 2 or more")
    l2: float = l2(
        "the squares of the weights that read the input and of those that read the state"
    )

    @property
    def width(self) -> int:
        """Count the numbers that come out for a step."""
        return 2 * self.units if self.bidirectional else self.units

    def output_shape(self, shape: Shape) -> Shape:
        steps, _ = expect_steps(self.title, shape)
        return (steps, self.width) if self.gives == "every step" else (self.width,)

    def parameters(self, shape: Shape) -> int:
        read = [shape[1], *[self.width] * (self.depth - 1)]  # by each layer, from below
        each = sum(features + self.units + 2 * self.bias for features in read)
        return self.gates * self.width * each

    def kernels(self) -> dict[str, str]:
        read = dict.fromkeys(self._tensors("weight_ih"), "kernel")
        return read | dict.fromkeys(self._tensors("weight_hh"), "recurrent")

    def biases(self) -> tuple[str, ...]:
        return (*self._tensors("bias_ih"), *self._tensors("bias_hh"))

    def torch_start(self, tensor: str) -> TorchCall:
        if self.kernels()[tensor] == "recurrent" and self.initialisation != "zeros":
            return call("nn.init.orthogonal_")
        return super().torch_start(tensor)

    def keras_starts(self, shape: Shape) -> dict[str, str | KerasCall]:
        """Orthogonal ones, for the weights that read the state, are Keras' own."""
        recurrent = {"recurrent": "zeros"} if self.initialisation == "zeros" else {}
        return super().keras_starts(shape) | recurrent

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        options = self.torch_options()
        options |= {"num_layers": self.depth} if self.depth > 1 else {}
        options |= self.torch_bias()
        options["batch_first"] = True
        options |= {"bidirectional": True} if self.bidirectional else {}
        recurrent = call(self.module, shape[1], self.units, **options)
        return {"": call("EveryStep" if self.gives == "every step" else "LastStep", recurrent)}

    def torch_options(self) -> dict[str, Any]:
        """Give what the module takes besides what all of these layers have."""
        return {}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        fine = self.keras_fine(shape)
        below = {f"layer{number}": self._keras_call(True, fine) for number in range(1, self.depth)}
        return {**below, "": self._keras_call(self.gives == "every step", fine)}

    def keras_options(self) -> dict[str, Any]:
        """Give what Keras' layer takes besides what all of these layers have."""
        return {}

    def summary(self) -> str:
        return self.with_fine(self.main_values())

    def main_values(self) -> str:
        """Write in a few words what is not set finely."""
        deep = f" · {self.depth} deep" if self.depth > 1 else ""
        both = " · both directions" if self.bidirectional else ""
        return f"{self.units:,}{deep}{both} · {self.gives}"

    def _tensors(self, kind: str) -> list[str]:
        """Name the tensors of a kind: one for each layer and direction."""
        ends = ("", "_reverse") if self.bidirectional else ("",)
        return [f"recurrent.{kind}_l{number}{end}" for number in range(self.depth) for end in ends]

    def _keras_call(self, every: bool, fine: dict[str, Any]) -> KerasCall:
        options = self.keras_options() | ({"return_sequences": True} if every else {})
        layer = keras_call(self.keras_layer, self.units, **options, **fine)
        return keras_call("layers.Bidirectional", layer) if self.bidirectional else layer


class Rnn(Recurrent):
    """Elman 1990: h = tanh(Wx + Uh + b)."""

    title = "Simple RNN"
    short = "RNN"
    help = (
        "Carries a state from step to step: h = tanh(Wx + Uh + b). The simplest layer that reads "
        "a sequence; what it read long ago fades."
    )
    module = "nn.RNN"
    keras_layer = "layers.SimpleRNN"
    gates = 1
    type: Literal["rnn"] = "rnn"
    activation: Literal["tanh", "relu"] = Field(
        "tanh", title="Activation", description="The function that makes the new state."
    )
    initialisation: Initialisation = recurrent_initialisation(
        "With ReLU, or with a depth of 2 or more,"
    )

    def torch_options(self) -> dict[str, Any]:
        return {} if self.activation == "tanh" else {"nonlinearity": self.activation}

    def keras_options(self) -> dict[str, Any]:
        return {} if self.activation == "tanh" else {"activation": self.activation}

    def main_values(self) -> str:
        return super().main_values() + (" · ReLU" if self.activation == "relu" else "")


class Lstm(Recurrent):
    """Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000."""

    title = "LSTM"
    help = (
        "Carries a state and a memory from step to step. Gates decide what the memory forgets, "
        "takes up and gives away, so that it can keep what it read long ago."
    )
    module = "nn.LSTM"
    keras_layer = "layers.LSTM"
    gates = 4
    type: Literal["lstm"] = "lstm"

    def keras_options(self) -> dict[str, Any]:
        """Keras' forget gates start with a bias of 1; ours, as all biases, at 0."""
        set_here = self.bias and self.initialisation != "default"
        return {"unit_forget_bias": False} if set_here else {}


class Gru(Recurrent):
    """Cho et al. 2014, with the reset gate after the matrix product, as cuDNN has it."""

    title = "GRU"
    help = (
        "Carries a state from step to step; two gates decide how much of it is renewed. It "
        "remembers nearly as an LSTM does, with three quarters of its weights."
    )
    module = "nn.GRU"
    keras_layer = "layers.GRU"
    gates = 3
    type: Literal["gru"] = "gru"


class SelfAttention(Weighted):
    """Vaswani et al. 2017: multi-head attention of a sequence to itself."""

    title = "Self-attention"
    short = "Attention"
    help = (
        "Each step looks at all steps at once and gathers from those that matter to it. Several "
        "heads look for different things. It does not know the steps' order by itself."
    )
    group = "Sequence"
    type: Literal["self_attention"] = "self_attention"
    heads: int = Field(
        4,
        ge=1,
        le=256,
        title="Heads",
        description="Among how many the features are shared out; each gathers by itself.",
    )
    bias: bool = bias("Adds learned numbers to queries, keys and values, and to what is gathered.")
    initialisation: Initialisation = initialisation(
        "default: PyTorch's own, uniform within √(1.5/features) for queries, keys and values and "
        "within 1/√features for what is made of them, with biases of 0. xavier: each of the four "
        "matrices as wide as keeps numbers and gradients of one size (Glorot and Bengio 2010). he: "
        "each wider by √2, as suits ReLU (He et al. 2015). zeros: fails, because all that is "
        "gathered is 0 and lets no gradient through.",
        zeros=ZERO_GATHERED,
    )
    l2: float = l2("the squares of the four matrices, which make queries, keys, values and outputs")

    def output_shape(self, shape: Shape) -> Shape:
        _, features = expect_steps(self.title, shape)
        if features % self.heads:
            raise ProblemError(UNEVEN_HEADS, layer=self.title, features=features, heads=self.heads)
        return shape

    def parameters(self, shape: Shape) -> int:
        features = shape[1]
        return 4 * features * (features + self.bias)  # queries, keys, values, what is made of them

    def kernels(self) -> dict[str, str]:
        return dict.fromkeys((THREE, "attention.out_proj.weight"), self.keras_kernel)

    def biases(self) -> tuple[str, ...]:
        return ("attention.in_proj_bias", "attention.out_proj.bias")

    def torch_start(self, tensor: str) -> TorchCall:
        """Draw the three matrices that torch keeps as one as wide as each by itself: Xavier's
        √(6 ÷ (features + 3 features)) is too narrow by √2.
        """
        if tensor == THREE and self.initialisation == "xavier":
            return call("nn.init.xavier_uniform_", gain=sqrt(2))
        return super().torch_start(tensor)

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        return {"": call("SelfAttention", shape[1], self.heads, **self.torch_bias())}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        # Keras' own layer does not pass `trainable` on to what it is made of.
        layer = "FrozenAttention" if self.frozen else "layers.MultiHeadAttention"
        fine = self.keras_fine(shape)
        fine.pop("trainable", None)
        return {"": keras_call(layer, self.heads, shape[1] // self.heads, **fine).asking(2)}

    def keras_start(self, shape: Shape) -> str | KerasCall:
        """Say the width by its number: Keras takes a matrix by heads for a convolution."""
        square = {"xavier": 3 / shape[1], "he": 6 / shape[1]}
        if self.initialisation not in square:
            return super().keras_start(shape)
        limit = sqrt(square[self.initialisation])
        return keras_call("keras.initializers.RandomUniform", -limit, limit)

    def summary(self) -> str:
        return self.with_fine(f"{self.heads} {'head' if self.heads == 1 else 'heads'}")


class PositionalEncoding(Layer):
    """Vaswani et al. 2017, section 3.5."""

    title = "Positional encoding"
    short = "Positions"
    help = (
        "Adds to each step numbers that tell where it stands. Attention needs them, since it sees "
        "all steps at once."
    )
    group = "Sequence"
    type: Literal["positional_encoding"] = "positional_encoding"
    encoding: Literal["waves", "learned"] = Field(
        "waves",
        title="Encoding",
        description="waves: sines and cosines of many lengths, always the same. learned: numbers "
        "of its own for each step.",
    )

    def output_shape(self, shape: Shape) -> Shape:
        return expect_steps(self.title, shape)

    def parameters(self, shape: Shape) -> int:
        return shape[0] * shape[1] if self.encoding == "learned" else 0

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        return {"": call(self._module, *shape)}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        return {"": keras_call(self._module)}

    def summary(self) -> str:
        return self.encoding

    @property
    def _module(self) -> str:
        return "LearnedEncoding" if self.encoding == "learned" else "PositionalEncoding"


def most_heads(features: int, heads: int) -> int:
    """Give the largest number of heads that divides the features and is no more than `heads`."""
    return next(count for count in range(min(heads, features), 0, -1) if features % count == 0)
