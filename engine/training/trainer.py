"""All that a training is at a moment: what it learns with, what it has learned, where it stands.

The loop reads like the lesson because the state is here, in one place: it can be written down after
any step, and put back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import Dataset
from engine.problems import ProblemError
from engine.project.format import dumps
from engine.project.layers import penalties
from engine.project.project import Project
from engine.project.schedules import ReduceOnPlateau
from engine.project.stopping import measured
from engine.store.checkpoints import Checkpoint
from engine.training.augment import PixelRange, augmented
from engine.training.batches import batch_end, batches_left, sample_steps
from engine.training.capture import captured
from engine.training.changes import LEARNING_RATE, branch_problem, changed, dropouts, value_of
from engine.training.control import Control
from engine.training.course import Course
from engine.training.device import choose_device
from engine.training.evaluation import evaluated
from engine.training.events import (
    Branched,
    Changed,
    EpochDone,
    Evaluated,
    RateDropped,
    Snapshot,
    Started,
    Warned,
    Weights,
)
from engine.training.judge import Judge, tensors
from engine.training.meter import Meter
from engine.training.network import build, freeze, layout, trained
from engine.training.plateau import Patience, Plateau
from engine.training.step import PlainStep, Step
from engine.training.tuning import ThreadTuner
from engine.training.warm_start import WarmStart, put_in

if TYPE_CHECKING:
    from torch import Tensor, nn

CAPTURE_FROM = 200  # steps of a run; a shorter one is over before capturing its step has paid

Kind = Literal["first", "running", "epoch", "best", "end"]


class Trainer:
    """The network and everything around it, from the first step to the last."""

    def __init__(
        self,
        project: Project,
        dataset: Dataset,
        control: Control,
        threads: ThreadTuner | int | None = None,
        start: WarmStart | None = None,
    ) -> None:
        import torch

        settings = project.training
        self.project, self.dataset, self._control = project, dataset, control
        self.device = choose_device(settings.device)
        # One seed decides the first weights, the order of the images, their changes, the dropout.
        torch.manual_seed(settings.seed)
        self._shuffling = torch.Generator().manual_seed(settings.seed)
        self._changing = torch.Generator().manual_seed(settings.seed + 1)
        network = build(project)
        if start is not None:
            put_in(network, start)
        form = layout(network)
        self.network = network.to(self.device).to(memory_format=form)
        self.images, self.labels = tensors(dataset, dataset.train, self.device, form, control)
        self._pixels = PixelRange.of(dataset)
        self.validation = Judge(project, dataset, "validation", self.device, form, control)
        self.test = Judge(project, dataset, "test", self.device, form, control)
        self.take_step: Step
        self.plateau: Plateau
        self.patience: Patience
        self._take_up_settings()
        if not isinstance(threads, ThreadTuner):
            threads = ThreadTuner(threads if self.device.type == "cpu" else 1)
        self.tuner = threads
        self._first_threads = threads.threads  # as the log tells it of the run's beginning

        self.step = self.number = self.position = 0  # steps; batches and images of this epoch
        self.epoch = 1
        self.batches = batches_left(0, self.count, project)
        self.course = Course.straight(self.batches, settings.epochs)
        self.best_accuracy = -1.0
        self.best_weights: dict[str, Tensor] = {}
        self.enough = False  # whether early stopping has ended the epochs
        self.dropped: RateDropped | None = None  # by the epoch that ended last
        self.owes_sample = False  # whether the sample is still to be judged after the last step
        self._plain_steps = 0  # since the beginning, or a change of what is recorded
        self.owes_recording = False  # whether the step is to be recorded before the next one
        self._order: Tensor | None = None
        self._rows = np.arange(self.count)
        self._scores = torch.empty(self.count, len(dataset.class_names), device=self.device)
        self._unfinished: tuple[dict[str, Tensor], dict[str, float]] | None = None

    # ---- where it stands

    @property
    def count(self) -> int:
        """The number of images to learn from."""
        return len(self.labels)

    @property
    def over(self) -> bool:
        """Whether no epoch is left."""
        return self.enough or self.epoch > self.course.epochs

    @property
    def images_left(self) -> bool:
        """Whether this epoch has a batch left."""
        return self.position < self.count

    @property
    def sample_due(self) -> bool:
        """Whether the sample of the validation set is judged after this batch."""
        return self.number in self._samples_at

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        training = self.project.training
        factor = training.schedule.factor(self.course.share(self.step))
        return training.optimizer.learning_rate * factor * self.plateau.multiple

    # ---- epochs and batches

    def begin_epoch(self) -> None:
        """Shuffle, or go on in the middle of an epoch."""
        import torch

        self._samples_at = sample_steps(self.batches)
        self._shuffled_from = self._shuffling.get_state()
        self._order = torch.randperm(self.count, generator=self._shuffling).to(self.device)
        self._shuffled_labels = self.labels[self._order]
        self.meter = Meter(self._scores)
        if self._unfinished is not None:
            self.meter.put_back(*self._unfinished, self._shuffled_labels)
            self._unfinished = None

    def next_batch(self) -> tuple[Tensor, Tensor]:
        """Take the next images (N, C, H, W), changed a little if asked for, and labels (N,)."""
        assert self._order is not None
        start, end = self.position, batch_end(self.position, self.count, self.project)
        self._taken = slice(start, end)
        batch = self.images.index_select(0, self._order[start:end])
        changes = self.project.training.augmentation
        self._changing_from = self._changing.get_state() if changes.on else None
        batch = augmented(batch, changes, self._changing, self._pixels)
        self.position = end
        return batch, self._shuffled_labels[start:end]

    def batch_rows(self) -> NDArray[np.int64]:
        """Tell the places (N,) in the training set of the batch that was taken last."""
        assert self._order is not None
        rows: NDArray[np.int64] = self._order[self._taken].cpu().numpy()
        return rows

    def learn(self, images: Tensor, labels: Tensor) -> None:
        """Take a step that learns from a batch."""
        with self.tuner.timing():
            loss, scores = self.take_step(images, labels, self.rate)
        self.step += 1
        self.number += 1
        self._plain_steps += 1
        self.meter.add(loss, scores, labels)

    def give_back(self) -> None:
        """Undo the taking of the last batch, from which nothing was learned."""
        self.position = self._taken.start
        if self._changing_from is not None:
            self._changing.set_state(self._changing_from)

    def plan_recording(self) -> None:
        """See to it that the next step is recorded, once one was taken plainly, if the run is long
        enough for it to pay.
        """
        long = self.course.total_steps >= CAPTURE_FROM
        if self._plain_steps == 1 and long and self.device.type == "cpu":
            self.owes_recording = True

    def record_step(self) -> None:
        """Record the step for a whole batch, also where the last one was partial; asked to wait or
        to stop meanwhile, it owes that.
        """
        import torch

        first = torch.arange(batch_end(0, self.count, self.project), device=self.device)
        images = self.images.index_select(0, first)
        step = captured(self.plain_step, images, self.labels[first], self._interrupted)
        self.owes_recording = step is None
        if step is not None:
            self.take_step = step

    def _interrupted(self) -> bool:
        return self._control.interrupted

    def answers_while_learning(self) -> Evaluated:
        """Give the answers to the training images as each was learned from in this epoch."""
        import torch

        assert self._order is not None
        scores = torch.empty_like(self._scores).index_copy_(0, self._order, self._scores)
        return evaluated(
            scores,
            self._rows,
            self.dataset.train.labels,
            loss=self.meter.means()[0],
            step=self.step,
            epoch=self.epoch,
            of="training",
            whole=True,
        )

    def judge(self, how: Callable[[nn.Module, int, int], Evaluated | None]) -> Evaluated | None:
        """Have the network judged as it is now; None when asked to stop meanwhile."""
        return how(self.network, self.step, min(self.epoch, self.course.epochs))

    def judge_sample(self) -> Evaluated | None:
        """Have the network judged on the sample; asked to stop meanwhile, it owes that."""
        sample = self.judge(self.validation.sample)
        self.owes_sample = sample is None
        return sample

    def end_epoch(self, judged: Evaluated) -> EpochDone:
        """Take in how the validation set was judged, and go to the next epoch."""
        loss, accuracy = self.meter.means()
        best = judged.accuracy > self.best_accuracy
        self.best_accuracy = max(self.best_accuracy, judged.accuracy)
        done = EpochDone(
            self.step, self.epoch, loss, accuracy, judged.loss, judged.accuracy, best=best
        )
        rate = self.rate
        self._hear(done)
        self.dropped = RateDropped(self.step, rate, self.rate) if self.rate < rate else None
        self.epoch += 1
        self.number = self.position = 0
        self.batches = batches_left(0, self.count, self.project)
        self._order = None
        return done

    def _hear(self, done: EpochDone) -> None:
        """Let the schedule and early stopping know of an epoch."""
        schedule, stopping = self.project.training.schedule, self.project.training.early_stopping
        figures = done.validation_loss, done.validation_accuracy
        if isinstance(schedule, ReduceOnPlateau):
            self.plateau.heard(measured(schedule.watch, *figures))
        self.enough = self.patience.heard(measured(stopping.watch, *figures))
        if self.patience.improved and stopping.on and stopping.restore_best:
            state = self.network.state_dict()
            self.best_weights = {name: value.clone() for name, value in state.items()}

    def put_best_back(self) -> None:
        """Give the network the weights of its best epoch, if early stopping is to restore them."""
        if self.best_weights:
            self.network.load_state_dict(self.best_weights)

    # ---- changes on the way

    def change(self, field: str, value: float) -> Changed | Warned | None:
        """Give a field of the project another value from the next step on."""
        try:
            old = value_of(self.project, field)
            project = changed(self.project, field, value)
        except ProblemError as error:
            return Warned(str(error))
        if old == value_of(project, field):
            return None
        self._adopt(project, again=field != LEARNING_RATE)
        new = value_of(project, field)
        return Changed(self.step, field, old, new, *self._steps_ahead())

    def _adopt(self, project: Project, *, again: bool) -> None:
        """Go on with other numbers; `again` says that what was recorded of a step is not true any
        more.
        """
        resized = project.training.batch_size != self.project.training.batch_size
        self.project = project
        self._set_dropout()
        for group in self.optimizer.param_groups:
            group.update(project.training.optimizer.options())
        if again:
            self._step_plainly()
        if resized:
            self._bend()

    def branch(self, project: Project, parent: str) -> Branched:
        """Go on with another project, as another run.

        Raises:
            ProblemError: the layers or the data are others.
        """
        problem = branch_problem(self.project, project)
        if problem is not None:
            raise ProblemError(problem)
        memory, plateau, patience = self.optimizer.state, self.plateau, self.patience
        same = type(project.training.optimizer) is type(self.project.training.optimizer)
        self.project = project
        freeze(project, self.network)
        self._take_up_settings()
        moving = trained(self.network)
        if same and all(memory.get(weights) for weights in moving):  # else it remembers nothing
            self.optimizer.state.update({weights: memory[weights] for weights in moving})
        self.plateau = Plateau.restored(self.plateau.schedule, plateau.state())
        stopping = project.training.early_stopping
        if not (stopping.on and stopping.restore_best):
            self.best_weights = {}
        if self.best_weights or not stopping.restore_best:  # else its best could not be restored
            self.patience = Patience.restored(stopping, patience.state())
        self.enough = False
        self._set_dropout()
        self._step_plainly()
        self.course = replace(self.course, epochs=project.training.epochs)
        self._bend()
        return Branched(self.step, parent, self.course.epochs, *self._steps_ahead())

    def _set_dropout(self) -> None:
        rates = dropouts(self.project)
        for row in self.project.walk():
            if row.layer.name in rates:
                module = self.network.get_submodule(row.path + row.layer.name)
                module.p = rates[row.layer.name]  # type: ignore[assignment]  # a float

    def _step_plainly(self) -> None:
        self.take_step = self.plain_step
        self._plain_steps, self.owes_recording = 0, False

    def _bend(self) -> None:
        left, per_epoch = self._steps_ahead()
        self.batches = self.number + left
        self._samples_at = sample_steps(self.batches)
        self.course = self.course.bent(self.step, left, per_epoch)

    def _steps_ahead(self) -> tuple[int, int]:
        """Count the steps to the epoch's end, and those of each later epoch."""
        left = batches_left(self.position, self.count, self.project)
        return left, batches_left(0, self.count, self.project)

    def _take_up_settings(self) -> None:
        """Make what the project's settings ask for around the network."""
        training = self.project.training
        self.optimizer = training.optimizer.build(trained(self.network))
        self.plain_step = PlainStep(
            self.network,
            training.loss,
            self.optimizer,
            training.clip_norm,
            penalties(self.project.walk()),
        )
        self.take_step = self.plain_step
        schedule = training.schedule
        self.plateau = Plateau(
            schedule if isinstance(schedule, ReduceOnPlateau) else ReduceOnPlateau()
        )
        self.patience = Patience(training.early_stopping)

    # ---- what it tells of itself

    def started(self, run: str) -> Started:
        """Tell how much work there is."""
        return Started(
            run=run,
            parameters=sum(weights.numel() for weights in self.network.parameters()),
            train_count=self.count,
            validation_count=len(self.dataset.validation),
            test_count=len(self.dataset.test),
            epochs=self.course.epochs,
            steps_per_epoch=self.batches,
            device=self.device.type,
            threads=self.tuner.threads,
        )

    def weights(self, epoch: int, kind: Literal["best", "last"]) -> Weights:
        """Copy the weights, so that training can go on."""
        state = self.network.state_dict()
        copies = {name: value.cpu().numpy().copy() for name, value in state.items()}
        return Weights(self.step, epoch, kind, copies)

    # ---- all of it, written down and put back

    def snapshot(self, kind: Kind) -> Snapshot:
        """Write down all that the next step depends on."""
        import torch

        parts: dict[str, Tensor] = {
            "random/torch": torch.get_rng_state(),
            "random/changing": self._changing.get_state(),
            "random/shuffling": (
                self._shuffling.get_state() if self._order is None else self._shuffled_from
            ),
        }
        if self.device.type == "cuda":
            parts["random/cuda"] = torch.cuda.get_rng_state(self.device)
        parts |= {f"network/{name}": value for name, value in self.network.state_dict().items()}
        parts |= {f"best/{name}": value for name, value in self.best_weights.items()}
        for name, weights in self.network.named_parameters():
            for key, value in self.optimizer.state[weights].items():
                if isinstance(value, torch.Tensor):
                    parts[f"optimizer/{name}/{key}"] = value
        figures: dict[str, float] = {}
        if self.position:
            told, figures = self.meter.parts()
            parts |= {f"meter/{name}": value for name, value in told.items()}
        return Snapshot(
            step=self.step,
            epoch=self.epoch,
            kind=kind,
            tensors={name: _copied(value) for name, value in parts.items()},
            state={
                "project": dumps(self.project),
                "course": self.course.plain(),
                "epoch": self.epoch,
                "number": self.number,
                "position": self.position,
                "batches": self.batches,
                "plain_steps": self._plain_steps,
                "guarded_steps": self.plain_step.guard.steps,
                "first_threads": self._first_threads,
                "recorded": self.owes_recording or self.take_step is not self.plain_step,
                "best_accuracy": self.best_accuracy,
                "enough": self.enough,
                "owes_sample": self.owes_sample,
                "plateau": self.plateau.state(),
                "patience": self.patience.state(),
                "meter": figures,
            },
        )

    def put_back(self, checkpoint: Checkpoint) -> None:
        """Be as the training was when this was written down."""
        import torch

        state = checkpoint.state
        parts = {
            name: torch.from_numpy(np.array(value)) for name, value in checkpoint.tensors.items()
        }
        self.network.load_state_dict(_under(parts, "network/"))
        self._put_back_optimizer(_under(parts, "optimizer/"))
        self.best_weights = {
            name: value.to(self.device) for name, value in _under(parts, "best/").items()
        }
        torch.set_rng_state(parts["random/torch"])
        self._changing.set_state(parts["random/changing"])
        self._shuffling.set_state(parts["random/shuffling"])
        if "random/cuda" in parts and self.device.type == "cuda":
            torch.cuda.set_rng_state(parts["random/cuda"], self.device)
        self.step, self.epoch = checkpoint.step, state["epoch"]
        self.number, self.position, self.batches = (
            state[name] for name in ("number", "position", "batches")
        )
        ahead = batches_left(self.position, self.count, self.project)
        if self.position > self.count or self.number + ahead != self.batches:
            raise ValueError("these are not the batches of this training")
        self.course = Course.read(state["course"])
        self.best_accuracy, self.enough = state["best_accuracy"], state["enough"]
        self.owes_sample = state["owes_sample"]
        self.plateau = Plateau.restored(self.plateau.schedule, state["plateau"])
        self.patience = Patience.restored(self.patience.settings, state["patience"])
        self._plain_steps, self._first_threads = state["plain_steps"], state["first_threads"]
        if self.position:
            self._unfinished = _under(parts, "meter/"), state["meter"]
        self.owes_recording = state["recorded"]
        self.plain_step.guard.steps = state["guarded_steps"]

    def _put_back_optimizer(self, parts: dict[str, Tensor]) -> None:
        import torch

        for name, weights in self.network.named_parameters():
            for key, value in _under(parts, f"{name}/").items():
                if value.shape == weights.shape and key != "step":  # laid out as the weights are
                    value = torch.empty_like(weights).copy_(value)
                elif self.optimizer.param_groups[0].get("fused"):
                    value = value.to(weights.device)
                self.optimizer.state[weights][key] = value


def _under(parts: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): value for name, value in parts.items() if name.startswith(prefix)
    }


def _copied(value: Tensor) -> NDArray[np.generic]:
    return np.array(value.detach().cpu().contiguous().numpy())
