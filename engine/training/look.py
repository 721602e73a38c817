"""What a single step does: a batch's images and every layer, before it and after.

The loop looks before its own step and after it. Both looks work on copies and put torch's random
states back, so that a run with them stays the run without them, bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.project.layers import Layer
from engine.project.project import Project
from engine.training.network import placed

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

MOST_IMAGES = 256  # that are kept of a batch
MOST_BYTES = 32 * 2**20  # that they may take
BINS = 40
MOST_VALUES = 1_000_000  # of which a histogram is made; of more, so many are drawn


@dataclass(frozen=True, eq=False)
class Histogram:
    """How values are spread: counts (BINS,) between edges (BINS + 1,), smallest to largest.

    Values that are no finite numbers are left out.
    """

    counts: NDArray[np.int64]
    edges: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LayerLook:
    """One layer in one step. What concerns weights is None where the layer has none, and what
    concerns gradients also where it is frozen.

    Activations are what leaves the layer, its activation function applied, before the step; their
    deviation is that of all values, and `activation_zeros` the share of exact zeros. Norms are
    Euclidean, over weights and biases together; the gradient is the loss's own, not clipped.
    `update_ratio` is the norm of what the step changed, as a share of `weight_norm`, the norm
    before it; infinite if that was 0. A histogram is None where nothing finite is to be shown.
    """

    name: str
    title: str  # of the kind of layer
    group: str
    parameters: int
    activation_mean: float
    activation_deviation: float
    activation_zeros: float
    activations: Histogram | None
    gradient_norm: float | None = None
    weight_norm: float | None = None
    update_ratio: float | None = None
    gradients: Histogram | None = None
    weights: Histogram | None = None


@dataclass(frozen=True, eq=False)
class BatchLook:
    """One batch of N images, and what a step that learned from it changed.

    images: (M, C, H, W) float32, the first M <= MOST_IMAGES, as the network saw them: changed by
    augmentation and standardised. rows: (N,) their places in the training split; labels and
    predicted: (N,) class numbers; confidence: (N,) float32, what the predicted class got.

    Before and after were computed alike: in training mode, batch normalisation by this batch and
    dropout dropping the same values. They differ by the weights' move alone, and those before are
    the ones that the step itself learned from.
    """

    images: NDArray[np.float32]
    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    predicted_before: NDArray[np.int64]
    confidence_before: NDArray[np.float32]
    predicted_after: NDArray[np.int64]
    confidence_after: NDArray[np.float32]
    loss_before: float
    loss_after: float
    rate: float  # the learning rate of the step
    layers: tuple[LayerLook, ...]  # from the first to the output

    @property
    def right_before(self) -> int:
        """How many of the batch's images were answered rightly."""
        return int((self.predicted_before == self.labels).sum())

    @property
    def right_after(self) -> int:
        """How many of them are after the step."""
        return int((self.predicted_after == self.labels).sum())


@dataclass(frozen=True, eq=False)
class Before:
    """What is known of a step before it is taken; for look_after alone."""

    project: Project
    images: Tensor
    labels: Tensor
    random_state: list[Tensor]
    answers: Answers
    layers: tuple[LayerLook, ...]
    weights: dict[str, list[Tensor]]  # copies, by layer


@dataclass(frozen=True, eq=False)
class Answers:
    """The answers to a batch, and their loss."""

    loss: float
    predicted: NDArray[np.int64]
    confidence: NDArray[np.float32]


def look_before(project: Project, network: nn.Module, images: Tensor, labels: Tensor) -> Before:
    """Try a step on a copy of the network, right before the real one is taken.

    images (N, C, H, W) and labels (N,) are the very batch of the step. The project's layers are
    those that the network was built from.
    """
    state = random_state(images.device)
    copied = deepcopy(network).train()
    outputs: dict[str, LayerLook] = {}
    for each in placed(project, copied):
        each.modules[-1].register_forward_hook(
            lambda _, __, output, layer=each.layer: outputs.update(
                {layer.name: _activity(layer, output)}
            )
        )
    with randomness(images.device, state):
        scores = copied(images)
        loss = project.training.loss.of(scores, labels)
        loss.backward()
    looks, weights = [], {}
    for each in placed(project, copied):
        mine = [weight for module in each.weighty for weight in module.parameters()]
        looks.append(_with_weights(outputs[each.layer.name], mine))
        weights[each.layer.name] = [weight.detach() for weight in mine]
    answers = _answers(loss, scores)
    return Before(project, images, labels, state, answers, tuple(looks), weights)


def look_after(
    before: Before, network: nn.Module, rows: NDArray[np.int64], rate: float
) -> BatchLook:
    """Say what the step changed, right after it was taken at this learning rate.

    rows (N,) are the places of the batch's images in the training split.
    """
    import torch

    copied = deepcopy(network).train()
    with randomness(before.images.device, before.random_state), torch.no_grad():
        scores = copied(before.images)
        loss = before.project.training.loss.of(scores, before.labels)
    answers = _answers(loss, scores)
    layers = zip(before.layers, placed(before.project, network), strict=True)
    return BatchLook(
        images=_kept(before.images),
        rows=rows,
        labels=before.labels.cpu().numpy().copy(),
        predicted_before=before.answers.predicted,
        confidence_before=before.answers.confidence,
        predicted_after=answers.predicted,
        confidence_after=answers.confidence,
        loss_before=before.answers.loss,
        loss_after=answers.loss,
        rate=rate,
        layers=tuple(
            _with_change(look, before.weights[look.name], each.weighty) for look, each in layers
        ),
    )


def random_state(device: torch.device) -> list[Tensor]:
    """Copy the states of torch's generators: the processor's, then an accelerator's own."""
    import torch

    own = [] if device.type == "cpu" else [getattr(torch, device.type).get_rng_state()]
    return [torch.get_rng_state(), *own]


def set_random_state(device: torch.device, state: list[Tensor]) -> None:
    """Put the generators into states that random_state gave."""
    import torch

    torch.set_rng_state(state[0])
    for own in state[1:]:
        getattr(torch, device.type).set_rng_state(own)


@contextmanager
def randomness(device: torch.device, state: list[Tensor]) -> Iterator[None]:
    """Draw the random numbers that follow a state, then go on as if none had been drawn."""
    current = random_state(device)
    set_random_state(device, state)
    try:
        yield
    finally:
        set_random_state(device, current)


def histogram(values: NDArray[np.float32]) -> Histogram | None:
    """Count values of any shape in equal bins from the smallest to the largest."""
    flat = values.ravel()
    if len(flat) > MOST_VALUES:
        flat = flat[np.random.default_rng(0).integers(len(flat), size=MOST_VALUES)]
    known = flat[np.isfinite(flat)].astype(np.float64)
    if len(known) == 0:
        return None
    low, high = float(known.min()), float(known.max())
    margin = max(0.5, abs(low) / 2) if low == high else 0.0  # one value gets bins around it
    counts, edges = np.histogram(known, BINS, (low - margin, high + margin))
    return Histogram(counts, edges)


def _activity(layer: Layer, output: Tensor) -> LayerLook:
    import torch

    values = output.detach()
    deviation, mean = torch.std_mean(values, correction=0)
    return LayerLook(
        name=layer.name,
        title=layer.title,
        group=layer.group,
        parameters=0,
        activation_mean=float(mean),
        activation_deviation=float(deviation),
        activation_zeros=int((values == 0).sum()) / values.numel(),
        activations=histogram(values.cpu().numpy()),
    )


def _with_weights(look: LayerLook, weights: list[nn.Parameter]) -> LayerLook:
    if not weights:
        return look
    values = _flat(weights)
    look = replace(
        look,
        parameters=values.numel(),
        weight_norm=_norm(values),
        weights=histogram(values.numpy()),
    )
    found = [each.grad for each in weights if each.grad is not None]
    if not found:
        return look
    gradients = _flat(found)
    return replace(look, gradient_norm=_norm(gradients), gradients=histogram(gradients.numpy()))


def _with_change(look: LayerLook, before: list[Tensor], modules: Iterable[nn.Module]) -> LayerLook:
    if look.weight_norm is None:
        return look
    after = (each for module in modules for each in module.parameters())
    change = _norm(_flat(after) - _flat(before))
    if look.weight_norm == 0:
        return replace(look, update_ratio=0.0 if change == 0 else float("inf"))
    return replace(look, update_ratio=change / look.weight_norm)


def _flat(tensors: Iterable[Tensor]) -> Tensor:
    """Lay tensors out in one row, on the processor."""
    import torch

    return torch.cat([each.detach().cpu().flatten() for each in tensors])


def _norm(values: Tensor) -> float:
    import torch

    return float(torch.linalg.vector_norm(values, dtype=torch.float64))


def _answers(loss: Tensor, scores: Tensor) -> Answers:
    confidence, predicted = scores.detach().softmax(dim=1).max(dim=1)
    return Answers(float(loss.detach()), predicted.cpu().numpy(), confidence.cpu().numpy())


def _kept(images: Tensor) -> NDArray[np.float32]:
    """Copy as many of the images as are looked at."""
    most = min(MOST_IMAGES, max(1, MOST_BYTES // max(1, images[0].nbytes)))
    return np.array(images[:most].cpu().numpy(), order="C")
