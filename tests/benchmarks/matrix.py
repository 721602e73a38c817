"""How long the window takes to show an evaluation of 10,000 images as a confusion matrix.

    uv run python -m tests.benchmarks.matrix [--rounds 50]

Each round shows the next of several evaluations: counting, and painting all that has changed.
Printed are medians in milliseconds for 10 and 62 classes, as counts and as the change since the
first evaluation. Needs a display or QT_QPA_PLATFORM=offscreen.
"""

from __future__ import annotations

import argparse
from itertools import cycle
from statistics import median
from time import perf_counter

import numpy as np
from PySide6.QtWidgets import QApplication

from engine.training.events import Evaluated
from gui.app import make_app
from gui.selection import Selection
from gui.views.confusion import ConfusionView
from tests.gui.conftest import make_answers, make_project, make_run

IMAGES = 10_000
EVALUATIONS = 8
SIZE = 700, 450  # pixels


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=50)
    rounds = parser.parse_args().rounds
    make_app()
    for classes in (10, 62):
        for shown_as in ("", "first"):
            print(f"{classes} classes, {shown_as or 'counts'}: {shown(classes, shown_as, rounds)}")


def shown(classes: int, shown_as: str, rounds: int) -> str:
    """Step through a run's evaluations, as the slider does."""
    selection = Selection()
    view = ConfusionView(selection)
    view.resize(*SIZE)
    view.show()
    run = make_run(*evaluations(classes), project=make_project(classes))
    view.shown_as.setCurrentIndex(view.shown_as.findData(shown_as))
    view.show_run(run, frozenset({"evaluation"}))
    QApplication.processEvents()
    counting, painting = [], []
    for step, _ in zip(cycle(one.step for one in run.evaluations["validation"]), range(rounds)):
        begun = perf_counter()
        selection.select_step(step)
        counted = perf_counter()
        QApplication.processEvents()
        counting.append(1000 * (counted - begun))
        painting.append(1000 * (perf_counter() - counted))
    view.close()
    return f"{median(counting):.2f} ms to count, {median(painting):.2f} ms to paint"


def evaluations(classes: int) -> list[Evaluated]:
    """Make the answers of a network that gets better."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, classes, IMAGES)
    return [
        make_answers(
            labels,
            np.where(rng.random(IMAGES) < share, labels, rng.integers(0, classes, IMAGES)),
            classes=classes,
            epoch=epoch,
        )
        for epoch, share in enumerate(np.linspace(0.8, 0.99, EVALUATIONS), 1)
    ]


if __name__ == "__main__":
    main()
