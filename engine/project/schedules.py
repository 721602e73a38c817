"""Every learning-rate schedule, one class each: its numbers and its formula over the run."""

from __future__ import annotations

from math import cos, floor, pi
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Union

from pydantic import BaseModel, ConfigDict, Field

from engine.project.optimizers import share
from engine.project.stopping import Watched, watch

WARM_UP_START = 0.01  # a warm-up's first multiple: at 0 the first step would move nothing
ROUNDING = 1e-9  # a third of a run, as a binary fraction, may fall just short of a third


def end(default: float, *, above_zero: bool = False) -> Any:
    """Declare the multiple that a schedule ends at."""
    return Field(
        default,
        gt=0 if above_zero else None,
        ge=None if above_zero else 0,
        le=1,
        allow_inf_nan=False,
        title="End",
        description="What is left of the learning rate at the end: 0.01 is a hundredth.",
    )


def drop() -> Any:
    """Declare the multiple that a fall at once leaves."""
    return Field(
        0.1,
        gt=0,
        lt=1,
        allow_inf_nan=False,
        title="Drop to",
        description="What a drop leaves of the learning rate: 0.1 is a tenth.",
    )


class Schedule(BaseModel):
    """How the learning rate changes over a run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: ClassVar[str]
    help: ClassVar[str]
    note: ClassVar[str] = ""  # what only the run can tell of its learning rate

    type: str = ""

    def factor(self, done: float) -> float:
        """Give the learning rate's multiple, 0..1, once the share `done` (0..1) of the run's steps
        is over: 0 for the first step, 1 - 1/n for the last of n.
        """
        raise NotImplementedError


class WarmedUp(Schedule):
    """A schedule that may begin with a warm-up: from a hundredth of the learning rate to all of it
    in a straight line (Goyal et al. 2017), and the schedule itself in the rest of the run.
    """

    warm_up: float = share(
        0.0,
        "Warm-up",
        "Share of the run in which the learning rate first rises from a hundredth to all of it.",
    )

    def factor(self, done: float) -> float:
        if done < self.warm_up:
            return between(WARM_UP_START, 1.0, done / self.warm_up)
        return self.after_warm_up((done - self.warm_up) / (1 - self.warm_up))

    def after_warm_up(self, done: float) -> float:
        """Give the multiple once the share `done` of what follows the warm-up is over."""
        raise NotImplementedError


class Constant(WarmedUp):
    """1."""

    title = "Constant"
    help = "The learning rate stays as it is."
    type: Literal["constant"] = "constant"

    def after_warm_up(self, done: float) -> float:
        return 1.0


class Step(WarmedUp):
    """drop ^ floor((drops + 1) done)."""

    title = "Step"
    help = "The learning rate falls at once, several times, and stays the same in between."
    type: Literal["step"] = "step"
    drops: int = Field(
        2,
        ge=1,
        le=100,
        title="Drops",
        description="How often the learning rate falls, evenly spread over the run.",
    )
    drop: float = drop()

    def after_warm_up(self, done: float) -> float:
        fallen = min(self.drops, floor((self.drops + 1) * done + ROUNDING))
        return float(self.drop**fallen)


class Exponential(WarmedUp):
    """end ^ done."""

    title = "Exponential"
    help = "The learning rate falls by the same share at each step: quickly first, then slowly."
    type: Literal["exponential"] = "exponential"
    end: float = end(0.01, above_zero=True)

    def after_warm_up(self, done: float) -> float:
        return float(self.end**done)


class Cosine(WarmedUp):
    """end + (1 - end) (1 + cos(pi done)) / 2: Loshchilov and Hutter 2017, equation 5, one cycle."""

    title = "Cosine"
    help = "The learning rate falls along half a wave: slowly, then quickly, then slowly again."
    type: Literal["cosine"] = "cosine"
    end: float = end(0.0)

    def after_warm_up(self, done: float) -> float:
        return along_wave(1.0, self.end, done)


class OneCycle(Schedule):
    """Smith and Topin 2018: from `start` up to 1 while `done` < `rise`, then down to `end`.

    Their two straight lines, or half waves, which fast.ai made the custom. Momentum is not cycled.
    """

    title = "One cycle"
    help = (
        "The learning rate rises first and falls then, so that the run may use a larger one: "
        "what the optimizer says is the peak."
    )
    type: Literal["one_cycle"] = "one_cycle"
    rise: float = Field(
        0.3,
        gt=0,
        lt=1,
        allow_inf_nan=False,
        title="Rise",
        description="Share of the run in which the learning rate rises; then it falls.",
    )
    start: float = Field(
        0.04,
        gt=0,
        le=1,
        allow_inf_nan=False,
        title="Start",
        description="What the run starts with, as a share of the peak: 0.04 is a 25th.",
    )
    end: float = end(0.0)
    shape: Literal["cosine", "linear"] = Field(
        "cosine", title="Shape", description="Half waves, or straight lines."
    )

    def factor(self, done: float) -> float:
        path = along_wave if self.shape == "cosine" else between
        if done < self.rise:
            return path(self.start, 1.0, done / self.rise)
        return path(1.0, self.end, (done - self.rise) / (1 - self.rise))


class ReduceOnPlateau(WarmedUp):
    """1, and over the run what engine.training.plateau.Plateau makes of it: drop ^ reductions."""

    title = "On plateau"
    help = "The learning rate falls at once, each time that validation has stopped improving."
    note = "falls on a plateau"
    type: Literal["plateau"] = "plateau"
    watch: Watched = watch()
    patience: int = Field(
        3,
        ge=0,
        le=100_000,
        title="Patience",
        description="How many epochs in a row may pass without an improvement. One more, and the "
        "learning rate falls.",
    )
    drop: float = drop()
    least: float = Field(
        0.0,
        ge=0,
        le=1,
        allow_inf_nan=False,
        title="At least",
        description="What all drops together leave of the learning rate, at least: 0.01 is a "
        "hundredth.",
    )
    threshold: float = Field(
        0.0001,
        ge=0,
        lt=1,
        allow_inf_nan=False,
        title="Threshold",
        description="An epoch must be better than the best one by more than this share of it to "
        "count as an improvement: 0.01 is a hundredth.",
    )

    def after_warm_up(self, done: float) -> float:
        return 1.0


def between(first: float, last: float, share: float) -> float:
    """Go from one number to another in a straight line: the first at 0, the last at 1."""
    return first * (1 - share) + last * share


def along_wave(first: float, last: float, share: float) -> float:
    """Go from one number to another along half a cosine wave: level at both ends."""
    return between(first, last, (1 - cos(pi * share)) / 2)


SCHEDULE_TYPES: tuple[type[Schedule], ...] = (
    Constant,
    Step,
    Exponential,
    Cosine,
    OneCycle,
    ReduceOnPlateau,
)
if TYPE_CHECKING:
    AnySchedule = Schedule
else:
    AnySchedule = Annotated[Union[SCHEDULE_TYPES], Field(discriminator="type")]  # noqa: UP007  a tuple
