"""How soon the window can be used, and how soon after Train the first point stands on the curve.

    uv run python -m tests.benchmarks.start [--rounds 5] [--presets digits-mlp mlp-128-64 cnn-two]
                                            [--platform offscreen] [--json]

Each number comes from a fresh process. The peer of the window is a bare PySide6 window with one
pyqtgraph plot; both take turns, and their time runs from before the process is made to the first
frame painted and the event loop free. Train is pressed once as soon as the window can be used
(cold) and once after the warm-up behind it has ended (warm); its time runs from the click to the
frame that shows the first point. Presets whose images are not in LAYERSCOPE_DATA are left out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QApplication, QWidget

    from gui.main_window import MainWindow

PRESETS = ("digits-mlp", "mlp-128-64", "cnn-two")
PATIENCE = 120  # seconds
QUIET_SECONDS = 1.0  # between the end of the warm-up and the click


def bare_window() -> None:
    """Open the peer and tell when it could be used."""
    import pyqtgraph
    from PySide6.QtWidgets import QApplication, QMainWindow

    app = QApplication(["bare"])
    window = QMainWindow()
    plot = pyqtgraph.PlotWidget()
    plot.plot([0, 1, 2, 3], [3, 1, 2, 0])
    window.setCentralWidget(plot)
    window.resize(1440, 900)

    def usable() -> None:
        tell({"usable": monotonic()})
        app.quit()

    after_paint(plot.viewport(), usable)
    window.show()
    app.exec()


def layerscope(preset: str, train: str) -> None:
    """Open Layerscope as its command does; then press Train "cold", "warm" or "never"."""
    from gui import app as program

    begin = program.housekeeping

    def housekeeping(app: QApplication, window: MainWindow) -> None:
        begin(app, window)
        after_paint(window.curves, lambda: go_on(app, window))

    def go_on(app: QApplication, window: MainWindow) -> None:
        told = {"usable": monotonic()}
        if train == "warm":
            told["stall"] = warmed_up()
            told["warm"] = monotonic()
        if train != "never":
            told["point"] = first_point(window)
        tell(told)
        window.session.close()
        app.exit()

    program.housekeeping = housekeeping
    sys.exit(program.main([preset]))


def warmed_up() -> float:
    """Wait until the warm-up has ended; give the longest stall of the event loop meanwhile."""
    import threading

    from tests.benchmarks.stall import Heartbeat, live, wait_until

    def names() -> set[str]:
        return {thread.name for thread in threading.enumerate()}

    heart = Heartbeat()
    wait_until(lambda: "warm-up" in names(), PATIENCE)  # it begins after the plots are loaded
    wait_until(lambda: "warm-up" not in names(), PATIENCE)
    live(QUIET_SECONDS)
    return heart.take()["longest"] / 1000


def first_point(window: MainWindow) -> float:
    """Press Train; give the seconds to the frame that shows the first point."""
    from PySide6.QtCore import QEventLoop

    loop = QEventLoop()
    ended: list[float] = []

    def shown() -> None:
        ended.append(monotonic())
        loop.quit()

    def watch(run: Any, _kinds: object) -> None:
        if len(run.progress):
            window.session.run_changed.disconnect(watch)
            after_paint(window.curves.loss.plot.viewport(), shown)

    window.session.run_changed.connect(watch)  # after the views', so the curve is set by then
    start = monotonic()
    window.actions_by_name["train"].trigger()
    loop.exec()
    return ended[0] - start


def after_paint(widget: QWidget, call: Callable[[], None]) -> None:
    """Call once, when the widget has been painted and the event loop is free again."""
    from PySide6.QtCore import QEvent, QObject, QTimer

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                widget.removeEventFilter(self)
                QTimer.singleShot(0, widget, call)
            return False

    widget.installEventFilter(Watch(widget))


def tell(numbers: dict[str, float]) -> None:
    """Give numbers to the process that started this one."""
    print(json.dumps(numbers), flush=True)


def child(platform: str, *arguments: str) -> dict[str, float]:
    """Run one of the above in a fresh process; times of day become seconds from its start."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="layerscope-start-") as home:
        kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environment = kept | {"QT_QPA_PLATFORM": platform, "LAYERSCOPE_HOME": home}
        start = monotonic()
        done = subprocess.run(
            [sys.executable, "-m", __spec__.name, "--child", *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            timeout=2 * PATIENCE,
            check=False,
        )
    if not done.stdout:
        raise SystemExit(f"start: {' '.join(arguments)} told nothing (exit {done.returncode})")
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    for name in {"usable", "warm"} & set(told):
        told[name] -= start
    return told


def measure(platform: str, rounds: int, presets: list[str]) -> dict[str, list[dict[str, float]]]:
    """Run every kind of process in turn, once without counting and then `rounds` times."""
    kinds = {"bare": ("bare",), "window": ("layerscope", PRESETS[0], "never")}
    for preset in presets:
        kinds[f"{preset} cold"] = ("layerscope", preset, "cold")
        kinds[f"{preset} warm"] = ("layerscope", preset, "warm")
    for name in ("bare", "window"):
        child(platform, *kinds[name])  # files come into the system's cache
    told: dict[str, list[dict[str, float]]] = {name: [] for name in kinds}
    for _ in range(rounds):
        for name, arguments in kinds.items():
            told[name].append(child(platform, *arguments))
    return told


def summed_up(told: dict[str, list[dict[str, float]]]) -> dict[str, dict[str, float]]:
    """Give median, least and most of every number."""
    from statistics import median

    rows = {
        f"{name}: {number}": [numbers[number] for numbers in rounds]
        for name, rounds in told.items()
        for number in rounds[0]
        if number != "usable" or name in ("bare", "window")
    }
    pairs = zip(told["bare"], told["window"], strict=True)
    rows["window / bare"] = [window["usable"] / bare["usable"] for bare, window in pairs]
    return {
        name: {"median": median(values), "least": min(values), "most": max(values)}
        for name, values in rows.items()
    }


def at_hand(presets: list[str]) -> list[str]:
    """Leave out presets whose images are not on this machine, and say so."""
    from engine.data.load import found
    from engine.places import data_folder
    from engine.project.presets import preset
    from engine.project.sources import KnownSource

    there = []
    for name in presets:
        source = preset(name).data.source
        if isinstance(source, KnownSource) and not found(source, data_folder()):
            print(f"{name} is left out: {source.title} is not on this machine", file=sys.stderr)
        else:
            there.append(name)
    return there


def main() -> None:
    """Measure and print."""
    import argparse

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--presets", nargs="*", default=list(PRESETS))
    parser.add_argument("--platform", default="offscreen")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    told = measure(options.platform, options.rounds, at_hand(options.presets))
    rows = summed_up(told)
    if options.json:
        print(json.dumps({"platform": options.platform, "rounds": options.rounds, "rows": rows}))
        return
    print(f"{f'seconds, on {options.platform}':28}{'median':>9}{'least':>9}{'most':>9}")
    for name, row in rows.items():
        print(f"{name:28}" + "".join(f"{row[key]:9.3f}" for key in ("median", "least", "most")))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--child", "bare"]:
            bare_window()
        case ["--child", "layerscope", preset, train]:
            layerscope(preset, train)
        case _:
            main()
