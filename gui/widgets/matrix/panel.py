"""A confusion matrix with what stands around it: legend, most confused pairs, or all as a table."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from engine.analysis.classification import most_confused
from engine.analysis.mistakes import Cell
from gui.theme import SPACING, Theme
from gui.widgets.matrix.legend import Legend
from gui.widgets.matrix.matrix import Matrix
from gui.widgets.matrix.numbers import Numbers
from gui.widgets.matrix.pairs import PairsList
from gui.widgets.matrix.table import MatrixTable

MOST_PAIRS = 50
ROOM_FOR_PAIRS = 560  # pixels of the panel's width
FLAT = 1.8  # width over height, from where on the legend stands beside the matrix
SIDE_WIDTH = 124  # pixels of a legend beside the matrix
PAIRS_SHARE = 0.34  # of the width, for the pairs
PAIRS_WIDTH = 160  # pixels of them at least
ANY_WIDTH = 16777215  # Qt's own limit, which takes a smaller one away


class MatrixPanel(QWidget):
    """Shows the same numbers in all its parts, each of which chooses cells."""

    chosen = Signal(object)  # tuple[Cell, ...]: these and no others
    toggled = Signal(object)  # Cell: to be added or taken away
    copy_wanted = Signal()
    pairs_shown = Signal(bool)  # whether the most confused pairs are to be seen from now on

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.matrix = Matrix()
        self.table = MatrixTable()
        self.pairs = PairsList()
        self.pairs.hide()
        self.legend = Legend()
        self._as_table = False
        self._pairs_wanted: bool | None = None  # None: where there is room
        self._lay_out()
        for part in (self.matrix, self.legend, self.pairs, self.table):
            part.chosen.connect(self.chosen)
        self.matrix.toggled.connect(self.toggled)
        for part in (self.matrix, self.pairs, self.table):
            part.installEventFilter(self)

    def show_numbers(self, numbers: Numbers) -> None:
        """Show other numbers."""
        self.matrix.show_numbers(numbers)
        self.legend.show_numbers(numbers)
        self._fill()

    def show_cells(self, cells: tuple[Cell, ...]) -> None:
        """Show what is selected."""
        self.matrix.show_cells(cells)
        self.pairs.show_cells(cells)

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self.matrix.set_theme(theme)
        self.legend.set_theme(theme)

    def set_table(self, table: bool) -> None:
        """Show the numbers as a table, or as colours again."""
        self._as_table = table
        self._face.setCurrentIndex(int(table))
        self._fill()
        self._arrange()

    def set_pairs(self, pairs: bool) -> None:
        """Let the most confused pairs stand beside the matrix, or not. Before anybody asks for the
        one or the other they stand there where there is much room.
        """
        self._pairs_wanted = pairs
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Copy with the keys that elsewhere copy layers."""
        if isinstance(event, QKeyEvent) and event.matches(QKeySequence.StandardKey.Copy):
            if event.type() == QEvent.Type.KeyPress:
                self.copy_wanted.emit()
            event.accept()
            return True
        return super().eventFilter(watched, event)

    def _fill(self) -> None:
        """Fill what is not always in sight."""
        numbers = self.matrix.numbers
        if self._as_table:
            self.table.show_numbers(numbers)
        if not self.pairs.isHidden():
            self.pairs.show_pairs(most_confused(numbers.counts, MOST_PAIRS), numbers.names)

    def _arrange(self) -> None:
        """Put legend and pairs beside the matrix, if there is room, or the legend under it."""
        wanted = self._pairs_wanted
        pairs = self.width() >= ROOM_FOR_PAIRS if wanted is None else wanted
        beside = pairs or self.width() > FLAT * self.height()
        direction = QBoxLayout.Direction
        self._body.setDirection(direction.LeftToRight if beside else direction.TopToBottom)
        side = max(round(PAIRS_SHARE * self.width()), PAIRS_WIDTH) if pairs else SIDE_WIDTH
        self._side.setMaximumWidth(side if beside else ANY_WIDTH)
        self._side.setHidden(self._as_table and not pairs)
        self.legend.arrange(beside=beside, narrow=beside and not pairs)
        self.legend.setHidden(self._as_table)
        self._gap.setHidden(pairs or not beside)
        if self.pairs.isHidden() == pairs:
            self.pairs.setHidden(not pairs)
            self._fill()
            self.pairs_shown.emit(pairs)

    def _lay_out(self) -> None:
        faces = QWidget()
        self._face = QStackedLayout(faces)
        self._face.addWidget(self.matrix)
        self._face.addWidget(self.table)
        self._side = QWidget()
        self._gap = QWidget()  # keeps the legend at the bottom, where no pairs are above it
        self._side.setMinimumWidth(SIDE_WIDTH)
        side = QVBoxLayout(self._side)
        side.setContentsMargins(0, 0, 0, 0)
        side.addWidget(self.pairs, 1)
        side.addWidget(self._gap, 1)
        side.addWidget(self.legend)
        self._body = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._body.setContentsMargins(0, 0, 0, 0)
        self._body.setSpacing(SPACING // 2)
        self._body.addWidget(faces, 2)
        self._body.addWidget(self._side)
