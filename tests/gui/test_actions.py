from __future__ import annotations

from collections import Counter
from importlib.resources import files

import pytest
from PySide6.QtGui import QDesktopServices, QKeySequence
from PySide6.QtWidgets import QDialog, QFileDialog, QMessageBox, QWidget

from gui.actions import COMMANDS, make_actions, tooltip

NAMES = [command.name for command in COMMANDS]
UI_KEYS = {
    "train": "F5",
    "stop": "Shift+F5",
    "delete": "Del",
    "duplicate": "Ctrl+D",
    "copy": "Ctrl+C",
    "cut": "Ctrl+X",
    "paste": "Ctrl+V",
    "move_up": "Alt+Up",
    "move_down": "Alt+Down",
    "quit": "Ctrl+Q",
}


@pytest.fixture
def parent(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    return parent


@pytest.fixture
def actions(parent):
    return make_actions(parent)


@pytest.fixture
def quiet(monkeypatch, own_home):
    """Answer every dialog with Cancel, and open no program."""
    for name in ("getOpenFileName", "getSaveFileName"):
        monkeypatch.setattr(QFileDialog, name, lambda *_: ("", ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Cancel)
    monkeypatch.setattr(QMessageBox, "about", lambda *_: None)
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _: True)
    for name in ("choose_data", "browse_data"):
        monkeypatch.setattr(f"gui.main_window.MainWindow.{name}", lambda _: None)


def test_every_command_has_a_name_of_its_own():
    assert [name for name, count in Counter(NAMES).items() if count > 1] == []


def test_every_shortcut_belongs_to_one_command(actions):
    keys = [action.shortcut().toString() for action in actions.values()]

    assert [key for key, count in Counter(keys).items() if key and count > 1] == []


@pytest.mark.parametrize("command", COMMANDS, ids=NAMES)
def test_a_shortcut_is_understood(command, actions):
    shortcut = actions[command.name].shortcut()

    assert shortcut.toString(QKeySequence.SequenceFormat.PortableText) == command.shortcut


@pytest.mark.parametrize(("name", "key"), UI_KEYS.items())
def test_a_command_has_the_key_that_the_guide_promises(actions, name, key):
    assert actions[name].shortcut() == QKeySequence(key)


@pytest.mark.parametrize("command", COMMANDS, ids=NAMES)
def test_a_command_has_a_title_a_menu_and_an_icon_that_exists(command):
    assert command.title
    assert command.menu.startswith("&")
    if command.icon:
        assert files("resources").joinpath("icons", f"{command.icon}.svg").is_file()


def test_letters_to_press_in_a_menu_are_unique():
    letters = Counter(
        (command.menu, command.title[command.title.index("&") + 1].lower()) for command in COMMANDS
    )

    assert [letter for letter, count in letters.items() if count > 1] == []


def test_a_tooltip_says_what_it_does_and_its_key(actions):
    assert actions["stop"].toolTip() == (
        "Stop at the next batch; what it has learned stays (Shift+F5)"
    )


def test_a_tooltip_without_help_is_the_title(actions):
    assert tooltip(actions["save_as"], "") == "Save as (Ctrl+Shift+S)"
    assert tooltip(actions["about"], "") == "About Layerscope"


@pytest.mark.usefixtures("quiet")
def test_every_command_does_something_in_the_window(window, monkeypatch):
    """No command raises, or is forgotten: an action nobody listens to has no receivers."""
    window.session.start = lambda project, **_: None
    for name, action in window.actions_by_name.items():
        assert action.receivers("2triggered(bool)") > 0, f"{name} is forgotten"
        action.setEnabled(True)
        action.trigger()
    for dialog in window.findChildren(QDialog):
        dialog.close()


def test_every_command_is_in_one_menu(window):
    menus = [action.menu() for action in window.menuBar().actions()]
    names = Counter(action.objectName() for menu in menus for action in menu.actions())

    assert {name: names[name] for name in NAMES} == dict.fromkeys(NAMES, 1)
