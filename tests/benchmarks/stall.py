"""How long the window's event loop is held up while cnn-two trains, with all views in sight.

    uv run python -m tests.benchmarks.stall [--seconds 20] [--preset cnn-two] [--json]

A timer of 5 ms notes when it fires; a stall is how much later than due that is. The peer in the
same process is the same window before training starts. Needs MNIST in LAYERSCOPE_DATA for cnn-two
(the bundled digits' preset, digits-mlp, needs nothing), and a display or QT_QPA_PLATFORM=offscreen.
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
from PySide6.QtCore import QEventLoop, Qt, QTimer

from gui.app import housekeeping, make_app, make_window
from gui.main_window import MainWindow
from gui.session import State

BEAT = 0.005  # seconds


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


def measure(window: MainWindow, preset: str, seconds: float) -> dict[str, object]:
    """Measure the window at rest, then while it trains."""
    window.network.choose_preset(preset)
    wait_until(lambda: "torch.optim" in sys.modules, 120)
    live(1)
    heart = Heartbeat()
    live(3)
    idle = heart.take()
    window.actions_by_name["train"].trigger()
    wait_until(lambda: window.session.state is not State.PREPARING, 120)
    preparing = heart.take()
    live(seconds)
    training = heart.take()
    run = window.session.run
    assert run is not None
    speed = run.images_per_second
    window.session.close()
    return {
        "preset": preset,
        "idle": idle,
        "preparing": preparing,
        "training": training,
        "images_per_second": speed,
        "threads": run.started.threads if run.started else None,
    }


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


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--preset", default="cnn-two")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    environ["LAYERSCOPE_HOME"] = str(Path(tempfile.mkdtemp(prefix="layerscope-stall-")))
    app = make_app()
    window = make_window()
    window.show()
    housekeeping(app, window)
    result = measure(window, options.preset, options.seconds)
    if options.json:
        print(json.dumps(result))
        return 0
    print(f"{'':12}{'beats':>8}{'median':>9}{'p99':>9}{'p99.9':>9}{'longest':>9}  (ms late)")
    for phase in ("idle", "preparing", "training"):
        row = result[phase]
        assert isinstance(row, dict)
        numbers = "".join(f"{row[key]:9.1f}" for key in ("median", "p99", "p99.9", "longest"))
        print(f"{phase:12}{row['beats']:8d}{numbers}")
    print(f"{result['preset']}: {result['images_per_second']:,.0f} images/s", end=", ")
    print(f"{result['threads']} threads")
    return 0


if __name__ == "__main__":
    sys.exit(main())
