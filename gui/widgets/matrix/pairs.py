"""The most confused pairs of classes, as a list from which one chooses."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHeaderView, QTableView, QWidget

from engine.analysis.classification import Pair
from engine.analysis.mistakes import Cell
from gui.widgets.item_rows import ROLE, Column, ItemRows

PADDING = 10  # pixels of a column beside its longest text
PAIR_WIDTH = 80  # pixels of the classes' names, below which the share leaves them its room


class PairsList(QTableView):
    """One row a pair: which for which, how often, and for what share of the true class."""

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
        self.setWordWrap(False)
        wide = self.fontMetrics().horizontalAdvance
        for column, text in ((1, self.tr("Images")), (2, "100.0 %")):
            # Fitting them to their content asks for all of it, every time.
            self.setColumnWidth(column, wide(text) + PADDING)
        self._share_width = self.columnWidth(2)  # a hidden column has none
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.selectionModel().selectionChanged.connect(self._choose)

    def resizeEvent(self, event: QResizeEvent) -> None:
        room = self.viewport().width() - self.columnWidth(1) - self._share_width
        self.setColumnHidden(2, room < PAIR_WIDTH)
        super().resizeEvent(event)

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


class PairsModel(ItemRows):
    """The pairs' table: true > predicted, images, share."""

    def __init__(self, parent: QWidget | None = None) -> None:
        columns = (
            Column(
                self.tr("Pair"),
                self.tr("The true class, and the one that it was taken for"),
                words=True,
            ),
            Column(
                self.tr("Images"),
                self.tr("How many images of the true class were taken for the other"),
            ),
            Column(self.tr("Share"), self.tr("Of all images of the true class")),
        )
        super().__init__(columns, parent)
        self._pairs: list[Pair] = []

    def show_pairs(self, pairs: list[Pair], names: tuple[str, ...]) -> None:
        """Show these pairs."""
        self._pairs = pairs
        self.show_rows([self._row(pair, names[pair.true], names[pair.predicted]) for pair in pairs])

    def cell(self, row: int) -> Cell:
        """Give a row's cell of the matrix."""
        return Cell(self._pairs[row].true, self._pairs[row].predicted)

    def place(self, cell: Cell) -> int | None:
        """Find the row of a cell; None where it is not listed."""
        cells = (Cell(pair.true, pair.predicted) for pair in self._pairs)
        return next((row for row, other in enumerate(cells) if other == cell), None)

    def _row(self, pair: Pair, true: str, predicted: str) -> list[dict[int, str]]:
        share = f"{100 * pair.share_of_true:.1f} %"
        words = self.tr("true {true}, predicted {predicted}: {count:,} images ({share})").format(
            true=true, predicted=predicted, count=pair.count, share=share
        )
        told: dict[int, str] = {ROLE.ToolTipRole: words, ROLE.AccessibleTextRole: words}
        texts = (f"{true} > {predicted}", f"{pair.count:,}", share)
        return [{ROLE.DisplayRole: text, **told} for text in texts]
