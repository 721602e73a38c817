"""Whether the words of a checkpoint can be true: a training goes on from nothing else."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.problems import ProblemError
from engine.project.format import loads
from engine.project.project import Project
from engine.project.stopping import Watched
from engine.store.checkpoints import Checkpoint
from engine.training.changes import branch_problem
from engine.training.reopen import LARGEST_NUMBER, LONGEST_RUN
from engine.training.tuning import MOST_THREADS

UNSOUND = (
    "The checkpoint of step {step} tells what can't be true of a training. Go on from another one."
)

Count = Annotated[int, Field(ge=0, le=LARGEST_NUMBER)]
Threads = Annotated[int, Field(ge=1, le=MOST_THREADS)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Plain(BaseModel):
    """Strict: a number is no text and no truth value."""

    model_config = ConfigDict(strict=True, frozen=True)


class _Plateau(_Plain):
    watch: Watched
    best: Number | None
    waited: Count
    multiple: float = Field(ge=0, le=1)


class _Patience(_Plain):
    watch: Watched
    best: Number | None
    best_epoch: Count
    epochs: Count


class _Meter(_Plain):
    loss_sum: float = 0.0
    right: Count = 0
    count: Count = 0


class _State(_Plain):
    """What Trainer.snapshot and the Recorder write; a branch has its parent's name beside it."""

    project: str
    course: tuple[Count, list[tuple[Count, Annotated[Number, Field(ge=0)], Positive]]]
    epoch: Count
    number: Count
    position: Count
    batches: Count
    plain_steps: Count
    guarded_steps: Count
    first_threads: Threads
    recorded: bool
    best_accuracy: float = Field(ge=-1, le=1)
    enough: bool
    owes_sample: bool
    plateau: _Plateau
    patience: _Patience
    meter: _Meter
    log_bytes: int = Field(ge=0, lt=2**53)
    at: float = Field(ge=0, le=LONGEST_RUN)
    threads: Threads | None
    parent: str = ""

    @model_validator(mode="after")
    def _fits_together(self) -> _State:
        epochs, pieces = self.course
        starts = [start for start, _, _ in pieces]
        rising = starts[:1] == [0] and all(one < other for one, other in pairwise(starts))
        within = 1 <= self.epoch <= epochs + 1 and self.number <= self.batches
        metered = not self.position or len(self.meter.model_fields_set) == len(_Meter.model_fields)
        if not (rising and within and metered and self.meter.right <= self.meter.count):
            raise ValueError
        return self


def check_state(checkpoint: Checkpoint, project: Project) -> None:
    """Refuse a checkpoint that no training of the project's layers and data has written.

    Raises:
        ProblemError: its words are missing, of other types, or can't be true.
    """
    try:
        state = _State.model_validate_json(json.dumps(dict(checkpoint.state)))
        sound = branch_problem(project, loads(state.project)) is None
    except (ValidationError, ProblemError):
        sound = False
    if not sound:
        raise ProblemError(UNSOUND, step=str(checkpoint.step))
