"""Calls as values. A torch call can be built or printed: what is shown is what is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Call:
    """A function's name with its arguments, not yet called."""

    target: str
    arguments: tuple[Any, ...] = ()
    options: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        words = [repr(value) for value in self.arguments]
        words += [f"{name}={value!r}" for name, value in self.options]
        return f"{self.target}({', '.join(words)})"


class TorchCall(Call):
    """`nn.Conv2d(1, 32, 3)`. `target` is a name in torch.nn, with its prefix."""

    def build(self) -> nn.Module:
        """Make the module."""
        from torch import nn

        module: nn.Module = getattr(nn, self.target.removeprefix("nn."))(
            *self.arguments, **dict(self.options)
        )
        return module


class KerasCall(Call):
    """`layers.Conv2D(32, 3)`, for a script alone. `target` is a name in keras, with its prefix."""


def call(target: str, *arguments: Any, **options: Any) -> TorchCall:
    """Write a call down: call("nn.Conv2d", 1, 32, 3, stride=2)."""
    return TorchCall(target, arguments, tuple(options.items()))


def keras_call(target: str, *arguments: Any, **options: Any) -> KerasCall:
    """Write a Keras call down: keras_call("layers.Conv2D", 32, 3, strides=2)."""
    return KerasCall(target, arguments, tuple(options.items()))
