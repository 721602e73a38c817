"""A run that is over, read back from its folder: all that its consumer saw, but the images.

The folder may be anyone's: nothing in it is believed before it was checked. What is wrong with a
file costs what is in that file, and is told in the run's warnings.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import Dataset, Progress, SetName, silent
from engine.data.limits import check_file, reading
from engine.problems import ProblemError
from engine.store.projects import load_project
from engine.store.runs import LOG, read_log
from engine.training import events
from engine.training.archive import STACKS, Stack
from engine.training.archived import Archived
from engine.training.evaluations import Evaluations
from engine.training.events import EpochDone, Evaluated, Event, Finished, Started
from engine.training.history import Run

LARGEST_NUMBER = 2**31 - 1  # of steps, epochs, images or threads
LARGEST_FRACTION = float(np.finfo(np.float32).max)  # a loss is computed with 32 bits
LONGEST_RUN = 1e9  # seconds
CANCELLABLE_LINES = 10_000

KINDS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        Started,
        events.WarmStarted,
        events.Progress,
        events.ThreadsChanged,
        EpochDone,
        events.Changed,
        events.RateDropped,
        events.Paused,
        events.Continued,
        events.Resumed,
        events.Branched,
        events.Diverged,
        events.Warned,
        Finished,
        events.Failed,
    )
}
HINTS: dict[str, dict[str, Any]] = {
    kind.__name__: {one.name: get_type_hints(kind)[one.name] for one in fields(kind)}
    for kind in (*KINDS.values(), Evaluated)
}


def reopen(folder: Path, progress: Progress = silent, length: int | None = None) -> Run:
    """Read a run folder; the run's end is None where it was killed, or still goes on. With `length`
    only so many bytes of its log count.

    Its images are read apart from it: `run.dataset = load(project.data, project.training.seed,
    data_folder())` with the run's project, and `check_images` says whether they are the same.

    Raises:
        ProblemError: the project or the log can't be read.
        Cancelled: raised by `progress`.
    """
    run = Run(load_project(folder / "project.json"))
    check_file(folder / LOG)
    files = [(path, stack) for stack in STACKS for path in stack.files(folder)]
    with reading(folder / LOG):
        _read_log(run, folder, length, lambda: progress(0, len(files) + 1))
    if run.started is not None:
        _read_files(run, run.started, files, lambda done: progress(done, len(files) + 1))
    return run


def check_images(run: Run, dataset: Dataset) -> None:
    """Compare images with the answers that the run gave to them.

    Raises:
        ProblemError: they are others than the run was trained with.
    """
    if run.started is None:
        return
    counts = _counts(run.started)
    splits = {"training": dataset.train, "validation": dataset.validation, "test": dataset.test}
    for of, evaluations in run.evaluations.items():
        labels = splits[of].labels
        others = len(labels) != counts[of]
        if others or any((labels[one.rows] != one.labels).any() for one in evaluations[:1]):
            raise ProblemError(
                "The {of} images are not those that this run was trained with: their number or "
                "their classes are others. Put the images of that time back to see them.",
                of=of,
            )


def _read_files(
    run: Run, started: Started, files: list[tuple[Path, Stack]], done: Callable[[int], None]
) -> None:
    """Put the answers into the run's evaluations, and tell what is missing."""
    archived = Archived(_counts(started), _classes(run))
    for number, (path, stack) in enumerate(files, 1):
        done(number)
        wanted = {one.step for one in run.evaluations[stack.of] if stack.holds(one)}
        archived.look_into(path, stack, wanted)
    count = sum(map(len, run.evaluations.values()))
    full = sum(map(_full, run.evaluations.values()))
    for evaluations in run.evaluations.values():
        evaluations.replace(archived.complete)
    lost = count - sum(map(len, run.evaluations.values()))
    if run.end is None or run.branched is not None:
        _tell_unwritten(run, lost)
        return
    lost_full = full - sum(map(_full, run.evaluations.values()))
    if lost:
        run.warnings.append(
            f"{lost:,} of {count:,} evaluations could not be read: their files are missing or "
            "damaged."
        )
    elif lost_full:
        run.warnings.append(
            f"The probabilities of all classes could not be read for {lost_full:,} of {full:,} "
            "evaluations: their files are missing or damaged."
        )


def _tell_unwritten(run: Run, lost: int) -> None:
    """Tell what a run that was cut off, or still goes on, has not written: that is no damage."""
    if lost and run.branched is None:  # a parent goes on to thin what its branch has copied
        run.warnings.append(
            f"The newest answers were not written before the run was cut off: {lost:,} evaluations "
            "are missing."
        )


def _full(evaluations: Evaluations) -> int:
    """Count those of the whole set with all probabilities: a sample keeps them while it is the
    newest, and a run that was cut off may have lost them since.
    """
    return sum(one.whole and one.probabilities is not None for one in evaluations)


# ---- the log


def _read_log(run: Run, folder: Path, length: int | None, alive: Callable[[], None]) -> None:
    """Let the run take in what its log tells, as far as it can be true where it stands."""
    now = 0.0
    for number, line in enumerate(read_log(folder, length)):
        if number % CANCELLABLE_LINES == 0:
            alive()
        now = max(now, _seconds(line.get("at")))
        event = _evaluated(run, line) if line.get("event") == "Evaluated" else _event(line)
        if event is not None and run.end is None and _fits(run, event):
            run.apply(event, now)


def _seconds(at: object) -> float:
    return float(at) if isinstance(at, int | float) and 0 <= at <= LONGEST_RUN else 0.0


def _fits(run: Run, event: Event) -> bool:
    started = run.started
    match event:
        case Started():
            least = min(event.epochs, event.steps_per_epoch, event.train_count)
            return started is None and least > 0
        case events.WarmStarted():
            return started is not None and run.step == 0
        case events.Warned() | events.Failed():
            return True
        case events.Progress(step=step):
            return run.step < step <= run.total_steps
        case EpochDone(epoch=epoch):
            before = run.epochs[-1].epoch if run.epochs else 0
            return run.course is not None and before < epoch <= run.course.epochs
        case events.Changed(step=step) | events.Branched(step=step):
            ahead = min(event.steps_left, event.steps_per_epoch - 1)
            return ahead >= 0 and run.step <= step <= run.total_steps
        case (
            events.Paused()
            | events.Continued()
            | events.Resumed()
            | events.Diverged()
            | events.RateDropped()
        ):
            return started is not None
        case Evaluated(step=step, of=of):
            newest = run.evaluation(of)
            return step > newest.step if newest else step >= 0
        case Finished(test_accuracy=tested):
            return started is not None and (tested is None or bool(run.epochs))  # epochs come first
    return True


def _event(line: dict[str, Any]) -> Event | None:
    """Make the event that a line tells; None where it tells none that is known here."""
    kind = KINDS.get(str(line.get("event")))
    if kind is None:
        return None
    try:
        hints = HINTS[kind.__name__]
        event = kind(**{name: _value(hint, line[name]) for name, hint in hints.items()})
    except (KeyError, ValueError):
        return None
    if isinstance(event, Finished) and event.reason == "completed" and event.test_loss is None:
        return replace(event, test_loss=math.nan)
    return event


def _evaluated(run: Run, line: dict[str, Any]) -> Evaluated | None:
    """Make an evaluation that takes no memory, in the size of the real one, to be found later."""
    try:
        told = {name: _value(HINTS["Evaluated"][name], line[name]) for name in TOLD}
    except (KeyError, ValueError):
        return None
    if run.started is None:
        return None
    count = _counts(run.started)[told["of"]] if told["whole"] else 0
    numbers, shares = _hollow(np.int64, count), _hollow(np.float32, count)
    return Evaluated(
        **told,
        rows=numbers,
        labels=numbers,
        predicted=numbers,
        confidence=shares,
        true_probability=shares,
        probabilities=_hollow(np.float32, count, _classes(run)),
    )


TOLD = ("step", "epoch", "of", "whole", "loss", "accuracy")


def _hollow(kind: type[np.generic], *shape: int) -> NDArray[Any]:
    return np.broadcast_to(np.zeros((), kind), shape)


def _value(hint: Any, value: object) -> Any:
    """Give a field's value if it is of its type; null is NaN, as the log is written."""
    if get_origin(hint) is Literal:
        sound = isinstance(value, str) and value in get_args(hint)
    elif hint is int:
        sound = type(value) is int and 0 <= value <= LARGEST_NUMBER
    elif hint in (str, bool):
        sound = type(value) is hint
    elif value is None:
        return math.nan if hint is float else None
    elif isinstance(value, float) or type(value) is int:
        sound = not abs(value) > LARGEST_FRACTION  # NaN is sound
    else:
        sound = False
    if not sound:
        raise ValueError
    return value


def _counts(started: Started) -> dict[SetName, int]:
    return {
        "training": started.train_count,
        "validation": started.validation_count,
        "test": started.test_count,
    }


def _classes(run: Run) -> int:
    return len(run.project.data.source.class_names)
