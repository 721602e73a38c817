"""Precision, recall and F1 of each class, as a table that also a screen reader can read."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    QTimer,
)
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QHeaderView, QStackedLayout, QTableView, QWidget

from engine.analysis.classification import PerClass, confusion_matrix, per_class
from engine.training.events import Evaluated
from engine.training.history import Kind, Run
from gui.in_sight import in_sight
from gui.selection import Cell, Selection
from gui.widgets.empty_state import EmptyState

SHOWN = frozenset[Kind]({"started", "evaluation", "end"})
AnyIndex = QModelIndex | QPersistentModelIndex


class PerClassView(QWidget):
    """The newest evaluation by class; a click on a row selects that true class."""

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.selection = selection
        self.model = PerClassModel(self)
        self.sorted = QSortFilterProxyModel(self)
        self.sorted.setSourceModel(self.model)
        self.sorted.setSortRole(Qt.ItemDataRole.UserRole)
        self.table = QTableView()
        self.table.setModel(self.sorted)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.table.verticalHeader().hide()
        self.table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.setAccessibleName(self.tr("Rates by class"))
        self.table.clicked.connect(self._clicked)
        selection.set_changed.connect(self._show_new)
        self._run: Run | None = None
        self._shown: Evaluated | None = None
        self._stale = False
        empty = EmptyState(self.tr("Here you will see how well each class is recognised."))
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(empty)
        self._stack.addWidget(self.table)

    def show_run(self, run: Run, kinds: frozenset[Kind]) -> None:
        """Show the newest evaluation, if it is another one and can be seen."""
        self._run = run
        if kinds & SHOWN:
            self._show_new()

    def showEvent(self, event: object) -> None:
        self._show_new()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._stale:  # it was covered by another until now
            QTimer.singleShot(0, self, self._show_new)

    def _show_new(self) -> None:
        run = self._run
        self._stale = run is not None and not in_sight(self)
        if run is None or self._stale:
            return
        newest = run.evaluation(self.selection.of)
        if newest is self._shown:
            return
        self._shown = newest
        self._stack.setCurrentIndex(0 if newest is None else 1)
        self.model.show_evaluation(newest, run.project.data.source.class_names)

    def _clicked(self, index: QModelIndex) -> None:
        self.selection.select_cell(Cell(true=self.sorted.mapToSource(index).row()))


class PerClassModel(QAbstractTableModel):
    """One row a class."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._rates: PerClass | None = None
        self._titles = (
            self.tr("Class"),
            self.tr("Precision"),
            self.tr("Recall"),
            self.tr("F1"),
            self.tr("Images"),
        )
        self._help = (
            "",
            self.tr("Of the images called this class, the share that is"),
            self.tr("Of the images of this class, the share that was found"),
            self.tr("The harmonic mean of precision and recall"),
            self.tr("Images of this class in the evaluation"),
        )

    def show_evaluation(self, evaluation: Evaluated | None, names: tuple[str, ...]) -> None:
        """Show an evaluation's rates, or nothing; rows of the same classes stay where they are."""
        names = names if evaluation is not None else ()
        if evaluation is not None:
            matrix = confusion_matrix(evaluation.labels, evaluation.predicted, len(names))
            self._rates = per_class(matrix)
        if names == self._names and names:
            last = self.index(len(names) - 1, len(self._titles) - 1)
            self.dataChanged.emit(self.index(0, 0), last)
            return
        self.beginResetModel()
        self._names = names
        self.endResetModel()

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(self._names)

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(self._titles)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        value = self._value(index.row(), index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{100 * value:.2f} %" if isinstance(value, float) else self._text(index)
        if role == Qt.ItemDataRole.UserRole:
            return value
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() > 0:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section]
        return self._help[section] if role == Qt.ItemDataRole.ToolTipRole else None

    def _value(self, row: int, column: int) -> float | int:
        assert self._rates is not None
        if column == 0:
            return row
        rates = self._rates
        if column == 4:
            return int(rates.support[row])
        return float((rates.precision, rates.recall, rates.f1)[column - 1][row])

    def _text(self, index: AnyIndex) -> str:
        if index.column() == 0:
            return self._names[index.row()]
        return f"{self._value(index.row(), index.column()):,}"
