"""The network's answers to many images, without learning from them."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import SetName
from engine.project.project import Project
from engine.training.events import Evaluated

if TYPE_CHECKING:
    from torch import Tensor, nn

LARGEST_OUTPUT = 8_000_000  # bytes of one layer's output; larger ones fall out of the cache


def batch_rows(project: Project) -> int:
    """Choose how many images go through the network at once, by its largest layer output."""
    largest = max(prod(row.output_shape or (1,)) for row in project.walk())
    return max(16, min(4096, LARGEST_OUTPUT // (4 * largest)))


def answers(
    network: nn.Module, images: Tensor, rows_at_once: int, stopped: Callable[[], bool]
) -> Tensor | None:
    """Compute the scores (N, K) of images (N, C, H, W); None when asked to stop meanwhile."""
    import torch

    scores = []
    network.eval()
    with torch.inference_mode():
        for batch in images.split(rows_at_once):
            if stopped():
                break
            scores.append(network(batch))
    network.train()
    complete = sum(map(len, scores)) == len(images)
    return torch.cat(scores) if complete else None


def evaluated(
    scores: Tensor,
    rows: NDArray[np.int64],
    labels: NDArray[np.int64],
    *,
    loss: float,
    step: int,
    epoch: int,
    of: SetName,
    whole: bool,
) -> Evaluated:
    """Sum up scores (N, K) against the true classes (N,) of the images in these rows (N,)."""
    import torch

    true = torch.from_numpy(labels).to(scores.device)
    predicted = scores.argmax(dim=1)
    probabilities = scores.softmax(dim=1)
    return Evaluated(
        step=step,
        epoch=epoch,
        of=of,
        whole=whole,
        loss=loss,
        accuracy=float((predicted == true).double().mean()),
        rows=rows,
        labels=labels,
        predicted=predicted.cpu().numpy(),
        confidence=probabilities.gather(1, predicted[:, None])[:, 0].cpu().numpy(),
        true_probability=probabilities.gather(1, true[:, None])[:, 0].cpu().numpy(),
        probabilities=probabilities.cpu().numpy(),
    )
