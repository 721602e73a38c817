"""What can be done with chosen runs, each declared once: an action of the table, and a button."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from engine.store.run_list import RunState, RunSummary
from gui.theme import MARGIN, SPACING

GONE_ON_WITH: tuple[RunState, ...] = ("crashed", "stopped")
REPEATED: tuple[RunState, ...] = ("finished", "stopped", "early", "diverged")


@dataclass(frozen=True)
class Declared:
    """A command's title, its help and its keys."""

    title: str
    help: str
    keys: tuple[str, ...] = ()


class Commands(QObject):
    """The actions by name; which of them are possible follows from the chosen runs."""

    def __init__(self, table: QWidget) -> None:
        super().__init__(table)
        self.actions = {name: _action(one, table) for name, one in self._declared().items()}
        self.actions["undo"].setEnabled(False)
        table.addActions(list(self.actions.values()))

    def __getitem__(self, name: str) -> QAction:
        return self.actions[name]

    def allow(self, runs: list[RunSummary]) -> None:
        """Enable what can be done with these runs."""
        run = runs[0] if len(runs) == 1 else None
        for name, possible in (
            ("open", run is not None and run.state != "damaged"),
            ("resume", run is not None and run.state in GONE_ON_WITH),
            ("verify", run is not None and run.state in REPEATED),
            ("folder", run is not None),
            ("rename", run is not None),
            ("delete", any(one.state != "running" for one in runs)),
        ):
            self.actions[name].setEnabled(possible)

    def buttons(self) -> QWidget:
        """Make a row of buttons, the first of which leads."""
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(MARGIN, SPACING // 2, MARGIN, SPACING // 2)
        layout.setSpacing(SPACING)
        for name in ("open", "resume", "verify", None, "folder", "rename", "delete"):
            if name is None:
                layout.addStretch()
            else:
                layout.addWidget(_button(self.actions[name], lead=name == "open"))
        return row

    def _declared(self) -> dict[str, Declared]:
        return {
            "open": Declared(
                self.tr("Open"),
                self.tr("Show the run's project, curves and answers"),
                ("Return", "Enter"),
            ),
            "resume": Declared(
                self.tr("Continue"),
                self.tr("Go on training where a stopped or cut-off run ended"),
            ),
            "verify": Declared(
                self.tr("Verify"),
                self.tr("Train it again from its log and compare every number"),
            ),
            "folder": Declared(self.tr("Show folder"), self.tr("Show the run's files")),
            "rename": Declared(self.tr("Rename"), self.tr("Give the run another name"), ("F2",)),
            "delete": Declared(
                self.tr("Delete"),
                self.tr("Move the chosen runs to the trash, from which they can be put back"),
                ("Del",),
            ),
            "undo": Declared(
                self.tr("Undo the last deletion"),
                self.tr("Put the runs back that were deleted last"),
                ("Ctrl+Z",),
            ),
        }


def _action(declared: Declared, table: QWidget) -> QAction:
    action = QAction(declared.title, table)
    keys = f" ({declared.keys[0]})" if declared.keys else ""
    action.setToolTip(declared.help + keys)
    action.setShortcuts([QKeySequence(key) for key in declared.keys])
    action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
    return action


def _button(action: QAction, lead: bool) -> QPushButton:
    """Make a button for an action, which says whether it can be pressed."""
    button = QPushButton(action.text())
    button.setToolTip(action.toolTip())
    button.setAutoDefault(False)
    button.setProperty("lead", lead)
    button.clicked.connect(lambda: action.trigger())
    action.enabledChanged.connect(button.setEnabled)
    return button
