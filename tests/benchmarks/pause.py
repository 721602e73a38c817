"""How soon a training does what it is asked: pause, go on, take a step, stop, at any moment.

    uv run python -m tests.benchmarks.pause [--seconds 60] [--preset cnn-two] [--seed 0] [--json]

Trainings run one after another, each kept in a folder as in the window; images are read anew for
every second one. Half of them are set aside for validation, so that evaluating takes a good share
of the time. At random moments something is asked for, and the time is taken until the control says
that the worker waits, which is what the window goes by, until it goes on, or has told its end. The
first wish of each training falls into one of its phases, in turn: some of them are short and come
once. A single step is timed with what it learns, looks at and writes down.
What goes into files meanwhile is told apart: "no files" is the 99th percentile of the rest. Beside
the seconds stands their ratio to the median time of a step in the same trainings, which nobody can
undercut who asks between two steps. Needs MNIST in LAYERSCOPE_DATA for cnn-two.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import perf_counter, sleep
from typing import Any

import numpy as np

from engine.data import load
from engine.project.presets import preset
from engine.project.project import Project
from engine.training import trainer
from engine.training.control import Change, Control
from engine.training.events import DataReady, Event, Failed, Finished, Warned
from engine.training.record import Recorder
from engine.training.run import run as run_project
from gui.app import load_training

AIM = 0.1  # seconds, at the 99th percentile, for all but a step
LONGEST_WAIT = 2.0  # seconds between two wishes; half of them come within a quarter of it
PATIENCE = 60.0  # seconds
GLANCE = 0.0005  # seconds between two looks at what the worker does
PHASES = ("loading", "building the network", "recording the step", "evaluating", "steps")
PHASE_SECONDS = 0.4  # a first wish comes so soon after its phase has begun, or sooner


@dataclass(frozen=True)
class Answer:
    """How long something took that was asked for, and what the worker was at."""

    asked: str
    meanwhile: str
    seconds: float
    writing: float  # seconds of these that went into files


class Watched(Control):
    """Tells whether the worker is held up, and what it is at otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.held_up = False
        self.meanwhile = "loading"
        self.met = ""  # a long piece of work that began after something was asked for
        self.step_seconds: list[float] = []
        self._stepped = 0.0

    def take_changes(self, step: int) -> list[Change]:
        now = perf_counter()
        if self.meanwhile == "steps":
            self.step_seconds.append(now - self._stepped)
        self.meanwhile, self._stepped = "steps", now
        return super().take_changes(step)

    @property
    def interrupted(self) -> bool:
        if self.meanwhile != "recording the step":
            self.meanwhile = "evaluating"
        return super().interrupted

    def wait(self) -> bool:
        self.held_up = True
        held = super().wait()
        self.held_up = False
        return held

    def hold(self) -> bool:
        self.held_up = True
        on = super().hold()
        self.held_up = False
        return on


class Training:
    """A training in its own thread, and the answers to what it was asked."""

    def __init__(self, project: Project, folder: Path) -> None:
        self.control, self.answers = Watched(), list[Answer]()
        self.over: float | None = None  # the moment at which the end was told
        self.writing = 0.0  # seconds
        self._worker = threading.Thread(target=self._work, args=(project, folder))
        self._worker.start()

    def _work(self, project: Project, folder: Path) -> None:
        captured, keep = trainer.captured, Recorder.keep

        def kept(recorder: Recorder, event: Event) -> Warned | None:
            began = perf_counter()
            warning = keep(recorder, event)
            self.writing += perf_counter() - began
            return warning

        def recorded(*arguments: Any) -> Any:
            self.control.meanwhile = self.control.met = "recording the step"
            return captured(*arguments)

        trainer.captured = recorded
        Recorder.keep = kept
        for event in run_project(project, self.control, folder=folder):
            if isinstance(event, DataReady):
                self.control.meanwhile = "building the network"
            if isinstance(event, Failed):
                raise SystemExit(f"pause: {event.message}")
            if isinstance(event, Finished):
                self.over = perf_counter()
        trainer.captured = captured
        Recorder.keep = keep

    def reach(self, phase: str) -> None:
        """Wait until the worker is at this, or over."""
        until = perf_counter() + PATIENCE
        while self.over is None and self.control.meanwhile != phase and perf_counter() < until:
            sleep(GLANCE)

    def ask(self, name: str, wish: Callable[[], None], comes: Callable[[], bool]) -> None:
        """Ask for something and take the time until it comes; none where the end comes first."""
        self.control.met = ""
        meanwhile, writing, asked = self.control.meanwhile, self.writing, perf_counter()
        wish()
        while not comes():
            if self.over is not None:
                return
            if perf_counter() - asked > PATIENCE:
                raise SystemExit(f"pause: {name} was asked for in vain")
            sleep(GLANCE)
        seconds, writing = perf_counter() - asked, self.writing - writing
        self.answers.append(Answer(name, self.control.met or meanwhile, seconds, writing))

    def rests(self) -> bool:
        """Tell whether it is paused, as the window sees it."""
        return self.control.waiting

    def moves(self) -> bool:
        """Tell whether nothing holds the worker up."""
        return not self.control.held_up

    def has_ended(self) -> bool:
        """Tell whether the end was told."""
        return self.over is not None

    def join(self) -> None:
        """Wait for the thread's end."""
        self._worker.join(PATIENCE)


def measured(project: Project, seconds: float, seed: int, home: Path) -> dict[str, Any]:
    """Train and ask, for so long; sum up the answers."""
    random, answers, steps = Random(seed), list[Answer](), list[float]()
    began, number = perf_counter(), 0
    while perf_counter() - began < seconds:
        if number % 2 == 0:
            load._last.clear()
        training = Training(project, home / f"run {number}")
        training.reach(PHASES[number % len(PHASES)])
        sleep(random.uniform(0, PHASE_SECONDS))
        converse(training, random)
        training.join()
        answers += training.answers
        steps += training.control.step_seconds
        number += 1
    step = float(np.median(steps))
    return {"trainings": number, "step_seconds": step, "rows": rows(answers)}


def converse(training: Training, random: Random) -> None:
    """Pause a training a few times, let it go on or take a step, and stop it in the end."""
    control = training.control
    for _ in range(random.randint(0, 6)):
        training.ask("pause", control.pause, training.rests)
        if random.random() < 0.3:
            training.ask("step", control.step, training.rests)
        if random.random() < 0.1:
            break  # it is stopped while it waits
        training.ask("go on", control.go_on, training.moves)
        pass_time(random)
    training.ask("stop", control.stop, training.has_ended)


def pass_time(random: Random) -> None:
    """Let the training be, for a while or for a moment."""
    sleep(random.uniform(0, LONGEST_WAIT * random.choice((0.25, 1.0))))


def rows(answers: list[Answer]) -> list[dict[str, Any]]:
    """Sum up by what was asked, all together and by what the worker was at."""
    groups: dict[tuple[str, str], list[Answer]] = {}
    for answer in answers:
        for meanwhile in ("any moment", answer.meanwhile):
            groups.setdefault((answer.asked, meanwhile), []).append(answer)
    return [
        {
            "asked": asked,
            "meanwhile": meanwhile,
            "count": len(some),
            "p50": float(np.median([one.seconds for one in some])),
            "p99": float(np.percentile([one.seconds for one in some], 99)),
            "longest": max(one.seconds for one in some),
            "p99 without files": float(
                np.percentile([one.seconds - one.writing for one in some], 99)
            ),
        }
        for (asked, meanwhile), some in sorted(groups.items())
    ]


def main() -> int:
    """Measure and print; 1 where something came later than aimed at."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--preset", default="cnn-two")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    load_training(preset(options.preset))  # as the window does before anybody trains
    project = preset(options.preset).set_data(validation=0.5).set_training(epochs=100_000)
    with tempfile.TemporaryDirectory(prefix="layerscope-pause-") as home:
        result = measured(project, options.seconds, options.seed, Path(home))
    result["preset"] = options.preset
    print(json.dumps(result) if options.json else in_words(result))
    late = (row for row in result["rows"] if row["asked"] != "step" and row["p99"] > AIM)
    return 1 if any(row["meanwhile"] == "any moment" for row in late) else 0


def in_words(result: dict[str, Any]) -> str:
    """Write the result as a table."""
    step = result["step_seconds"]
    lines = [
        f"{result['preset']}: {result['trainings']} trainings, a step takes {1000 * step:.1f} ms; "
        f"the aim is {1000 * AIM:g} ms at the 99th percentile",
        f"{'asked':8}{'while':22}{'times':>6}{'p50':>9}{'p99':>9}{'longest':>9}{'no files':>9} ms"
        f"{'p99 in steps':>14}",
    ]
    for row in result["rows"]:
        names = ("p50", "p99", "longest", "p99 without files")
        numbers = "".join(f"{1000 * row[name]:9.1f}" for name in names)
        head = f"{row['asked']:8}{row['meanwhile']:22}{row['count']:6}"
        lines.append(f"{head}{numbers}    {row['p99'] / step:14.1f}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
