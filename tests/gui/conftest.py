"""What the window's tests share: a document, a window, and runs made of events without torch."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.data.dataset import Dataset, SetName, Split
from engine.project.presets import FIRST, preset
from engine.project.project import Project
from engine.project.sources import ImageFolder
from engine.training.events import (
    DataReady,
    EpochDone,
    Evaluated,
    Event,
    Progress,
    Started,
)
from engine.training.history import Run

HERE = Path(__file__).parent
BATCHES = 20
PATIENCE = 30_000  # milliseconds


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a warning of Qt fail a test, but for what the offscreen platform says of itself."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.qt_log_level_fail("WARNING"))
            item.add_marker(pytest.mark.qt_log_ignore("propagateSizeHints", r"support raise\(\)"))


@pytest.fixture(scope="session", autouse=True)
def _thaw() -> Iterator[None]:
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def _garbage_waits() -> Iterator[None]:
    """Keep the collector out of the worker thread, where it would destroy widgets, as app does;
    and keep the libraries' many objects out of the search for leaks after a test.
    """
    gc.freeze()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(autouse=True)
def _work_is_collected_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hear at once of the end of work beside the window: a person does not mind to wait, a test
    of ten works does.
    """
    from gui import background

    monkeypatch.setattr(background, "COLLECT_MILLISECONDS", 5)


@pytest.fixture
def qtbot(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Wait as long as a busy machine may take, where a test does not say how long."""
    for name in ("waitUntil", "waitExposed", "waitSignal"):
        monkeypatch.setattr(qtbot, name, partial(getattr(qtbot, name), timeout=PATIENCE))
    return qtbot


@pytest.fixture
def document(qapp):
    from gui.document import Document

    return Document()


@pytest.fixture
def selection(qapp):
    from gui.selection import Selection

    return Selection()


@pytest.fixture
def show(qtbot) -> Callable[..., Any]:
    """Show a widget at a size, and close it after the test."""

    def show(widget, width=600, height=450):
        qtbot.addWidget(widget)
        widget.resize(width, height)
        with qtbot.waitExposed(widget):
            widget.show()
        return widget

    return show


@pytest.fixture(scope="session")
def _app(qapp) -> None:
    from gui.app import make_app

    make_app()


@pytest.fixture
def make_window(_app, qtbot) -> Callable[..., Any]:
    """Make the whole window as the program does, with no project or with one."""
    from gui.app import make_window

    def make(project=None):
        window = make_window(project)
        qtbot.addWidget(window, before_close_func=_close_quietly)
        window.resize(1440, 900)
        with qtbot.waitExposed(window):
            window.showNormal()
        return window

    return make


@pytest.fixture
def window(make_window):
    return make_window()


def _close_quietly(window: Any) -> None:
    window.session.close()
    window.document.undo_stack.setClean()


@pytest.fixture
def project_of() -> Callable[..., Project]:
    return make_project


@pytest.fixture
def answers() -> Callable[..., Evaluated]:
    return make_answers


@pytest.fixture
def run_of() -> Callable[..., Run]:
    return make_run


@pytest.fixture
def trained() -> Run:
    """A run of three epochs; the second was the best."""
    accuracies = (0.7, 0.9, 0.8)
    events: list[Event] = []
    for epoch, accuracy in enumerate(accuracies, 1):
        for batch in range(1, BATCHES + 1):
            step = (epoch - 1) * BATCHES + batch
            events.append(Progress(step, 2 / step, 1 - 1 / step))
        events.append(make_answers(np.arange(20) % 10, np.zeros(20, int), epoch=epoch))
        best = accuracy == 0.9 or epoch == 1
        events.append(EpochDone(epoch * BATCHES, epoch, 0.5, 0.8, 0.4, accuracy, best))
    return make_run(*events)


def make_project(classes: int = 10, shape: tuple[int, int, int] = (1, 8, 8)) -> Project:
    """Make a project whose images are described and do not exist."""
    source = ImageFolder(
        path="/nowhere/pictures",
        input_shape=shape,
        class_names=tuple(f"class {number}" for number in range(classes)),
        train_size=1000,
        test_size=100,
    )
    return preset(FIRST).set_data(source=source)


def make_answers(
    labels: Any,
    predicted: Any,
    *,
    probabilities: Any = None,
    classes: int = 10,
    epoch: int = 1,
    whole: bool = True,
    of: SetName = "validation",
) -> Evaluated:
    """Make an evaluation of these answers; without probabilities each is given with 90 %."""
    labels, predicted = np.asarray(labels), np.asarray(predicted)
    count = len(labels)
    if probabilities is None:
        probabilities = np.full((count, classes), 0.1 / max(1, classes - 1), np.float32)
        probabilities[np.arange(count), predicted] = 0.9
    probabilities = np.asarray(probabilities, np.float32)
    return Evaluated(
        step=epoch * BATCHES,
        epoch=epoch,
        of=of,
        whole=whole,
        loss=0.5,
        accuracy=float(np.mean(labels == predicted)) if count else 0.0,
        rows=np.arange(count),
        labels=labels,
        predicted=predicted,
        confidence=probabilities[np.arange(count), predicted],
        true_probability=probabilities[np.arange(count), labels],
        probabilities=probabilities,
    )


def make_run(*events: Event, project: Project | None = None, count: int = 200) -> Run:
    """Make the run that these events tell, a second apart, after its data and its start."""
    project = project or make_project()
    run = Run(project)
    start = Started("", 9000, 640, count, 100, 3, BATCHES, "cpu", 1)
    for now, event in enumerate((DataReady(make_dataset(project, count)), start, *events)):
        run.apply(event, float(now))
    return run


def make_dataset(project: Project, count: int) -> Dataset:
    channels = project.input_shape[0]
    images = np.random.default_rng(0).random((count, *project.input_shape), np.float32)
    labels = np.arange(count) % project.output.classes
    split = Split(images, labels, 1000 + np.arange(count))
    test = Split(1 - images, labels, 5000 + np.arange(count))
    zeros, ones = np.zeros(channels, np.float32), np.ones(channels, np.float32)
    return Dataset(split, split, test, project.data.source.class_names, zeros, ones)
