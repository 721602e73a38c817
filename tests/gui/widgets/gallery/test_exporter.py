from __future__ import annotations

import threading

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog

from engine.store.exports import Picked
from gui.widgets.gallery.exporter import Exporter


def picked(count=3):
    rows = np.arange(count)
    sure = np.full(count, 0.9, np.float32)
    images = np.ones((count, 1, 8, 8), np.float32)
    labels = np.zeros(count, np.int64)
    return Picked("test", images, rows, rows, labels, labels + 1, sure, sure, None, ("a", "b"))


@pytest.fixture
def exporter(show):
    return show(Exporter(picked), 400, 100)


@pytest.fixture
def chosen(monkeypatch, tmp_path):
    """Let the dialogs give a path in a folder of the test's own."""
    paths = [tmp_path / "out.csv"]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(paths[-1]), ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: str(paths[-1]))
    return paths


def test_it_says_what_it_wrote_and_where(exporter, chosen, qtbot):
    with qtbot.waitSignal(exporter.saved) as told:
        exporter.export_table()

    assert told.args == [f"3 images are saved in {chosen[0]}."]


def test_a_name_without_a_suffix_gets_one(exporter, chosen, qtbot, tmp_path):
    chosen.append(tmp_path / "mine")

    with qtbot.waitSignal(exporter.saved):
        exporter.export_table()

    assert (tmp_path / "mine.csv").exists()


def test_nothing_happens_where_no_file_is_chosen(exporter, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: ("", ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: "")

    for action in exporter.menu.actions():
        action.trigger()

    assert exporter.task is None


def test_an_export_can_be_cancelled_and_a_second_one_waits(exporter, chosen, qtbot, tmp_path):
    go_on = threading.Event()

    def slow(path, some, progress):
        assert go_on.wait(10)
        progress(1, 3)
        path.write_text("too late")

    exporter._start(chosen[0], slow)
    with qtbot.waitSignal(exporter.refused) as told:
        exporter.export_table()
    assert "still at work" in told.args[0]

    exporter.working.cancel.click()
    with qtbot.waitSignal(exporter.saved) as told:
        go_on.set()

    assert told.args == ["The export was cancelled."]
    assert not list(tmp_path.iterdir())
    assert exporter.task is None
