"""A run is trained again beside the window, one at a time."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QProgressDialog, QWidget

from engine.problems import ProblemError
from engine.project.presets import preset
from engine.training.control import Control
from engine.training.run import run
from engine.training.verify import Verdict
from gui import verify_run
from gui.verify_run import RunVerifier

FIRST, SECOND = Path("first"), Path("second")
EQUAL = Verdict(step=3, compared=7, difference=None, notes=())


@pytest.fixture
def verifier(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    return RunVerifier(window)


@pytest.fixture
def gate(monkeypatch):
    """Let the repetition wait for its gate, and then tell its progress."""
    gate = threading.Event()

    def repeat(folder, data, progress):
        gate.wait(30)
        progress(1, 2)
        return EQUAL

    monkeypatch.setattr(verify_run, "repeat", repeat)
    yield gate
    gate.set()


def dialog_of(verifier):
    return verifier.parent().findChild(QProgressDialog)


def test_a_run_is_verified(verifier, qtbot, tmp_path):
    project = preset("digits-mlp").set_training(epochs=1, device="cpu")
    list(run(project, Control(), threads=1, folder=tmp_path / "run", data=tmp_path))

    with qtbot.waitSignal(verifier.verified, timeout=60_000) as told:
        verifier.verify(tmp_path / "run", tmp_path)

    folder, verdict = told.args
    assert folder == tmp_path / "run"
    assert verdict.equal, str(verdict.words)
    assert not verifier.running


def test_what_can_not_be_repeated_is_told(verifier, qtbot, tmp_path):
    with qtbot.waitSignal(verifier.refused, timeout=60_000) as told:
        verifier.verify(tmp_path, tmp_path)

    assert "can't be opened" in told.args[0]
    assert not verifier.running


def test_the_dialog_names_the_run_and_goes(verifier, gate, qtbot):
    verifier.verify(FIRST, FIRST)
    assert "first" in dialog_of(verifier).labelText()
    assert dialog_of(verifier).windowModality() is Qt.WindowModality.ApplicationModal

    with qtbot.waitSignal(verifier.verified):
        gate.set()

    qtbot.waitUntil(lambda: dialog_of(verifier) is None)


def test_one_run_is_verified_at_a_time(verifier, gate, qtbot):
    verifier.verify(FIRST, FIRST)
    verifier.verify(SECOND, SECOND)

    with qtbot.waitSignal(verifier.verified) as told:
        gate.set()

    assert told.args == [FIRST, EQUAL]
    assert not verifier.running


def test_cancel_ends_it_without_a_word(verifier, gate, qtbot):
    told = []
    verifier.verified.connect(lambda *_: told.append("verified"))
    verifier.refused.connect(told.append)
    verifier.verify(FIRST, FIRST)

    dialog_of(verifier).canceled.emit()  # as its button does
    gate.set()

    qtbot.waitUntil(lambda: not verifier.running)
    assert told == []


def test_an_error_of_its_own_is_a_sentence(verifier, monkeypatch, qtbot):
    def repeat(*_):
        raise ProblemError("No images.")

    monkeypatch.setattr(verify_run, "repeat", repeat)

    with qtbot.waitSignal(verifier.refused) as told:
        verifier.verify(FIRST, FIRST)

    assert told.args == ["No images."]


def test_closing_waits_for_its_end(verifier, gate, qtbot):
    verifier.verify(FIRST, FIRST)
    gate.set()

    verifier.close()

    assert not verifier.running
