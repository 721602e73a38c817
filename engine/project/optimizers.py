"""Every optimizer, one class each: its numbers with limits and help, and its torch call."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Union

from pydantic import BaseModel, ConfigDict, Field

from engine.problems import Problem
from engine.project.torch_call import KerasCall, keras_call

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer as TorchOptimizer

LEARNING_RATE_HELP = "How far the weights move at each step. Too large diverges, too small crawls."


def learning_rate(default: float) -> Any:
    """Declare the learning rate, whose sensible start differs from optimizer to optimizer."""
    return Field(
        default,
        gt=0,
        le=100,
        allow_inf_nan=False,
        title="Learning rate",
        description=LEARNING_RATE_HELP,
    )


def share(default: float, title: str, description: str) -> Any:
    """Declare a number in 0..1, 1 not included."""
    return Field(default, ge=0, lt=1, allow_inf_nan=False, title=title, description=description)


class Optimizer(BaseModel):
    """How a step changes the weights once the gradients are known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: ClassVar[str]
    help: ClassVar[str]
    torch_name: ClassVar[str]
    fused: ClassVar[bool] = True  # one kernel for all weights; several times faster on a CPU
    decoupled: ClassVar[bool] = False  # weight decay acts on the weights, apart from the gradients
    keras_note: ClassVar[str] = ""  # what an exported script has to say of Keras' way
    slots: ClassVar[int]  # how many numbers it remembers for each weight, at most

    type: str = ""
    learning_rate: float = learning_rate(0.001)
    weight_decay: float = Field(
        0.0,
        ge=0,
        le=10,
        allow_inf_nan=False,
        title="Weight decay (L2)",
        description="Pulls every weight towards zero at each step, against overfitting.",
    )

    def options(self) -> dict[str, Any]:
        """Give the keyword arguments of the torch class."""
        return {"lr": self.learning_rate, "weight_decay": self.weight_decay}

    def keras_options(self) -> dict[str, Any]:
        """Give Keras' keyword arguments beside the learning rate that make it move as torch does.

        Weight decay is left to the script, because Keras knows only the decoupled one.
        """
        raise NotImplementedError

    def keras_call(self) -> KerasCall:
        """Write Keras' optimizer down, for the exported script."""
        rate = {"learning_rate": self.learning_rate}
        return keras_call(f"keras.optimizers.{self.torch_name}", **rate, **self.keras_options())

    def problem(self) -> Problem | None:
        """Say what does not fit together, if anything."""
        return None

    def build(self, parameters: Iterable[Tensor]) -> TorchOptimizer:
        """Make the torch optimizer for these weights."""
        from torch import optim

        kind = getattr(optim, self.torch_name)
        speed = {"fused": True} if self.fused else {"foreach": True}
        optimizer: TorchOptimizer = kind(parameters, **self.options(), **speed)
        return optimizer


class Sgd(Optimizer):
    """v = momentum v + g;  w = w - rate v."""

    title = "SGD"
    help = "Plain stochastic gradient descent: w ← w − rate · gradient, with optional momentum."
    torch_name = "SGD"
    slots = 1
    type: Literal["sgd"] = "sgd"
    learning_rate: float = learning_rate(0.01)
    momentum: float = share(0.9, "Momentum", "How much of the last step is carried into this one.")
    nesterov: bool = Field(
        False,
        title="Nesterov",
        description="Takes the gradient where momentum is about to carry the weights.",
    )

    def options(self) -> dict[str, Any]:
        return super().options() | {"momentum": self.momentum, "nesterov": self.nesterov}

    def keras_options(self) -> dict[str, Any]:
        options: dict[str, Any] = {"momentum": self.momentum} if self.momentum else {}
        return options | ({"nesterov": True} if self.nesterov else {})

    def problem(self) -> Problem | None:
        if self.nesterov and self.momentum == 0:
            return Problem(
                "Nesterov looks ahead along the momentum, but the momentum is 0. Set it to 0.9, "
                "or switch Nesterov off.",
                where="nesterov",
            )
        return None


class Adam(Optimizer):
    """Kingma and Ba 2015."""

    title = "Adam"
    help = "Gives each weight a rate of its own from the mean and the size of its gradients."
    torch_name = "Adam"
    keras_note = "epsilon is PyTorch's; Keras' own is 1e-7"
    slots = 2
    type: Literal["adam"] = "adam"
    learning_rate: float = learning_rate(0.001)
    beta1: float = share(0.9, "Beta 1", "Memory of the gradients' mean.")
    beta2: float = share(0.999, "Beta 2", "Memory of the gradients' size.")

    def options(self) -> dict[str, Any]:
        return super().options() | {"betas": (self.beta1, self.beta2)}

    def keras_options(self) -> dict[str, Any]:
        options = {"beta_1": self.beta1} if self.beta1 != 0.9 else {}
        options |= {"beta_2": self.beta2} if self.beta2 != 0.999 else {}
        return options | {"epsilon": 1e-8}


class AdamW(Adam):
    """Loshchilov and Hutter 2019."""

    title = "AdamW"
    help = "Adam whose weight decay acts on the weights themselves, apart from the gradients."
    torch_name = "AdamW"
    decoupled = True
    type: Literal["adamw"] = "adamw"  # type: ignore[assignment]  # another kind of the same fields
    weight_decay: float = Field(
        0.01,
        ge=0,
        le=10,
        allow_inf_nan=False,
        title="Weight decay",
        description="Shrinks every weight by this share of the learning rate at each step.",
    )

    def keras_options(self) -> dict[str, Any]:
        return super().keras_options() | {"weight_decay": self.weight_decay}


class RmsProp(Optimizer):
    """Tieleman and Hinton 2012."""

    title = "RMSprop"
    help = "Divides each gradient by a running mean of its size."
    torch_name = "RMSprop"
    keras_note = "PyTorch adds 1e-8 to the root; Keras adds epsilon inside of it"
    fused = False
    slots = 2  # the second for momentum alone
    type: Literal["rmsprop"] = "rmsprop"
    learning_rate: float = learning_rate(0.001)
    alpha: float = share(0.9, "Smoothing", "Memory of the gradients' size.")
    momentum: float = share(0.0, "Momentum", "How much of the last step is carried into this one.")

    def options(self) -> dict[str, Any]:
        return super().options() | {"alpha": self.alpha, "momentum": self.momentum}

    def keras_options(self) -> dict[str, Any]:
        momentum = {"momentum": self.momentum} if self.momentum else {}
        return {"rho": self.alpha, **momentum, "epsilon": 1e-16}


class Adagrad(Optimizer):
    """Duchi, Hazan and Singer 2011."""

    title = "Adagrad"
    help = "Divides each gradient by the root of the sum of all its squares so far."
    torch_name = "Adagrad"
    keras_note = "PyTorch adds 1e-10 to the root; Keras adds epsilon inside of it"
    fused = False  # torch 2.8 has it for the CPU alone
    slots = 1
    type: Literal["adagrad"] = "adagrad"
    learning_rate: float = learning_rate(0.01)

    def keras_options(self) -> dict[str, Any]:
        return {"initial_accumulator_value": 0.0, "epsilon": 1e-20}


OPTIMIZER_TYPES: tuple[type[Optimizer], ...] = (Adam, AdamW, Sgd, RmsProp, Adagrad)
if TYPE_CHECKING:
    AnyOptimizer = Optimizer
else:
    AnyOptimizer = Annotated[
        Union[OPTIMIZER_TYPES],  # noqa: UP007  a tuple
        Field(discriminator="type"),
    ]
