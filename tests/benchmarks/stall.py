"""How smoothly the window lives while a network trains, with all views in sight, and what it costs.

    uv run python -m tests.benchmarks.stall [--seconds 60] [--preset cnn-two] [--json]
                                            [--engine-alone ROUNDS]

A timer of 10 ms notes when it fires; a stall is how much later than due that is. Training counts
from the click on Train, with its first second, and the project is saved half-way. The peer in the
same process is the same window before training starts. With --engine-alone the same training runs
in turn with the window and by itself, each time in a fresh process, and the ratio of their speeds
is printed. Needs MNIST in LAYERSCOPE_DATA for cnn-two (the bundled digits' preset, digits-mlp,
needs nothing), and a display or QT_QPA_PLATFORM=offscreen.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from os import environ
from pathlib import Path
from statistics import median
from time import perf_counter, thread_time
from typing import Any

import numpy as np
from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QDockWidget

from engine.project.presets import preset
from engine.project.project import Project
from engine.store.runs import new_run_folder
from engine.training.control import Control
from engine.training.history import Run
from engine.training.run import run as run_project
from gui.app import housekeeping, make_app, make_window
from gui.main_window import MainWindow

BEAT = 0.01  # seconds; beating takes processor time itself, which the frame pace counts
IDLE = 5.0  # seconds of the window at rest
SETTLING = 3.0  # seconds at the beginning that don't count for the speed
EPOCHS = 100_000  # so that the clock ends the training


class Heartbeat:
    """Beats in the event loop and notes the delay of each beat."""

    def __init__(self) -> None:
        self.delays: list[float] = []
        self._last = perf_counter()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start(round(1000 * BEAT))

    def take(self) -> dict[str, float]:
        """Give the stalls since the last taking, in milliseconds."""
        delays, self.delays = 1000 * np.array(self.delays), []
        return {
            "beats": len(delays),
            "median": float(np.median(delays)),
            "p99": float(np.percentile(delays, 99)),
            "p99.9": float(np.percentile(delays, 99.9)),
            "longest": float(delays.max()),
        }

    def _beat(self) -> None:
        now = perf_counter()
        self.delays.append(max(now - self._last - BEAT, 0.0))
        self._last = now


def with_window(name: str, seconds: float) -> dict[str, Any]:
    """Measure the window at rest, then while it trains; shares are of one core."""
    app = make_app()
    window = make_window(name)
    show_all_views(window)
    housekeeping(app, window)
    wait_until(lambda: "torch.optim" in sys.modules, 120)
    live(4)  # until what was loaded in the background has settled
    document, session = window.document, window.session
    document.edit("Train for long", long(document.project))
    document.save(Path(tempfile.mkdtemp()) / "saved.layerscope.json")

    heart, spent = Heartbeat(), thread_time()
    live(IDLE)
    idle, idle_share = heart.take(), (thread_time() - spent) / IDLE
    frames: list[float] = []
    session.run_changed.connect(lambda *_: frames.append(perf_counter()))
    clicked, spent = perf_counter(), thread_time()
    window.actions_by_name["train"].trigger()
    run = session.run
    assert run is not None
    wait_until(lambda: run.step > 0 or run.end is not None, 120)
    first_point = perf_counter() - clicked
    live(SETTLING)
    began, images = perf_counter(), run.images
    live(seconds / 2)
    document.edit("Change the seed", document.project.set_training(seed=1))
    assert window.save()
    live(seconds / 2)
    now = perf_counter()
    result = {
        "preset": name,
        "idle": idle,
        "training": heart.take(),
        "window_share": (thread_time() - spent) / (now - clicked),
        "window_share_idle": idle_share,
        "frames_per_second": len(frames) / (now - clicked),
        "first_point_seconds": first_point,
        "images_per_second": (run.images - images) / (now - began),
        "threads": run.started.threads if run.started else None,
    }
    session.close()
    return result


def by_itself(name: str, seconds: float) -> dict[str, Any]:
    """Measure the same training without a window."""
    project = long(preset(name))
    run = Run(project)
    began = images = 0.0
    for event in run_project(project, Control(), folder=new_run_folder(project)):
        now = perf_counter()
        run.apply(event, now)
        if run.seconds >= SETTLING and not began:
            began, images = now, run.images
        if began and now - began >= seconds:
            break
    assert run.started is not None
    return {
        "preset": name,
        "images_per_second": (run.images - images) / (now - began),
        "threads": run.started.threads,
    }


def in_turn(name: str, seconds: float, rounds: int) -> dict[str, Any]:
    """Measure with the window and without in turn; give the newest of each, and the ratios."""
    ratios = []
    for _ in range(rounds):
        window = in_another_process(name, seconds)
        alone = in_another_process(name, seconds, "--by-itself")
        ratios.append(window["images_per_second"] / alone["images_per_second"])
    return {**window, "alone": alone, "ratios": ratios, "ratio": median(ratios)}


def in_another_process(name: str, seconds: float, *how: str) -> dict[str, Any]:
    """Measure in a fresh process."""
    command = [sys.executable, "-m", "tests.benchmarks.stall", "--json", "--preset", name]
    command += ["--seconds", str(seconds), *how]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    measured: dict[str, Any] = json.loads(told)
    return measured


def show_all_views(window: MainWindow) -> None:
    """Show the window with no view behind another's tab."""
    docks = {dock.objectName(): dock for dock in window.findChildren(QDockWidget)}
    beside = Qt.Orientation.Horizontal
    window.splitDockWidget(docks["confusion"], docks["per_class"], beside)
    window.splitDockWidget(docks["per_class"], docks["mistakes"], beside)
    window.show()


def long(project: Project) -> Project:
    """Give a project that trains for longer than anybody measures."""
    return project.set_training(epochs=EPOCHS)


def live(seconds: float) -> None:
    """Let the event loop run as it does in the program."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    """Live until something is so."""
    until = perf_counter() + seconds
    while not condition():
        if perf_counter() > until:
            raise SystemExit("stall: waited in vain")
        live(0.05)


def show(result: dict[str, Any]) -> None:
    """Print a result as a table and a few lines."""
    print(f"{'':12}{'beats':>8}{'median':>9}{'p99':>9}{'p99.9':>9}{'longest':>9}  (ms late)")
    for phase in ("idle", "training"):
        row = result[phase]
        numbers = "".join(f"{row[key]:9.1f}" for key in ("median", "p99", "p99.9", "longest"))
        print(f"{phase:12}{row['beats']:8d}{numbers}")
    print(
        f"{result['preset']}: {result['images_per_second']:,.0f} images/s, "
        f"{result['threads']} threads; first point after {result['first_point_seconds']:.2f} s; "
        f"{result['frames_per_second']:.1f} frames/s for {100 * result['window_share']:.1f} % "
        f"of a core (at rest {100 * result['window_share_idle']:.1f} %, of which most is the beat)"
    )
    if "alone" in result:
        ratios = ", ".join(f"{ratio:.3f}" for ratio in result["ratios"])
        print(
            f"by itself: {result['alone']['images_per_second']:,.0f} images/s, "
            f"{result['alone']['threads']} threads; with the window {result['ratio']:.3f} of it "
            f"({ratios})"
        )


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--preset", default="cnn-two")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--engine-alone", type=int, default=0, metavar="ROUNDS")
    parser.add_argument("--by-itself", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    environ["LAYERSCOPE_HOME"] = tempfile.mkdtemp(prefix="layerscope-stall-")
    if options.by_itself:
        result = by_itself(options.preset, options.seconds)
    elif options.engine_alone:
        result = in_turn(options.preset, options.seconds, options.engine_alone)
    else:
        result = with_window(options.preset, options.seconds)
    if options.json or options.by_itself:
        print(json.dumps(result))
    else:
        show(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
