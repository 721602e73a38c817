"""Rows of a table that Qt keeps itself: of a model in Python a table asks each of its cells some
ten things whenever it is painted, which took most of the time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QSignalBlocker, Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel

ROLE = Qt.ItemDataRole
FLAGS = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
MIDDLE = Qt.AlignmentFlag.AlignVCenter

Cell = Mapping[int, Any]  # what a cell tells, by role


@dataclass(frozen=True)
class Column:
    """What stands above a column, what its tooltip says, and whether it holds words, which begin
    at the left.
    """

    title: str
    help_text: str = ""
    words: bool = False

    @property
    def alignment(self) -> Qt.AlignmentFlag:
        """Where title and cells stand."""
        side = Qt.AlignmentFlag.AlignLeft if self.words else Qt.AlignmentFlag.AlignRight
        return side | MIDDLE


class ItemRows(QStandardItemModel):
    """A table that is filled with all its rows at once, and only looked at."""

    def __init__(self, columns: Sequence[Column], parent: QObject | None = None) -> None:
        super().__init__(0, len(columns), parent)
        self.columns = tuple(columns)
        self._all: list[Cell] = [{ROLE.TextAlignmentRole: each.alignment} for each in columns]
        untouched = QStandardItem()
        untouched.setFlags(FLAGS)
        self.setItemPrototype(untouched)
        for section, column in enumerate(columns):
            for role, value in (
                (ROLE.DisplayRole, column.title),
                (ROLE.ToolTipRole, column.help_text),
                (ROLE.TextAlignmentRole, column.alignment),
            ):
                self.setHeaderData(section, Qt.Orientation.Horizontal, value, role)

    def show_rows(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Show these rows, and tell of it once; those that were there stay where they are."""
        count = len(rows)
        self.setRowCount(count)
        with QSignalBlocker(self):
            for place, row in enumerate(rows):
                for column, cell in enumerate(row):
                    self.setItemData(self.index(place, column), {**self._all[column], **cell})
        if count:
            self.dataChanged.emit(self.index(0, 0), self.index(count - 1, len(self.columns) - 1))
