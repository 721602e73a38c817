"""The table of runs: sorted, chosen from and renamed by mouse and keyboard."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QHeaderView,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from engine.store.run_about import LONGEST_NAME
from engine.store.run_list import RunSummary
from gui.widgets.runs.model import (
    BEST,
    DATA,
    EPOCHS,
    NAME,
    NETWORK,
    PARAMETERS,
    SIZE,
    STARTED,
    STATE,
    TEST,
    TIME,
    RunsModel,
)

PADDING = 12  # pixels beside a cell's text
ARROW = 16  # pixels of the arrow in the title of the column that is sorted by
WIDEST = {
    STARTED: "2026-08-28 08:08",
    BEST: "100.00 %",
    TEST: "100.00 %",
    EPOCHS: "1,000/1,000",
    TIME: "0:00:00",
    PARAMETERS: "10,000,000",
    STATE: "Runs elsewhere",
    SIZE: "8.88 MB",
}
SHARES = {NAME: (4, 140), NETWORK: (4, 120), DATA: (2, 72)}  # of the rest, and the least pixels


class RunsTable(QTableView):
    """Rows are chosen, several if wanted. Its actions are its keys and its menu."""

    chosen = Signal()  # other rows are chosen
    edited = Signal()  # a name's editor has closed

    def __init__(self, model: RunsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.runs_model = model
        self._before: set[Path] = set()  # what was chosen before the rows were set anew
        self._own_widths = False  # the person has set widths
        self._fitting = False
        model.modelAboutToBeReset.connect(self._remember)  # before the view forgets it
        self.setModel(model)
        model.modelReset.connect(self._choose_again)
        self._set_up()
        self.selectionModel().selectionChanged.connect(lambda *_: self.chosen.emit())

    @property
    def editing(self) -> bool:
        """Whether a name is being written."""
        return self.state() is QTableView.State.EditingState

    @property
    def runs(self) -> list[RunSummary]:
        """The chosen runs, in the order that is shown."""
        rows: set[int] = set()
        # selectedRows() would ask Python about every cell.
        for stretch in self.selectionModel().selection():  # type: ignore[attr-defined]
            rows.update(range(stretch.top(), stretch.bottom() + 1))
        return [self.runs_model.shown[row] for row in sorted(rows)]

    def choose(self, folders: set[Path]) -> None:
        """Choose the runs of these folders, as far as they are shown, and go to the first."""
        model, flag = self.runs_model, QItemSelectionModel.SelectionFlag
        rows = [row for row, run in enumerate(model.shown) if run.folder in folders]
        chosen = QItemSelection()
        for first, last in _stretches(rows):
            chosen.select(model.index(first, 0), model.index(last, SIZE))
        if rows:
            place = model.index(rows[0], max(self.currentIndex().column(), 0))
            self.selectionModel().setCurrentIndex(place, flag.NoUpdate)
        self.selectionModel().select(chosen, flag.ClearAndSelect)

    def choose_row(self, row: int) -> None:
        """Choose one row; the last one where there are fewer."""
        row = min(row, self.runs_model.rowCount() - 1)
        if row >= 0:
            self.setCurrentIndex(self.runs_model.index(row, 0))
            self.selectRow(row)

    def rename(self) -> None:
        """Edit the current run's name in place."""
        runs = self.selectionModel().selectedRows(NAME)
        if len(runs) == 1:
            self.setCurrentIndex(runs[0])
            self.edit(runs[0])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit_columns()

    def fit_columns(self) -> None:
        """Give numbers what they need, and the texts the rest; not over the person's own widths."""
        if self._own_widths:
            return
        self._fitting = True
        for column, widest in WIDEST.items():
            self.setColumnWidth(column, self._needed(column, widest))
        rest = self.viewport().width() - sum(map(self.columnWidth, WIDEST)) - 1
        whole = sum(share for share, _ in SHARES.values())
        for column, (share, least) in SHARES.items():
            self.setColumnWidth(column, max(rest * share // whole, least))
        self._fitting = False

    def _remember(self) -> None:
        self._before = {run.folder for run in self.runs}

    def _choose_again(self) -> None:
        self.choose(self._before)
        self.chosen.emit()

    def _needed(self, column: int, widest: str) -> int:
        wide = self.fontMetrics().horizontalAdvance
        title = str(self.runs_model.headerData(column, Qt.Orientation.Horizontal))
        arrow = ARROW if column == self.horizontalHeader().sortIndicatorSection() else 0
        return max(wide(widest), wide(title) + arrow) + PADDING

    def _note_widths(self) -> None:
        self._own_widths = self._own_widths or (not self._fitting and self.isVisible())

    def _set_up(self) -> None:
        self.setAccessibleName(self.tr("Runs"))
        self.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
        names = NameDelegate(self)
        names.closeEditor.connect(lambda *_: self.edited.emit())
        self.setItemDelegateForColumn(NAME, names)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.setWordWrap(False)
        self.setShowGrid(False)
        self.setAlternatingRowColors(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setHorizontalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.setSortingEnabled(True)
        self.sortByColumn(STARTED, Qt.SortOrder.DescendingOrder)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setHighlightSections(False)
        header.setMinimumSectionSize(40)
        header.sectionResized.connect(lambda *_: self._note_widths())
        header.sortIndicatorChanged.connect(lambda *_: self.fit_columns())
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 12)


def _stretches(rows: list[int]) -> list[tuple[int, int]]:
    """Give the first and the last of each stretch of rising rows without a gap."""
    stretches: list[tuple[int, int]] = []
    for row in rows:
        if stretches and stretches[-1][1] == row - 1:
            stretches[-1] = (stretches[-1][0], row)
        else:
            stretches.append((row, row))
    return stretches


class NameDelegate(QStyledItemDelegate):
    """A line to write a name in, no longer than names may be."""

    def createEditor(
        self,
        parent: QWidget,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> QWidget:
        del option, index
        line = QLineEdit(parent)
        line.setMaxLength(LONGEST_NAME)
        line.setAccessibleName(self.tr("Name of the run"))
        return line
