from __future__ import annotations

import threading

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSize, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent, QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QDockWidget,
    QFileDialog,
    QLineEdit,
    QMessageBox,
    QSlider,
    QSpinBox,
    QTabBar,
    QToolButton,
)

from engine.analysis.mistakes import Cell
from engine.problems import ProblemError
from engine.project.presets import FIRST, preset
from engine.store.projects import load_project, save_project
from engine.store.runs import read_log
from engine.training import trainer, tuning
from gui.session import State
from gui.theme import DARK, LIGHT
from gui.views.browser import DataBrowser
from gui.views.data import DataDialog
from gui.widgets.no_curves import NoCurves

LEFT = Qt.MouseButton.LeftButton
NO_KEYS = Qt.KeyboardModifier.NoModifier
PATIENCE = 60_000  # milliseconds; a busy machine loads torch for long
SHORT = preset(FIRST).set_training(epochs=2, batch_size=128)
ENDLESS = SHORT.set_training(epochs=100_000)
Button = QMessageBox.StandardButton


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    monkeypatch.setattr(tuning, "cores", lambda: 1)


@pytest.fixture
def ask(monkeypatch):
    """Answer the question whether to save, and remember what was asked."""
    asked = []
    ask.answer = Button.Discard

    def question(*arguments):
        asked.append(arguments[2])
        return ask.answer

    monkeypatch.setattr(QMessageBox, "question", question)
    ask.asked = asked
    return ask


@pytest.fixture
def stop_and_quit(monkeypatch):
    """Answer the question whether to stop the training; True is "Stop and quit"."""
    answers = []

    class Box(QMessageBox):
        def exec(self):
            self.stop = self.buttons()[0] if answers.pop() else None

        def clickedButton(self):
            role = QMessageBox.ButtonRole
            accept = role.AcceptRole if self.stop else role.RejectRole
            return next(b for b in self.buttons() if self.buttonRole(b) == accept)

    monkeypatch.setattr("gui.main_window.QMessageBox", Box)
    return answers


@pytest.fixture
def start(window, qtbot):
    """Press Train and wait until steps are taken."""

    def start(project=ENDLESS):
        window.document.replace(project, None)
        window.actions_by_name["train"].trigger()
        qtbot.waitUntil(lambda: window.session.run.step > 0, timeout=PATIENCE)

    return start


@pytest.fixture
def train(window, qtbot):
    """Press Train and wait for the end."""

    def train(project=SHORT):
        window.document.replace(project, None)
        window.actions_by_name["train"].trigger()
        qtbot.waitUntil(lambda: window.session.state is State.IDLE, timeout=PATIENCE)

    return train


@pytest.fixture
def project_file(tmp_path):
    path = tmp_path / "mine.layerscope.json"
    save_project(path, preset("mlp-128-64"))
    return path


@pytest.fixture
def bad_file(tmp_path):
    path = tmp_path / "bad.layerscope.json"
    path.write_text('{"format": "something else"}')
    return path


def edit(window):
    window.document.edit("Epochs", window.document.project.set_training(epochs=7))


def drop(window, path):
    content = QMimeData()
    content.setUrls([QUrl.fromLocalFile(str(path))])
    enter = QDragEnterEvent(QPoint(700, 400), Qt.DropAction.CopyAction, content, LEFT, NO_KEYS)
    enter.ignore()
    QApplication.sendEvent(window, enter)
    if enter.isAccepted():
        event = QDropEvent(QPointF(700, 400), Qt.DropAction.CopyAction, content, LEFT, NO_KEYS)
        QApplication.sendEvent(window, event)
    return enter.isAccepted()


def recent_titles(window):
    window._recent.aboutToShow.emit()
    return [action.text() for action in window._recent.actions()]


def is_enabled(window, name):
    return window.actions_by_name[name].isEnabled()


def test_the_title_names_the_project(window, project_file):
    assert window.windowTitle() == "Digits, first steps[*] – Layerscope"

    window.open_path(project_file)

    assert window.windowTitle() == "mine[*] – Layerscope"


def test_the_title_marks_what_is_not_saved(window, tmp_path):
    assert not window.isWindowModified()
    edit(window)
    assert window.isWindowModified()

    window.document.save(tmp_path / "a.layerscope.json")

    assert not window.isWindowModified()


def test_undo_and_redo_can_be_pressed_when_there_is_something_to_do(window):
    states = [(is_enabled(window, "undo"), is_enabled(window, "redo"))]
    for action in (edit, lambda w: w.network.run_command("select_all"),
                   lambda w: w.network.run_command("delete")):  # fmt: skip
        action(window)
    states.append((is_enabled(window, "undo"), is_enabled(window, "redo")))
    for name in ("undo", "undo", "redo"):
        window.actions_by_name[name].trigger()
        states.append((is_enabled(window, "undo"), is_enabled(window, "redo")))

    assert states == [(False, False), (True, False), (True, True), (False, True), (True, True)]


def test_undo_says_what_it_undoes(window):
    edit(window)
    window.document.edit("Remove", window.document.project.remove(["dense_1"]))
    assert window.actions_by_name["undo"].toolTip() == "Undo: Remove (Ctrl+Z)"

    window.actions_by_name["undo"].trigger()

    assert window.actions_by_name["undo"].toolTip() == "Undo: Epochs (Ctrl+Z)"
    assert window.actions_by_name["redo"].toolTip() == "Redo: Remove (Ctrl+Shift+Z)"


def test_train_is_disabled_while_the_network_is_wrong_and_says_why(window):
    train = window.actions_by_name["train"]
    assert train.isEnabled()

    window.document.edit("Remove", window.document.project.remove(["flatten_1"]))

    assert not train.isEnabled()
    assert train.toolTip().startswith("Dense needs a row of numbers, but gets 1×8×8.")


def test_train_is_enabled_again_when_the_network_is_mended(window):
    window.document.edit("Remove", window.document.project.remove(["flatten_1"]))

    window.actions_by_name["undo"].trigger()

    assert is_enabled(window, "train")
    assert window.actions_by_name["train"].toolTip() == "Train the network (F5)"


def test_f5_trains_and_everything_is_shown(window, qtbot):
    window.document.replace(SHORT, None)
    qtbot.keyClick(window, Qt.Key.Key_F5)
    qtbot.waitUntil(
        lambda: window.session.run is not None and window.session.state is State.IDLE,
        timeout=PATIENCE,
    )

    run = window.session.run
    assert window.status.epoch.text() == "Finished epoch 2 of 2"
    assert window.confusion.matrix.counts.sum() == len(run.evaluation("validation").rows)
    assert len(window.curves.loss.dots[0]) == 2
    wrong = int(
        (run.evaluation("validation").labels != run.evaluation("validation").predicted).sum()
    )
    assert window.mistakes.tiles.rowCount() == wrong


def test_a_dock_that_is_closed_does_no_work_until_it_is_opened(window, train, qtbot):
    dock = window.findChild(QDockWidget, "per_class")
    dock.hide()
    train(SHORT.set_training(epochs=1))
    assert window.per_class.model.rowCount() == 0

    dock.show()
    dock.raise_()

    qtbot.waitUntil(lambda: window.per_class.model.rowCount() == 10)


def test_a_click_on_the_matrix_lists_that_cells_images(window, train, qtbot):
    train(SHORT.set_training(epochs=1))
    counts = window.confusion.matrix.counts
    errors = counts - np.diag(np.diagonal(counts))
    true, predicted = (int(place) for place in np.unravel_index(errors.argmax(), errors.shape))
    grid = window.confusion.matrix.grid()
    place = QPointF(
        grid.left() + (predicted + 0.5) * grid.width() / 10,
        grid.top() + (true + 0.5) * grid.height() / 10,
    )

    qtbot.mouseClick(window.confusion.matrix, LEFT, pos=place.toPoint())

    picked = window.mistakes.picked()
    assert picked.labels.tolist() == [true] * int(counts[true, predicted])
    assert picked.predicted.tolist() == [predicted] * int(counts[true, predicted])


def test_while_training_only_stop_can_be_pressed(window, start):
    start()

    assert not is_enabled(window, "train")
    assert window.actions_by_name["train"].toolTip().startswith("A training is running")
    assert is_enabled(window, "stop")


def test_stop_ends_the_training_and_keeps_what_was_drawn(window, start, qtbot):
    start()
    qtbot.keyClick(window, Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
    assert not is_enabled(window, "stop")

    qtbot.waitUntil(lambda: window.session.state is State.IDLE, timeout=PATIENCE)

    assert is_enabled(window, "train")
    assert window.status.epoch.text().startswith("Stopped in epoch")
    assert len(window.curves.loss.raw[0]) > 0


def test_an_edit_while_training_does_not_disturb_the_run(window, start, qtbot):
    start()
    frozen = window.session.run.project

    window.document.edit("Remove", window.document.project.remove(["flatten_1"]))
    window.network.run_command("select_all")
    window.network.run_command("delete")
    step = window.session.run.step
    qtbot.waitUntil(lambda: window.session.run.step > step, timeout=PATIENCE)

    assert window.session.run.project is frozen == ENDLESS
    assert window.session.state is State.RUNNING


def test_other_data_chosen_while_training_do_not_disturb_the_matrix(
    window, start, qtbot, project_of
):
    start()
    qtbot.waitUntil(lambda: window.confusion.matrix.counts.sum() > 0, timeout=PATIENCE)

    window.document.edit("Data", project_of(3))
    epochs = len(window.session.run.epochs)
    qtbot.waitUntil(lambda: len(window.session.run.epochs) > epochs, timeout=PATIENCE)

    assert window.confusion.matrix.counts.shape == (10, 10)


def test_a_new_training_begins_without_a_selected_cell(window, train):
    train()
    window.selection.select_cells((Cell(1, 2),))

    train()

    assert window.selection.cells == ()


def test_a_new_training_is_looked_at_while_it_learns(window, train):
    train()
    window.selection.select_set("test")

    train()

    assert window.selection.of == "validation"


def test_edits_while_training_are_said_to_be_for_the_next_run(window, start, qtbot):
    start()
    assert window.status.note.text() == ""

    edit(window)
    assert window.status.note.text()

    window.actions_by_name["stop"].trigger()
    qtbot.waitUntil(lambda: window.session.state is State.IDLE, timeout=PATIENCE)
    assert window.status.note.text() == ""


def test_an_edit_taken_back_while_training_is_none(window, start):
    start()
    edit(window)

    window.actions_by_name["undo"].trigger()

    assert window.status.note.text() == ""


def test_a_failed_run_says_why_and_the_program_goes_on(window, train, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(trainer, "build", lambda _: 1 / 0)
        train()

    assert "ZeroDivisionError" in window.banner.sentence.text()
    assert window.banner.isVisible()
    window.banner.copy.click()
    assert "Traceback" in QGuiApplication.clipboard().text()
    assert window.status.epoch.text() == "Failed"

    train()

    assert window.status.epoch.text().startswith("Finished")
    assert not window.banner.isVisible()


def test_a_run_that_can_not_be_kept_warns_and_goes_on(window, train, own_home):
    (own_home / "runs").write_text("a file where a folder should be")

    train()

    assert "no longer kept on disk" in window.banner.sentence.text()
    assert window.banner.property("kind") == "note"
    assert window.session.run.end.reason == "completed"


def test_a_banner_can_be_closed(window, bad_file):
    window.open_path(bad_file)

    window.banner.close_button.click()

    assert not window.banner.isVisible()


def test_the_runs_folder_is_opened(window, train, monkeypatch):
    opened = []
    monkeypatch.setattr("gui.running.QDesktopServices.openUrl", opened.append)
    assert not is_enabled(window, "runs_folder")
    train()

    window.actions_by_name["runs_folder"].trigger()

    assert opened == [QUrl.fromLocalFile(str(window.session.folder))]


def test_train_asks_for_images_that_are_missing(window, monkeypatch, tmp_path):
    monkeypatch.setenv("LAYERSCOPE_DATA", str(tmp_path))
    opened = []

    class Dialog(QDialog):
        def __init__(self, document, folder, parent):
            super().__init__(parent)
            opened.append((document, self))

        def set_theme(self, theme):
            self.theme = theme

    monkeypatch.setattr("gui.views.data.DataDialog", Dialog)
    window.document.replace(preset("mlp-128"), None)

    window.actions_by_name["train"].trigger()

    assert [document for document, _ in opened] == [window.document]
    assert opened[0][1].isVisible()
    assert window.session.state is State.IDLE
    opened[0][1].close()


@pytest.mark.parametrize("way", ["input card", "toolbar"])
def test_the_data_are_chosen_in_a_dialog(window, qtbot, way):
    if way == "toolbar":
        window.actions_by_name["data"].trigger()
    else:
        qtbot.mouseClick(window.network.column.input.button, LEFT)

    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, DataDialog)
    assert dialog.document is window.document
    dialog.close()


def test_the_data_button_names_the_data(window):
    assert window.findChild(QToolButton, "data").text() == "Digits 8×8  1,437"
    assert window.actions_by_name["data"].text() == "Choose &data…"


def test_closing_saves_nothing_and_asks_nothing_when_nothing_changed(window, ask):
    assert window.close()
    assert ask.asked == []


@pytest.mark.parametrize(("answer", "closed"), [(Button.Cancel, False), (Button.Discard, True)])
def test_closing_asks_about_changes(window, ask, answer, closed):
    edit(window)
    ask.answer = answer

    assert window.close() == closed
    assert ask.asked == ["“Digits, first steps” has changes that are not saved."]


def test_closing_saves_when_told_to(window, ask, project_file):
    window.open_path(project_file)
    edit(window)
    ask.answer = Button.Save

    assert window.close()

    assert load_project(project_file).training.epochs == 7


def test_closing_is_called_off_when_saving_fails(window, ask, project_file, monkeypatch):
    window.open_path(project_file)
    edit(window)
    ask.answer = Button.Save
    monkeypatch.setattr("gui.document.save_project", fail)

    assert not window.close()

    assert window.banner.sentence.text() == "It could not be saved."


def test_closing_is_called_off_when_no_name_is_given(window, ask, monkeypatch):
    edit(window)
    ask.answer = Button.Save
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))

    assert not window.close()


def fail(*_):
    raise ProblemError("It could not be saved.")


def test_closing_while_training_asks_and_may_be_called_off(window, start, stop_and_quit):
    start()
    stop_and_quit.append(False)

    assert not window.close()

    assert window.session.state is State.RUNNING


def test_closing_while_training_stops_it_and_keeps_the_run(window, start, stop_and_quit):
    start()
    stop_and_quit.append(True)

    assert window.close()

    assert window.session.state is State.IDLE
    assert not [thread for thread in threading.enumerate() if thread.name == "training"]
    assert [line["event"] for line in read_log(window.session.folder)][-1] == "Finished"


@pytest.mark.parametrize("command", ["new", "open"])
def test_changes_are_asked_about_before_another_project(
    window, ask, command, project_file, monkeypatch
):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(project_file), ""))
    edit(window)
    project, ask.answer = window.document.project, Button.Cancel

    window.actions_by_name[command].trigger()

    assert window.document.project == project
    assert len(ask.asked) == 1


def test_new_starts_with_the_first_lesson(window, project_file):
    window.open_path(project_file)

    window.actions_by_name["new"].trigger()

    assert window.document.project == preset(FIRST)
    assert window.document.path is None


def test_open_opens_the_chosen_file(window, project_file, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(project_file), ""))

    window.actions_by_name["open"].trigger()

    assert window.document.project == preset("mlp-128-64")


def test_save_asks_for_a_name_once(window, tmp_path, monkeypatch):
    asked = []

    def choose(*_):
        asked.append(1)
        return str(tmp_path / "chosen"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    window.actions_by_name["save"].trigger()
    edit(window)
    window.actions_by_name["save"].trigger()

    assert asked == [1]
    assert load_project(tmp_path / "chosen.layerscope.json").training.epochs == 7


def test_a_save_that_fails_says_why(window, project_file, monkeypatch):
    window.open_path(project_file)
    edit(window)
    monkeypatch.setattr("gui.document.save_project", fail)

    window.actions_by_name["save"].trigger()

    assert window.banner.sentence.text() == "It could not be saved."
    assert window.isWindowModified()


def test_a_bad_project_file_says_why_and_nothing_is_lost(window, bad_file):
    edit(window)
    project = window.document.project

    window.open_path(bad_file)

    assert "no Layerscope project" in window.banner.sentence.text()
    assert window.document.project == project
    assert window.isWindowModified()


def test_a_dropped_project_file_is_opened(window, project_file):
    assert drop(window, project_file)

    assert window.document.path == project_file


def test_changes_are_asked_about_before_a_dropped_file_is_opened(window, project_file, ask):
    edit(window)
    ask.answer = Button.Cancel

    drop(window, project_file)

    assert window.document.path is None


def test_a_dropped_picture_is_no_project(window, tmp_path):
    assert not drop(window, tmp_path / "cat.png")


def test_recent_files_are_listed_the_newest_first(window, project_file, tmp_path):
    assert recent_titles(window) == ["Nothing yet"]
    window.open_path(project_file)
    window.document.save(tmp_path / "R&D.layerscope.json")
    window._save(tmp_path / "R&D.layerscope.json")

    assert recent_titles(window) == [f"{tmp_path}/R&&D.layerscope.json", str(project_file)]


def test_a_recent_file_is_opened(window, project_file):
    window.settings.remember(project_file)
    recent_titles(window)

    window._recent.actions()[0].trigger()

    assert window.document.path == project_file


def test_a_recent_file_that_is_gone_is_listed_no_more(window, project_file):
    window.open_path(project_file)

    project_file.unlink()

    assert recent_titles(window) == ["Nothing yet"]


def test_the_layout_is_restored(make_window):
    first = make_window()
    before = docks(first)
    before["training"].hide()
    first.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, before["mistakes"])
    first.resize(1300, 820)
    first.close()

    second = make_window()

    after = docks(second)
    assert not after["training"].isVisible()
    assert second.dockWidgetArea(after["mistakes"]) is Qt.DockWidgetArea.RightDockWidgetArea


def test_a_layout_that_is_damaged_does_no_harm(make_window, own_home):
    (own_home / "settings.ini").write_bytes(b"[window]\nstate=@ByteArray(nonsense)\ngeometry=7\n")

    assert make_window().isVisible()


def test_every_dock_can_be_hidden_and_comes_back_by_the_view_menu(window):
    menu = next(a.menu() for a in window.menuBar().actions() if a.text() == "&View")
    toggles = {action.text(): action for action in menu.actions()}
    dock = window.findChild(QDockWidget, "training")

    dock.hide()
    assert not toggles["Training"].isChecked()
    toggles["Training"].trigger()

    assert dock.isVisible()
    assert {"Network", "Training", "Confusion", "Per class", "Mistakes"} <= set(toggles)


def test_the_view_menu_raises_a_dock_that_is_behind_a_tab(window):
    menu = next(a.menu() for a in window.menuBar().actions() if a.text() == "&View")
    entry = next(action for action in menu.actions() if action.text() == "Learning")
    dock = docks(window)["learning"]
    assert entry.isChecked()

    entry.trigger()
    assert not dock.visibleRegion().isEmpty()
    assert entry.isChecked()

    entry.trigger()
    assert dock.isHidden()
    assert not entry.isChecked()


def test_commands_on_layers_are_offered_while_one_is_selected(window):
    delete = window.actions_by_name["delete"]
    assert not delete.isEnabled()

    window.selection.select_layers(("dense_1",))
    assert delete.isEnabled()

    delete.trigger()
    assert delete.isEnabled()  # the layer that took its place
    window.selection.select_layers(())
    assert not delete.isEnabled()


def choose_theme(window, title):
    menu = next(a.menu() for a in window.menuBar().actions() if a.text() == "&View")
    action: QAction = next(action for action in menu.actions() if action.text() == title)
    action.trigger()


def colors(widget):
    """Give the colours that a widget shows."""
    picture = widget.grab().toImage()
    return {
        picture.pixelColor(x, y).name()
        for x in range(picture.width())
        for y in range(picture.height())
    }


def test_a_theme_restyles_everything_and_is_remembered(window, train, qapp):
    train(SHORT.set_training(epochs=1))
    for title, theme in (("Dark", DARK), ("Light", LIGHT)):
        choose_theme(window, title)

        assert qapp.palette().window().color().name() == theme.window
        assert window.curves.loss.plot.backgroundBrush().color().name() == theme.panel
        assert window.curves.loss.grid.color == theme.grid
        assert theme.right[1] in colors(window.confusion.matrix)
        assert theme.text in colors(window.mistakes.gallery.viewport())
        assert window.settings.theme == theme.name


def test_a_layer_added_after_a_theme_switch_has_that_themes_colours(window):
    choose_theme(window, "Dark")

    window.palette_view.buttons["dropout"].click()

    picture = window.network.column.cards["dropout_1"]._icon.pixmap().toImage()
    other = window.network.column.cards["flatten_1"]._icon.pixmap().toImage()
    group = DARK.groups["Regularisation"]
    seen = {picture.pixelColor(x, y).name() for x in range(18) for y in range(18)}
    assert picture != other
    assert group in seen


def test_a_click_in_the_palette_adds_a_layer_below_the_selected_one(window, qtbot):
    window.selection.select_layers(("flatten_1",))

    qtbot.mouseClick(window.palette_view.buttons["dropout"], LEFT)

    names = [layer.name for layer in window.document.project.layers]
    assert names == ["flatten_1", "dropout_1", "dense_1"]


def test_an_edit_that_is_refused_is_told(window):
    window.network.refused.emit("There are too many layers.")

    assert window.banner.sentence.text() == "There are too many layers."


@pytest.mark.parametrize(
    ("keys", "layers"),
    [
        ("Del", ["flatten_1"]),
        ("Ctrl+D", ["flatten_1", "dense_1", "dense_2"]),
        ("Ctrl+X", ["flatten_1"]),
        ("Ctrl+C, Ctrl+V", ["flatten_1", "dense_1", "dense_2"]),
        ("Ctrl+X, Ctrl+V, Ctrl+V", ["flatten_1", "dense_1", "dense_2"]),
        ("Ctrl+A, Del", []),
        ("Ctrl+D, Ctrl+Z", ["flatten_1", "dense_1"]),
        ("Ctrl+D, Ctrl+Z, Ctrl+Shift+Z", ["flatten_1", "dense_1", "dense_2"]),
        ("Alt+Up", ["dense_1", "flatten_1"]),
        ("Alt+Up, Alt+Down", ["flatten_1", "dense_1"]),
    ],
)
def test_keys_act_on_the_selected_layers(window, qtbot, keys, layers):
    qtbot.mouseClick(window.network.column.cards["dense_1"], LEFT, pos=QPoint(60, 12))

    for key in keys.split(", "):
        qtbot.keySequence(window.network.column, QKeySequence(key))

    assert [layer.name for layer in window.document.project.layers] == layers


def test_delete_in_a_field_edits_the_field(window, qtbot):
    window.selection.select_layers(("dense_1",))
    rate = window.training.optimizer.form.controls["learning_rate"]
    rate.setFocus()
    rate.setText("0.5")
    rate.setCursorPosition(2)

    qtbot.keyClick(rate, Qt.Key.Key_Delete)

    assert rate.text() == "0."
    assert len(window.document.project.layers) == 2


def test_undo_in_a_field_undoes_the_documents_edit(window, qtbot):
    before = window.document.project
    rate = window.training.optimizer.form.controls["learning_rate"]
    rate.setFocus()
    rate.selectAll()
    qtbot.keyClicks(rate, "0.5")
    assert window.document.project != before

    qtbot.keyClick(rate, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)

    assert window.document.project == before
    assert rate.text() == "0.001"


def test_every_control_has_a_name_for_a_screen_reader(window):
    window.selection.select_layers(("dense_1",))
    QApplication.processEvents()

    nameless = [
        f"{type(control).__name__} {control.objectName()} in {type(control.parent()).__name__}"
        for kind in (QAbstractButton, QComboBox, QLineEdit, QSpinBox, QSlider)
        for control in window.findChildren(kind)
        if control.isVisible()
        and not control.objectName().startswith("qt_")
        and not (control.accessibleName() or getattr(control, "text", str)())
    ]

    assert not nameless


def test_a_program_that_starts_without_a_project_shows_no_banner(window):
    assert not window.banner.isVisible()


def test_a_view_behind_another_tab_draws_nothing_until_it_is_raised(window, trained, qtbot):
    window._show_run(trained, frozenset({"started", "progress", "evaluation"}))
    assert window.confusion.matrix.counts.sum() == 20
    assert window.per_class.model.rowCount() == 0

    window.findChild(QDockWidget, "per_class").raise_()

    qtbot.waitUntil(lambda: window.per_class.model.rowCount() == 10)


def test_a_run_that_is_over_is_opened_with_all_that_it_showed(
    window, make_window, train, qtbot, monkeypatch
):
    train()
    run, folder = window.session.run, window.session.folder
    other = make_window()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))

    other.actions_by_name["open_run"].trigger()
    qtbot.waitUntil(lambda: other.session.run is not None, timeout=PATIENCE)

    assert other.document.project == run.project
    assert other.session.folder == folder
    qtbot.waitUntil(lambda: other.status.result.text() == window.status.result.text())
    assert other.timeline.slider.maximum() == window.timeline.slider.maximum() > 0
    other.selection.select_step(run.evaluations["validation"][0].step)
    window.selection.select_step(run.evaluations["validation"][0].step)
    np.testing.assert_array_equal(other.confusion.matrix.counts, window.confusion.matrix.counts)
    assert other.mistakes.tiles.rowCount() == window.mistakes.tiles.rowCount() > 0
    assert not other.banner.isVisible()


def test_a_folder_that_is_no_run_is_refused_with_a_sentence(window, tmp_path, qtbot, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))

    window.actions_by_name["open_run"].trigger()
    qtbot.waitUntil(window.banner.isVisible)

    assert "project.json" in window.banner.sentence.text()
    assert window.session.run is None


def test_a_run_whose_images_are_gone_shows_all_but_them(
    window, make_window, train, qtbot, monkeypatch
):
    train()
    other = make_window()

    def gone(*_, **__):
        raise ProblemError("The images are gone.")

    monkeypatch.setattr("engine.data.load.load", gone)
    other.running.opener.open(window.session.folder, window.session.folder)
    qtbot.waitUntil(lambda: other.session.run is not None, timeout=PATIENCE)

    assert other.banner.sentence.text().endswith("The images are gone.")
    assert other.confusion.matrix.counts.sum() > 0


def test_no_run_is_opened_while_one_trains(window, start):
    start()

    assert not is_enabled(window, "open_run")


def test_the_browser_opens_once(window, qtbot):
    window.actions_by_name["browse"].trigger()
    first = window.findChild(DataBrowser)
    window.actions_by_name["browse"].trigger()

    assert first.isVisible()
    assert window.findChildren(DataBrowser) == [first]


def test_an_image_that_is_opened_comes_to_the_front(window, train):
    train(SHORT.set_training(epochs=1))

    window.mistakes.opened.emit(0)

    dock = window.findChild(QDockWidget, "image")
    assert not dock.visibleRegion().isEmpty()


def test_the_tabs_of_views_are_not_cut_off(window):
    bars = window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)

    assert bars
    for bar in bars:
        assert bar.elideMode() is Qt.TextElideMode.ElideNone
        assert bar.usesScrollButtons()


@pytest.fixture
def toggle_diagram(window, monkeypatch, qtbot):
    """Show or hide the diagram from the menu, on a screen of some width."""

    class Screen:
        width = 0

        def availableSize(self):
            return QSize(self.width, 900)

    def toggle(width):
        Screen.width = width
        monkeypatch.setattr(window, "screen", Screen)
        dock = docks(window)["diagram"]
        shown = dock.isHidden()
        dock.toggleViewAction().trigger()
        qtbot.waitUntil(lambda: dock.isVisible() is shown)

    return toggle


def docks(window):
    return {dock.objectName(): dock for dock in window.findChildren(QDockWidget)}


@pytest.mark.parametrize(("width", "behind"), [(3000, False), (1000, True)])
def test_the_diagram_is_behind_the_cards_where_a_screen_is_narrow(
    window, toggle_diagram, width, behind
):
    toggle_diagram(width)

    network, diagram = docks(window)["network"], docks(window)["diagram"]
    assert (diagram in window.tabifiedDockWidgets(network)) is behind
    assert not diagram.visibleRegion().isEmpty()


@pytest.mark.parametrize("width", [3000, 1000])
def test_the_cards_stay_as_wide_as_they_are_when_the_diagram_comes_and_goes(
    window, toggle_diagram, qtbot, width
):
    network = docks(window)["network"]
    before = network.width()
    toggle_diagram(width)
    qtbot.waitUntil(lambda: network.visibleRegion().isEmpty() is (width == 1000))
    qtbot.wait(1)  # what is laid out later
    toggle_diagram(width)

    qtbot.waitUntil(lambda: abs(network.width() - before) <= 1)


def test_the_place_of_the_curves_says_how_to_begin_until_a_training_has_begun(window, start):
    def begin():
        return ["F5" in empty.text() for empty in window.findChildren(NoCurves)]

    assert begin() == [True]
    start()
    assert not any(begin())
