"""One training step as the lesson writes it: forward, backward, and a move of the weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from engine.project.losses import Loss
from engine.training.guard import Guard

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer


class Step(Protocol):
    """Learns from one batch."""

    def __call__(self, images: Tensor, labels: Tensor, rate: float) -> tuple[Tensor, Tensor]:
        """Learn from images (N, C, H, W) and labels (N,) at a learning rate.

        Gives the batch's mean loss and its scores (N, K), from before the weights moved.
        """


class PlainStep:
    """A step by torch's own modules, autograd and optimizer. Any other must agree with it."""

    def __init__(
        self,
        network: nn.Module,
        loss: Loss,
        optimizer: Optimizer,
        clip_norm: float = 0.0,
        l2: Mapping[str, float] | None = None,
    ) -> None:
        self.network, self.loss, self.optimizer = network, loss, optimizer
        self.clip_norm = clip_norm  # the largest norm of all gradients together; 0 is any
        self.l2 = l2 or {}  # the penalty's factor by the name of each kernel that has one
        self.guard = Guard(network)  # raises NotANumber before the weights take one up

    def __call__(self, images: Tensor, labels: Tensor, rate: float) -> tuple[Tensor, Tensor]:
        from torch.nn.utils import clip_grad_norm_

        self.guard.before()
        # Forward: the network's scores for the batch, and how wrong they are.
        scores = self.network(images)
        loss = self.loss.of(scores, labels)
        # Backward: the gradients, and a move against them.
        self.optimizer.zero_grad()
        penalised(loss, dict(self.network.named_parameters()), self.l2).backward()
        self.guard.check(loss.detach(), (each.grad for each in self.network.parameters()))
        if self.clip_norm:
            clip_grad_norm_(self.network.parameters(), self.clip_norm)
        self.set_rate(rate)
        self.optimizer.step()
        return loss.detach(), scores.detach()

    def set_rate(self, rate: float) -> None:
        """Take this learning rate from the next move on."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate


def penalised(loss: Tensor, weights: Mapping[str, Tensor], l2: Mapping[str, float]) -> Tensor:
    """Add to a loss l2 times the sum of squares of each of the weights that l2 names."""
    for name, factor in l2.items():
        loss = loss + factor * weights[name].square().sum()
    return loss
