"""An entry of a menu that shows a dock, raises it, or hides it."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDockWidget

from gui.in_sight import in_sight


class DockAction(QAction):
    """Ticked while its dock is open. Qt's own action would hide one that stands behind another's
    tab, where the person wants to see it.
    """

    def __init__(self, dock: QDockWidget, parent: QObject | None = None) -> None:
        super().__init__(dock.windowTitle(), parent)
        self._dock, self._toggle = dock, dock.toggleViewAction()
        self.setCheckable(True)
        self.setChecked(self._toggle.isChecked())
        self._toggle.toggled.connect(self.setChecked)
        self.triggered.connect(lambda _: self._act())

    def _act(self) -> None:
        if self._dock.isHidden() or in_sight(self._dock):
            self._toggle.trigger()
        self.setChecked(not self._dock.isHidden())
        if self.isChecked():
            self._dock.raise_()
