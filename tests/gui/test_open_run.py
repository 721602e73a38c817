"""A run is read beside the window; whoever cancels may open another at once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtWidgets import QProgressDialog, QWidget

from gui import open_run
from gui.open_run import Opened, RunOpener


@pytest.fixture
def opener(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    return RunOpener(window)


@pytest.fixture
def reader(monkeypatch):
    """Let reading a folder wait for its gate, and then tell its progress."""
    gates: dict[Path, threading.Event] = {}

    def read(folder, data, progress):
        gates.setdefault(folder, threading.Event()).wait(30)
        progress(1, 2)
        return Opened(None, folder, "")

    def let(folder):
        gates.setdefault(folder, threading.Event()).set()

    monkeypatch.setattr(open_run, "read", read)
    yield let
    for gate in gates.values():
        gate.set()


FIRST, SECOND = Path("first"), Path("second")


def test_a_second_run_waits_for_nobody_once_the_first_is_cancelled(opener, reader, qtbot):
    opener.open(FIRST, FIRST)
    opener.parent().findChild(QProgressDialog).canceled.emit()  # as its button does
    reader(SECOND)

    with qtbot.waitSignal(opener.opened) as told:
        opener.open(SECOND, SECOND)

    assert told.args[0].folder == SECOND
    reader(FIRST)
    qtbot.waitUntil(lambda: opener.parent().findChild(QProgressDialog) is None)


def test_one_run_is_read_at_a_time(opener, reader, qtbot):
    reader(SECOND)
    opener.open(FIRST, FIRST)
    opener.open(SECOND, SECOND)

    with qtbot.waitSignal(opener.opened) as told:
        reader(FIRST)

    assert told.args[0].folder == FIRST
