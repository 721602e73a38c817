"""The entry point, and the only place that wires document, session and window together."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from PySide6.QtWidgets import QApplication

    from engine.data.dataset import Progress
    from engine.project.project import Project
    from gui.main_window import MainWindow

GARBAGE_SECONDS = 1  # also how soon an idle window hears of a signal
WARM_UP_SECONDS = 0.3
REHEARSAL_MILLISECONDS = 30  # between two pages: the window lives on, and settles


def main(arguments: list[str] | None = None) -> int:
    """Open the window, or do what the command line says; give the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments:
        from engine import cli

        if arguments[0] in cli.COMMANDS or arguments[0].startswith("-"):
            return cli.main(arguments)
    if len(arguments) > 1:
        print("layerscope: one project at a time, please.", file=sys.stderr)
        return 2
    return open_window(arguments[0] if arguments else None)


def open_window(project: str | None) -> int:
    """Show the window with a project (a file or a preset's name) until it is closed."""
    from engine.platform_check import display_problem, missing_qt_libraries
    from engine.problems import ProblemError

    problem = display_problem()
    if problem is not None:
        print(f"layerscope: {problem}", file=sys.stderr)
        return 1
    missing = missing_qt_libraries()
    if missing:
        print(
            "layerscope: Qt needs system libraries that are not installed. Install them with: "
            f"sudo apt-get install {' '.join(missing)}",
            file=sys.stderr,
        )
        return 1
    if sys.platform == "win32":
        import torch  # noqa: F401  # its libraries must be loaded before Qt's (pytorch#166628)
    gc.disable()  # nothing that is made from here to the first frame is garbage
    app = make_app()
    try:
        window = make_window(project)
    except ProblemError as error:
        print(f"layerscope: {error}", file=sys.stderr)
        return 2
    window.show()
    housekeeping(app, window)
    return leave(app.exec())


def make_app() -> QApplication:
    """Make the Qt application as all windows need it."""
    from PySide6.QtCore import QLocale
    from PySide6.QtWidgets import QApplication

    from gui.icons import icon

    # A point is the decimal mark in every locale: 0.01 must never be read as 1.0.
    QLocale.setDefault(QLocale.c())
    app = QApplication.instance() or QApplication(["layerscope"])
    assert isinstance(app, QApplication)
    app.setApplicationName("Layerscope")
    app.setDesktopFileName("layerscope")
    app.setStyle("Fusion")
    app.setWindowIcon(icon("layerscope"))
    return app


def make_window(project: str | None = None) -> MainWindow:
    """Make the window and what it stands on; ProblemError where the project can't be opened."""
    from engine.project.presets import preset, presets
    from gui.document import Document
    from gui.main_window import MainWindow
    from gui.selection import Selection
    from gui.session import Session
    from gui.settings_file import SettingsFile

    document, settings = Document(), SettingsFile()
    if project is not None and project in presets():
        document.replace(preset(project), None)
    elif project is not None:
        path = Path(project)
        document.open(path)
        settings.remember(path)
    window = MainWindow(document, Session(), Selection(), settings)
    for part in (document, window.session, window.selection):
        part.setParent(window)
    return window


def housekeeping(app: QApplication, window: MainWindow) -> None:
    """Load behind the window what it needs later, show errors in it, and end well on a signal.
    Garbage is left until what is loaded has come; then it is collected on this thread alone.
    """
    from PySide6.QtCore import QTimer

    # The cyclic collector would destroy Qt objects in whichever thread it happens to run.
    gc.disable()
    QTimer.singleShot(int(WARM_UP_SECONDS * 1000), window, lambda: warm_up(window))
    sys.excepthook = lambda kind, error, trace: tell(window, kind, error, trace)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: end_by_signal(app, window, number))


def warm_up(window: MainWindow) -> None:
    """Load behind the window what it needs next, so that the first training starts at once: the
    plots, and then what trains.
    """
    from gui.background import Task

    def make_plots() -> None:
        window.curves  # noqa: B018  they are made when they are first asked for
        rehearse_views(window)
        project = window.document.project
        training = Task(lambda _: load_training(project), window)
        training.done.connect(lambda: collect_garbage(window))
        training.failed.connect(lambda: collect_garbage(window))
        training.start()

    window.running.look_for_cut_off()
    plots = Task(load_plots, window)
    plots.done.connect(make_plots)
    plots.failed.connect(lambda: collect_garbage(window))
    plots.start()


def rehearse_views(window: MainWindow) -> None:
    """Get the pages of all views ready to be shown, one at a time, unless a training came first."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QStackedLayout

    from gui.in_sight import rehearse

    stacks = iter(window.findChildren(QStackedLayout))
    turns = QTimer(window)

    def next_one() -> None:
        stack = next(stacks, None)
        if stack is None or window.session.state.busy:
            turns.stop()
        else:
            rehearse(stack)

    turns.timeout.connect(next_one)
    turns.start(REHEARSAL_MILLISECONDS)


def collect_garbage(window: MainWindow) -> None:
    """Collect garbage from now on, and leave out what is loaded: it stays until the end, and to
    look through it once would hold the window up for a third of a second.
    """
    from PySide6.QtCore import QTimer

    gc.freeze()
    atexit.register(gc.unfreeze)  # or a library complains of what it has not got back at the end
    window.session.state_changed.connect(lambda state: state.busy or gc.collect())
    garbage = QTimer(window)
    garbage.timeout.connect(lambda: gc.collect(1))
    garbage.start(GARBAGE_SECONDS * 1000)


def leave(code: int) -> int:
    """End at once where a thread is still at work, such as one that loads torch: on Python's own
    way out it could stop with the loader's lock held, and the process hang for ever.
    """
    if threading.active_count() > 1:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


def tell(
    window: MainWindow, kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Show an error that nobody expected in the window, and on the terminal as ever."""
    import traceback

    sys.__excepthook__(kind, error, trace)
    sentence = f"An error of the program: {kind.__name__}: {error}. Your project is as it was."
    window.banner.say(sentence, "".join(traceback.format_exception(kind, error, trace)))


def end_by_signal(app: QApplication, window: MainWindow, number: int) -> None:
    """Keep the run and leave, without asking: whoever sends a signal can't answer."""
    window.session.close()
    app.exit(128 + number)


def load_plots(progress: Progress) -> None:
    """Load what draws the curves."""
    import gui.views.curves  # noqa: F401


def load_training(project: Project) -> None:
    """Load what the first training of a project would wait for, its images included."""
    import scipy.cluster.hierarchy  # noqa: F401  the order of classes
    import sklearn.metrics
    import sklearn.model_selection  # noqa: F401  the split of the images
    import torch

    import engine.training.run  # noqa: F401
    from engine.data.load import found, load
    from engine.places import data_folder
    from engine.problems import ProblemError
    from engine.project.sources import KnownSource
    from engine.training.allocator import keep_freed_memory

    torch.optim.Adam([torch.zeros(1)])  # the first optimizer loads as much again as torch itself
    keep_freed_memory()  # or the system clears every page of the images twice
    source = project.data.source
    # A person's own files may be large or gone: they are read, and complained of, by Train alone.
    if isinstance(source, KnownSource) and found(source, data_folder()):
        with suppress(ProblemError):
            load(project.data, project.training.seed, data_folder())


if __name__ == "__main__":
    sys.exit(main())
