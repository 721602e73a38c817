"""What is done with a confusion matrix now and then, in one menu."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from engine.analysis.mistakes import Cell


class MatrixMenu(QToolButton):
    """The button "View": how the matrix looks, what to select, copy and save."""

    chosen = Signal(object)  # tuple[Cell, ...]

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.together = self._toggle(
            self.tr("Confused classes together"),
            self.tr("Order the classes so that those taken for each other are neighbours"),
        )
        self.hide_diagonal = self._toggle(
            self.tr("Hide the diagonal"), self.tr("Show errors alone")
        )
        self.pairs = self._toggle(
            self.tr("Most confused pairs"),
            self.tr("As a list beside the matrix; it is there by itself where there is much room"),
        )
        self.table = self._toggle(
            self.tr("Table"), self.tr("The same numbers as a table that a screen reader reads")
        )
        self.copy = QAction(self.tr("Copy as table") + "\tCtrl+C", self)
        self.save = QAction(self.tr("Save as…"), self)
        self.setText(self.tr("View"))
        self.setToolTip(self.tr("Order, diagonal, pairs, table, copy and save"))
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setMenu(self._menu())
        self.offer(False)

    def offer(self, there: bool) -> None:
        """Let copy and save be chosen, if there is something to copy and save."""
        self.copy.setEnabled(there)
        self.save.setEnabled(there)

    def _toggle(self, title: str, words: str) -> QAction:
        action = QAction(title, self)
        action.setToolTip(words)
        action.setCheckable(True)
        return action

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.addActions([self.together, self.hide_diagonal, self.pairs, self.table])
        menu.addSeparator()
        self._add_choice(menu, self.tr("Select all errors") + "\tE", (Cell(),))
        self._add_choice(menu, self.tr("Select all right answers") + "\tR", (Cell(right=True),))
        self._add_choice(menu, self.tr("Select nothing") + "\tEsc", ())
        menu.addSeparator()
        menu.addActions([self.copy, self.save])
        return menu

    def _add_choice(self, menu: QMenu, title: str, cells: tuple[Cell, ...]) -> None:
        menu.addAction(title).triggered.connect(lambda: self.chosen.emit(cells))
