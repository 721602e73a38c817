"""How fast the mistakes are shown, and how smoothly they scroll: 10,000 tiles of 28×28 pixels.

    uv run python -m tests.benchmarks.gallery [--images 10000] [--width 900] [--height 600] [--json]

Three things are timed, each from its call until the view is painted: a new evaluation, a step of
the slider over the run, and a frame while the wheel scrolls from the top to the bottom. Each
evaluation has other mistakes, so that what is painted is never what was there. Needs a display or
QT_QPA_PLATFORM=offscreen.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from engine.data.dataset import Dataset, Split
from engine.project.presets import FIRST, preset
from engine.project.sources import ImageFolder
from engine.training.events import DataReady, Evaluated, Started
from engine.training.history import Kind, Run
from gui.app import make_app
from gui.selection import Selection
from gui.views.mistakes import MistakesView

CLASSES = tuple(str(digit) for digit in range(10))
SHAPE = (1, 28, 28)
ROUNDS = 30
WHEEL_STEPS = 200
TARGETS = {"evaluation": 50.0, "slider": 30.0, "scroll": 33.0}  # ms, of the longest
KINDS = frozenset[Kind]({"evaluation"})


def main() -> int:
    """Measure and print; 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--width", type=int, default=900)
    parser.add_argument("--height", type=int, default=600)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    app = make_app()
    run, view = made_run(options.images), MistakesView(Selection())
    view.resize(options.width, options.height)
    view.show()
    result = {
        "images": options.images,
        "evaluation": summary(evaluations(app, view, run)),
        "slider": summary(slider(app, view, run)),
        "scroll": summary(scroll(app, view)),
    }
    view.close()
    print(json.dumps(result) if options.json else in_words(result))
    return 0 if all(result[name]["longest"] <= most for name, most in TARGETS.items()) else 1


def evaluations(app: QApplication, view: MistakesView, run: Run) -> list[float]:
    """Let evaluations of which nearly all is wrong arrive; the first one warms up."""

    def arrive(evaluated: Evaluated) -> None:
        run.apply(evaluated, float(evaluated.step))
        view.show_run(run, KINDS)

    made = [answers(run, number) for number in range(1, ROUNDS + 2)]
    return [shown(app, lambda one=one: arrive(one)) for one in made][1:]


def slider(app: QApplication, view: MistakesView, run: Run) -> list[float]:
    """Go back from evaluation to evaluation, then to the newest."""
    steps = [one.step for one in run.evaluations["validation"]][::-1]
    select = view.selection.select_step
    times = [shown(app, lambda step=step: select(step)) for step in steps[1:]]
    return [*times, shown(app, lambda: select(None))]


def scroll(app: QApplication, view: MistakesView) -> list[float]:
    """Turn the wheel from the top to the bottom, in equal steps."""
    gallery = view.gallery
    gallery.scrollToTop()
    bar = gallery.verticalScrollBar()
    bar.setSingleStep(-(-bar.maximum() // (WHEEL_STEPS * app.wheelScrollLines())))
    times = [shown(app, lambda: turn(app, view)) for _ in range(WHEEL_STEPS)]
    assert bar.value() == bar.maximum(), "the wheel did not reach the bottom"
    return times


def turn(app: QApplication, view: MistakesView) -> None:
    """Turn the wheel by one notch over the middle of the gallery."""
    viewport = view.gallery.viewport()
    place = QPointF(viewport.rect().center())
    event = QWheelEvent(
        place,
        QPointF(viewport.mapToGlobal(place.toPoint())),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    app.sendEvent(viewport, event)


def shown(app: QApplication, change: Callable[[], object]) -> float:
    """Time a change until everything that it asked for is painted, in milliseconds."""
    app.processEvents()
    began = perf_counter()
    change()
    app.processEvents()
    return 1000 * (perf_counter() - began)


def made_run(count: int) -> Run:
    """Make a run over noise with the look of digits: mostly black."""
    generator = np.random.default_rng(0)
    images = generator.random((count, *SHAPE), np.float32)
    images *= generator.random(images.shape, np.float32) < 0.2
    labels = generator.integers(0, len(CLASSES), count)
    split = Split(images, labels, np.arange(count))
    source = ImageFolder(
        path="/nowhere", input_shape=SHAPE, class_names=CLASSES, train_size=count, test_size=count
    )
    run = Run(preset(FIRST).set_data(source=source))
    zeros, ones = np.zeros(1, np.float32), np.ones(1, np.float32)
    run.apply(DataReady(Dataset(split, split, split, CLASSES, zeros, ones)), 0.0)
    run.apply(Started("", count, 1, count, count, ROUNDS, 1, "cpu", 1), 0.0)
    return run


def answers(run: Run, number: int) -> Evaluated:
    """Make the evaluation after so many epochs: chance, sure of itself."""
    assert run.dataset is not None
    generator = np.random.default_rng(number)
    labels = run.dataset.validation.labels
    rows = np.arange(len(labels))
    probabilities = generator.dirichlet(np.ones(len(CLASSES)), len(labels)).astype(np.float32)
    predicted = probabilities.argmax(axis=1)
    return Evaluated(
        step=100 * number,
        epoch=number,
        of="validation",
        whole=True,
        loss=2.3,
        accuracy=float(np.mean(labels == predicted)),
        rows=rows,
        labels=labels,
        predicted=predicted,
        confidence=probabilities[rows, predicted],
        true_probability=probabilities[rows, labels],
        probabilities=probabilities,
    )


def summary(times: list[float]) -> dict[str, float]:
    """Give the median, the 99th percentile and the longest, in milliseconds."""
    return {
        "count": len(times),
        "median": float(np.median(times)),
        "p99": float(np.percentile(times, 99)),
        "longest": max(times),
    }


def in_words(result: dict[str, Any]) -> str:
    """Write a line for each thing that was timed."""
    lines = [f"{result['images']:,} images; milliseconds until painted"]
    for name, most in TARGETS.items():
        figures = result[name]
        lines.append(
            f"{name:<11} {figures['count']:>4} times  median {figures['median']:6.1f}  "
            f"p99 {figures['p99']:6.1f}  longest {figures['longest']:6.1f}  (at most {most:g})"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
