"""The command line: trains and checks without a window.

Results go to stdout and everything else to stderr, so that a program can read the results.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import Any, NoReturn, TextIO

from tqdm import tqdm

from engine.data.dataset import Cancelled
from engine.doctor import examine
from engine.export.script import FRAMEWORKS, script
from engine.places import data_folder
from engine.problems import ProblemError
from engine.project.checks import machine_memory, problems
from engine.project.presets import presets
from engine.project.project import Project
from engine.store.files import write_safely
from engine.store.projects import load_project, open_project
from engine.store.runs import LOG, PROJECT, check_unused, new_run_folder
from engine.training.control import Control
from engine.training.device import choose_device
from engine.training.events import DataReady, Event, Failed, Finished, Loading, Progress, Warned
from engine.training.history import Run
from engine.training.reopen import reopen
from engine.training.resume import Continuation, resume
from engine.training.run import run as run_project
from engine.training.tuning import MOST_THREADS
from engine.training.verify import verify

COMMANDS = ("train", "verify", "export", "doctor")

DONE, FAILED, WRONG = 0, 1, 2
SIGNALS = (signal.SIGINT, signal.SIGTERM)

USAGE = """layerscope [PROJECT]                  open the window
       layerscope train PROJECT [options]    train in this terminal
       layerscope verify RUN [options]       train a run again and compare every number
       layerscope export PROJECT [options]   print it as a PyTorch or Keras script
       layerscope doctor                     check the installation"""


def main(argv: list[str]) -> int:
    """Carry out one of COMMANDS and give the exit code.

    0: done. 1: training failed, or doctor found a fault. 2: wrong usage, or a project that can't
    be trained, told in one sentence. 130, 143: interrupted by Ctrl+C or SIGTERM, the run is kept.
    """
    try:
        options = _parser().parse_args(argv)
        command: Callable[[argparse.Namespace], int] = options.command
        code = command(options)
    except ProblemError as error:
        complain(str(error))
        code = WRONG
    except SystemExit:  # argparse has shown its help or the version
        code = DONE
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    write(sys.stdout, "")  # a reader who has left shows here at the latest
    return code


def write(stream: TextIO, text: str) -> None:
    """Write at once. A reader who has left is no error: what follows is for nobody.

    Characters that the stream's encoding lacks are written as numbers.
    """
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def complain(message: str) -> None:
    """Tell the person on stderr, above a bar where one is shown."""
    tqdm.write(f"layerscope: {message}", file=_Stderr())


class _Stderr:
    """What tqdm writes to: stderr, and nowhere once nobody reads it any more."""

    def write(self, text: str) -> None:
        write(sys.stderr, text)

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stderr, name)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong as everything else does: one sentence, and exit code 2."""

    def error(self, message: str) -> NoReturn:
        raise ProblemError("{message}; see {prog} --help.", message=message, prog=self.prog)


def _parser() -> _Parser:
    parser = _Parser(
        prog="layerscope",
        usage=USAGE,
        description="Build a neural network by clicking, train it, look at what it gets wrong.",
        epilog=f"PROJECT is a project file or a preset: {', '.join(presets())}.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"layerscope {_version()}")
    commands = parser.add_subparsers(
        required=True, metavar="COMMAND", title="commands", prog="layerscope"
    )
    _fill_train(commands.add_parser("train", help="train in this terminal", allow_abbrev=False))
    _fill_verify(
        commands.add_parser(
            "verify", help="train a run again and compare every number", allow_abbrev=False
        )
    )
    _fill_export(
        commands.add_parser("export", help="print it as a script of its own", allow_abbrev=False)
    )
    doctor = commands.add_parser("doctor", help="check the installation", allow_abbrev=False)
    doctor.set_defaults(command=_doctor)
    return parser


def _fill_train(parser: argparse.ArgumentParser) -> None:
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
    add("--json", action="store_true", help="print the result as one line of JSON")
    parser.set_defaults(command=_train)


def _fill_verify(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("run", metavar="RUN", type=Path, help="the folder of a run")
    add("--data", metavar="DIR", type=Path, help="the folder that datasets are looked for in")
    add("--json", action="store_true", help="print the result as one line of JSON")
    parser.set_defaults(command=_verify)


def _fill_export(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("project", metavar="PROJECT", help="a project file or a preset")
    add("--to", metavar="FRAMEWORK", required=True, choices=FRAMEWORKS, help="pytorch or keras")
    add("--out", metavar="FILE", type=Path, help="where to write it, instead of the terminal")
    parser.set_defaults(command=_export)


def _version() -> str:
    try:
        return version("layerscope")
    except PackageNotFoundError:
        return "(not installed)"


def _doctor(options: argparse.Namespace) -> int:
    del options
    return examine(lambda line: write(sys.stdout, f"{line}\n"))


def _export(options: argparse.Namespace) -> int:
    text = script(open_project(options.project), options.to).text
    if options.out is None:
        write(sys.stdout, text)
    else:
        write_safely(options.out.absolute(), text.encode())
    return DONE


def _verify(options: argparse.Namespace) -> int:
    control, bar = Control(), _Bar()

    def progress(done: int, total: int) -> None:
        bar.show_verifying(done, total)

    with _stopping(control) as signals:
        try:
            verdict = verify(
                options.run.absolute(), options.data or data_folder(), progress, control
            )
        except Cancelled:
            return 128 + signals[0]
        finally:
            bar.close()
    for note in verdict.notes:
        complain(str(note))
    told: dict[str, Any] = {
        "equal": verdict.equal,
        "compared": verdict.compared,
        "step": verdict.step,
    }
    if verdict.difference is not None:
        told["difference"] = asdict(verdict.difference)
    write(sys.stdout, (json.dumps(told) if options.json else str(verdict.words)) + "\n")
    return DONE if verdict.equal else FAILED


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
    run, control, bar = going_on.run if going_on else Run(project), Control(), _Bar()

    def follow(event: Event) -> None:
        run.apply(event, monotonic())
        bar.show(event, run)

    with _stopping(control) as signals:
        choose_device(project.training.device)  # so that a wrong one is told before any work
        events = run_project(
            project,
            control,
            data=options.data,
            folder=folder,
            threads=threads,
            loading=follow,
            going_on=going_on,
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


@contextmanager
def _stopping(control: Control) -> Iterator[list[int]]:
    """Let the first Ctrl+C or SIGTERM ask for the end, and a second one kill."""
    received: list[int] = []

    def ask(number: int, frame: FrameType | None) -> None:
        received.append(number)
        control.stop()
        for kind in SIGNALS:
            signal.signal(kind, signal.SIG_DFL)

    before = {kind: signal.signal(kind, ask) for kind in SIGNALS}
    try:
        yield received
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


class _Bar:
    """Shows a run on stderr: a bar while images are read, and one while the network trains."""

    def __init__(self) -> None:
        self._bar: tqdm[NoReturn] | None = None

    def show(self, event: Event, run: Run) -> None:
        """Show what an event, which the run has taken in, changes."""
        match event:
            case Loading():
                self._show_loading(event)
            case DataReady(dataset=dataset):
                self.close()
                for note in dataset.notes:
                    complain(str(note))
            case Progress():
                self._show_progress(event, run)
            case Warned(message=message):
                complain(message)
            case Finished() | Failed():
                self.close()

    def show_verifying(self, done: int, total: int) -> None:
        """Show how far a run is repeated."""
        bar = self._bar or self._open(desc="verifying")
        bar.total = total
        bar.update(done - bar.n)

    def _show_loading(self, event: Loading) -> None:
        bar = self._bar or self._open(desc="loading")
        bar.total = event.total
        bar.update(event.done - bar.n)

    def _show_progress(self, event: Progress, run: Run) -> None:
        assert run.started is not None
        epochs, count = run.started.epochs, run.started.train_count
        bar = self._bar or self._open(unit=" images", total=epochs * count)
        bar.set_description(f"epoch {run.epoch}/{epochs}", refresh=False)
        bar.set_postfix_str(_figures(event, run), refresh=False)
        bar.update(run.images - bar.n)

    def _open(self, **options: Any) -> tqdm[NoReturn]:
        tqdm.monitor_interval = 0  # its thread would outlive the bar
        self._bar = tqdm(
            **options,
            unit_scale=True,
            file=_Stderr(),
            dynamic_ncols=True,
            mininterval=0.2 if sys.stderr.isatty() else 10,  # seconds; a log file stays short
        )
        return self._bar

    def close(self) -> None:
        """Leave the bar as it is now."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _figures(event: Progress, run: Run) -> str:
    text = f"loss {event.loss:.4f}, accuracy {event.accuracy:.2%}"
    return f"{text}, validation {run.epochs[-1].validation_accuracy:.2%}" if run.epochs else text


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
