"""Which layers of a network take weights over, and why the others do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from gui.widgets.item_rows import ROLE, Cell, Column, ItemRows

if TYPE_CHECKING:
    from engine.training.warm_start import Fit


class FitTable(QTableView):
    """A row for each layer that has weights. It says which one the person chose."""

    layer_chosen = Signal(str)  # its name

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        columns = (
            Column(self.tr("Layer"), words=True),
            Column(self.tr("Starts from"), words=True),
            Column(self.tr("Why"), words=True),
        )
        self.rows = ItemRows(columns, self)
        self.setModel(self.rows)
        self.setAccessibleName(self.tr("Layers, and what they start from"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(True)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        header.setHighlightSections(False)
        self.selectionModel().currentRowChanged.connect(self._choose)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resizeRowsToContents()  # a reason takes more lines where there is less room

    def show_fit(self, fit: Fit | None) -> None:
        """Show what is taken; nothing while it is not known."""
        taken, seed = self.tr("these weights"), self.tr("the seed")
        rows: list[list[Cell]] = [
            [
                {ROLE.DisplayRole: one.layer},
                {ROLE.DisplayRole: taken if one.taken else seed},
                dict.fromkeys((ROLE.DisplayRole, ROLE.ToolTipRole), str(one.why_not or "")),
            ]
            for one in (fit.layers if fit else ())
        ]
        self.rows.show_rows(rows)
        self.resizeRowsToContents()

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self.layer_chosen.emit(index.siblingAtColumn(0).data())
