"""Weights to start from, as the window shows them: chosen, told, used once, or removed."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QProgressDialog

from engine.problems import ProblemError
from engine.project.layers import Dense
from engine.project.presets import FIRST, preset
from engine.store.run_about import write_about
from engine.store.runs import START, runs_folder
from engine.store.weights import About, Weights, save_weights, weights_of
from gui import keep_weights
from gui.start_weights import StartWeights
from gui.widgets.weights.start_dialog import name_and_moment

PATIENCE = 20_000  # milliseconds; torch is loaded by the first of them


def write(path: Path, project=None, **about) -> Path:
    """Write weights for a project, without torch: all ones."""
    from engine.training.warm_start import blank

    project = project or preset(FIRST)
    tensors = {
        name: np.ones(tuple(value.shape), np.float32)
        for name, value in blank(project).state_dict().items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    save_weights(path, Weights(tensors, About(**about), project, path))
    return path


@pytest.fixture
def kept(own_home):
    """The folder of a run that has kept weights."""
    folder = runs_folder() / "2031-04-01 10.00.00 First try"
    for which in ("best", "last"):
        write(folder / f"{which}.safetensors", weights=which, run=folder.name)
    return folder


@pytest.fixture
def choosing(qtbot, document, show):
    """The holder of weights in a window of its own, and its dialog, once it has read."""
    from PySide6.QtWidgets import QWidget

    window = show(QWidget())
    start = StartWeights(window, document)
    qtbot.addWidget(start.strip)

    def open_dialog(ready=True):
        dialog = start.choose()
        if ready:
            qtbot.waitUntil(lambda: dialog.fit is not None, timeout=PATIENCE)
        return dialog

    start.open_dialog = open_dialog
    return start


def cells(table):
    model = table.model()
    return [
        [model.index(row, column).data() for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def test_the_newest_runs_weights_are_offered_and_what_fits_is_shown(choosing, kept, document):
    document.replace(preset(FIRST).set_layer("dense_1", units=7), None)

    dialog = choosing.open_dialog()

    offered = [dialog.sources.itemText(place) for place in range(dialog.sources.count())]
    assert offered == [
        "First try, best (2031-04-01 10:00:00)",
        "First try, last (2031-04-01 10:00:00)",
    ]
    assert [row[:2] for row in cells(dialog.table)] == [
        ["dense_1", "the seed"],
        ["output", "the seed"],
    ]
    assert cells(dialog.table)[0][2].startswith("Its weight is 7×64 here and ")
    assert not dialog.use.isEnabled()
    dialog.reject()


def test_a_run_is_offered_by_the_name_that_the_person_gave_it(kept):
    write_about(kept, "Wider", "")

    assert name_and_moment(kept) == ("Wider", "2031-04-01 10:00:00")


def test_a_run_whose_name_is_damaged_is_offered_by_its_folders(kept):
    (kept / "about.json").write_bytes(b"nonsense")

    assert name_and_moment(kept) == ("First try", "2031-04-01 10:00:00")


def test_a_run_in_a_folder_of_any_name_is_offered_without_a_moment(tmp_path):
    assert name_and_moment(tmp_path / "mine") == ("mine", "")


def test_what_is_used_is_told_until_it_is_removed(choosing, kept, qtbot):
    choosing.open_dialog().accept()

    assert choosing.pending is not None
    assert choosing.strip.sentence.text() == (
        f"The next training starts from “{kept.name}”: 2 of 2 layers take its weights."
    )
    assert not choosing.strip.isHidden()
    choosing.strip.remove.click()
    assert choosing.pending is None
    assert choosing.strip.isHidden()


def test_an_edit_changes_what_fits(choosing, kept, document, qtbot):
    choosing.open_dialog().accept()

    document.edit("Insert", document.project.insert(2, Dense(units=128)))

    qtbot.waitUntil(lambda: ": 2 of 3 layers" in choosing.strip.sentence.text())


def test_they_are_used_once(choosing, kept):
    choosing.open_dialog().accept()

    start = choosing.used()

    assert start.source == kept.name
    assert len(start.tensors) == 4
    assert choosing.used() is None


def test_weights_that_fit_no_more_stay_chosen(choosing, kept, document, qtbot):
    choosing.open_dialog().accept()
    document.replace(preset(FIRST).set_layer("dense_1", units=7), None)
    qtbot.waitUntil(lambda: ": 0 of 2 layers" in choosing.strip.sentence.text())

    with pytest.raises(ProblemError, match="No layer of this network can start"):
        choosing.used()

    assert choosing.pending is not None


def test_cancel_leaves_what_was_chosen(choosing, kept):
    choosing.open_dialog().reject()

    assert choosing.pending is None


def test_a_file_is_chosen(choosing, kept, tmp_path, monkeypatch, qtbot):
    path = write(tmp_path / "mine.safetensors")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    dialog = choosing.open_dialog()

    dialog.file.click()

    qtbot.waitUntil(lambda: dialog.weights is not None and dialog.weights.path == path)
    assert dialog.sources.currentText() == "mine.safetensors"
    dialog.accept()
    assert "“mine.safetensors”" in choosing.strip.sentence.text()


def test_the_choice_is_shown_again(choosing, kept, tmp_path, qtbot):
    dialog = choosing.open_dialog()
    dialog.sources.setCurrentIndex(1)
    qtbot.waitUntil(lambda: dialog.weights is not None and dialog.weights.about.weights == "last")
    dialog.accept()

    again = choosing.open_dialog()

    assert again.sources.currentText() == "First try, last (2031-04-01 10:00:00)"
    again.reject()


def test_a_file_that_is_not_sound_says_so(choosing, kept, qtbot):
    (kept / "best.safetensors").write_bytes(b"nonsense")

    dialog = choosing.open_dialog(ready=False)

    qtbot.waitUntil(lambda: "can't be read as weights" in dialog.said.text(), timeout=PATIENCE)
    assert not dialog.use.isEnabled()
    dialog.reject()


def test_without_runs_a_file_is_asked_for(choosing):
    dialog = choosing.open_dialog(ready=False)

    assert dialog.said.text().startswith("No run has kept weights yet.")
    assert not dialog.use.isEnabled()
    dialog.reject()


def test_a_training_starts_from_them(window, qtbot, kept):
    window.document.replace(preset(FIRST).set_training(epochs=1, device="cpu"), None)
    dialog = window.running.start_weights.choose()
    qtbot.waitUntil(lambda: dialog.fit is not None, timeout=PATIENCE)
    dialog.accept()
    strip = window.running.start_weights.strip
    qtbot.waitUntil(strip.isVisible)

    window.actions_by_name["train"].trigger()
    qtbot.waitUntil(lambda: not window.session.state.busy, timeout=60_000)

    assert strip.isHidden()
    assert window.banner.sentence.text() == (
        f"This training started from the weights of “{kept.name}”."
    )
    assert (window.session.folder / START).exists()
    assert window.session.run.warm_started.source == kept.name
    assert window.actions_by_name["save_weights"].isEnabled()


# ---- saving


def test_a_runs_weights_are_saved_with_its_project(window, qtbot, kept, tmp_path, monkeypatch):
    path = tmp_path / "saved"
    asked = []

    def choose(*arguments):
        asked.append(arguments[3])
        return str(path), "The last weights (*.safetensors)"

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)

    window.running.keeper.save(kept)

    saved = path.with_name("saved.safetensors")
    qtbot.waitUntil(lambda: str(saved) in window.banner.sentence.text())
    assert asked == ["The best weights (*.safetensors);;The last weights (*.safetensors)"]
    assert weights_of(saved).about.weights == "last"
    window.open_path(saved)
    assert window.document.project == preset(FIRST)
    assert window.document.path is None


def test_what_can_not_be_written_says_so(window, qtbot, kept, tmp_path, monkeypatch):
    (tmp_path / "a.safetensors").mkdir()
    answer = (str(tmp_path / "a.safetensors"), "")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: answer)

    window.running.keeper.save(kept)

    qtbot.waitUntil(lambda: "could not be saved" in window.banner.sentence.text())


def test_a_row_of_the_dialog_tells_which_layer_it_is_about(choosing, kept, qtbot):
    dialog = choosing.open_dialog()

    with qtbot.waitSignal(choosing.layer_wanted) as told:
        dialog.table.selectRow(0)

    assert told.args == ["dense_1"]
    dialog.reject()


def test_the_window_stays_blocked_until_a_file_is_written(
    window, qtbot, kept, tmp_path, monkeypatch
):
    written = Event()
    answer = (str(tmp_path / "saved"), "")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: answer)
    monkeypatch.setattr(
        keep_weights, "saved", lambda *_: "It is written." if written.wait(PATIENCE) else ""
    )
    window.running.keeper.save(kept)
    dialog = window.findChild(QProgressDialog)
    dialog.show()

    dialog.close()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isVisible()

    written.set()
    qtbot.waitUntil(lambda: window.findChild(QProgressDialog) is None)
    assert window.banner.sentence.text() == "It is written."
