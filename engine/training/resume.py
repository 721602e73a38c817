"""Goes on with a run where its newest checkpoint stands, or branches another run off it."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.data.dataset import Progress, silent
from engine.problems import ProblemError
from engine.project.format import dumps
from engine.project.project import Project
from engine.store.checkpoints import Checkpoint, Checkpoints
from engine.store.files import write_problem, write_safely
from engine.store.lock import RunLock
from engine.store.projects import load_project
from engine.store.runs import LOG, PROJECT, check_unused, cut_log
from engine.training.archive import FOLDER as EVALUATIONS
from engine.training.archive import STACKS
from engine.training.changes import branch_problem
from engine.training.history import Run
from engine.training.loop import Begin
from engine.training.reopen import reopen

PARENT = "parent"
"""In a checkpoint's state: it is that of another run, of which this one is to branch off."""


@dataclass(frozen=True)
class Continuation:
    """A run that is ready to go on; its folder is locked, for the Recorder to write and release.

    Without `begin` there was no checkpoint yet: it starts anew in the same folder.
    """

    folder: Path
    lock: RunLock
    project: Project
    run: Run
    begin: Begin | None
    notes: tuple[str, ...] = field(default=())  # what had to be passed over


def resume(folder: Path, progress: Progress = silent) -> Continuation:
    """Get a run ready to go on at its newest sound checkpoint; what its log tells of later steps
    goes, since it will come again.

    Raises:
        ProblemError: another program is at it, or the folder can't be read or written.
    """
    project = load_project(folder / PROJECT)
    lock = RunLock.acquire(folder)
    try:
        checkpoint, passed = Checkpoints(folder).newest()
        notes = tuple(map(str, passed))
        if checkpoint is None:
            (folder / LOG).unlink(missing_ok=True)
            return Continuation(folder, lock, project, Run(project), None, notes)
        begin = Begin(checkpoint, str(checkpoint.state.get(PARENT, "")))
        return _at(folder, lock, project, begin, notes, progress)
    except BaseException:
        lock.release()
        raise


def branch(
    folder: Path, step: int, project: Project, target: Path, progress: Progress = silent
) -> Continuation:
    """Begin another run, in the folder `target`, where this one stood after so many steps. It goes
    on with another project, whose layers must be the same.

    Raises:
        ProblemError: there is no such checkpoint, or a folder can't be read or written.
    """
    checkpoint = Checkpoints(folder).read(step)
    problem = branch_problem(load_project(folder / PROJECT), project)
    if problem is not None:
        raise ProblemError(problem)
    check_unused(target)
    lock = RunLock.acquire(target)
    try:
        write_safely(target / PROJECT, dumps(project).encode())
        state = {**checkpoint.state, PARENT: folder.name}
        Checkpoints(target).write(replace(checkpoint, kind="first", state=state))
        _copy(folder, target, checkpoint)
        return _at(target, lock, project, Begin(checkpoint, folder.name), (), progress)
    except BaseException:
        lock.release()
        shutil.rmtree(target, ignore_errors=True)
        raise


def _at(
    folder: Path,
    lock: RunLock,
    project: Project,
    begin: Begin,
    notes: tuple[str, ...],
    progress: Progress,
) -> Continuation:
    Checkpoints(folder).drop_after(begin.checkpoint.step)  # first: a kill in between does no harm
    cut_log(folder, _log_bytes(begin.checkpoint))
    run = reopen(folder, progress)
    run.go_on()
    return Continuation(folder, lock, project, run, begin, notes)


def _copy(folder: Path, target: Path, checkpoint: Checkpoint) -> None:
    """Copy what a run has told and answered up to a checkpoint."""
    try:
        with (folder / LOG).open("rb") as log:
            write_safely(target / LOG, log.read(_log_bytes(checkpoint)))
        (target / EVALUATIONS).mkdir(exist_ok=True)
        for path in (path for stack in STACKS for path in stack.files(folder)):
            shutil.copyfile(path, target / EVALUATIONS / path.name)
        with suppress(FileNotFoundError):
            shutil.copyfile(folder / "best.safetensors", target / "best.safetensors")
    except OSError as error:
        raise write_problem(target, error) from error


def _log_bytes(checkpoint: Checkpoint) -> int:
    """Tell how long the log was at a checkpoint."""
    length = checkpoint.state.get("log_bytes")
    if not isinstance(length, int) or length < 0:
        raise ProblemError(
            "The checkpoint of step {step} does not say where the log stood. Go on from another "
            "one.",
            step=str(checkpoint.step),
        )
    return length
