"""A torch call as a value that can be built or printed: what is shown is what is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class TorchCall:
    """`nn.Conv2d(1, 32, 3)`, not yet called. `target` is a name in torch.nn, with its prefix."""

    target: str
    arguments: tuple[Any, ...] = ()
    options: tuple[tuple[str, Any], ...] = ()

    def build(self) -> nn.Module:
        """Make the module."""
        from torch import nn

        module: nn.Module = getattr(nn, self.target.removeprefix("nn."))(
            *self.arguments, **dict(self.options)
        )
        return module

    def __str__(self) -> str:
        words = [repr(value) for value in self.arguments]
        words += [f"{name}={value!r}" for name, value in self.options]
        return f"{self.target}({', '.join(words)})"


def call(target: str, *arguments: Any, **options: Any) -> TorchCall:
    """Write a call down: call("nn.Conv2d", 1, 32, 3, stride=2)."""
    return TorchCall(target, arguments, tuple(options.items()))
