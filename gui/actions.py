"""Every command of the window in one table: title, shortcut, icon, help, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

CONTEXT = "Commands"


@dataclass(frozen=True)
class Command:
    """One row of the table."""

    name: str
    menu: str
    title: Any  # str, which QT_TRANSLATE_NOOP is declared to lose
    shortcut: str = ""
    icon: str = ""
    help: Any = ""
    separator: bool = False  # a line above it in the menu


COMMANDS = (
    Command(
        "new",
        "&File",
        QT_TRANSLATE_NOOP("Commands", "&New"),
        "Ctrl+N",
        "new",
        QT_TRANSLATE_NOOP("Commands", "Start with the bundled digits and a small network"),
    ),
    Command(
        "open",
        "&File",
        QT_TRANSLATE_NOOP("Commands", "&Open…"),
        "Ctrl+O",
        "open",
        QT_TRANSLATE_NOOP("Commands", "Open a project file"),
    ),
    Command(
        "open_run",
        "&File",
        QT_TRANSLATE_NOOP("Commands", "Open a &run…"),
        "Ctrl+Shift+O",
        help=QT_TRANSLATE_NOOP("Commands", "Look at a run that is over, as it was"),
    ),
    Command(
        "save",
        "&File",
        QT_TRANSLATE_NOOP("Commands", "&Save"),
        "Ctrl+S",
        "save",
        QT_TRANSLATE_NOOP("Commands", "Save the project"),
        separator=True,
    ),
    Command("save_as", "&File", QT_TRANSLATE_NOOP("Commands", "Save &as…"), "Ctrl+Shift+S"),
    Command(
        "code",
        "&File",
        QT_TRANSLATE_NOOP("Commands", "&Export as code…"),
        "Ctrl+E",
        help=QT_TRANSLATE_NOOP("Commands", "Show the project as a PyTorch and a Keras script"),
        separator=True,
    ),
    Command(
        "save_weights",
        "&File",
        QT_TRANSLATE_NOOP("Commands", "Save &weights…"),
        help=QT_TRANSLATE_NOOP("Commands", "Save what the run has learned, with its project"),
    ),
    Command(
        "export_onnx",
        "&File",
        QT_TRANSLATE_NOOP("Commands", "Export ONN&X…"),
        help=QT_TRANSLATE_NOOP("Commands", "Save the run's network for other programs"),
    ),
    Command("quit", "&File", QT_TRANSLATE_NOOP("Commands", "&Quit"), "Ctrl+Q", separator=True),
    Command(
        "undo",
        "&Edit",
        QT_TRANSLATE_NOOP("Commands", "&Undo"),
        "Ctrl+Z",
        "undo",
    ),
    Command(
        "redo",
        "&Edit",
        QT_TRANSLATE_NOOP("Commands", "&Redo"),
        "Ctrl+Shift+Z",
        "redo",
    ),
    Command("cut", "&Edit", QT_TRANSLATE_NOOP("Commands", "Cu&t layers"), "Ctrl+X", separator=True),
    Command("copy", "&Edit", QT_TRANSLATE_NOOP("Commands", "&Copy layers"), "Ctrl+C"),
    Command("paste", "&Edit", QT_TRANSLATE_NOOP("Commands", "&Paste layers"), "Ctrl+V"),
    Command(
        "duplicate",
        "&Edit",
        QT_TRANSLATE_NOOP("Commands", "Dup&licate layers"),
        "Ctrl+D",
        "duplicate",
    ),
    Command("delete", "&Edit", QT_TRANSLATE_NOOP("Commands", "&Delete layers"), "Del", "delete"),
    Command("select_all", "&Edit", QT_TRANSLATE_NOOP("Commands", "Select &all layers"), "Ctrl+A"),
    Command(
        "move_up",
        "&Edit",
        QT_TRANSLATE_NOOP("Commands", "&Move layers up"),
        "Alt+Up",
        "up",
        separator=True,
    ),
    Command(
        "move_down", "&Edit", QT_TRANSLATE_NOOP("Commands", "Move layers do&wn"), "Alt+Down", "down"
    ),
    Command(
        "wrap",
        "&Edit",
        QT_TRANSLATE_NOOP("Commands", "Put into a residual &block"),
        "Ctrl+G",
        "residual",
        QT_TRANSLATE_NOOP("Commands", "Put the selected layers into a residual block"),
        separator=True,
    ),
    Command(
        "wrap_parallel",
        "&Edit",
        QT_TRANSLATE_NOOP("Commands", "Put into a parallel bl&ock"),
        icon="parallel",
        help=QT_TRANSLATE_NOOP("Commands", "Put the selected layers into a parallel block"),
    ),
    Command(
        "unwrap",
        "&Edit",
        QT_TRANSLATE_NOOP("Commands", "U&nwrap block"),
        "Ctrl+Shift+G",
        "unwrap",
        QT_TRANSLATE_NOOP("Commands", "Take the layers out of the selected block"),
    ),
    Command(
        "data",
        "&Training",
        QT_TRANSLATE_NOOP("Commands", "Choose &data…"),
        "Ctrl+Shift+D",
        "data",
        QT_TRANSLATE_NOOP("Commands", "Choose the images that the network learns from"),
    ),
    Command(
        "browse",
        "&Training",
        QT_TRANSLATE_NOOP("Commands", "&Browse data…"),
        "Ctrl+B",
        help=QT_TRANSLATE_NOOP("Commands", "Look at the images before training"),
    ),
    Command(
        "start_weights",
        "&Training",
        QT_TRANSLATE_NOOP("Commands", "Start from &weights…"),
        "Ctrl+Shift+W",
        help=QT_TRANSLATE_NOOP(
            "Commands", "Let the next training begin with what another one has learned"
        ),
    ),
    Command(
        "train",
        "&Training",
        QT_TRANSLATE_NOOP("Commands", "&Train"),
        "F5",
        "train",
        QT_TRANSLATE_NOOP("Commands", "Train the network"),
        separator=True,
    ),
    Command(
        "pause",
        "&Training",
        QT_TRANSLATE_NOOP("Commands", "&Pause"),
        "F6",
        "pause",
        QT_TRANSLATE_NOOP("Commands", "Wait before the next batch, or go on"),
    ),
    Command(
        "step",
        "&Training",
        QT_TRANSLATE_NOOP("Commands", "St&ep"),
        "F10",
        "step",
        QT_TRANSLATE_NOOP("Commands", "Take one batch and show what it does"),
    ),
    Command(
        "step_ten",
        "&Training",
        QT_TRANSLATE_NOOP("Commands", "Step te&n"),
        "Shift+F10",
        help=QT_TRANSLATE_NOOP("Commands", "Take ten batches and show what the last one does"),
    ),
    Command(
        "stop",
        "&Training",
        QT_TRANSLATE_NOOP("Commands", "&Stop"),
        "Shift+F5",
        "stop",
        QT_TRANSLATE_NOOP("Commands", "Stop at the next batch; what it has learned stays"),
    ),
    Command(
        "runs",
        "&Runs",
        QT_TRANSLATE_NOOP("Commands", "All &runs…"),
        "Ctrl+R",
        help=QT_TRANSLATE_NOOP("Commands", "Look at all runs that are kept"),
    ),
    Command(
        "rewind",
        "&Runs",
        QT_TRANSLATE_NOOP("Commands", "Go &back…"),
        "Ctrl+Shift+B",
        help=QT_TRANSLATE_NOOP("Commands", "Go on from an earlier moment of this run, as a branch"),
        separator=True,
    ),
    Command(
        "resume",
        "&Runs",
        QT_TRANSLATE_NOOP("Commands", "&Go on with this run"),
        help=QT_TRANSLATE_NOOP("Commands", "Train this run further, from where it ended"),
    ),
    Command(
        "verify",
        "&Runs",
        QT_TRANSLATE_NOOP("Commands", "&Verify this run"),
        help=QT_TRANSLATE_NOOP("Commands", "Train it again and compare every number"),
    ),
    Command(
        "runs_folder",
        "&Runs",
        QT_TRANSLATE_NOOP("Commands", "Show the &folder of the run"),
        separator=True,
    ),
    Command("about", "&Help", QT_TRANSLATE_NOOP("Commands", "&About Layerscope")),
)


def make_actions(parent: QWidget) -> dict[str, QAction]:
    """Make the QAction of every command."""
    return {command.name: _action(command, parent) for command in COMMANDS}


def _action(command: Command, parent: QWidget) -> QAction:
    action = QAction(QCoreApplication.translate(CONTEXT, command.title), parent)
    action.setObjectName(command.name)
    if command.shortcut:
        action.setShortcut(QKeySequence(command.shortcut))
    help_text = QCoreApplication.translate(CONTEXT, command.help) if command.help else ""
    action.setToolTip(tooltip(action, help_text))
    action.setStatusTip(help_text)
    return action


def tooltip(action: QAction, text: str) -> str:
    """Write a tooltip: what it does and its shortcut."""
    text = text or action.text().replace("&", "").rstrip("…")
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    return f"{text} ({keys})" if keys else text
