"""Layers that read an image row by row: (T, F), a sequence of T steps with F features each."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from engine.problems import ProblemError
from engine.project.layers.base import Layer, Shape, expect_image, expect_steps
from engine.project.torch_call import KerasCall, TorchCall, call, keras_call

UNEVEN_HEADS = (
    "{layer} shares the {features} features of a step out among {heads} heads, which leaves some "
    "over. Choose a number of heads that divides {features}."
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


class Recurrent(Layer):
    """What the layers share that carry a state from each step to the next."""

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

    @property
    def width(self) -> int:
        """Count the numbers that come out for a step."""
        return 2 * self.units if self.bidirectional else self.units

    def output_shape(self, shape: Shape) -> Shape:
        steps, _ = expect_steps(self.title, shape)
        return (steps, self.width) if self.gives == "every step" else (self.width,)

    def parameters(self, shape: Shape) -> int:
        read = [shape[1], *[self.width] * (self.depth - 1)]  # by each layer, from below
        each = sum(features + self.units + 2 for features in read)  # two biases
        return self.gates * self.width * each

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        options = self.torch_options()
        options |= {"num_layers": self.depth} if self.depth > 1 else {}
        options["batch_first"] = True
        options |= {"bidirectional": True} if self.bidirectional else {}
        recurrent = call(self.module, shape[1], self.units, **options)
        return {"": call("EveryStep" if self.gives == "every step" else "LastStep", recurrent)}

    def torch_options(self) -> dict[str, Any]:
        """Give what the module takes besides what all of these layers have."""
        return {}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        below = {f"layer{number}": self._keras_call(True) for number in range(1, self.depth)}
        return {**below, "": self._keras_call(self.gives == "every step")}

    def keras_options(self) -> dict[str, Any]:
        """Give what Keras' layer takes besides what all of these layers have."""
        return {}

    def summary(self) -> str:
        deep = f" · {self.depth} deep" if self.depth > 1 else ""
        both = " · both directions" if self.bidirectional else ""
        return f"{self.units:,}{deep}{both} · {self.gives}"

    def _keras_call(self, every: bool) -> KerasCall:
        options = self.keras_options() | ({"return_sequences": True} if every else {})
        layer = keras_call(self.keras_layer, self.units, **options)
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

    def torch_options(self) -> dict[str, Any]:
        return {} if self.activation == "tanh" else {"nonlinearity": self.activation}

    def keras_options(self) -> dict[str, Any]:
        return {} if self.activation == "tanh" else {"activation": self.activation}

    def summary(self) -> str:
        return super().summary() + (" · ReLU" if self.activation == "relu" else "")


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


class SelfAttention(Layer):
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

    def output_shape(self, shape: Shape) -> Shape:
        _, features = expect_steps(self.title, shape)
        if features % self.heads:
            raise ProblemError(UNEVEN_HEADS, layer=self.title, features=features, heads=self.heads)
        return shape

    def parameters(self, shape: Shape) -> int:
        features = shape[1]
        return 4 * features * (features + 1)  # queries, keys, values, and what is made of them

    def torch_calls(self, shape: Shape) -> dict[str, TorchCall]:
        return {"": call("SelfAttention", shape[1], self.heads)}

    def keras_calls(self, shape: Shape) -> dict[str, KerasCall]:
        attention = keras_call("layers.MultiHeadAttention", self.heads, shape[1] // self.heads)
        return {"": attention.asking(2)}

    def summary(self) -> str:
        return f"{self.heads} {'head' if self.heads == 1 else 'heads'}"


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
