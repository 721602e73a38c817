"""What every test gets: a home of its own, no display, and a failure where it leaks something."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from engine.platform_check import missing_qt_libraries
from engine.training.tuning import cores

if TYPE_CHECKING:
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QWidget

LEFT_OUT = ("slow", "exports")  # markers
GRACE_SECONDS = 20.0  # that a thread may take to end after its test: it may be loading torch

# Workers share the cores among them: what each computes beside trainings takes one thread.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# A test that drives a real window runs it in a process of its own, with xcb.
if os.environ.get("QT_QPA_PLATFORM") != "xcb":
    os.environ["QT_QPA_PLATFORM"] = "offscreen"

# TensorFlow and torch's compiler in one process: whichever loads LLVM second aborts it.
os.environ.setdefault("KERAS_BACKEND", "torch")

# Without Qt's system libraries the engine's tests run, and those of the window are left out.
MISSING = missing_qt_libraries()
pytest_plugins = [] if MISSING else ["pytestqt.plugin"]
collect_ignore_glob = ["gui/*", "window/*"] if MISSING else []

# Other programs share the processor: slowness is no failure.
settings.register_profile("layerscope", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("layerscope")


def pytest_report_header() -> str:
    if not MISSING:
        return "window: tested"
    return f"window: NOT tested, Qt lacks libraries: sudo apt-get install {' '.join(MISSING)}"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--slow", action="store_true", help="run the tests marked slow or exports, too"
    )


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Use all cores, but where only files are named, which are through before workers have begun,
    or what is left out otherwise, which uses all cores itself.
    """
    only_files = all(".py" in argument for argument in config.args)
    return 0 if only_files or config.getoption("-m").startswith(LEFT_OUT) else cores()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave slow tests and those of exports out unless --slow or -m asks for some of them."""
    if config.getoption("--slow") or any(name in config.getoption("-m") for name in LEFT_OUT):
        return
    left_out = [item for item in items if any(map(item.get_closest_marker, LEFT_OUT))]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Name a home for each test. One mktemp a test would look through all the others' each time."""
    homes = tmp_path_factory.mktemp("homes")
    return (homes / str(number) for number in count())


@pytest.fixture(autouse=True)
def own_home(_homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep runs and settings away from the person's own."""
    home = next(_homes)
    home.mkdir()
    monkeypatch.setenv("LAYERSCOPE_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def _needs_are_met(request: pytest.FixtureRequest, own_home: Path) -> None:
    """Skip a test whose marker names what this machine lacks."""
    if request.node.get_closest_marker("mnist"):
        _skip_without_mnist()
    if request.node.get_closest_marker("xvfb"):
        _skip_without_programs("Xvfb", "openbox")


def _skip_without_mnist() -> None:
    from engine.data.load import found
    from engine.places import data_folder
    from engine.project.sources import Mnist

    if not found(Mnist(), data_folder()):
        pytest.skip("MNIST is not there: LAYERSCOPE_DATA must name the folder that holds it")


def _skip_without_programs(*names: str) -> None:
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


@pytest.fixture(autouse=True)
def _small_numbers_are_kept() -> Iterator[None]:
    """Undo what a training asks of its thread, here the tests': to round the smallest numbers."""
    yield
    if torch := sys.modules.get("torch"):
        torch.set_flush_denormal(False)


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    """Fail a test that leaves a Python thread behind. torch's own are not Python's."""
    before = set(threading.enumerate())
    yield
    until = time.monotonic() + GRACE_SECONDS
    while (left := _threads_since(before)) and time.monotonic() < until:
        time.sleep(0.01)
    assert not left, f"threads left behind: {left}"


def _threads_since(before: set[threading.Thread]) -> list[threading.Thread]:
    new = set(threading.enumerate()) - before
    return [thread for thread in new if not isinstance(thread, threading._DummyThread)]


@pytest.fixture(autouse=True)
def _no_window_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test with a QApplication that leaves a window or a running timer, and put it away."""
    if "qapp" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("qapp")
    before = _running_timers()
    yield
    windows = _visible_windows()
    for window in windows:
        window.close()
    gc.collect()  # a timer that nobody holds any more is none
    timers = [timer for timer in _running_timers() if timer not in before]
    for timer in timers:
        timer.stop()
    assert not windows, f"windows left open: {windows}"
    assert not timers, f"timers left running, with their parents: {_with_parents(timers)}"


def _visible_windows() -> list[QWidget]:
    from PySide6.QtWidgets import QApplication

    return [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()]


def _running_timers() -> list[QTimer]:
    from PySide6.QtCore import QTimer
    from shiboken6 import isValid

    timers = [thing for thing in gc.get_objects() if issubclass(type(thing), QTimer)]
    return [timer for timer in timers if isValid(timer) and timer.isActive()]


def _with_parents(timers: list[QTimer]) -> list[tuple[QTimer, object]]:
    return [(timer, timer.parent()) for timer in timers]
