"""Precision, recall and F1 of each class and their means, as tables that screen readers read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QFrame, QHeaderView, QLabel, QTableView, QVBoxLayout, QWidget

from engine.analysis.classification import (
    Averages,
    PerClass,
    averages,
    confusion_matrix,
    per_class,
)
from engine.training.events import Evaluated
from engine.training.history import Run
from gui.selection import Selection
from gui.theme import MARGIN, Theme
from gui.widgets.item_rows import ROLE, Cell, Column, ItemRows
from gui.widgets.rates.class_rows import CLASS, ClassRows

WIDEST_NUMBER = "100.00"
UNIT = " %"
CELL_PADDING = 8  # pixels beside a number, so that neighbours stay apart
ARROW = 14  # pixels of the arrow in the title of the column that is sorted by
NARROWEST_NAME = 64  # pixels of the first column; below that there are no units
NARROWEST_OF_ALL = 56  # the same without units; below that the table scrolls sideways
NAME, PRECISION = range(2)  # columns
MEANS = 2  # rows of them
TEXT, HELP, VALUE = ROLE.DisplayRole, ROLE.ToolTipRole, ROLE.UserRole

AnyIndex = QModelIndex | QPersistentModelIndex


class RatesTable(QWidget):
    """An evaluation by class, sortable, over its means. The chosen rows are the true classes."""

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = RateRows(self)
        self.sorted = QSortFilterProxyModel(self)
        self.sorted.setSourceModel(self.model)
        self.sorted.setSortRole(Qt.ItemDataRole.UserRole)
        self.means = RateRows(self)
        self.said = QLabel()
        self.said.setObjectName("muted")
        self.said.setIndent(MARGIN)
        self.said.setWordWrap(True)
        self.table = _table(self.sorted, self.tr("Rates by class"))
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(NAME, Qt.SortOrder.AscendingOrder)
        self.foot = _table(self.means, self.tr("Means of the rates"))
        self.rows = ClassRows(self.table, selection)
        self._drawn: Evaluated | None = None
        self._set_up_foot()
        self._add_copy()
        self._lay_out()
        self.table.viewport().installEventFilter(self)
        self.table.horizontalHeader().sortIndicatorChanged.connect(self._fit_columns)

    def show_evaluation(self, run: Run, evaluation: Evaluated) -> None:
        """Show an evaluation's rates, if they are not shown already."""
        if evaluation is self._drawn:
            return
        self._drawn = evaluation
        names = run.project.data.source.class_names
        matrix = confusion_matrix(evaluation.labels, evaluation.predicted, len(names))
        means = averages(matrix)
        self.model.show_rates(per_class(matrix), names)
        self.means.show_means(means, len(evaluation.rows))
        self.said.setText(self._words(evaluation, means))
        self.rows.mark()

    def clear(self) -> None:
        """Show nothing: there is no evaluation."""
        self._drawn = None
        self.model.show_nothing()

    def set_theme(self, theme: Theme) -> None:
        """A table follows the palette by itself."""

    def text(self) -> str:
        """Write the table in the order that is shown, with tabs, for a spreadsheet."""
        columns = range(self.model.columnCount())
        rows = [
            [_plain(model.index(row, column)) for column in columns]
            for model in (self.sorted, self.means)
            for row in range(model.rowCount())
        ]
        titles = [column.title for column in self.model.columns]
        return "".join("\t".join(row) + "\n" for row in (titles, *rows))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.FontChange):
            self._fit_columns()
        return super().eventFilter(watched, event)

    def _fit_columns(self) -> None:
        """Give numbers the width that they need, and the rest to the names, in both tables; where
        that is too little, there are no units, and room for one arrow only.
        """
        room, widths = self.table.viewport().width(), self._widths(WIDEST_NUMBER + UNIT, ARROW)
        short = room < sum(widths) + NARROWEST_NAME
        if short:
            widths = self._widths(WIDEST_NUMBER, 0)
            by = self.sorted.sortColumn()
            widths[max(by, PRECISION) - PRECISION] += ARROW if by >= PRECISION else 0
        name = max(room - sum(widths), NARROWEST_OF_ALL)
        for model in (self.model, self.means):
            model.show_units(not short)
        for column, width in enumerate([name, *widths]):
            self.table.setColumnWidth(column, width)
            self.foot.setColumnWidth(column, width)

    def _widths(self, widest: str, arrow: int) -> list[int]:
        """Compute what the columns of numbers need."""
        wide = self.fontMetrics().horizontalAdvance
        number = wide(widest) + CELL_PADDING
        titles = [column.title for column in self.model.columns[PRECISION:]]
        return [max(number, wide(title) + arrow + CELL_PADDING) for title in titles]

    def _words(self, evaluation: Evaluated, means: Averages) -> str:
        words = self.tr("Accuracy {accuracy:.2f} % of a sample of {count:,}, epoch {epoch}")
        if evaluation.whole:
            words = (
                self.tr("Accuracy {accuracy:.2f} % of 1 image, epoch {epoch}")
                if len(evaluation.rows) == 1
                else self.tr("Accuracy {accuracy:.2f} % of {count:,} images, epoch {epoch}")
            )
        return words.format(
            accuracy=100 * means.accuracy, count=len(evaluation.rows), epoch=evaluation.epoch
        )

    def _set_up_foot(self) -> None:
        """The means stand still below the classes, however these are sorted and scrolled."""
        foot, off = self.foot, Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        foot.horizontalHeader().hide()
        foot.setVerticalScrollBarPolicy(off)
        foot.setHorizontalScrollBarPolicy(off)
        foot.setSelectionMode(QTableView.SelectionMode.NoSelection)
        rows = MEANS * foot.verticalHeader().defaultSectionSize()
        foot.setFixedHeight(rows + 2 * foot.frameWidth())
        sideways = self.table.horizontalScrollBar()
        sideways.valueChanged.connect(foot.horizontalScrollBar().setValue)

    def _add_copy(self) -> None:
        copy = QAction(self.tr("Copy the table"), self)
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        copy.triggered.connect(lambda: QGuiApplication.clipboard().setText(self.text()))
        self.addAction(copy)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def _lay_out(self) -> None:
        line = QFrame()
        line.setObjectName("line")
        line.setFrameShape(QFrame.Shape.HLine)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.said)
        column.addSpacing(2)
        column.addWidget(self.table, 1)
        column.addWidget(line)
        column.addWidget(self.foot)


class RateRows(ItemRows):
    """Rows of a name, three rates and a count of images."""

    def __init__(self, parent: QObject | None = None) -> None:
        columns = (
            Column(self.tr("Class"), words=True),
            Column(
                self.tr("Precision"), self.tr("Of the images called this class, the share that is")
            ),
            Column(
                self.tr("Recall"), self.tr("Of the images of this class, the share that was found")
            ),
            Column(self.tr("F1"), self.tr("The harmonic mean of precision and recall")),
            Column(self.tr("Images"), self.tr("Images of this class in the evaluation")),
        )
        super().__init__(columns, parent)
        self._units = True
        self._rows: list[list[Cell]] = []

    def show_rates(self, rates: PerClass, names: Sequence[str]) -> None:
        """Show a row for each class."""
        columns = (rates.precision, rates.recall, rates.f1, rates.support)
        numbers = zip(*(column.tolist() for column in columns), strict=True)
        self._show(
            [
                _row(name, name, row, values, {CLASS: row})
                for row, (name, values) in enumerate(zip(names, numbers, strict=True))
            ]
        )

    def show_means(self, means: Averages, count: int) -> None:
        """Show a row for the macro mean and one for the weighted mean, over so many images."""
        macro = self.tr("The mean over the classes, each of which counts as much as any other")
        weighted = self.tr("The mean over the classes, each of which counts by its images")
        rows = (
            (self.tr("Macro mean"), means.macro, macro),
            (self.tr("Weighted mean"), means.weighted, weighted),
        )
        self._show(
            [
                _row(name, words, 0, (mean.precision, mean.recall, mean.f1, count), {HELP: words})
                for name, mean, words in rows
            ]
        )

    def show_nothing(self) -> None:
        """Show no rows: there is no evaluation."""
        self._show([])

    def show_units(self, units: bool) -> None:
        """Write the sign for percent behind each rate, or leave it out."""
        if units != self._units:
            self._units = units
            self._show(self._rows)

    def _show(self, rows: list[list[Cell]]) -> None:
        """Show rows whose cells have a name or a number each."""
        self._rows = rows
        self.show_rows([[{TEXT: self._shown(cell[VALUE]), **cell} for cell in row] for row in rows])

    def _shown(self, value: float | int) -> str:
        unit = UNIT if self._units else ""
        return f"{100 * value:.2f}{unit}" if isinstance(value, float) else f"{value:,}"


def _row(
    name: str, words: str, place: int, values: Iterable[float | int], all_tell: Cell
) -> list[Cell]:
    """Make a row that is sorted by its place or by a value, and of which all cells tell the same
    beside.
    """
    first: Cell = {TEXT: name, HELP: words, VALUE: place, **all_tell}
    return [first, *({VALUE: value, **all_tell} for value in values)]


def _table(model: RateRows | QSortFilterProxyModel, title: str) -> QTableView:
    """Make a table that neither wraps nor cuts its numbers."""
    table = QTableView()
    table.setModel(model)
    table.setAccessibleName(title)
    table.setWordWrap(False)
    table.setCornerButtonEnabled(False)
    table.setTabKeyNavigation(False)
    table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
    table.setHorizontalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
    table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    table.horizontalHeader().setHighlightSections(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 8)
    return table


def _plain(index: AnyIndex) -> str:
    value = index.data(Qt.ItemDataRole.UserRole)
    if index.column() == NAME:
        return " ".join(str(index.data()).split())  # a name's tab or new line would be read as ours
    return f"{value:.4f}" if isinstance(value, float) else str(value)
