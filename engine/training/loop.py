"""The training loop: a generator that reads like the lesson; all else consumes its events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import Dataset, SetName, Split
from engine.project.layers import BatchNorm
from engine.project.project import Project
from engine.training.allocator import keep_freed_memory
from engine.training.augment import augmented
from engine.training.capture import captured
from engine.training.control import Control
from engine.training.device import choose_device
from engine.training.evaluation import answers, batch_rows, evaluated
from engine.training.events import (
    EpochDone,
    Evaluated,
    Event,
    Finished,
    Progress,
    Started,
    ThreadsChanged,
    Weights,
)
from engine.training.network import build
from engine.training.step import PlainStep, Step
from engine.training.tuning import ThreadTuner

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

REPORTS_PER_EPOCH = 100
SAMPLES_PER_EPOCH = 4  # evaluations of the sample within an epoch, beside the whole one at its end
SAMPLE_SIZE = 500  # about 3 % of an epoch's time on MNIST
CAPTURE_FROM = 200  # steps of a run; a shorter one is over before capturing its step has paid


def train(
    project: Project,
    dataset: Dataset,
    control: Control,
    *,
    threads: int | None = None,
    run: str = "",
) -> Iterator[Event]:
    """Train the project's network on the dataset and tell what happens.

    The same project, dataset and thread count give the same events, bit for bit, on a CPU.
    `threads` fixes the thread count, which is measured otherwise. ProblemError where the network,
    the settings or the device don't fit.
    """
    import torch

    keep_freed_memory()
    torch.set_flush_denormal(True)  # Adam's memory of pixels that are rarely lit fades into these
    settings = project.training
    device = choose_device(settings.device)
    images, labels = tensors(dataset, dataset.train, device)
    validation = Judge(project, dataset, "validation", device, control)

    # One seed decides the first weights, the order of the images, their changes and the dropout.
    torch.manual_seed(settings.seed)
    shuffling = torch.Generator().manual_seed(settings.seed)
    changing = torch.Generator().manual_seed(settings.seed + 1)
    network = build(project).to(device).to(memory_format=torch.channels_last)
    optimizer = settings.optimizer.build(network.parameters())
    plain_step = PlainStep(network, settings.loss, optimizer)
    take_step: Step = plain_step
    batches = batch_bounds(len(labels), settings.batch_size, project)
    steps = len(batches) * settings.epochs
    tuner = ThreadTuner(threads if device.type == "cpu" else 1)
    yield Started(
        run=run,
        parameters=sum(weights.numel() for weights in network.parameters()),
        train_count=len(labels),
        validation_count=len(dataset.validation),
        test_count=len(dataset.test),
        epochs=settings.epochs,
        steps_per_epoch=len(batches),
        device=device.type,
        threads=tuner.threads,
    )

    step, best = 0, -1.0
    rows = np.arange(len(labels))
    scores_given = torch.empty(len(labels), len(dataset.class_names), device=device)
    report_every = max(1, len(batches) // REPORTS_PER_EPOCH)
    samples_at = sample_steps(len(batches))
    for epoch in range(1, settings.epochs + 1):
        meter = Meter(scores_given)
        order = torch.randperm(len(labels), generator=shuffling).to(device)
        shuffled_labels = labels[order]
        for number, (start, end) in enumerate(batches, 1):
            if control.stopped:
                yield weights(network, step, epoch, "last")
                yield Finished("stopped", step, epoch - 1)
                return

            # A batch, its images changed a little if asked for, and a step that learns from it.
            batch = images.index_select(0, order[start:end])
            batch = augmented(batch, settings.augmentation, changing)
            batch_labels = shuffled_labels[start:end]
            rate = settings.optimizer.learning_rate * settings.schedule.factor(step / steps)
            with tuner.timing():
                loss, scores = take_step(batch, batch_labels, rate)

            step += 1
            meter.add(loss, scores, batch_labels)
            if number % report_every == 0 or number == len(batches) or step == 1:
                yield Progress(step, *meter.read())
            if number in samples_at and (sample := validation.sample(network, step, epoch)):
                yield sample
            if step == 1 and steps >= CAPTURE_FROM and device.type == "cpu":
                take_step = captured(plain_step, batch, batch_labels)
            if tuner.changed:
                yield ThreadsChanged(step, tuner.threads)

        # After each epoch: the answers to the images as they were learned from, those to the
        # whole validation set, and the weights if they are the best so far.
        loss_mean, accuracy = meter.means()
        yield evaluated(
            torch.empty_like(scores_given).index_copy_(0, order, scores_given),
            rows,
            dataset.train.labels,
            loss=loss_mean,
            step=step,
            epoch=epoch,
            of="training",
            whole=True,
        )
        judged = validation.whole(network, step, epoch)
        if judged is None:
            continue  # stopped meanwhile: the next round ends the run
        yield judged
        is_best = judged.accuracy > best
        best = max(best, judged.accuracy)
        yield EpochDone(
            step, epoch, loss_mean, accuracy, judged.loss, judged.accuracy, best=is_best
        )
        if is_best:
            yield weights(network, step, epoch, "best")

    # At the very end: the test set, touched this once.
    yield weights(network, step, settings.epochs, "last")
    tested = Judge(project, dataset, "test", device, control).whole(network, step, settings.epochs)
    if tested is None:
        yield Finished("stopped", step, settings.epochs)
        return
    yield tested
    yield Finished("completed", step, settings.epochs, tested.loss, tested.accuracy)


class Meter:
    """Sums an epoch's losses and right answers, and keeps the scores given to its images.

    Tensors are read only when asked for, since reading synchronises. `scores` (N, K) is filled
    from the first batch on, in the order of learning.
    """

    def __init__(self, scores: Tensor) -> None:
        self.scores = scores
        self.loss_sum = 0.0
        self.right = 0
        self.count = 0
        self._waiting: list[tuple[Tensor, Tensor, Tensor]] = []

    def add(self, loss: Tensor, scores: Tensor, labels: Tensor) -> None:
        """Keep a batch's mean loss, scores (N, K) and labels (N,) for the next reading."""
        self._waiting.append((loss.detach(), scores.detach(), labels))

    def read(self) -> tuple[float, float]:
        """Give mean loss and accuracy since the last reading."""
        import torch

        losses, scores, labels = zip(*self._waiting, strict=True)
        self._waiting.clear()
        sizes = torch.tensor([len(batch) for batch in labels], dtype=torch.float64)
        count = int(sizes.sum())
        given = torch.cat(scores, out=self.scores[self.count : self.count + count])
        loss_sum = float(torch.stack(losses).cpu().double() @ sizes)
        right = int((given.argmax(dim=1) == torch.cat(labels)).sum())
        self.loss_sum += loss_sum
        self.right += right
        self.count += count
        return loss_sum / count, right / count

    def means(self) -> tuple[float, float]:
        """Give mean loss and accuracy of all images so far."""
        return self.loss_sum / self.count, self.right / self.count


class Judge:
    """Evaluates the network on one set, whole or on a sample that stays the same all along."""

    def __init__(
        self,
        project: Project,
        dataset: Dataset,
        of: SetName,
        device: torch.device,
        control: Control,
    ) -> None:
        split = dataset.validation if of == "validation" else dataset.test
        self.project, self.of, self.control = project, of, control
        self.images, self.labels = tensors(dataset, split, device)
        self.rows, self.true = np.arange(len(split)), split.labels
        chosen = np.random.default_rng(project.training.seed).permutation(len(split))
        self.sample_rows = np.sort(chosen[:SAMPLE_SIZE])
        self.sample_true = split.labels[self.sample_rows]  # all samples share these two arrays
        self.rows_at_once = batch_rows(project)

    def whole(self, network: nn.Module, step: int, epoch: int) -> Evaluated | None:
        """Evaluate the whole set; None when asked to stop meanwhile."""
        return self._evaluate(network, self.rows, self.true, step, epoch)

    def sample(self, network: nn.Module, step: int, epoch: int) -> Evaluated | None:
        """Evaluate the sample; None when asked to stop meanwhile."""
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
        scores = answers(network, images, self.rows_at_once, lambda: self.control.stopped)
        if scores is None:
            return None
        loss = float(self.project.training.loss.of(scores, labels))
        return evaluated(
            scores, rows, true, loss=loss, step=step, epoch=epoch, of=self.of, whole=whole
        )


def tensors(dataset: Dataset, split: Split, device: torch.device) -> tuple[Tensor, Tensor]:
    """Put a split on the device: images (N, C, H, W) standardised if asked for, labels (N,)."""
    import torch

    images = torch.from_numpy(dataset.standardised(split.images)).to(device)
    return (
        images.contiguous(memory_format=torch.channels_last),
        torch.from_numpy(split.labels).to(device),
    )


def batch_bounds(count: int, size: int, project: Project) -> list[tuple[int, int]]:
    """Cut `count` images into batches of `size`, the last one partial.

    A lone last image joins the batch before it where batch normalisation would have to normalise
    it by itself.
    """
    bounds = [(start, min(start + size, count)) for start in range(0, count, size)]
    normalises = any(isinstance(layer, BatchNorm) for layer in project.layers)
    if normalises and len(bounds) > 1 and bounds[-1][1] - bounds[-1][0] == 1:
        bounds[-2:] = [(bounds[-2][0], count)]
    return bounds


def sample_steps(batches: int) -> frozenset[int]:
    """Spread the sample's evaluations evenly over an epoch; its last step has the whole set's."""
    parts = SAMPLES_PER_EPOCH + 1
    return frozenset(batches * part // parts for part in range(1, parts)) - {0, batches}


def weights(network: nn.Module, step: int, epoch: int, kind: str) -> Weights:
    """Copy the weights, so that training can go on."""
    tensors = {name: value.cpu().numpy().copy() for name, value in network.state_dict().items()}
    return Weights(step, epoch, "best" if kind == "best" else "last", tensors)
