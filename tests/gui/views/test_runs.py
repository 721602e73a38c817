"""The list of runs, driven as a person does: by clicks and keys."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMessageBox, QPushButton

from engine.project.format import dumps
from engine.project.presets import preset
from engine.store.run_about import read_about
from engine.store.runs import LOG, START
from engine.store.trash import delete, trash_folder
from gui.theme import DARK, LIGHT
from gui.views.runs import RunsView
from gui.widgets.runs.model import NAME
from gui.widgets.runs.trash_list import TrashList

STARTED = {"event": "Started", "parameters": 9610, "epochs": 30, "at": 0.0}
FINISHED = {"event": "Finished", "reason": "completed", "test_accuracy": 0.9, "at": 9.0}
STOPPED = {"event": "Finished", "reason": "stopped", "test_accuracy": None, "at": 9.0}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "runs"


@pytest.fixture
def add(folder):
    def add(day: int, *lines, title="Digits"):
        run = folder / f"2026-01-{day:02} 00.00.00 {title}"
        run.mkdir(parents=True)
        (run / "project.json").write_text(dumps(preset("digits-mlp")))
        log = "".join(json.dumps(line) + "\n" for line in (STARTED, *lines))
        (run / LOG).write_text(log)
        return run

    return add


@pytest.fixture
def opened(folder, show, qtbot):
    def opened(width=1000, height=600):
        view = RunsView(folder)
        view.set_theme(LIGHT)
        show(view, width, height)
        until_read(qtbot, view)
        return view

    return opened


def until_read(qtbot, view):
    qtbot.waitUntil(lambda: not view.reading)


def names(view):
    return [view.model.index(row, NAME).data() for row in range(view.model.rowCount())]


def press(view, words):
    (button,) = [one for one in view.findChildren(QPushButton) if one.text() == words]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def key(view, pressed, modifier=Qt.KeyboardModifier.NoModifier):
    view.table.setFocus()
    QTest.keyClick(view.table, pressed, modifier)


def possible(view):
    return {name for name, command in view.commands.actions.items() if command.isEnabled()}


def test_without_runs_it_says_how_to_get_one(opened):
    view = opened()

    assert view.empty.isVisible()
    assert view.empty.text() == "No runs yet. Press Train: every run is kept here."


def test_the_newest_run_is_first_and_chosen(add, opened):
    for day, title in ((1, "Old"), (3, "New"), (2, "Middle")):
        add(day, FINISHED, title=title)

    view = opened()

    assert names(view) == ["New", "Middle", "Old"]
    assert [run.name for run in view.table.runs] == ["New"]
    assert view.count.text().startswith("3 runs, ")


@pytest.mark.parametrize(
    ("lines", "can"),
    [
        ([FINISHED], {"open", "verify", "folder", "rename", "delete"}),
        ([STOPPED], {"open", "verify", "folder", "rename", "delete", "resume"}),
        ([], {"open", "folder", "rename", "delete", "resume"}),
    ],
)
def test_the_state_decides_what_can_be_done(add, opened, lines, can):
    add(1, *lines)

    assert possible(opened()) == can


def test_a_damaged_run_says_why_and_can_not_be_opened(add, opened):
    (add(1) / "project.json").write_text("{")

    view = opened()

    assert possible(view) == {"folder", "rename", "delete"}
    assert view.pane.trouble.isVisible()
    assert "project can't be read" in view.pane.trouble.text()


def test_enter_and_a_double_click_open_the_run(add, opened, qtbot):
    run = add(1, FINISHED)
    view = opened()

    with qtbot.waitSignal(view.open_wanted) as wanted:
        key(view, Qt.Key.Key_Return)
    assert wanted.args == [run]

    place = view.table.visualRect(view.model.index(0, NAME)).center()
    with qtbot.waitSignal(view.open_wanted):
        QTest.mouseClick(view.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
        QTest.mouseDClick(view.table.viewport(), Qt.MouseButton.LeftButton, pos=place)


@pytest.mark.parametrize(
    ("words", "signal"),
    [
        ("Open", "open_wanted"),
        ("Continue", "resume_wanted"),
        ("Verify", "verify_wanted"),
        ("Show folder", "folder_wanted"),
    ],
)
def test_each_button_says_what_is_wanted(add, opened, qtbot, words, signal):
    run = add(1, STOPPED)
    view = opened()

    with qtbot.waitSignal(getattr(view, signal)) as wanted:
        press(view, words)

    assert wanted.args == [run]


def test_f2_renames_in_place(add, opened, qtbot):
    run = add(1, FINISHED)
    view = opened()

    key(view, Qt.Key.Key_F2)
    line = view.table.findChild(QLineEdit)
    QTest.keyClicks(line, "My best")
    QTest.keyClick(line, Qt.Key.Key_Return)

    qtbot.waitUntil(lambda: names(view) == ["My best"])
    assert read_about(run).name == "My best"
    assert view.pane.title.text() == "My best"


def test_an_empty_name_gives_the_folders_back(add, opened):
    run = add(1, FINISHED)
    view = opened()
    view.model.setData(view.model.index(0, NAME), "Mine")

    view.model.setData(view.model.index(0, NAME), "  ")

    assert names(view) == ["Digits"]
    assert read_about(run).name == ""


def test_a_name_that_can_not_be_kept_is_told_and_stays(add, opened):
    run = add(1, FINISHED)
    (run / "about.json").mkdir()
    view = opened()

    view.model.setData(view.model.index(0, NAME), "Mine")

    assert names(view) == ["Digits"]
    assert "could not be saved" in view.notice.sentence.text()


def test_a_list_read_meanwhile_leaves_the_name_that_is_written(add, opened, qtbot):
    add(1, FINISHED)
    view = opened()
    key(view, Qt.Key.Key_F2)
    add(2, FINISHED, title="New")

    view.refresh()
    until_read(qtbot, view)
    assert view.table.editing

    QTest.keyClick(view.table.findChild(QLineEdit), Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: names(view) == ["New", "Digits"])


def test_a_note_is_kept_when_another_run_is_chosen(add, opened):
    run = add(2, FINISHED)
    add(1, FINISHED)
    view = opened()

    QTest.keyClicks(view.pane.note, "Wider")
    view.table.choose_row(1)

    assert read_about(run).note == "Wider"
    assert view.pane.note.toPlainText() == ""
    view.table.choose_row(0)
    assert view.pane.note.toPlainText() == "Wider"


def test_a_note_is_kept_when_the_window_closes(add, opened):
    run = add(1, FINISHED)
    view = opened()

    QTest.keyClicks(view.pane.note, "Wider")
    view.close()

    assert read_about(run).note == "Wider"


def test_delete_moves_to_the_trash_and_undo_puts_back(add, opened):
    run = add(1, FINISHED)
    view = opened()

    key(view, Qt.Key.Key_Delete)
    assert not run.exists()
    assert names(view) == []
    assert view.notice.sentence.text() == "Moved “Digits” to the trash."
    assert view.trash.words.text().startswith("Trash: 1 run, ")

    press(view, "Undo")
    assert (run / LOG).exists()
    assert names(view) == ["Digits"]
    assert not view.notice.isVisible()
    assert not view.trash.isVisible()


def test_several_runs_are_deleted_at_once_and_put_back(add, opened):
    runs = [add(day, FINISHED) for day in (1, 2, 3)]
    view = opened()

    key(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    key(view, Qt.Key.Key_Delete)
    assert view.notice.sentence.text() == "Moved 3 runs to the trash."

    view.commands["undo"].trigger()
    assert all(run.exists() for run in runs)
    assert len(view.table.runs) == 3


def test_deletions_are_undone_one_after_the_other(add, opened):
    add(1, FINISHED, title="One")
    add(2, FINISHED, title="Two")
    view = opened()
    key(view, Qt.Key.Key_Delete)
    key(view, Qt.Key.Key_Delete)

    view.commands["undo"].trigger()
    assert names(view) == ["One"]
    view.commands["undo"].trigger()
    assert names(view) == ["Two", "One"]


def test_the_next_run_is_chosen_after_a_deletion(add, opened):
    for day, title in ((1, "A"), (2, "B"), (3, "C")):
        add(day, FINISHED, title=title)
    view = opened()
    view.table.choose_row(1)

    key(view, Qt.Key.Key_Delete)

    assert [run.name for run in view.table.runs] == ["A"]


def test_a_run_in_use_is_not_deleted(add, opened, monkeypatch):
    run = add(1, FINISHED)
    view = opened()
    monkeypatch.setattr("engine.store.trash.in_use", lambda _: True)

    key(view, Qt.Key.Key_Delete)

    assert run.exists()
    assert "is in use" in view.notice.sentence.text()
    assert names(view) == ["Digits"]


def test_emptying_the_trash_asks_first(add, opened, folder, qtbot):
    add(1, FINISHED)
    view = opened()
    key(view, Qt.Key.Key_Delete)

    press(view, "Empty the trash…")
    (box,) = view.findChildren(QMessageBox)
    assert "Delete 1 run for good" in box.text()
    press(box, "Delete for good")
    qtbot.waitUntil(lambda: not view.trash.isVisible())

    assert list(trash_folder(folder).iterdir()) == []
    assert not view.commands["undo"].isEnabled()


def test_what_was_deleted_by_another_window_is_put_back_from_the_trash(add, opened, folder, qtbot):
    run = add(1, FINISHED)
    delete(run)
    view = opened()

    press(view, "Open the trash…")
    (trash,) = view.findChildren(TrashList)
    qtbot.waitUntil(lambda: trash.list.topLevelItemCount() == 1)
    assert trash.list.topLevelItem(0).text(0) == "Digits"
    press(trash, "Put back")
    qtbot.waitUntil(lambda: names(view) == ["Digits"])

    assert run.is_dir()
    assert not trash.back.isEnabled()
    assert not view.trash.isVisible()
    press(trash, "Close")


def test_an_undo_does_not_look_for_what_the_trash_gave_back(add, opened, qtbot):
    add(1, FINISHED)
    view = opened()
    key(view, Qt.Key.Key_Delete)

    press(view, "Open the trash…")
    (trash,) = view.findChildren(TrashList)
    qtbot.waitUntil(lambda: trash.list.topLevelItemCount() == 1)
    press(trash, "Put back")
    qtbot.waitUntil(lambda: names(view) == ["Digits"])

    assert not view.commands["undo"].isEnabled()
    press(trash, "Close")


def test_cancelling_the_question_keeps_the_trash(add, opened, folder):
    add(1, FINISHED)
    view = opened()
    key(view, Qt.Key.Key_Delete)

    press(view, "Empty the trash…")
    (box,) = view.findChildren(QMessageBox)
    QTest.keyClick(box, Qt.Key.Key_Escape)

    assert len(list(trash_folder(folder).iterdir())) == 1


def test_a_search_shows_what_has_its_words(add, opened):
    add(1, FINISHED, title="Wide")
    add(2, STOPPED, title="Deep")
    view = opened()

    QTest.keyClicks(view.search, "wide")
    assert names(view) == ["Wide"]
    assert view.count.text() == "1 of 2 runs"
    assert [run.name for run in view.table.runs] == ["Wide"]

    QTest.keyClicks(view.search, " nothing")
    assert view.empty.isVisible()
    assert "No run has these words" in view.empty.text()

    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert names(view) == ["Deep", "Wide"]


def test_escape_closes_the_window(opened):
    view = opened()

    QTest.keyClick(view, Qt.Key.Key_Escape)

    assert not view.isVisible()


def test_runs_that_come_are_shown_and_the_choice_stays(add, opened, qtbot):
    add(1, FINISHED, title="Old")
    view = opened()
    add(2, FINISHED, title="New")

    view.show_changed()
    qtbot.waitUntil(lambda: names(view) == ["New", "Old"])

    assert [run.name for run in view.table.runs] == ["Old"]


def test_what_nobody_sees_is_not_read(add, folder, qtbot):
    add(1, FINISHED)
    view = RunsView(folder)
    qtbot.addWidget(view)

    view.show_changed()

    assert not view.reading


def test_a_branch_names_its_parent(add, opened):
    parent = add(1, FINISHED, title="Mother")
    add(2, {"event": "Branched", "step": 4, "parent": parent.name}, title="Child")

    view = opened()

    assert view.pane.origin.text() == "Branched from Mother"


def test_a_parent_of_the_same_name_is_named_with_its_moment(add, opened):
    parent = add(1, FINISHED, title="Digits")
    add(2, {"event": "Branched", "step": 4, "parent": parent.name}, title="Digits")

    view = opened()

    assert view.pane.origin.text().startswith("Branched from Digits, 20")


def test_every_control_has_words(add, opened):
    add(1, FINISHED)
    view = opened()

    view.commands["delete"].trigger()  # shows the notice and the trash, too

    buttons = [one for one in view.findChildren(QPushButton) if one.isVisible()]
    for control in (*buttons, view.search, view.pane.note, view.table):
        assert control.accessibleName() or control.text(), control


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize(("width", "height"), [(560, 360), (1000, 600)])
def test_it_can_be_drawn_small_and_large(add, opened, theme, width, height):
    for day in range(1, 20):
        add(day, FINISHED)
    view = opened(width, height)
    view.set_theme(theme)

    assert not view.grab().isNull()
    assert view.table.viewport().height() > 60
    assert view.table.rowAt(QPoint(5, 5).y()) == 0


def test_a_run_that_began_with_other_weights_says_so(add, opened):
    folder = add(1, FINISHED)
    (folder / START).touch()

    view = opened()

    assert view.pane.origin.text() == "Started from the weights of another training"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("2026-01-02 03.04.05 First try", "First try, 2026-01-02 03:04"),
        ("other.safetensors", "other.safetensors"),
        ("2026-01-02 03.04.05 " + "x" * 900, "x" * 79 + "…, 2026-01-02 03:04"),
        ("a<b>\nb\u202e", "a<b>\ufffdb\ufffd"),
    ],
)
def test_it_says_whose_weights_a_run_began_with(add, opened, source, name):
    add(1, {"event": "WarmStarted", "source": source, "count": 4}, FINISHED)

    view = opened()

    assert view.pane.origin.text() == f"Started from the weights of {name}"
    assert view.pane.origin.textFormat() is Qt.TextFormat.PlainText
    assert "<b>" not in view.pane.origin.toolTip()


def test_long_names_take_no_more_room_than_there_is(add, opened):
    source = "2026-01-02 03.04.05 " + "x" * 900
    add(1, {"event": "WarmStarted", "source": source, "count": 4}, FINISHED, title="y" * 200)

    view = opened(560, 360)

    assert view.width() == 560
    assert view.pane.origin.geometry().right() <= view.pane.width()
