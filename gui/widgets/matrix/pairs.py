"""The most confused pairs of classes, as a list from which one chooses."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QSignalBlocker,
    Qt,
    Signal,
)
from PySide6.QtWidgets import QHeaderView, QTableView, QWidget

from engine.analysis.classification import Pair
from engine.analysis.mistakes import Cell

AnyIndex = QModelIndex | QPersistentModelIndex
WORDS = (
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.ToolTipRole,
    Qt.ItemDataRole.AccessibleTextRole,
)


class PairsList(QTableView):
    """One row a pair: how often, which for which, and for what share of the true class."""

    chosen = Signal(object)  # tuple[Cell, ...]

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pairs = PairsModel(self)
        self._cells: tuple[Cell, ...] = ()
        self.setModel(self.pairs)
        self.setAccessibleName(self.tr("Most confused pairs"))
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(22)
        widest = self.fontMetrics().horizontalAdvance("100.0 %") + 12
        for column in (0, 2):  # fitting them to their content asks for all of it, every time
            self.setColumnWidth(column, widest)
        self.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.selectionModel().selectionChanged.connect(self._choose)

    def show_pairs(self, pairs: list[Pair], names: tuple[str, ...]) -> None:
        """Show these pairs, the most frequent first."""
        with QSignalBlocker(self.selectionModel()):
            self.pairs.show_pairs(pairs, names)
        self.show_cells(self._cells)

    def show_cells(self, cells: tuple[Cell, ...]) -> None:
        """Mark the pair that is selected, if it is one and nothing else."""
        self._cells = cells
        place = self.pairs.place(cells[0]) if len(cells) == 1 else None
        flags = QItemSelectionModel.SelectionFlag
        with QSignalBlocker(self.selectionModel()):
            if place is None:
                self.selectionModel().clear()
            else:
                index = self.pairs.index(place, 0)
                self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
        self.viewport().update()

    def _choose(self) -> None:
        rows = self.selectionModel().selectedRows()
        if rows:
            self.chosen.emit((self.pairs.cell(rows[0].row()),))


class PairsModel(QAbstractTableModel):
    """The pairs' table: images, true > predicted, share."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pairs: list[Pair] = []
        self._names: tuple[str, ...] = ()
        self._titles = (self.tr("Images"), self.tr("Pair"), self.tr("Share"))
        self._help = (
            self.tr("How many images of the true class were taken for the other"),
            self.tr("The true class, and the one that it was taken for"),
            self.tr("Of all images of the true class"),
        )

    def show_pairs(self, pairs: list[Pair], names: tuple[str, ...]) -> None:
        """Show these pairs."""
        self.beginResetModel()
        self._pairs, self._names = pairs, names
        self.endResetModel()

    def cell(self, row: int) -> Cell:
        """Give a row's cell of the matrix."""
        return Cell(self._pairs[row].true, self._pairs[row].predicted)

    def place(self, cell: Cell) -> int | None:
        """Find the row of a cell; None where it is not listed."""
        cells = (Cell(pair.true, pair.predicted) for pair in self._pairs)
        return next((row for row, other in enumerate(cells) if other == cell), None)

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(self._pairs)

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(self._titles)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() != 1:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role not in WORDS:
            return None
        pair = self._pairs[index.row()]
        true, predicted = self._names[pair.true], self._names[pair.predicted]
        share = f"{100 * pair.share_of_true:.1f} %"
        if role == Qt.ItemDataRole.DisplayRole:
            return (f"{pair.count:,}", f"{true} > {predicted}", share)[index.column()]
        words = self.tr("true {true}, predicted {predicted}: {count:,} images ({share})")
        return words.format(true=true, predicted=predicted, count=pair.count, share=share)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if section == 1 else Qt.AlignmentFlag.AlignRight
            return side | Qt.AlignmentFlag.AlignVCenter
        return self._help[section] if role == Qt.ItemDataRole.ToolTipRole else None
