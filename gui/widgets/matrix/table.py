"""The confusion matrix as a table of numbers: for screen readers, for the clipboard, for a file."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from html import escape
from io import StringIO

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QTableView, QWidget

from engine.analysis.mistakes import Cell
from engine.store.exports import harmless
from gui.widgets.matrix.matrix import NOTHING
from gui.widgets.matrix.numbers import Floats, Numbers

AnyIndex = QModelIndex | QPersistentModelIndex
WIDTHS = 26, 90  # pixels of a column: the least and the most
PADDING = 7  # pixels of a column beside its longest text
LETTERS = 11  # pixels: ten classes of four digits fit 400 pixels
ROW_HEIGHT = 21


class MatrixTable(QTableView):
    """Rows are true classes, columns predicted ones, each with how many images it has."""

    chosen = Signal(object)  # tuple[Cell, ...]

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cells = MatrixModel(self)
        self.setModel(self.cells)
        self.setAccessibleName(
            self.tr("Confusion matrix as a table: a row for each true class, predicted ones across")
        )
        self.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self._set_letters()
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.horizontalHeader().setMinimumSectionSize(WIDTHS[0])
        self.clicked.connect(self._choose)
        self.activated.connect(self._choose)

    def show_numbers(self, numbers: Numbers) -> None:
        """Show other numbers, in columns as wide as their names and values ask for."""
        self.cells.show_numbers(numbers)
        counts, header = numbers.counts, self.horizontalHeader()
        texts = [numbers.text(float(value)) for value in _ends(numbers.values)]
        texts += [*numbers.names, str(counts.sum(axis=0).max(initial=0))]
        width = self._width(texts)
        if width != header.defaultSectionSize():
            header.setDefaultSectionSize(width)
        if numbers.names:
            header.resizeSection(len(numbers.names), self._width([str(counts.sum())]))

    def _set_letters(self) -> None:
        font = self.font()
        font.setPixelSize(LETTERS)
        for part in (self, self.horizontalHeader(), self.verticalHeader()):
            part.setFont(font)

    def _width(self, texts: Sequence[str]) -> int:
        """Give the width of a column, in pixels, in which these texts fit."""
        widest = max(map(self.fontMetrics().horizontalAdvance, texts))
        return min(max(widest + PADDING, WIDTHS[0]), WIDTHS[1])

    def _choose(self, index: QModelIndex) -> None:
        self.chosen.emit((self.cells.cell(index),))


class MatrixModel(QAbstractTableModel):
    """The cells as they are shown, and the images of each row and column at their ends."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._numbers = NOTHING

    def show_numbers(self, numbers: Numbers) -> None:
        """Show other numbers; those of the same classes stay where they are."""
        before, self._numbers = self._numbers, numbers
        if before.names != numbers.names:
            self.beginResetModel()
            self.endResetModel()
            return
        last = len(numbers.names)
        self.dataChanged.emit(self.index(0, 0), self.index(last, last))
        for orientation in Qt.Orientation:
            self.headerDataChanged.emit(orientation, 0, last)

    def cell(self, index: AnyIndex) -> Cell:
        """Tell which part of the matrix a cell of the table is; a sum is all that it sums up."""
        true, predicted = self._class(index.row()), self._class(index.column())
        return Cell(true, predicted)

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() or not self._numbers.names else len(self._numbers.names) + 1

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return self.rowCount(parent)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(self._class(index.row()), self._class(index.column()))
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._numbers.words(self.cell(index))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        number = self._class(section)
        if number is None:
            words = self.tr("all images")
            return words if role == Qt.ItemDataRole.ToolTipRole else self.tr("all")
        name = self._numbers.names[number]
        if role == Qt.ItemDataRole.DisplayRole:
            return name
        words = (
            self.tr("predicted {name}")
            if orientation == Qt.Orientation.Horizontal
            else self.tr("true {name}")
        )
        return words.format(name=name)

    def _class(self, place: int) -> int | None:
        order = self._numbers.order
        return int(order[place]) if 0 <= place < len(order) else None

    def _text(self, true: int | None, predicted: int | None) -> str:
        numbers = self._numbers
        if true is None or predicted is None:
            rows = slice(None) if true is None else true
            columns = slice(None) if predicted is None else predicted
            return str(numbers.counts[rows, columns].sum())
        if true == predicted and not numbers.diagonal:
            return ""
        value = float(numbers.values[true, predicted])
        return numbers.text(value) if value else "0"  # the unit is said above, and in the words


def _ends(values: Floats) -> tuple[float, float]:
    return float(values.min(initial=0)), float(values.max(initial=0))


def rows_of(numbers: Numbers) -> list[list[str]]:
    """Write a matrix as rows of a table: names in front and on top, values plain, sums at the ends.

    A share is written as 0..1, everything with a point as decimal mark.
    """
    names = [harmless(numbers.names[number]) for number in numbers.order]
    values, counts = numbers.placed(numbers.values), numbers.placed(numbers.counts)
    whole = numbers.unit in ("images", "more images")
    rows = [["true \\ predicted", *names, "images"]]
    for name, row, images in zip(names, values, counts.sum(axis=1), strict=True):
        rows.append([name, *(f"{value:.0f}" if whole else f"{value:.6g}" for value in row)])
        rows[-1].append(str(images))
    rows.append(["images", *(str(count) for count in counts.sum(axis=0)), str(counts.sum())])
    return rows


def as_tabbed(rows: list[list[str]]) -> str:
    """Write rows as text that a spreadsheet takes from the clipboard."""
    return "\n".join("\t".join(" ".join(text.split()) for text in row) for row in rows) + "\n"


def as_html(rows: list[list[str]]) -> str:
    """Write rows as a table that a document takes from the clipboard."""
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows
    )
    return f"<table>{body}</table>"


def as_csv(rows: list[list[str]]) -> str:
    """Write rows as comma-separated values (RFC 4180)."""
    text = StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
