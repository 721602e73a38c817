"""What watches over a training's numbers: it stops a step before a NaN or an infinite number
reaches the weights, finds where it came from, and offers what may mend it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal

from engine.problems import Mend, Problem
from engine.project.optimizers import Sgd
from engine.project.project import Project
from engine.project.training import Training
from engine.training.network import placed, trained

if TYPE_CHECKING:
    from torch import Tensor, nn

Quantity = Literal["input", "weights", "activation", "loss", "gradient"]
Cause = Literal["data", "rate", "momentum", "scale", "growth"]

# Measured beside a step of mlp-128-64 (0.73 ms, one thread): reading the loss takes 0.7 us, adding
# the gradients up 35 us. So the loss is read at each step, and the gradients where it pays.
ALARMING_LOSS = 100.0  # log of the classes is the loss of guessing: 2.3 for ten of them
GRADIENTS_EVERY = 16  # steps
LARGE_RATE = 10  # times the rate that is usual for an optimizer
LARGE_MOMENTUM = 0.95
LARGE_INPUT = 100.0  # deviations from the mean
USUAL_MOMENTUM = 0.9
CLIP_NORM = 1.0
SMALLEST_RATE = 1e-9  # to divide; one smaller than this moves nothing, so that it is no cause


class NotANumber(ArithmeticError):  # noqa: N818 - named by what came out
    """A step's loss or gradient is NaN or infinite. The weights have not moved by it."""


class Guard:
    """Looks at each step between its gradients and the move of the weights.

    On a CPU. Reading a number from any other device waits for it, so there `check` does nothing:
    whoever reads the loss for a report looks at it then.
    """

    def __init__(self, network: nn.Module) -> None:
        from torch import nn

        self._on_cpu = all(each.device.type == "cpu" for each in network.parameters())
        kinds = (nn.Dropout, nn.Dropout2d)
        self._draws = any(isinstance(each, kinds) for each in network.modules())
        self._statistics = list(network.buffers())
        self._statistics_before = [each.clone() for each in self._statistics]
        self._random_before: Tensor | None = None
        self.steps = 0  # decides at which of them gradients are read

    def before(self) -> None:
        """Keep what a forward pass changes: running statistics, and where dropout draws from."""
        import torch

        if not self._on_cpu:
            return
        for kept, now in zip(self._statistics_before, self._statistics, strict=True):
            kept.copy_(now)
        if self._draws:
            self._random_before = torch.random.get_rng_state()

    def check(self, loss: Tensor, gradients: Iterable[Tensor | None]) -> None:
        """Put back what `before` kept and raise NotANumber, if a number is not finite.

        The gradients are read where the loss is alarming, and at every 16th step.
        """
        if not self._on_cpu:
            return
        self.steps += 1
        value = loss.item()
        looks = value > ALARMING_LOSS or self.steps % GRADIENTS_EVERY == 0
        if isfinite(value) and (not looks or all_finite(gradients)):
            return
        self._put_back()
        raise NotANumber

    def _put_back(self) -> None:
        import torch

        for kept, now in zip(self._statistics_before, self._statistics, strict=True):
            now.copy_(kept)
        if self._random_before is not None:
            torch.random.set_rng_state(self._random_before)


def all_finite(tensors: Iterable[Tensor | None]) -> bool:
    """Tell whether no number is NaN or infinite. By sums, which take one pass and no memory."""
    return isfinite(sum(float(each.detach().sum()) for each in tensors if each is not None))


@dataclass(frozen=True)
class Finding:
    """Which quantity was the first to go wrong, in which layer, and what is likely to blame.

    `layer` is the project's name for it ("output" for the loss, "" for the images).
    """

    layer: str
    quantity: Quantity
    cause: Cause
    message: Problem


def diagnosis(
    project: Project,
    network: nn.Module,
    images: Tensor,
    labels: Tensor,
    rate: float | None = None,
) -> Finding:
    """Take a batch again, on a copy, and find the first number that is not finite.

    To be called with the network that is to learn from images (N, C, H, W) and labels (N,) and
    has not yet moved by them. `rate` is the learning rate of this step, where it is known. Leaves
    network and random state as they are.
    """
    import torch

    devices = [images.device] if images.is_cuda else []
    with torch.random.fork_rng(devices=devices), torch.enable_grad():
        second_look = _SecondLook(project, deepcopy(network).train(), images)
        layer, quantity, values = second_look.first_wrong(labels)
    optimizer = project.training.optimizer
    rate = optimizer.learning_rate if rate is None else rate
    cause = _cause(project, quantity, rate, _largest([images]))
    values |= {
        "layer": layer,
        "rate": rate,
        "optimizer": optimizer.title,
        "usual": _usual_rate(project),
        "momentum": _momentum(project),
        "usual_momentum": USUAL_MOMENTUM,
        "input": _largest([images]),
    }
    happened = HAPPENED[quantity] if values.pop("seen") else UNSEEN
    return Finding(
        layer, quantity, cause, Problem(f"{happened} {LIKELY[cause]}", where=layer, **values)
    )


HAPPENED: dict[Quantity, str] = {
    "input": "{count} of the {images} images in this batch hold values that are not numbers "
    "(NaN or infinite).",
    "weights": "The weights of {layer} are not finite numbers any more: an earlier step moved "
    "them too far.",
    "activation": "{layer} gives numbers that are not finite (NaN or infinite). The largest number "
    "before them is {activation}, and the largest weight is {weight}, in {heaviest}.",
    "loss": "The scores are finite, but reach {activation}, and the loss computed from them is "
    "not a finite number. The largest weight is {weight}, in {heaviest}.",
    "gradient": "The loss is finite ({loss}), but the gradient in {layer} is not. The largest "
    "output of a layer is {activation}, and the largest weight is {weight}, in {heaviest}.",
}
UNSEEN = (
    "The step gave a number that is not finite, and a second look at the same batch did not. "
    "The largest output of a layer is {activation}, and the largest weight is {weight}, in "
    "{heaviest}."
)
LIKELY: dict[Cause, str] = {
    "data": "No setting mends that: look for them in the data's files.",
    "rate": "The learning rate of {rate} is likely too large: {usual} is usual for {optimizer}.",
    "momentum": "The momentum of {momentum} likely carries the weights too far: "
    "{usual_momentum} is usual.",
    "scale": "The standardised images reach {input}, which likely is too much: a channel that "
    "hardly varies is blown up by dividing by its deviation.",
    "growth": "The learning rate of {rate} is not unusual for {optimizer}, so the numbers "
    "likely grow from layer to layer, step by step.",
}


@dataclass
class _SecondLook:
    """A batch's way through a copy of the network, and back."""

    project: Project
    network: nn.Module
    images: Tensor
    outputs: list[tuple[str, nn.Module, Tensor]] = field(default_factory=list)  # as they came

    def first_wrong(self, labels: Tensor) -> tuple[str, Quantity, dict[str, Any]]:
        """Give the layer, the quantity, and the values for the message; `seen` is among them."""
        if wrong := int((~self.images.isfinite()).flatten(1).any(dim=1).sum()):
            return "", "input", {"seen": True, "count": wrong, "images": len(self.images)}
        for layer, module in self._weighty():
            if not all(_finite(each) for each in module.parameters()):
                return layer, "weights", {"seen": True}
        scores = self._forward()
        for place, (layer, _, output) in enumerate(self.outputs):
            if not _finite(output):
                del self.outputs[place:]
                return layer, "activation", {"seen": True, **self._sizes()}
        loss = self.project.training.loss.of(scores, labels)
        values = {"seen": True, "loss": loss.item(), **self._sizes()}
        if not isfinite(loss.item()):
            return "output", "loss", values
        if layer := self._backward(loss):
            return layer, "gradient", values
        return "output", "loss", values | {"seen": False}

    def _weighty(self) -> Iterator[tuple[str, nn.Module]]:
        """Give each module with weights of its own, and the name of the layer that has it."""
        for each in placed(self.project, self.network):
            for module in each.weighty:
                yield each.layer.name, module

    def _forward(self) -> Tensor:
        """Follow the batch, and keep what each module gives in the order in which it does."""
        for each in placed(self.project, self.network):
            for module in dict.fromkeys((*each.modules, *each.weighty)):
                module.register_forward_hook(
                    lambda module, _, output, name=each.layer.name: self.outputs.append(
                        (name, module, output)
                    )
                )
        scores: Tensor = self.network(self.images)
        return scores

    def _backward(self, loss: Tensor) -> str:
        """Follow the loss back; gives the first layer with a gradient that is not finite.

        A layer's own gradients come after that of its output, since they are computed from it.
        """
        import torch

        weighty = {id(module) for _, module in self._weighty()}
        asked: list[tuple[str, Tensor]] = []
        for layer, module, output in self.outputs:
            if id(module) in weighty:
                asked.extend((layer, each) for each in trained(module))
            if output.requires_grad:
                asked.append((layer, output))
        gradients = torch.autograd.grad(loss, [each for _, each in asked], allow_unused=True)
        for (layer, _), gradient in reversed([*zip(asked, gradients, strict=True)]):
            if gradient is not None and not _finite(gradient):
                return layer
        return ""

    def _sizes(self) -> dict[str, Any]:
        weights = [(_largest(each.parameters()), layer) for layer, each in self._weighty()]
        largest, heaviest = max(weights, key=lambda pair: pair[0])
        return {
            "weight": largest,
            "heaviest": heaviest,
            "activation": _largest([self.images, *(output for *_, output in self.outputs)]),
        }


def _finite(tensor: Tensor) -> bool:
    return bool(tensor.isfinite().all())


def _largest(tensors: Iterable[Tensor]) -> float:
    return max((float(each.detach().abs().max()) for each in tensors), default=0.0)


def _momentum(project: Project) -> float:
    return float(getattr(project.training.optimizer, "momentum", 0.0))


def _usual_rate(project: Project) -> float:
    return type(project.training.optimizer)().learning_rate


def _cause(project: Project, quantity: Quantity, rate: float, largest_input: float) -> Cause:
    """Judge what is likely to blame, the surest sign first."""
    if quantity == "input":
        return "data"
    if rate > LARGE_RATE * _usual_rate(project):
        return "rate"
    if _momentum(project) > LARGE_MOMENTUM:
        return "momentum"
    if largest_input > LARGE_INPUT and project.data.standardise:
        return "scale"
    return "growth"


def mends(cause: str, project: Project) -> tuple[Mend, ...]:
    """Offer up to three edits of the project against a finding's cause, the likeliest first."""
    optimizer = project.training.optimizer
    slower = [_divide_rate()] if optimizer.learning_rate >= SMALLEST_RATE else []
    clipped = [_clip()] if _can_clip(project.training) else []
    match cause:
        case "data":
            return ()
        case "rate" if optimizer.learning_rate > LARGE_RATE * _usual_rate(project):
            return (_take_usual_rate(project), *slower, *clipped)
        case "momentum" if _momentum(project) > USUAL_MOMENTUM:
            return (_take_usual_momentum(), *slower, *clipped)
        case "scale" if project.data.standardise:
            return (_leave_unstandardised(), *slower, *clipped)
        case "growth" if isinstance(optimizer, Sgd):
            return (*clipped, *slower)
    # The others divide each gradient by its own usual size, whatever it has been clipped to.
    return (*slower, *clipped)


def _take_usual_rate(project: Project) -> Mend:
    rate = _usual_rate(project)
    return Mend(
        f"Set the learning rate to {rate:g}",
        lambda project: project.set_optimizer(learning_rate=rate),
    )


def _divide_rate() -> Mend:
    def divided(project: Project) -> Project:
        rate = float(f"{project.training.optimizer.learning_rate / 10:.6g}")
        return project.set_optimizer(learning_rate=rate)

    return Mend("Divide the learning rate by 10", divided)


def _take_usual_momentum() -> Mend:
    return Mend(
        f"Set the momentum to {USUAL_MOMENTUM:g}",
        lambda project: project.set_optimizer(momentum=USUAL_MOMENTUM),
    )


def _can_clip(training: Training) -> bool:
    return training.clip_norm == 0 or training.clip_norm > CLIP_NORM


def _clip() -> Mend:
    return Mend(
        f"Clip gradients at norm {CLIP_NORM:g}",
        lambda project: project.set_training(clip_norm=CLIP_NORM),
    )


def _leave_unstandardised() -> Mend:
    return Mend("Don't standardise the images", lambda project: project.set_data(standardise=False))
