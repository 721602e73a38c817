"""A list with a row for each class, whose selected rows are what the Selection holds."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QObject, Qt
from PySide6.QtWidgets import QAbstractItemView

from engine.analysis.mistakes import Cell
from gui.selection import Selection

CLASS = Qt.ItemDataRole.UserRole + 1  # an index tells its row's class number by this role


def named(cells: Iterable[Cell]) -> frozenset[int]:
    """Give the classes that parts of the matrix are about: the true ones, else the predicted."""
    numbers = (cell.predicted if cell.true is None else cell.true for cell in cells)
    return frozenset(number for number in numbers if number is not None)


class ClassRows(QObject):
    """Selects the class of each row that the person chooses, and marks the rows of the classes
    that are selected elsewhere.
    """

    def __init__(self, view: QAbstractItemView, selection: Selection) -> None:
        super().__init__(view)
        self._view, self._selection = view, selection
        self._marking = False
        view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        view.clicked.connect(self._clicked)
        view.selectionModel().selectionChanged.connect(lambda *_: self._tell())
        selection.cells_changed.connect(lambda _: self.mark())

    def mark(self) -> None:
        """Mark the rows of the selected classes, wherever they are by now."""
        wanted = named(self._selection.cells)
        if self._chosen() == wanted:
            return
        model = self._view.model()
        rows = QItemSelection()
        for row in range(model.rowCount()):
            index = model.index(row, 0)
            if index.data(CLASS) in wanted:
                rows.select(index, index)
        self._marking = True
        flag = QItemSelectionModel.SelectionFlag
        self._view.selectionModel().select(rows, flag.ClearAndSelect | flag.Rows)
        self._marking = False

    def _tell(self) -> None:
        """Select the classes of the chosen rows; what was selected of them stays as it is."""
        if self._marking:
            return
        chosen, cells = self._chosen(), self._selection.cells
        kept = tuple(cell for cell in cells if named((cell,)) & chosen)
        new = sorted(chosen - named(kept))
        self._selection.select_cells((*kept, *(Cell(true=number) for number in new)))

    def _clicked(self, index: QModelIndex) -> None:
        """A row that a single cell of it had marked is chosen whole by a click."""
        if self._chosen() == {index.data(CLASS)}:
            self._selection.select_cells((Cell(true=index.data(CLASS)),))

    def _chosen(self) -> frozenset[int]:
        rows = self._view.selectionModel().selectedRows()
        return frozenset(index.data(CLASS) for index in rows)
