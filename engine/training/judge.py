"""Judges a network on the validation or the test set while it trains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import Cancelled, Dataset, SetName, Split
from engine.data.prepare import AT_ONCE
from engine.project.project import Project
from engine.training.control import Control
from engine.training.evaluation import answers, batch_rows, evaluated
from engine.training.events import Evaluated

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

SAMPLE_SIZE = 500  # about 3 % of an epoch's time on MNIST


class Judge:
    """Evaluates the network on one set, whole or on a sample that stays the same all along."""

    def __init__(
        self,
        project: Project,
        dataset: Dataset,
        of: SetName,
        device: torch.device,
        layout: torch.memory_format,
        control: Control,
    ) -> None:
        split = dataset.validation if of == "validation" else dataset.test
        self.project, self.of, self.control = project, of, control
        self.images, self.labels = tensors(dataset, split, device, layout, control)
        self.rows, self.true = np.arange(len(split)), split.labels
        chosen = np.random.default_rng(project.training.seed).permutation(len(split))
        self.sample_rows = np.sort(chosen[:SAMPLE_SIZE])
        self.sample_true = split.labels[self.sample_rows]  # all samples share these two arrays
        self.rows_at_once = batch_rows(project)

    def whole(self, network: nn.Module, step: int, epoch: int) -> Evaluated | None:
        """Evaluate the whole set; None when interrupted meanwhile."""
        return self._evaluate(network, self.rows, self.true, step, epoch)

    def sample(self, network: nn.Module, step: int, epoch: int) -> Evaluated | None:
        """Evaluate the sample; None when interrupted meanwhile."""
        return self._evaluate(network, self.sample_rows, self.sample_true, step, epoch)

    def _evaluate(
        self,
        network: nn.Module,
        rows: NDArray[np.int64],
        true: NDArray[np.int64],
        step: int,
        epoch: int,
    ) -> Evaluated | None:
        whole = len(rows) == len(self.rows)
        images = self.images if whole else self.images[rows]
        labels = self.labels if whole else self.labels[rows]
        scores = answers(network, images, self.rows_at_once, lambda: self.control.interrupted)
        if scores is None:
            return None
        loss = float(self.project.training.loss.of(scores, labels))
        return evaluated(
            scores, rows, true, loss=loss, step=step, epoch=epoch, of=self.of, whole=whole
        )


def tensors(
    dataset: Dataset,
    split: Split,
    device: torch.device,
    layout: torch.memory_format,
    control: Control,
) -> tuple[Tensor, Tensor]:
    """Put a split on the device: images (N, C, H, W) standardised if asked for and lying in memory
    as `layout` has it, labels (N,).

    Raises:
        Cancelled: the control was stopped meanwhile.
    """
    import torch

    images = torch.from_numpy(split.images)
    first = split.images[:1]
    as_they_are = dataset.standardised(first) is first
    if not (as_they_are and images.is_contiguous(memory_format=layout)):
        images = _rewritten(dataset, images, layout, control)
    return images.to(device), torch.from_numpy(split.labels).to(device)


def _rewritten(
    dataset: Dataset, images: Tensor, layout: torch.memory_format, control: Control
) -> Tensor:
    """Standardise images, and lay them out, some at a time."""
    import torch

    result = torch.empty_like(images, memory_format=torch.contiguous_format)
    if not result.is_contiguous(memory_format=layout):
        result = torch.empty_like(images, memory_format=layout)
    for start in range(0, len(images), AT_ONCE):
        if not control.hold():
            raise Cancelled
        some = images[start : start + AT_ONCE].numpy()
        result[start : start + AT_ONCE].copy_(torch.from_numpy(dataset.standardised(some)))
    return result
