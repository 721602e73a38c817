"""Layerscope's window while it trains, with all its views in sight on a virtual screen.

    python -m tests.benchmarks.race.window_peer mlp-128 [--picture window.png]

Needs Xvfb, and takes openbox as the window manager where it is installed. The steps' time is read
from the run's log, as for the command line.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from engine.project.presets import preset
from engine.store.runs import read_log
from tests.benchmarks.race.log import timed_stretch
from tests.benchmarks.race.peer import Task, answer, mnist_folder, read_task

if TYPE_CHECKING:
    from gui.main_window import MainWindow

SCREEN = "1440x900x24"
LOOK_SECONDS = 0.25  # between two looks at how far the training is
PATIENCE_SECONDS = 240


def main() -> None:
    """Show the window, press Train, and tell the steps' time."""
    picture = taken_out(sys.argv, "--picture")
    task = read_task(__doc__)
    mnist_folder()
    if shutil.which("Xvfb") is None:
        raise SystemExit("Xvfb is not installed, so there is no screen for the window.")
    with tempfile.TemporaryDirectory(prefix="race-") as home, screen() as display:
        os.environ |= {"LAYERSCOPE_HOME": home, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
        seen, hidden, run = train(task, picture)
        stretch = timed_stretch(read_log(run), task.recipe.warm_up, task.steps)
    if stretch is None:
        raise SystemExit("The run's log holds no two reports of the steps to be timed.")
    answer(
        seconds=stretch.seconds,
        steps=stretch.last - stretch.first,
        parameters=stretch.parameters,
        loss=stretch.loss,
        versions={"torch": version("torch"), "PySide6": version("PySide6-Essentials")},
        threads=stretch.threads,
        visible=seen,
        hidden=hidden,
    )
    os._exit(0)  # Qt's own way out would talk to the screen, which is gone


def taken_out(arguments: list[str], option: str) -> str | None:
    """Take an option and its value out of the arguments, and give the value."""
    if option not in arguments:
        return None
    place = arguments.index(option)
    _, value = arguments[place : place + 2]
    del arguments[place : place + 2]
    return value


@contextmanager
def screen() -> Iterator[str]:
    """Start an X server with a window manager in it; give the name of its display."""
    receiving, sending = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(sending), "-screen", "0", SCREEN, "-noreset"],
        pass_fds=[sending],
        stderr=subprocess.DEVNULL,
    )
    os.close(sending)
    with os.fdopen(receiving) as said:
        display = f":{said.readline().strip()}"
    started = [server]
    if shutil.which("openbox"):
        environment = os.environ | {"DISPLAY": display}
        started.append(subprocess.Popen(["openbox"], env=environment, stderr=subprocess.DEVNULL))
        time.sleep(0.5)
    try:
        yield display
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(10)


def train(task: Task, picture: str | None) -> tuple[list[str], list[str], Path]:
    """Train in a real window; give the views in sight, those that are not, and the run's folder."""
    from gui.app import housekeeping, make_app, make_window
    from gui.session import State

    app = make_app()
    window = make_window()
    window.document.replace(preset(task.recipe.name).set_training(device=task.device), None)
    window.show()
    show_all(window)
    housekeeping(app, window)
    wait_until(lambda: "torch.optim" in sys.modules)
    live(1)
    window.actions_by_name["train"].trigger()
    session = window.session
    enough = task.recipe.warm_up + task.steps
    wait_until(lambda: session.state is State.IDLE or steps_done(window) >= enough)
    if picture is not None:
        window.grab().save(picture)
    seen, hidden = in_sight(window)
    if not session.close() or session.folder is None or session.run is None:
        raise SystemExit("The training did not end.")
    folder = session.folder
    window.close()
    return seen, hidden, folder


def show_all(window: MainWindow) -> None:
    """Put views that share tabs side by side, so that all are in sight."""
    from PySide6.QtWidgets import QDockWidget

    for dock in window.findChildren(QDockWidget):
        for other in window.tabifiedDockWidgets(dock):
            window.addDockWidget(window.dockWidgetArea(other), other)


def in_sight(window: MainWindow) -> tuple[list[str], list[str]]:
    """Name the views of a run that can be seen, and those that can't."""
    views = (window.curves, window.confusion, window.per_class, window.mistakes, window.status)
    names = {view: type(view).__name__.removesuffix("View") for view in views}
    seen = [name for view, name in names.items() if not view.visibleRegion().isEmpty()]
    return seen, [name for name in names.values() if name not in seen]


def steps_done(window: MainWindow) -> int:
    """Tell how many steps the window knows of."""
    return window.session.run.step if window.session.run else 0


def live(seconds: float) -> None:
    """Let the event loop run as it does in the program."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def wait_until(condition: Callable[[], object]) -> None:
    """Live until something is so."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > until:
            raise SystemExit("The window was waited for in vain.")
        live(LOOK_SECONDS)


if __name__ == "__main__":
    main()
