"""Trains a run again from its log, changes included, and holds every number against the first time.

On a CPU the same project, images, changes and thread counts give the same numbers, bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import Cancelled, Dataset, Progress, silent
from engine.data.limits import check_file
from engine.data.load import load
from engine.problems import Problem, ProblemError
from engine.project.checks import machine_memory, problems
from engine.project.project import Project
from engine.store.checkpoints import Checkpoints
from engine.store.lock import in_use
from engine.store.projects import load_project
from engine.store.runs import LOG, PROJECT
from engine.training.control import Control
from engine.training.device import choose_device
from engine.training.events import Evaluated, Event, Weights
from engine.training.history import Run
from engine.training.loop import Begin, train
from engine.training.record import as_line
from engine.training.reopen import check_images, reopen
from engine.training.replay import (
    NOT_REPEATED,
    Line,
    ReplayedControl,
    ReplayedThreads,
    Script,
    made_with_here,
    read_script,
    repeated_lines,
)
from engine.training.warm_start import needed_start

Value = str | float | None

NOT_COMPARED = ("run", "device", "parent", "message", "details")  # words, and where it was
ANSWERS = ("predicted", "confidence", "true_probability", "probabilities")
LONGEST_VALUE = 60  # letters of what a log tells, in a message

STILL_GOING_ON = (
    "The run in {path} is still going on, so its log has no end yet. Stop it or wait for its end, "
    "then train it again."
)
OTHER_IMAGES = (
    "The images, or how they are split, are not those that this run was trained with, so it can't "
    "be repeated. Put the images and the project.json of that time back."
)
EQUAL = (
    "Trained again up to step {step}: all {compared} numbers that the run has reported and kept "
    "are equal."
)
UNEQUAL = (
    "Trained again: the first difference is at step {step}, in {what}. {field} was {expected}, and "
    "is {found} now. The {compared} numbers before it are equal."
)
OUT_OF_STEP = (
    "Trained again: the first difference is at step {step}. The log tells of {expected} there, and "
    "the repeated training of {found}. The {compared} numbers before it are equal."
)
OTHER_DEVICE = "The run was trained on {then} and repeated on {now}, which rounds another way."
UNPROMISED = "On {now} the same training need not give the same numbers."
OTHER_MACHINE = (
    "Equal numbers are promised for the same version of PyTorch on the same kind of processor. The "
    "run was trained with {then}, and repeated with {now}."
)
NO_END = "The log breaks off, so the run was compared as far as it goes."
UNREAD_WEIGHTS = "The weights in {path} can't be read, so they were not compared."

EVENTS = {
    "Started": "the start",
    "WarmStarted": "the starting weights",
    "Progress": "the training loss and accuracy",
    "Evaluated": "an evaluation",
    "EpochDone": "an epoch's end",
    "Weights": "the weights",
    "Changed": "a change",
    "Branched": "the branch",
    "Diverged": "a quantity that is no number",
    "Finished": "the run's end",
    "": "nothing more",
}


@dataclass(frozen=True)
class Difference:
    """The first number that is not equal: in the log or the folder, and in the repetition.

    `field` is "event" where another event comes, "step" where the same comes at another step.
    """

    step: int
    event: str
    field: str
    expected: Value
    found: Value


@dataclass(frozen=True)
class Verdict:
    """What a repetition has shown."""

    step: int  # up to which it was compared
    compared: int  # numbers that are equal
    difference: Difference | None
    notes: tuple[Problem, ...]  # what else to know; why equality may not be expected

    @property
    def equal(self) -> bool:
        """Whether every number is equal."""
        return self.difference is None

    @property
    def words(self) -> Problem:
        """Say it to people."""
        unlike = self.difference
        if unlike is None:
            return Problem(EQUAL, step=self.step, compared=self.compared)
        values: dict[str, Any] = {"step": unlike.step, "compared": self.compared}
        if unlike.field == "event":
            expected, found = (EVENTS.get(str(e), str(e)) for e in (unlike.expected, unlike.found))
            return Problem(OUT_OF_STEP, **values, expected=expected, found=found)
        name = unlike.field.replace("_", " ")
        return Problem(
            UNEQUAL,
            **values,
            what=EVENTS.get(unlike.event, unlike.event),
            field=name[:1].upper() + name[1:],
            expected=_exactly(unlike.expected),
            found=_exactly(unlike.found),
        )


def verify(
    folder: Path, data: Path, progress: Progress = silent, control: Control | None = None
) -> Verdict:
    """Train a run again, and compare each number with its log, its kept answers and weights.

    A branch is trained from where it left its parent, a resumed run from its start, one that was
    stopped or has crashed as far as its log goes. Nothing is written. Training takes torch's
    random state and thread count for itself, so no other one may go on in this program meanwhile.
    `progress` is told the steps.

    Raises:
        ProblemError: the folder or the images can't be read, the images are others, or the run is
            still going on.
        Cancelled: `control` was stopped, or `progress` raised it.
    """

    def tell(done: int, total: int) -> None:
        if control is not None and control.stopped:
            raise Cancelled
        progress(done, total)

    project = load_project(folder / PROJECT)
    check_file(folder / LOG)
    if in_use(folder):
        raise ProblemError(STILL_GOING_ON, path=str(folder))
    script = read_script(folder, lambda: tell(0, 1))
    run, dataset = _read(folder, data, project, tell)
    begin = None
    if script.branches:
        begin = Begin(Checkpoints(folder).read(script.begin), script.parent)
    start = needed_start(folder) if script.warm and begin is None else None
    device = choose_device(project.training.device).type

    with _thread_count_kept():
        threads = ReplayedThreads(script)
        steps = max(script.last_step - script.begin, 1)
        replayed = ReplayedControl(script, threads, lambda step: tell(step - script.begin, steps))
        events = train(project, dataset, replayed, threads=threads, begin=begin, start=start)
        comparison = _Comparison(folder, run)
        difference = comparison.first_difference(script, replayed, events)
    notes = (*comparison.unread, *_notes(script, device, difference))
    return Verdict(script.last_step, comparison.compared, difference, notes)


def _read(folder: Path, data: Path, project: Project, tell: Progress) -> tuple[Run, Dataset]:
    """Read what the run has kept, and its images."""
    for problem in problems(project, machine_memory()):
        raise ProblemError(problem)
    run = reopen(folder, tell)
    dataset = load(project.data, project.training.seed, data, tell)
    try:
        check_images(run, dataset)
    except ProblemError:
        raise ProblemError(OTHER_IMAGES) from None
    return run, dataset


@contextmanager
def _thread_count_kept() -> Iterator[None]:
    import torch

    count = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(count)


def _notes(script: Script, now: str, difference: Difference | None) -> Iterator[Problem]:
    if now != script.device:
        yield Problem(OTHER_DEVICE, then=script.device[:LONGEST_VALUE], now=now)
    elif now != "cpu":
        yield Problem(UNPROMISED, now=now)
    elif difference is not None and script.made_with != (here := made_with_here()):
        yield Problem(OTHER_MACHINE, then=script.made_with or "another version", now=here)
    if script.end in ("", "failed"):
        yield Problem(NO_END)


@dataclass
class _Comparison:
    """Holds a repetition against what was told and kept, and counts what is equal."""

    folder: Path
    run: Run
    compared: int = 0
    unread: list[Problem] = field(default_factory=list)

    def first_difference(
        self, script: Script, control: ReplayedControl, events: Iterator[Event]
    ) -> Difference | None:
        """Go through log and training side by side, line by line."""
        again = (event for event in events if type(event).__name__ not in NOT_REPEATED)
        for line in repeated_lines(self.folder, script):
            control.reached(line)
            if line.get("event") == "Resumed":
                continue
            event = next(again, None)
            if (unlike := self._in_line(line, event)) or (unlike := self._in_kept(event)):
                return unlike
        return None

    def _in_line(self, line: Line, event: Event | None) -> Difference | None:
        """Compare what the log tells with an event; None of them where the training is over."""
        found = {"event": ""} if event is None else as_line(event)
        step = line.get("step", 0)
        for name, value in found.items():
            told = line.get(name, "nothing")
            if name not in NOT_COMPARED and told != value:
                where = step if isinstance(step, int) else 0
                return Difference(where, str(line.get("event")), name, _plain(told), _plain(value))
            self.compared += isinstance(value, int | float)
        return None

    def _in_kept(self, event: Event | None) -> Difference | None:
        """Compare an event's arrays with those that the folder keeps of the same moment."""
        match event:
            case Weights():
                pairs = self._weights(event)
            case Evaluated():
                pairs = self._answers(event)
            case _:
                return None
        for name, kept, found in pairs:
            if unlike := _first_unequal(kept, found):
                place, *values = unlike
                return Difference(event.step, type(event).__name__, f"{name}{place}", *values)
            self.compared += found.size
        return None

    def _weights(self, event: Weights) -> Iterator[tuple[str, NDArray[Any], NDArray[Any]]]:
        from safetensors import safe_open

        path = self.folder / f"{event.kind}.safetensors"
        if not path.is_file():
            return
        try:
            with safe_open(path, framework="numpy") as file:
                if (file.metadata() or {}).get("step") == str(event.step):
                    for name, found in event.tensors.items():
                        yield name, file.get_tensor(name), found
        except Exception:  # its own, OSError, and TypeError where numpy lacks the type
            self.unread.append(Problem(UNREAD_WEIGHTS, path=str(path)))

    def _answers(self, event: Evaluated) -> Iterator[tuple[str, NDArray[Any], NDArray[Any]]]:
        kept = self.run.evaluation(event.of, event.step)
        if kept is None or (kept.step, kept.whole) != (event.step, event.whole):
            return
        for name in ANSWERS:
            values = getattr(kept, name), getattr(event, name)
            if values[0] is not None:
                yield name, *values


def _first_unequal(kept: NDArray[Any], found: NDArray[Any]) -> tuple[str, Value, Value] | None:
    """Find where arrays differ first, as [place], and both values; NaN equals NaN."""
    if kept.shape != found.shape:
        return ".shape", str(kept.shape), str(found.shape)
    unequal = (kept != found) & ~((kept != kept) & (found != found))
    if not unequal.any():
        return None
    place = tuple(int(each) for each in np.unravel_index(unequal.argmax(), unequal.shape))
    return str(list(place)), _plain(kept[place].item()), _plain(found[place].item())


def _plain(value: object) -> Value:
    """Give a value that JSON holds, and that is short; NaN is None, as in the log."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, int | float | None) else str(value)[:LONGEST_VALUE]


def _exactly(value: Value) -> str:
    """Write all digits of a number."""
    return "not a number" if value is None else str(value)
