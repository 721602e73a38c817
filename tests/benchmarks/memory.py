"""How much memory the window takes: over many trainings, and at most while cnn-two trains.

    uv run python -m tests.benchmarks.memory [--cycles 200] [--json]

First a small preset is started and stopped again and again in a real window: resident size and
threads at the end are compared with those after a warm-up. Then cnn-two trains for one epoch, its
evaluations included, and the peak of the process is told; this part needs MNIST in LAYERSCOPE_DATA.
Needs a display or QT_QPA_PLATFORM=offscreen.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tempfile
import threading
from collections.abc import Callable
from os import environ
from time import monotonic
from typing import Any

import psutil
from PySide6.QtCore import QEventLoop, QTimer

from engine.data.load import found
from engine.places import data_folder
from engine.project.presets import preset
from engine.project.project import Project
from engine.project.sources import Mnist
from gui.app import housekeeping, make_app, make_window
from gui.main_window import MainWindow
from gui.session import State

WARM_UP = 20  # cycles
STEPS = 20  # of each cycle, before it is stopped
GROWTH = 20.0  # MB that all cycles together may add
MEGABYTE = 2**20


def main() -> int:
    """Measure and print; 1 where memory grew or a thread was left."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--cycles", type=int, default=200)
    parser.add_argument("--preset", default="digits-mlp", help="what is started and stopped")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="layerscope-memory-") as home:
        environ["LAYERSCOPE_HOME"] = home
        data = data_folder()
        app = make_app()
        window = make_window()
        window.show()
        housekeeping(app, window)
        wait_until(lambda: "torch.optim" in sys.modules)
        live(1)
        result = cycle(window, preset(options.preset), options.cycles)
        if found(Mnist(), data):
            result |= train_once(window, preset("cnn-two").set_training(epochs=1))
        window.session.close()
        window.close()
    print(json.dumps(result) if options.json else in_words(result))
    return 0 if result["growth_mb"] <= GROWTH and not result["threads_left"] else 1


def cycle(window: MainWindow, project: Project, cycles: int) -> dict[str, Any]:
    """Start and stop trainings; tell what they leave behind."""
    session = window.session
    window.document.replace(project, None)
    process = psutil.Process()
    sizes: list[float] = []
    threads: list[int] = []
    systems: list[int] = []
    for _ in range(cycles + WARM_UP):
        window.actions_by_name["train"].trigger()
        wait_until(lambda: steps_done(window) >= STEPS or session.state is State.IDLE)
        session.stop()
        wait_until(lambda: session.state is State.IDLE)
        sizes.append(process.memory_info().rss / MEGABYTE)
        threads.append(threading.active_count())
        systems.append(process.num_threads())
    gc.collect()
    live(0.5)
    return {
        "cycles": cycles,
        "first_mb": sizes[0],
        "warm_mb": sizes[WARM_UP - 1],
        "end_mb": sizes[-1],
        "quarters_mb": [sizes[WARM_UP - 1 + cycles * part // 4] for part in range(5)],
        "growth_mb": sizes[-1] - sizes[WARM_UP - 1],
        "collected_mb": process.memory_info().rss / MEGABYTE,
        "threads_left": max(0, threading.active_count() - min(threads)),
        "system_threads_warm": systems[WARM_UP - 1],
        "system_threads_end": systems[-1],
    }


def train_once(window: MainWindow, project: Project) -> dict[str, float]:
    """Train to the end; tell the peak of the process so far, and of this training alone."""
    session = window.session
    window.document.replace(project, None)
    process = psutil.Process()
    highest = before = process.memory_info().rss

    def sample() -> bool:
        nonlocal highest
        highest = max(highest, process.memory_info().rss)
        return session.state is State.IDLE

    window.actions_by_name["train"].trigger()
    wait_until(sample)
    return {"before_mb": before / MEGABYTE, "peak_mb": peak(highest) / MEGABYTE}


def peak(sampled: int) -> int:
    """Give the process' peak resident size in bytes: the system's, or the highest one seen."""
    try:
        import resource
    except ImportError:  # Windows
        return sampled
    unit = 1 if sys.platform == "darwin" else 1024
    return max(sampled, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)


def steps_done(window: MainWindow) -> int:
    """Tell how many steps the window knows of."""
    return window.session.run.step if window.session.run else 0


def live(seconds: float) -> None:
    """Let the event loop run as it does in the program."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def wait_until(condition: Callable[[], bool], seconds: float = 240) -> None:
    """Live until something is so."""
    until = monotonic() + seconds
    while not condition():
        if monotonic() > until:
            raise SystemExit("memory: waited in vain")
        live(0.02)


def in_words(result: dict[str, Any]) -> str:
    """Write the result in lines."""
    quarters = ", ".join(f"{size:.1f}" for size in result["quarters_mb"])
    lines = [
        f"{result['cycles']} cycles after {WARM_UP} to warm up, a quarter each: {quarters} MB, so "
        f"{result['growth_mb']:+.1f} MB (at most {GROWTH:g}); "
        f"{result['collected_mb']:.1f} MB after a full collection",
        f"Python's threads left: {result['threads_left']}; the system's: "
        f"{result['system_threads_warm']}, then {result['system_threads_end']}",
    ]
    if "peak_mb" in result:
        lines.append(
            f"one epoch of cnn-two with the window open: peak {result['peak_mb']:.0f} MB, "
            f"from {result['before_mb']:.0f} MB"
        )
    else:
        lines.append("cnn-two: not measured, MNIST is not in the folder of LAYERSCOPE_DATA")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
