"""layerscope train: a whole run in this terminal."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from time import monotonic
from typing import Any

from engine.cli.bar import Bar
from engine.cli.stopping import stopping
from engine.cli.terminal import DONE, FAILED, complain, write
from engine.problems import ProblemError
from engine.project.checks import machine_memory, problems
from engine.project.presets import presets
from engine.project.project import Project
from engine.store.projects import load_project, open_project
from engine.store.runs import LOG, PROJECT, check_unused, new_run_folder
from engine.store.weights import weights_of
from engine.training.control import Control
from engine.training.device import choose_device
from engine.training.events import Event, Failed, Finished
from engine.training.history import Run
from engine.training.reopen import reopen
from engine.training.resume import Continuation, resume
from engine.training.run import run as run_project
from engine.training.tuning import MOST_THREADS
from engine.training.warm_start import WarmStart, fit, told, warm_start


def fill(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `layerscope train`."""
    names = ", ".join(presets())
    add = parser.add_argument
    add("project", metavar="PROJECT", help=f"a project file or a preset: {names}")
    add("--data", metavar="DIR", type=Path, help="the folder that datasets are looked for in")
    add("--run-dir", metavar="DIR", type=Path, help="where to keep the run, instead of a new place")
    # Numbers stay text here: the project checks them, in the same words as in the window.
    add("--epochs", metavar="N", help="instead of the project's")
    add("--seed", metavar="N", help="instead of the project's")
    add("--device", metavar="NAME", help="auto, cpu, cuda or mps, instead of the project's")
    add(
        "--threads",
        metavar="N",
        help="processor threads, instead of the fastest number, which is measured; runs of one "
        "seed are equal to the last digit where this number is equal too",
    )
    add(
        "--resume",
        action="store_true",
        help="go on with the run in --run-dir where its newest checkpoint stands; a new one begins "
        "where that folder holds none",
    )
    add(
        "--weights",
        metavar="FILE",
        type=Path,
        help="start from these weights where names and shapes agree: a file, or a run's folder",
    )
    add("--json", action="store_true", help="print the result as one line of JSON")
    parser.set_defaults(command=_train)


def _train(options: argparse.Namespace) -> int:
    project, threads = _project(options), _threads(options.threads)
    folder: Path = (options.run_dir or new_run_folder(project)).absolute()
    going_on = _going_on(options, project, folder)
    if isinstance(going_on, Run):
        return _ended(going_on, folder, options.json, [])
    if going_on is None:
        check_unused(folder)
    for problem in problems(project, machine_memory()):
        raise ProblemError(problem)
    start = _start(options.weights, project) if going_on is None else None
    run, control, bar = going_on.run if going_on else Run(project), Control(), Bar()

    def follow(event: Event) -> None:
        run.apply(event, monotonic())
        bar.show(event, run)

    with stopping(control) as signals:
        choose_device(project.training.device)  # so that a wrong one is told before any work
        events = run_project(
            project,
            control,
            data=options.data,
            folder=folder,
            threads=threads,
            loading=follow,
            going_on=going_on,
            start=start,
        )
        for event in events:
            follow(event)
    return _ended(run, folder, options.json, signals)


def _going_on(
    options: argparse.Namespace, project: Project, folder: Path
) -> Continuation | Run | None:
    """Get the run of a folder ready to go on; give the Run itself where it is over, and None where
    there is none yet.
    """
    if not options.resume:
        return None
    if options.run_dir is None:
        raise ProblemError("--resume needs --run-dir, the folder of the run to go on with.")
    if not (folder / LOG).exists():
        return None
    kept = load_project(folder / PROJECT)
    if kept != project:
        raise ProblemError(
            "{path} holds a run of another project, or of other settings. Give the project of that "
            "run, such as {path}/{name}.",
            path=str(folder),
            name=PROJECT,
        )
    run = reopen(folder) if (folder / LOG).stat().st_size else Run(kept)  # it was hardly begun
    if isinstance(run.end, Finished) and run.end.reason in ("completed", "early"):
        return run
    going_on = resume(folder)
    for note in going_on.notes:
        complain(note)
    return going_on


def _start(path: Path | None, project: Project) -> WarmStart | None:
    """Read the weights to start from, and say what is taken of them."""
    if path is None:
        return None
    weights = weights_of(path.absolute())
    start = warm_start(project, weights)
    for line in told(fit(project, weights)):
        complain(line)
    return start


def _project(options: argparse.Namespace) -> Project:
    project = open_project(options.project)
    for setting in ("epochs", "seed", "device"):
        value = getattr(options, setting)
        if value is not None:
            project = project.set_training(**{setting: value})
    return project


def _threads(text: str | None) -> int | None:
    if text is None:
        return None
    if text.isdecimal() and 1 <= int(text[:9]) <= MOST_THREADS:
        return int(text)
    raise ProblemError(
        "threads: must be a whole number from 1 to {most}, but it is {text}.",
        most=MOST_THREADS,
        text=repr(text),
    )


def _ended(run: Run, folder: Path, as_json: bool, signals: list[int]) -> int:
    if isinstance(run.end, Failed):
        complain(f"{run.end.details}{run.end.message}")
        return FAILED
    assert isinstance(run.end, Finished)
    result = _result(run, run.end, folder)
    write(sys.stdout, (json.dumps(result) if as_json else _in_words(result)) + "\n")
    if run.end.reason == "diverged":
        return FAILED
    return 128 + signals[0] if signals else DONE


def _result(run: Run, end: Finished, folder: Path) -> dict[str, Any]:
    last = run.epochs[-1] if run.epochs else None
    return {
        "run": str(folder),
        "epochs": end.epoch,
        "parameters": run.project.parameters,
        "train_accuracy": last.accuracy if last else None,
        "validation_accuracy": last.validation_accuracy if last else None,
        "test_accuracy": end.test_accuracy,
        "seconds": round(run.seconds, 3),
        "images_per_second": round(run.images / run.seconds, 1) if run.seconds else None,
    }


def _in_words(result: dict[str, Any]) -> str:
    rates = {name: result[f"{name}_accuracy"] for name in ("train", "validation", "test")}
    right = ", ".join(f"{name} {rate:.2%}" for name, rate in rates.items() if rate is not None)
    return (
        f"Accuracy: {right or 'not measured'}.\n"
        f"Epochs: {result['epochs']}, parameters: {result['parameters']:,}, "
        f"seconds: {result['seconds']:.1f}.\n"
        f"Kept in {result['run']}"
    )
