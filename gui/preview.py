"""Opens one view on a small recorded run, so that whoever works on a view sees it at once.

    python -m gui.preview                                      names the views
    python -m gui.preview confusion --theme dark --size 380x230
    python -m gui.preview image --run FOLDER --save image.png   takes a picture instead

The run is one of the bundled digits. It is trained when it is first asked for, and kept.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar, get_args

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEventLoop, QSize
from PySide6.QtWidgets import QApplication, QWidget

from engine.places import data_folder, home
from engine.problems import ProblemError
from engine.project.presets import preset
from engine.training.events import Finished, Stepped
from engine.training.history import Kind, Run
from gui.app import make_app
from gui.background import Task
from gui.document import Document
from gui.selection import Selection
from gui.theme import THEMES, Theme, palette, stylesheet
from gui.views.browser import DataBrowser
from gui.views.code import CodeView
from gui.views.confusion import ConfusionView
from gui.views.curves import CurvesView
from gui.views.data import DataDialog
from gui.views.diagram import DiagramView
from gui.views.image import ImageView
from gui.views.learning import LearningView
from gui.views.mistakes import MistakesView
from gui.views.network import NetworkView
from gui.views.palette import PaletteView
from gui.views.per_class import PerClassView
from gui.views.rewind import RewindView
from gui.views.rows import RowsView
from gui.views.runs import RunsView
from gui.views.settings import SettingsView
from gui.views.status import StatusView
from gui.views.step import StepView
from gui.views.timeline import TimelineView

PRESET, EPOCHS = "digits-mlp", 12  # what is recorded
FIRST_SIZE = QSize(700, 450)
PATIENCE_SECONDS = 20.0  # for what a view reads beside the window
QUIET_SECONDS = 0.3  # after which nothing more is expected
ALL = frozenset[Kind](get_args(Kind))

View = TypeVar("View", bound=QWidget)


@dataclass
class Scene:
    """What the views of a window share: a document, a run that is over, and what is selected."""

    run: Run
    folder: Path
    document: Document = field(default_factory=Document)
    selection: Selection = field(default_factory=Selection)

    def __post_init__(self) -> None:
        self.document.replace(self.run.project, None)

    def told(self, view: View) -> View:
        """Tell a view of the run, as the window does."""
        told: Any = view
        told.show_run(self.run, ALL)
        return view

    def wrong_image(self) -> int | None:
        """Find an image that the network got wrong at last, or any."""
        newest = self.run.evaluation(self.selection.of, None)
        if newest is None or not len(newest.rows):
            return None
        wrong = newest.rows[newest.labels != newest.predicted]
        return int(wrong[0] if len(wrong) else newest.rows[0])


def _image(scene: Scene) -> QWidget:
    scene.selection.select_image(scene.wrong_image())
    return scene.told(ImageView(scene.selection))


def _rewind(scene: Scene) -> QWidget:
    view = RewindView()
    view.show_project(scene.document.project)
    view.show_run_folder(scene.folder, scene.run)
    return view


def _rows(scene: Scene) -> QWidget:
    scene.selection.select_image(scene.wrong_image())
    return scene.told(RowsView(scene.selection, lambda: scene.folder))


def _step(scene: Scene) -> QWidget:
    scene.run.apply(first_step(scene.run), monotonic())
    return scene.told(StepView(scene.document, scene.selection))


PREVIEWS: dict[str, Callable[[Scene], QWidget]] = {
    "browser": lambda scene: DataBrowser(scene.document, data_folder()),
    "code": lambda scene: CodeView(scene.document, scene.selection),
    "confusion": lambda scene: scene.told(ConfusionView(scene.selection)),
    "curves": lambda scene: scene.told(CurvesView(scene.selection)),
    "data": lambda scene: DataDialog(scene.document, data_folder()),
    "diagram": lambda scene: DiagramView(scene.document, scene.selection),
    "image": _image,
    "learning": lambda scene: scene.told(LearningView(scene.selection)),
    "mistakes": lambda scene: scene.told(MistakesView(scene.selection)),
    "network": lambda scene: NetworkView(scene.document, scene.selection),
    "palette": lambda _: PaletteView(),
    "per_class": lambda scene: scene.told(PerClassView(scene.selection)),
    "rewind": _rewind,
    "rows": _rows,
    "runs": lambda scene: RunsView(scene.folder.parent),
    "settings": lambda scene: SettingsView(scene.document),
    "status": lambda scene: scene.told(StatusView()),
    "step": _step,
    "timeline": lambda scene: scene.told(TimelineView(scene.selection)),
}
"""Of each module in gui.views, by its name: how its view is made and told."""


def main(arguments: list[str] | None = None) -> int:
    """Show a view until it is closed, or save a picture of it; without a view, name them all."""
    options = read_options(arguments)
    if options.view is None:
        print("\n".join(PREVIEWS))
        return 0
    if options.save is not None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = make_app()
    try:
        scene = read_scene(options.run or recorded_run())
    except ProblemError as error:
        print(f"preview: {error}", file=sys.stderr)
        return 1
    view = preview(scene, options.view, THEMES[options.theme], options.size)
    if options.save is None:
        return app.exec()
    settle(view)
    view.grab().save(str(options.save))
    view.close()
    return 0


def read_options(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m gui.preview", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("view", nargs="?", choices=PREVIEWS)
    parser.add_argument("--theme", choices=THEMES, default="light")
    parser.add_argument("--size", type=read_size, default=FIRST_SIZE, help="such as 380x230")
    parser.add_argument("--run", type=Path, help="the folder of another run")
    parser.add_argument("--save", type=Path, help="take a picture instead of showing it")
    return parser.parse_args(arguments)


def read_size(text: str) -> QSize:
    """Read width and height."""
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is no size. Write it as WIDTHxHEIGHT: 380x230.")
    return QSize(int(width), int(height))


def preview(scene: Scene, name: str, theme: Theme, size: QSize) -> QWidget:
    """Make a view and show it in a window of its own, in a theme and a size."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    app.setPalette(palette(theme))
    if app.styleSheet() != stylesheet(theme):
        app.setStyleSheet(stylesheet(theme))
    view = PREVIEWS[name](scene)
    if hasattr(view, "set_theme"):
        view.set_theme(theme)
    view.setWindowTitle(f"{view.windowTitle() or name} – preview")
    view.resize(size)
    view.show()
    return view


def settle(view: QWidget) -> None:
    """Live until nothing is read beside the window, and for a moment more."""
    patience, quiet = QDeadlineTimer(round(1000 * PATIENCE_SECONDS)), monotonic()
    while not patience.hasExpired() and monotonic() - quiet < QUIET_SECONDS:
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        if any(task.running for task in view.findChildren(Task)):
            quiet = monotonic()


def read_scene(folder: Path) -> Scene:
    """Read a run and its images from its folder.

    Raises:
        ProblemError: the run, or what it was trained with, can't be read.
    """
    from engine.data.load import load
    from engine.training.reopen import check_images, reopen

    run = reopen(folder)
    dataset = load(run.project.data, run.project.training.seed, data_folder())
    check_images(run, dataset)
    run.dataset = dataset
    return Scene(run, folder)


def recorded_run() -> Path:
    """Give the folder of the recorded run; record it where there is none that can be read."""
    for cache in _caches():
        folder = cache / "preview" / "digits"
        if is_whole(folder):
            return folder
        try:
            cache.mkdir(parents=True, exist_ok=True)
            return record(Path(tempfile.mkdtemp(dir=cache, prefix="preview-")) / "digits", folder)
        except OSError:
            continue  # nothing can be written there
    raise ProblemError("There is no folder in which the preview's run can be kept.")


def _caches() -> Iterable[Path]:
    yield home() / "cache"
    yield Path(tempfile.gettempdir())


def is_whole(folder: Path) -> bool:
    """Tell whether a folder holds a run that came to its end and can be read."""
    from engine.training.reopen import reopen

    try:
        return isinstance(reopen(folder).end, Finished)
    except (ProblemError, OSError):
        return False


def record(beside: Path, folder: Path, epochs: int = EPOCHS) -> Path:
    """Train the bundled digits, and put the run where it is to be; give its folder."""
    import shutil

    from engine.training.control import Control
    from engine.training.run import run

    project = preset(PRESET).set_training(epochs=epochs)
    for event in run(project, Control(), folder=beside):
        if isinstance(event, Finished) and event.reason == "completed":
            break
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(exist_ok=True)
    os.replace(beside, folder)
    beside.parent.rmdir()
    return folder


def first_step(run: Run) -> Stepped:
    """Take the first step of a run again, and look at it: a run's folder does not keep that."""
    from engine.training.control import Control
    from engine.training.run import run as run_project

    control = Control()
    control.step(1)
    for event in run_project(run.project, control):
        if isinstance(event, Stepped):
            return event
    raise ProblemError("The run's first step could not be taken again.")


if __name__ == "__main__":
    sys.exit(main())
