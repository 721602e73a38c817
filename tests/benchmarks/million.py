"""What a run of a million reports costs the window: memory, and processor time a frame.

    uv run python -m tests.benchmarks.million [--reports 1000000] [--json]

Feeds the curves a thousand reports a frame, without training. Memory is what Python and NumPy hold
for the history and the curves, counted in a second pass, since counting makes frames dear. Frames,
painted as well, are compared near a hundredth of the run and at its end. Needs a display or
QT_QPA_PLATFORM=offscreen.
"""

from __future__ import annotations

import argparse
import json
import sys
import tracemalloc
from os import environ
from statistics import median
from tempfile import mkdtemp
from time import thread_time

from engine.project.presets import FIRST, preset
from engine.training.events import EpochDone, Progress, Started
from engine.training.history import Kind, Run
from gui.app import make_app
from gui.theme import LIGHT
from gui.views.curves import CurvesView

PER_FRAME, PER_EPOCH = 1000, 100
KINDS = frozenset[Kind]({"progress", "epoch"})
FRAMES = 20


def frames(reports: int) -> list[float]:
    """Show a run as it grows; give the processor seconds of each frame."""
    app = make_app()
    view = CurvesView()
    view.set_theme(LIGHT)
    view.resize(800, 400)
    view.show()
    run = Run(preset(FIRST))
    epochs = reports // PER_EPOCH
    run.apply(Started("", 1, 1, 1, 1, epochs, PER_EPOCH, "cpu", 1), 0.0)
    costs: list[float] = []
    for first in range(0, reports, PER_FRAME):
        for step in range(first + 1, first + PER_FRAME + 1):
            loss = 2 / (1 + step / 1000) + step % 7 / 100
            run.apply(Progress(step, loss, 1 - loss / 3), first / PER_FRAME)
            if step % PER_EPOCH == 0:
                run.apply(EpochDone(step, step // PER_EPOCH, loss, 0.9, loss, 0.9, False), 0.0)
        spent = thread_time()
        view.show_run(run, KINDS)
        app.processEvents()
        costs.append(thread_time() - spent)
    view.close()
    return costs


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--reports", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    environ["LAYERSCOPE_HOME"] = mkdtemp(prefix="layerscope-million-")
    costs = frames(options.reports)
    tracemalloc.start()
    frames(options.reports)
    most = tracemalloc.get_traced_memory()[1] / 2**20
    early = len(costs) // 100
    result = {
        "reports": options.reports,
        "most_mib": most,
        "early_frame_ms": 1000 * median(costs[early : early + FRAMES]),
        "last_frame_ms": 1000 * median(costs[-FRAMES:]),
        "longest_frame_ms": 1000 * max(costs),
    }
    if options.json:
        print(json.dumps(result))
    else:
        print("  ".join(f"{name} {value:,.1f}" for name, value in result.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
