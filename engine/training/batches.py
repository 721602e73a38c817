"""How an epoch is cut into batches, and at which of them the network is judged."""

from __future__ import annotations

from math import ceil

from engine.project.layers import BatchNorm
from engine.project.project import Project, walk

REPORTS_PER_EPOCH = 100
SAMPLES_PER_EPOCH = 4  # evaluations of the sample within an epoch, beside the whole one at its end


def batch_end(start: int, count: int, project: Project) -> int:
    """Tell where the batch ends that begins at an image, of `count` in the epoch.

    The last batch is partial. A lone last image joins the batch before it where batch
    normalisation would have to normalise it by itself.
    """
    end = min(start + project.training.batch_size, count)
    return count if end == count - 1 and _normalises(project) else end


def batches_left(start: int, count: int, project: Project) -> int:
    """Count the batches from an image on to the epoch's end."""
    size, left = project.training.batch_size, count - start
    batches = ceil(left / size)
    alone = left - (batches - 1) * size == 1
    return batches - 1 if batches > 1 and alone and _normalises(project) else batches


def sample_steps(batches: int) -> frozenset[int]:
    """Spread the sample's evaluations evenly over an epoch; its last step has the whole set's."""
    parts = SAMPLES_PER_EPOCH + 1
    return frozenset(batches * part // parts for part in range(1, parts)) - {0, batches}


def report_at(number: int, batches: int) -> bool:
    """Tell whether an epoch's figures are told after so many of its batches."""
    return number % max(1, batches // REPORTS_PER_EPOCH) == 0 or number == batches


def _normalises(project: Project) -> bool:
    return any(isinstance(layer, BatchNorm) for layer in walk(project.layers))
