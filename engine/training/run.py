"""A whole run, from project to result: load the data, train, keep everything. For any consumer."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.data.dataset import Cancelled, Dataset
from engine.data.load import load
from engine.places import data_folder
from engine.problems import ProblemError
from engine.project.checks import machine_memory, problems
from engine.project.project import Project
from engine.training.beside import beside
from engine.training.control import Control
from engine.training.events import DataReady, Event, Failed, Finished, Loading
from engine.training.loop import Begin, train
from engine.training.record import Recorder
from engine.training.reopen import check_images
from engine.training.resume import Continuation
from engine.training.warm_start import WarmStart, kept_start

OUT_OF_MEMORY = ("can't allocate memory", "out of memory", "not enough memory")


def run(
    project: Project,
    control: Control,
    *,
    data: Path | None = None,
    folder: Path | None = None,
    threads: int | None = None,
    loading: Callable[[Loading], None] = lambda _: None,
    going_on: Continuation | None = None,
    start: WarmStart | None = None,
) -> Iterator[Event]:
    """Run a project and tell what happens; an error is the last event, Failed, and never raised.

    `data` is the folder of the datasets; `folder` is where the run is kept, nowhere if None.
    `loading` is called while images are read. A run that goes on has its own folder.
    `start` are the weights that a new one begins with, where they fit; the folder keeps them.
    """
    if going_on is not None:
        project, folder = going_on.project, going_on.folder
    try:
        if going_on is not None:
            going_on.take_over()
            start = None if going_on.begin else kept_start(going_on.folder)
        recorder = Recorder(folder, project, going_on, start)
    except ProblemError as error:
        if going_on is not None:
            going_on.lock.release()
        yield Failed(str(error))
        return
    events = _events(project, control, data, folder, threads, loading, going_on, start, recorder)
    try:
        for event in _guarded(events, going_on.begin if going_on else None):
            warning = recorder.keep(event)
            if warning is not None:
                yield warning  # before the event, which may be the last
            yield event
    finally:
        recorder.close()


def _events(
    project: Project,
    control: Control,
    data: Path | None,
    folder: Path | None,
    threads: int | None,
    loading: Callable[[Loading], None],
    going_on: Continuation | None,
    start: WarmStart | None,
    recorder: Recorder,
) -> Iterator[Event]:
    for problem in problems(project, machine_memory()):
        raise ProblemError(problem)
    dataset = _load(project, data or data_folder(), control, loading)
    begin = going_on.begin if going_on else None
    if going_on and begin:
        check_images(going_on.run, dataset)
        threads = threads or begin.checkpoint.state.get("threads")
    yield DataReady(dataset)
    recorder.threads = threads
    name = folder.name if folder else ""
    yield from train(
        project,
        dataset,
        control,
        threads=threads,
        run=name,
        begin=begin,
        start=start,
        due=recorder.due,
    )


def _load(
    project: Project, folder: Path, control: Control, loading: Callable[[Loading], None]
) -> Dataset:
    """Read the images, and bring what training needs, while the person can pause and stop."""

    def progress(done: int, total: int) -> None:
        if control.stopped:
            raise Cancelled
        loading(Loading(done, total))

    def work() -> Dataset:
        import torch  # noqa: F401  the first import takes seconds

        return load(project.data, project.training.seed, folder, progress)

    return beside(control, work)


def _guarded(events: Iterator[Event], begin: Begin | None) -> Iterator[Event]:
    """Turn an error into the event that tells it."""
    try:
        yield from events
    except Cancelled:
        steps, epochs = (begin.checkpoint.step, begin.checkpoint.epoch - 1) if begin else (0, 0)
        yield Finished("stopped", steps, epochs)
    except ProblemError as error:
        yield Failed(str(error))
    except Exception as error:
        yield Failed(_sentence(error), traceback.format_exc())


def _sentence(error: Exception) -> str:
    if isinstance(error, MemoryError) or any(words in str(error) for words in OUT_OF_MEMORY):
        return (
            "There is not enough memory for this training. Make the batch or the largest layer "
            "smaller."
        )
    return f"Training broke off by an error of the program: {type(error).__name__}: {error}"
