from __future__ import annotations

import json
from threading import Event

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFileDialog

from engine.data.load import inspect
from engine.export.find_layout import find_layout
from engine.export.script import script
from engine.problems import ProblemError
from engine.project.layers import Conv2d, Dense, Flatten
from engine.project.presets import preset
from engine.project.sources import NpzFile
from gui.theme import DARK
from gui.views.code import CodeView
from gui.widgets.code import file_layouts
from gui.widgets.code.pane import NOTEBOOK, PYTHON


@pytest.fixture
def view(document, selection, show, qtbot):
    view = show(CodeView(document, selection), 860, 340)
    qtbot.waitUntil(lambda: bool(view.panes[0].editor.toPlainText()))
    return view


@pytest.fixture
def pytorch(view):
    return view.panes[0]


@pytest.fixture
def keras(view):
    return view.panes[1]


def shown(view):
    return [pane.framework for pane in view.panes if pane.isVisible()]


def until_current(qtbot, view):
    """Wait for the scripts of the document's project as it is now."""
    qtbot.waitUntil(lambda: view.up_to_date)
    for pane in view.panes:
        wanted = script(view.document.project, pane.framework).text
        assert pane.editor.toPlainText() == wanted


def marked(pane):
    """Give the text of the lines that are marked."""
    lines = pane.editor.toPlainText().split("\n")
    return [lines[at].strip() for at in pane.editor.marked]


def click(qtbot, pane, text):
    """Click on the line that begins with a text."""
    lines = [line.strip() for line in pane.editor.toPlainText().split("\n")]
    line = next(at for at, each in enumerate(lines) if each.startswith(text))
    pane.editor.reveal(range(line, line + 1))
    block = pane.editor.document().findBlockByNumber(line)
    box = pane.editor.blockBoundingGeometry(block).translated(pane.editor.contentOffset())
    place = box.center().toPoint()
    place.setX(20)
    qtbot.mouseClick(pane.editor.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_both_scripts_stand_side_by_side(view, document):
    assert shown(view) == ["pytorch", "keras"]
    for pane in view.panes:
        assert pane.editor.toPlainText() == script(document.project, pane.framework).text
        assert pane.title.isVisible()
        assert not pane.other.isVisible()


def test_it_begins_where_the_layers_are(view):
    for pane in view.panes:
        bar = pane.editor.verticalScrollBar()
        first = min(lines.start for lines in pane.script.lines.values())
        assert bar.value() < first < bar.value() + bar.pageStep()


def test_an_edit_renews_both(view, document, qtbot):
    document.edit("units", document.project.set_layer("dense_1", units=77))

    until_current(qtbot, view)


def test_undo_renews_both(view, document, qtbot):
    document.edit("units", document.project.set_layer("dense_1", units=77))
    document.undo_stack.undo()

    until_current(qtbot, view)


def test_an_edit_out_of_sight_is_shown_when_it_comes_into_sight(view, document, qtbot):
    before = view.panes[0].editor.toPlainText()
    view.hide()
    document.edit("units", document.project.set_layer("dense_1", units=77))
    assert view.panes[0].editor.toPlainText() == before

    view.show()

    until_current(qtbot, view)


def test_an_edit_does_not_scroll(view, document, qtbot, pytorch):
    pytorch.editor.verticalScrollBar().setValue(40)

    document.edit("epochs", document.project.set_training(epochs=77))
    until_current(qtbot, view)

    assert pytorch.editor.verticalScrollBar().value() == 40


def test_the_selected_layers_lines_are_marked_and_scrolled_to(view, selection):
    selection.select_layers(("dense_1",))

    for pane, words in zip(view.panes, ("nn.Linear", "layers.Dense(1"), strict=True):
        assert words in marked(pane)[0]
        bar = pane.editor.verticalScrollBar()
        assert bar.value() <= pane.editor.marked[0] < bar.value() + bar.pageStep()


def test_the_marks_move_with_their_layer(view, document, selection, qtbot, pytorch):
    selection.select_layers(("dense_1",))

    document.edit("first", document.project.insert(0, Conv2d()))
    until_current(qtbot, view)

    assert marked(pytorch)[0].startswith("dense_1=")


def test_a_click_on_a_layers_line_selects_it_in_both(view, selection, qtbot, keras, pytorch):
    click(qtbot, keras, "layers.Dense(1")

    assert selection.layers == ("dense_1",)
    assert marked(pytorch)[0].startswith("dense_1=")
    assert marked(keras)[0].startswith("layers.Dense(1")


def test_a_click_on_the_output_selects_no_card(view, selection, qtbot, pytorch):
    selection.select_layers(("dense_1",))

    click(qtbot, pytorch, "output=")

    assert selection.layers == ()


def test_a_click_elsewhere_leaves_the_selection(view, selection, qtbot, pytorch):
    selection.select_layers(("dense_1",))

    click(qtbot, pytorch, "SEED")

    assert selection.layers == ("dense_1",)


def test_where_there_is_little_room_one_script_is_shown(view, qtbot):
    view.resize(380, 230)
    assert shown(view) == ["pytorch"]
    assert view.size().width() == 380

    choice = view.panes[0].other
    choice.setCurrentIndex(choice.findData("keras"))
    choice.activated.emit(choice.currentIndex())

    assert shown(view) == ["keras"]
    assert view.panes[1].other.currentData() == "keras"
    view.resize(860, 340)
    assert shown(view) == ["pytorch", "keras"]


def test_a_broken_project_gets_its_sentence_and_its_scripts_again(view, document, qtbot, pytorch):
    document.edit("broken", document.project.remove(("flatten_1",)))
    qtbot.waitUntil(lambda: "Add Flatten" in pytorch.reason.text())
    assert pytorch.reason.isVisible()
    assert not pytorch.save_button.isEnabled()

    document.undo_stack.undo()

    until_current(qtbot, view)
    assert pytorch.editor.isVisible()
    assert pytorch.save_button.isEnabled()


def test_what_one_framework_lacks_leaves_the_other_its_script(
    view, document, qtbot, monkeypatch, pytorch, keras
):
    monkeypatch.delattr(Dense, "keras_calls")
    document.edit("units", document.project.set_layer("dense_1", units=77))

    qtbot.waitUntil(lambda: "Keras" in keras.reason.text())
    assert keras.reason.isVisible()
    assert pytorch.editor.isVisible()


def test_copy_takes_the_whole_script(qapp, pytorch, document, qtbot):
    qtbot.mouseClick(pytorch.copy_button, Qt.MouseButton.LeftButton)

    assert QGuiApplication.clipboard().text() == script(document.project, "pytorch").text


def answer(monkeypatch, path, kind=""):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), kind))


def test_a_script_is_saved(monkeypatch, tmp_path, keras, qtbot, document):
    answer(monkeypatch, tmp_path / "mine")

    qtbot.mouseClick(keras.save_button, Qt.MouseButton.LeftButton)

    saved = (tmp_path / f"mine{PYTHON}").read_text(encoding="utf-8")
    assert saved == script(document.project, "keras").text
    assert "mine.py" in keras.notice.sentence.text()


@pytest.mark.parametrize("name", ["mine", "mine.ipynb"])
def test_a_notebook_is_saved(monkeypatch, tmp_path, pytorch, qtbot, name):
    titles = {ending: title for title, ending in pytorch.kinds.items()}
    kind = titles[NOTEBOOK] if name == "mine" else ""
    answer(monkeypatch, tmp_path / name, kind)

    qtbot.mouseClick(pytorch.save_button, Qt.MouseButton.LeftButton)

    saved = json.loads((tmp_path / "mine.ipynb").read_text(encoding="utf-8"))
    assert saved["nbformat"] == 4


def test_a_place_that_cannot_be_written_is_told_of(monkeypatch, tmp_path, pytorch, qtbot):
    (tmp_path / "file").write_text("", encoding="utf-8")
    answer(monkeypatch, tmp_path / "file" / "a.py")

    qtbot.mouseClick(pytorch.save_button, Qt.MouseButton.LeftButton)

    assert "could not be saved" in pytorch.notice.sentence.text()


@pytest.mark.parametrize("opens", [True, False])
def test_a_copy_is_opened_in_the_systems_editor(monkeypatch, own_home, pytorch, qtbot, opens):
    asked = []
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: asked.append(url) or opens)

    qtbot.mouseClick(pytorch.open_button, Qt.MouseButton.LeftButton)

    (file,) = (own_home / "scripts").iterdir()
    assert [url.toLocalFile() for url in asked] == [str(file)]
    assert str(file) in pytorch.notice.sentence.text()
    assert ("no program" in pytorch.notice.sentence.text()) is not opens


def test_a_word_is_searched_from_the_keyboard(pytorch, qtbot):
    pytorch.editor.setFocus()
    qtbot.keyClick(pytorch.editor, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(pytorch.find_bar.isVisible)

    qtbot.keyClicks(pytorch.find_bar.field, "linear")
    assert pytorch.editor.textCursor().selectedText() == "Linear"
    first = pytorch.editor.textCursor().blockNumber()
    qtbot.keyClick(pytorch.find_bar.field, Qt.Key.Key_Return)
    assert pytorch.editor.textCursor().blockNumber() > first
    qtbot.keyClicks(pytorch.find_bar.field, "ly not")
    assert pytorch.find_bar.missing.isVisible()
    qtbot.keyClick(pytorch.find_bar.field, Qt.Key.Key_Escape)
    assert not pytorch.find_bar.isVisible()


def test_every_control_has_a_name(view):
    for pane in view.panes:
        assert pane.editor.accessibleName() in ("PyTorch script", "Keras script")
        assert pane.other.accessibleName()
        assert pane.find_bar.field.accessibleName()


def test_it_is_drawn_in_the_dark(view):
    view.set_theme(DARK)

    picture = view.panes[0].editor.grab().toImage()
    assert picture.pixelColor(2, 2).name() == DARK.window  # behind the numbers


@pytest.fixture
def own_files(tmp_path):
    path = tmp_path / "mine.npz"
    images = np.random.default_rng(0).integers(0, 256, (60, 8, 8), np.uint8)
    np.savez(path, data=images, target=np.arange(60) % 3)
    return path


def with_files(path):
    project = preset("digits-mlp").set_data(source=inspect(NpzFile, path), validation=0.2)
    return project.set_training(batch_size=4)


def test_a_persons_files_are_looked_at(view, document, qtbot, own_files, pytorch):
    project = with_files(own_files)
    layout = find_layout(project.data.source)

    document.edit("files", project)

    wanted = script(project, "pytorch", layout).text
    qtbot.waitUntil(lambda: pytorch.editor.toPlainText() == wanted)
    assert 'archive["data"]' in wanted


def test_of_files_that_are_gone_the_usual_layout_is_assumed_and_said(
    view, document, qtbot, own_files, pytorch
):
    project = with_files(own_files)
    own_files.unlink()
    with pytest.raises(ProblemError):
        find_layout(project.data.source)

    document.edit("files", project)

    qtbot.waitUntil(lambda: "usually laid out" in pytorch.editor.toPlainText())
    qtbot.waitUntil(lambda: not view.layouts.looking)


def test_it_lets_go_of_files_as_the_window_closes(view, document, own_files, qtbot, monkeypatch):
    go_on = Event()
    monkeypatch.setattr(file_layouts, "find_layout", lambda _: go_on.wait())
    document.edit("files", with_files(own_files))
    qtbot.waitUntil(lambda: view.layouts.looking)

    view.let_go()

    assert not view.layouts.looking
    go_on.set()


def test_flatten_has_no_other_line(view, selection, pytorch):
    """Each layer's lines are its own."""
    selection.select_layers(("flatten_1",))

    assert marked(pytorch) == [f"flatten_1=nn.{Flatten.__name__}(),"]


def test_a_gap_is_left_where_it_is_asked_for(view, document, qtbot, monkeypatch, keras):
    monkeypatch.delattr(Dense, "keras_calls")
    document.edit("units", document.project.set_layer("dense_1", units=77))
    qtbot.waitUntil(keras.gap_button.isVisible)

    qtbot.mouseClick(keras.gap_button, Qt.MouseButton.LeftButton)

    assert 'Gap("Dense", name="dense_1")' in keras.editor.toPlainText()
    assert keras.save_button.isEnabled()


def test_a_broken_project_offers_no_gap(view, document, qtbot, keras):
    document.edit("broken", document.project.remove(("flatten_1",)))

    qtbot.waitUntil(keras.reason.isVisible)
    assert not keras.gap_button.isVisible()


def test_the_reason_why_there_is_no_script_leads_to_its_layer(view, document, selection, qtbot):
    document.edit("Delete", document.project.remove(["flatten_1"]))
    pane = view.panes[0]
    qtbot.waitUntil(pane.layer_button.isVisible)

    pane.layer_button.click()

    assert selection.layers == (document.problems[0].where,)


def test_a_reason_that_is_about_no_layer_leads_nowhere(view):
    view.panes[0].say("The scripts can't be written.")

    assert not view.panes[0].layer_button.isVisible()


def test_of_another_project_the_network_is_in_sight(view, document, qtbot, pytorch):
    pytorch.editor.verticalScrollBar().setValue(0)

    document.replace(preset("cnn-two"), None)
    until_current(qtbot, view)

    lines = pytorch.editor.toPlainText().split("\n")
    first = next(at for at, line in enumerate(lines) if "conv2d_1=" in line)
    top = pytorch.editor.firstVisibleBlock().blockNumber()
    assert top <= first
    assert top > 0
