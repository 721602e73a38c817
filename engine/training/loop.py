"""The training loop: a generator that reads like the lesson; all else consumes its events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.data.dataset import Dataset
from engine.problems import ProblemError
from engine.project.format import loads
from engine.project.project import Project
from engine.store.checkpoints import Checkpoint
from engine.training.allocator import keep_freed_memory
from engine.training.batches import report_at
from engine.training.control import Control
from engine.training.events import (
    Continued,
    Diverged,
    Event,
    Finished,
    Paused,
    Progress,
    Resumed,
    Stepped,
    ThreadsChanged,
    WarmStarted,
)
from engine.training.guard import NotANumber, diagnosis
from engine.training.look import look_after, look_before
from engine.training.trainer import Trainer
from engine.training.tuning import ThreadTuner
from engine.training.warm_start import WarmStart

if TYPE_CHECKING:
    from torch import Tensor


Moment = Literal["first", "running", "epoch", "best", "end", "pause"]
Due = Callable[[Moment], bool]
"""Tells at such a moment of a run whether a snapshot is wanted."""


@dataclass(frozen=True)
class Begin:
    """Where a training begins that does not begin at its first step."""

    checkpoint: Checkpoint
    parent: str = ""  # the run that this one branches off, with another project; "" for the same


def never(moment: Moment) -> bool:
    """Want no snapshots."""
    del moment
    return False


def train(
    project: Project,
    dataset: Dataset,
    control: Control,
    *,
    threads: ThreadTuner | int | None = None,
    run: str = "",
    begin: Begin | None = None,
    start: WarmStart | None = None,
    due: Due = never,
) -> Iterator[Event]:
    """Train the project's network on the dataset and tell what happens.

    The same project, dataset and thread count give the same events, bit for bit, on a CPU, also
    where the training begins at a checkpoint. `threads` fixes the thread count, which is measured
    otherwise. `start` are the first weights, where they are not all the seed's. `due` is asked
    whether a Snapshot is wanted. ProblemError where the network, the settings or the device don't
    fit.
    """
    import torch

    keep_freed_memory()
    torch.set_flush_denormal(True)  # Adam's memory of pixels that are rarely lit fades into these
    if begin is None:
        trainer = Trainer(project, dataset, control, threads, start)
        yield trainer.started(run)
        if start is not None:
            yield WarmStarted(start.source, len(start.tensors), start.digest)
        if due("first"):
            yield trainer.snapshot("first")
    else:
        trainer = _as_it_was(begin.checkpoint, dataset, control, threads)
        if begin.parent:
            yield trainer.branch(project, begin.parent)
        yield Resumed(trainer.step)
        if trainer.tuner.threads != begin.checkpoint.state["first_threads"]:
            yield ThreadsChanged(trainer.step, trainer.tuner.threads)

    while not trainer.over:
        trainer.begin_epoch()
        while trainer.images_left:
            yield from _asked(trainer, control, due)
            if control.stopped:
                yield from _stopped(trainer, due)
                return
            if trainer.owes_sample:  # its judging was broken off to wait, or by the end
                if sample := trainer.judge_sample():
                    yield sample
                continue
            if trainer.owes_recording:
                trainer.record_step()
                continue

            # A batch, its images changed a little if asked for, and a step that learns from it.
            images, labels = trainer.next_batch()
            try:
                if control.stepping:
                    yield _looked(trainer, images, labels)
                    control.took_step()
                else:
                    trainer.learn(images, labels)
            except NotANumber:
                yield from _diverged(trainer, images, labels, due)
                return

            if report_at(trainer.number, trainer.batches) or trainer.step == 1:
                yield Progress(trainer.step, *trainer.meter.read())
            if trainer.sample_due and (sample := trainer.judge_sample()):
                yield sample
            trainer.plan_recording()
            if trainer.tuner.changed:
                yield ThreadsChanged(trainer.step, trainer.tuner.threads)
            if trainer.images_left and due("running"):
                yield trainer.snapshot("running")

        # After each epoch: the answers to the images as they were learned from, those to the
        # whole validation set, and the weights if they are the best so far.
        while (judged := trainer.judge(trainer.validation.whole)) is None:
            yield from _asked(trainer, control, due)
            if control.stopped:
                yield from _stopped(trainer, due)
                return
        yield trainer.answers_while_learning()
        yield judged
        epoch = trainer.epoch
        done = trainer.end_epoch(judged)
        yield done
        if trainer.dropped:
            yield trainer.dropped
        if done.best:
            yield trainer.weights(epoch, "best")
        kind: Literal["best", "epoch"] = "best" if done.best else "epoch"
        if not trainer.over and due(kind):
            yield trainer.snapshot(kind)

    # At the very end: the test set, touched this once.
    trainer.put_best_back()
    if due("end"):
        yield trainer.snapshot("end")
    yield trainer.weights(trainer.epoch - 1, "last")
    while (tested := trainer.judge(trainer.test.whole)) is None:
        yield from _asked(trainer, control, due)
        if control.stopped:
            yield Finished("stopped", trainer.step, trainer.epoch - 1)
            return
    yield tested
    early = trainer.epoch <= trainer.course.epochs
    yield Finished(
        "early" if early else "completed",
        trainer.step,
        trainer.epoch - 1,
        tested.loss,
        tested.accuracy,
    )


def _as_it_was(
    checkpoint: Checkpoint, dataset: Dataset, control: Control, threads: ThreadTuner | int | None
) -> Trainer:
    """Make the trainer that a checkpoint was written down of."""
    try:
        trainer = Trainer(loads(checkpoint.state["project"]), dataset, control, threads)
        trainer.put_back(checkpoint)
    except (ArithmeticError, LookupError, TypeError, ValueError, RuntimeError) as error:
        raise ProblemError(
            "The checkpoint of step {step} does not fit the run's network or its images. Go on "
            "from another one.",
            step=str(checkpoint.step),
        ) from error
    return trainer


def _asked(trainer: Trainer, control: Control, due: Due) -> Iterator[Event]:
    """Do what the person asks for between two steps: change something, wait."""
    yield from _changes(trainer, control)
    if not control.held:
        return
    control.rest()
    if due("pause"):
        yield trainer.snapshot("running")
    yield Paused(trainer.step)
    held = True
    while held:
        held = control.wait()
        changes = list(_changes(trainer, control))
        yield from changes
        if changes and due("pause"):
            yield trainer.snapshot("running")
    yield Continued(trainer.step)


def _changes(trainer: Trainer, control: Control) -> Iterator[Event]:
    for field, value in control.take_changes(trainer.step):
        if told := trainer.change(field, value):
            yield told


def _looked(trainer: Trainer, images: Tensor, labels: Tensor) -> Stepped:
    """Take a step, and look at what it does; what is learned is the same."""
    before = look_before(trainer.project, trainer.network, images, labels)
    rate = trainer.rate
    trainer.learn(images, labels)
    look = look_after(before, trainer.network, trainer.batch_rows(), rate)
    return Stepped(trainer.step, trainer.epoch, look)


def _diverged(trainer: Trainer, images: Tensor, labels: Tensor, due: Due) -> Iterator[Event]:
    """End where a quantity is no number, with all as it was before that step."""
    found = diagnosis(trainer.project, trainer.network, images, labels, trainer.rate)
    trainer.give_back()
    if due("pause"):
        yield trainer.snapshot("running")
    yield Diverged(trainer.step, found.layer, found.quantity, found.cause, str(found.message))
    yield trainer.weights(trainer.epoch, "last")
    yield Finished("diverged", trainer.step, trainer.epoch - 1)


def _stopped(trainer: Trainer, due: Due) -> Iterator[Event]:
    """End before the last epoch, so that the training can go on another day."""
    if due("pause"):
        yield trainer.snapshot("running")
    yield trainer.weights(trainer.epoch, "last")
    yield Finished("stopped", trainer.step, trainer.epoch - 1)
