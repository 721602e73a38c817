"""How long the window takes to show an evaluation of 10,000 images, all views of a run in sight.

    uv run python -m tests.benchmarks.evaluation [--rounds 40] [--views tabs|all] [--json]

Evaluations arrive one after another as they do live, and then the slider steps through them. A time
runs from the signal to the last view painted, on the window's thread. The images are noise in the
size of MNIST's, and the answers those of a network that is right 97 times out of 100. With `tabs`
the views are as the window first shows them, with `all` none is behind another. Needs a display or
QT_QPA_PLATFORM=offscreen.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from os import environ
from pathlib import Path
from time import perf_counter

import numpy as np
from PySide6.QtWidgets import QApplication, QDockWidget

from engine.data.dataset import Dataset, Split
from engine.training.events import DataReady, EpochDone, Evaluated, Started
from engine.training.history import Kind, Run
from gui.app import make_app, make_window
from gui.main_window import MainWindow

IMAGES = 10_000
TRAINING = 50_000  # images among which the nearest ones are looked for, beside the window
STEPS_PER_EPOCH = 1000
RIGHT = 0.97
TARGETS = {"arrival": 50.0, "slide": 30.0}  # ms that the median may take
ARRIVED = frozenset[Kind]({"evaluation", "epoch"})

Spread = dict[str, float]


def main() -> int:
    """Measure and print; 1 where a median is above its target."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--views", choices=("tabs", "all"), default="tabs")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="layerscope-evaluation-") as home:
        environ["LAYERSCOPE_HOME"] = home
        make_app()
        window = make_window("cnn-two")
        window.show()
        if options.views == "all":
            show_all(window)
        result = measure(window, options.rounds, Path(home))
        window.close()
    print(json.dumps(result) if options.json else in_words(result))
    return 0 if all(result[name]["median"] <= most for name, most in TARGETS.items()) else 1


def measure(window: MainWindow, rounds: int, folder: Path) -> dict[str, Spread]:
    """Let evaluations arrive, then step through them."""
    run = Run(window.document.project)
    run.apply(DataReady(images(window)), 0.0)
    started = Started("", 225_034, TRAINING, IMAGES, 0, rounds, STEPS_PER_EPOCH, "cpu", 1)
    run.apply(started, 0.0)
    window.session.show(run, folder)
    settle()
    random = np.random.default_rng(0)
    arrivals, steps = [], []
    for epoch in range(1, rounds + 1):
        one = answers(run, epoch, random)
        run.apply(one, float(epoch))
        run.apply(EpochDone(one.step, epoch, 0.1, 0.97, one.loss, one.accuracy, best=True), epoch)
        steps.append(one.step)
        arrivals.append(timed(lambda: window.session.run_changed.emit(run, ARRIVED)))
    slides = [timed(lambda step=step: window.selection.select_step(step)) for step in steps[::-1]]
    return {"arrival": spread(arrivals), "slide": spread(slides)}


def images(window: MainWindow) -> Dataset:
    """Make noise with the classes of MNIST."""
    random = np.random.default_rng(0)
    training, validation, test = (
        Split(
            random.random((count, 1, 28, 28), np.float32),
            random.integers(0, 10, count),
            np.arange(count),
        )
        for count in (TRAINING, IMAGES, 0)
    )
    names = window.document.project.data.source.class_names
    nothing, one = np.zeros(1, np.float32), np.ones(1, np.float32)
    return Dataset(training, validation, test, names, nothing, one)


def answers(run: Run, epoch: int, random: np.random.Generator) -> Evaluated:
    """Make the answers of an epoch: some images are answered by chance."""
    assert run.dataset is not None
    labels = run.dataset.validation.labels
    guessed = random.random(IMAGES) > RIGHT
    predicted = np.where(guessed, random.integers(0, 10, IMAGES), labels)
    probabilities = random.random((IMAGES, 10), np.float32)
    probabilities[np.arange(IMAGES), predicted] += 2
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return Evaluated(
        step=epoch * STEPS_PER_EPOCH,
        epoch=epoch,
        of="validation",
        whole=True,
        loss=0.1,
        accuracy=float((predicted == labels).mean()),
        rows=np.arange(IMAGES),
        labels=labels,
        predicted=predicted,
        confidence=probabilities[np.arange(IMAGES), predicted],
        true_probability=probabilities[np.arange(IMAGES), labels],
        probabilities=probabilities,
    )


def timed(change: Callable[[], None]) -> float:
    """Give the ms until a change is shown."""
    began = perf_counter()
    change()
    settle()
    return 1000 * (perf_counter() - began)


def settle() -> None:
    """Let all be laid out and painted that waits for it."""
    for _ in range(3):  # a view that comes into sight draws one turn of the event loop later
        QApplication.sendPostedEvents()
        QApplication.processEvents()


def show_all(window: MainWindow) -> None:
    """Put views that share tabs side by side, so that all are in sight."""
    for dock in window.findChildren(QDockWidget):
        for other in window.tabifiedDockWidgets(dock):
            window.addDockWidget(window.dockWidgetArea(other), other)


def spread(times: list[float]) -> Spread:
    """Give the median, what nine of ten stay below, and the longest; the first is left out, since
    it makes what all the others use.
    """
    median, most, longest = np.percentile(times[1:], [50, 90, 100]).tolist()
    return {"median": median, "nine_of_ten": most, "longest": longest, "first": times[0]}


def in_words(result: dict[str, Spread]) -> str:
    """Write the result in lines."""
    return "\n".join(
        f"{name:8} median {times['median']:.1f} ms (at most {TARGETS[name]:g}), nine of ten "
        f"within {times['nine_of_ten']:.1f}, longest {times['longest']:.1f}, "
        f"the first {times['first']:.1f}"
        for name, times in result.items()
    )


if __name__ == "__main__":
    sys.exit(main())
