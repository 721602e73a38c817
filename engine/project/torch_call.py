"""Calls as values. A torch call can be built or printed: what is shown is what is trained."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Call:
    """A function's name with its arguments, not yet called. An argument may be a call itself."""

    target: str
    arguments: tuple[Any, ...] = ()
    options: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        words = [_written(value) for value in self.arguments]
        words += [f"{name}={_written(value)}" for name, value in self.options]
        return f"{self.target}({', '.join(words)})"

    def walk(self) -> Iterator[Call]:
        """Give this call and all that are its arguments, in the order in which Python sees them."""
        yield self
        for value in (*self.arguments, *(value for _, value in self.options)):
            if isinstance(value, Call):
                yield from value.walk()


class TorchCall(Call):
    """`nn.Conv2d(1, 32, 3)`. `target` is a name in torch.nn, with its prefix, or in
    engine.modules, without one.
    """

    def build(self) -> nn.Module:
        """Make the module, and before it, in their order, the modules that it is made of."""
        arguments = [_built(value) for value in self.arguments]
        module: nn.Module = self._maker()(
            *arguments, **{name: _built(value) for name, value in self.options}
        )
        return module

    def _maker(self) -> Any:
        if self.target.startswith("nn."):
            from torch import nn

            return getattr(nn, self.target.removeprefix("nn."))
        from engine import modules

        return getattr(modules, self.target)


class Stack(TorchCall):
    """Modules that follow each other, each under its name: `nn.Sequential(OrderedDict(...))`."""

    def __init__(self, calls: Mapping[str, TorchCall]) -> None:
        super().__init__("nn.Sequential", (Call("OrderedDict", (), tuple(calls.items())),))

    @property
    def calls(self) -> dict[str, TorchCall]:
        """The calls by their names."""
        return dict(self.arguments[0].options)

    def build(self) -> nn.Sequential:
        """Make the modules in their order."""
        from torch import nn

        return nn.Sequential(OrderedDict((name, call.build()) for name, call in self.calls.items()))


@dataclass(frozen=True)
class KerasCall(Call):
    """`layers.Conv2D(32, 3)`, for a script alone. `target` is a name in keras, with its prefix, or
    in engine.export.keras_modules, without one. `inputs` says how many times the layer takes what
    comes before it: attention asks a sequence about itself.
    """

    inputs: int = 1

    def asking(self, inputs: int) -> KerasCall:
        """Say the same of a layer that takes its input so many times."""
        return replace(self, inputs=inputs)


def call(target: str, *arguments: Any, **options: Any) -> TorchCall:
    """Write a call down: call("nn.Conv2d", 1, 32, 3, stride=2)."""
    return TorchCall(target, arguments, tuple(options.items()))


def keras_call(target: str, *arguments: Any, **options: Any) -> KerasCall:
    """Write a Keras call down: keras_call("layers.Conv2D", 32, 3, strides=2)."""
    return KerasCall(target, arguments, tuple(options.items()))


def _written(value: Any) -> str:
    return str(value) if isinstance(value, Call) else repr(value)


def _built(value: Any) -> Any:
    return value.build() if isinstance(value, TorchCall) else value
