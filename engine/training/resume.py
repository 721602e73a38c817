"""Goes on with a run where its newest checkpoint stands, or branches another run off it."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from engine.data.dataset import Progress, silent
from engine.problems import ProblemError
from engine.project.format import dumps
from engine.project.project import Project
from engine.store.checkpoints import Checkpoint, Checkpoints
from engine.store.files import TEMPORARY, write_problem, write_safely
from engine.store.lock import RunLock
from engine.store.log_outline import outline
from engine.store.projects import load_project
from engine.store.runs import LOG, PROJECT, check_unused, cut_log
from engine.training.archive import FOLDER as EVALUATIONS
from engine.training.archive import STACKS
from engine.training.changes import branch_problem
from engine.training.checkpoint_state import UNSOUND, check_state
from engine.training.history import Run
from engine.training.loop import Begin
from engine.training.reopen import reopen

MOST_LOST_SECONDS = 60.0  # of training; a run of ours has a checkpoint long before
BEGINS_ANEW = "None of its checkpoints can be used: the training begins anew."
RESULTS = ("best.safetensors", "last.safetensors", "evaluation.npz", "test.npz")
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
    notes: tuple[str, ...] = ()  # what had to be passed over
    is_new: bool = False  # a branch that nobody has trained yet

    def take_over(self) -> None:
        """Remove what the folder tells of later steps, since it will come again.

        Raises:
            ProblemError: that can't be done.
        """
        if self.begin is None:
            _forget(self.folder)
            self.lock.release()  # it starts anew, and takes the lock itself
            return
        checkpoint = self.begin.checkpoint
        Checkpoints(self.folder).drop_after(checkpoint.step)  # first: a kill here does no harm
        cut_log(self.folder, _log_bytes(checkpoint))

    def give_up(self) -> None:
        """Leave the folder to others, as it was; a branch that was never trained goes."""
        self.lock.release()
        if self.is_new:
            shutil.rmtree(self.folder, ignore_errors=True)


def resume(folder: Path, progress: Progress = silent) -> Continuation:
    """Get a run ready to go on at its newest sound checkpoint. Nothing of it is changed before the
    training takes it over.

    Raises:
        ProblemError: another program is at it, or the folder can't be read or written.
    """
    project = load_project(folder / PROJECT)
    lock = RunLock.acquire(folder)
    try:
        _remove_half_written(folder)
        checkpoint, passed = Checkpoints(folder).newest(lambda one: check_state(one, project))
        for problem in passed:
            if not Checkpoints.damaged(problem) and problem.template != UNSOUND:
                raise ProblemError(problem)  # to go on without it would remove it
        notes = tuple(map(str, passed))
        if checkpoint is None:
            _check_little_is_lost(folder)
            notes = (*notes, BEGINS_ANEW) if notes else ()
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
    parent = load_project(folder / PROJECT)
    check_state(checkpoint, parent)
    begun = checkpoint.epoch if checkpoint.state.get("position") else checkpoint.epoch - 1
    if project.training.epochs < begun:
        raise ProblemError(
            "The run is in epoch {begun} there, and the project ends after {epochs}. Set more "
            "epochs, or go back further.",
            begun=begun,
            epochs=project.training.epochs,
        )
    problem = branch_problem(parent, project)
    if problem is not None:
        raise ProblemError(problem)
    check_unused(target)
    half = target.with_name(f".{target.name}")  # what a kill leaves of it is no run
    try:
        write_safely(half / PROJECT, dumps(project).encode())
        state = {**checkpoint.state, PARENT: folder.name}
        Checkpoints(half).write(replace(checkpoint, kind="first", state=state))
        _copy(folder, half, checkpoint)
        _rename(half, target)
    except BaseException:
        shutil.rmtree(half, ignore_errors=True)
        raise
    lock = RunLock.acquire(target)
    try:
        begin = Begin(checkpoint, folder.name)
        return replace(_at(target, lock, project, begin, (), progress), is_new=True)
    except BaseException:
        lock.release()
        shutil.rmtree(target, ignore_errors=True)
        raise


def _rename(half: Path, target: Path) -> None:
    try:
        half.rename(target)
    except OSError as error:
        raise write_problem(target, error) from error


def _at(
    folder: Path,
    lock: RunLock,
    project: Project,
    begin: Begin,
    notes: tuple[str, ...],
    progress: Progress,
) -> Continuation:
    run = reopen(folder, progress, _log_bytes(begin.checkpoint))
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
        _copy_best(folder, target, checkpoint.step)
    except OSError as error:
        raise write_problem(target, error) from error


def _copy_best(folder: Path, target: Path, step: int) -> None:
    """Copy a run's best weights, if they are not of a later step: those the branch never had."""
    from safetensors import SafetensorError, safe_open

    name = "best.safetensors"
    with suppress(FileNotFoundError, SafetensorError, ValueError):
        with safe_open(folder / name, framework="numpy") as file:
            written = int((file.metadata() or {}).get("step", ""))
        if written <= step:
            shutil.copyfile(folder / name, target / name)


def _check_little_is_lost(folder: Path) -> None:
    """Refuse to begin a run anew whose log tells of a long training, as that of an older Layerscope
    that kept no checkpoints.
    """
    with suppress(FileNotFoundError):
        if outline(folder / LOG).seconds > MOST_LOST_SECONDS:
            raise ProblemError(
                "{path} holds no checkpoint that can be read, so this run can't go on. Train its "
                "project anew; what the run has told stays.",
                path=str(folder),
            )


def _forget(folder: Path) -> None:
    """Remove all that a run has told and learned, but not what it was given; the log goes last."""
    results = [path for stack in STACKS for path in stack.files(folder)]
    results += [folder / name for name in RESULTS]
    try:
        Checkpoints(folder).drop_after(-1)
        for path in (*results, folder / LOG):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise write_problem(folder / LOG, error) from error


def _remove_half_written(folder: Path) -> None:
    """Remove what a killed program was about to put in its place; those of checkpoints go with the
    next one.
    """
    for path in (folder, folder / EVALUATIONS):
        for stray in path.glob(f"{TEMPORARY}*"):
            with suppress(OSError):
                stray.unlink()


def _log_bytes(checkpoint: Checkpoint) -> int:
    """Tell how long the log was at a checkpoint."""
    return int(checkpoint.state["log_bytes"])
