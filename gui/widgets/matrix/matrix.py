"""The confusion matrix as a control: it paints itself, and mouse and keys choose its parts."""

from __future__ import annotations

from itertools import product

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QToolTip, QWidget

from engine.analysis.mistakes import Cell
from gui.theme import LIGHT, Theme
from gui.widgets.matrix.drawing import LABELS, MatrixDrawing, Place
from gui.widgets.matrix.numbers import Ints, Numbers

NO_COUNTS = np.zeros((0, 0), dtype=np.int64)
NOTHING = Numbers((), NO_COUNTS, NO_COUNTS.astype(float), "images", np.arange(0))
STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class Matrix(QWidget):
    """Shows numbers and what is selected of them; tells what a person chooses.

    A click selects a cell, on a label its row or column, in the corner all errors; with Ctrl it
    adds or takes away, with Shift it makes a rectangle. Arrows move a current place, also onto the
    labels; Space adds or takes away what is there, Enter selects it alone, Shift with arrows makes
    a rectangle, E selects all errors, R all right answers, Esc nothing.
    """

    chosen = Signal(object)  # tuple[Cell, ...]: these and no others
    toggled = Signal(object)  # Cell: to be added or taken away

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Confusion matrix"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(150, 100)
        self.setMouseTracking(True)
        self.numbers = NOTHING
        self.cells: tuple[Cell, ...] = ()
        self.current: Place = (0, 0)
        self._anchor: Place = (0, 0)  # the corner of a rectangle that stays
        self._drags = False  # a rectangle, with the mouse
        self._theme = LIGHT
        self._drawing: MatrixDrawing | None = None

    def sizeHint(self) -> QSize:
        return QSize(320, 260)

    def show_numbers(self, numbers: Numbers) -> None:
        """Show other numbers, of the same classes or of others."""
        if len(numbers.names) != len(self.numbers.names):
            self.current = self._anchor = (0, 0)
        self.numbers = numbers
        self._renew()

    def show_cells(self, cells: tuple[Cell, ...]) -> None:
        """Show what is selected."""
        self.cells = cells
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Paint in the theme's colours."""
        self._theme = theme
        self._renew()

    @property
    def counts(self) -> Ints:
        """The images counted: (K, K), rows are true classes, columns predicted ones."""
        return self.numbers.counts

    def grid(self) -> QRectF:
        """Tell where the cells are, without the labels."""
        return self._drawn().grid

    def cell(self, place: Place) -> Cell:
        """Tell which part of the matrix is in a place."""
        row, column = place
        order = self.numbers.order
        return Cell(
            true=None if row == LABELS else int(order[row]),
            predicted=None if column == LABELS else int(order[column]),
        )

    def place(self, cell: Cell) -> Place:
        """Tell in which place a part of the matrix is."""
        places = {int(number): place for place, number in enumerate(self.numbers.order)}
        predicted = cell.true if cell.right else cell.predicted
        return (
            LABELS if cell.true is None else places[cell.true],
            LABELS if predicted is None else places[predicted],
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        drawing = self._drawn()
        drawing.paint(painter)
        if self.cells and drawing.size:
            drawing.paint_selection(painter, self.cells)
        if self.hasFocus() and drawing.size:
            drawing.paint_focus(painter, self.current)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._drawing = None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self._drawn().place(event.position())
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._drags = place is not None and not event.modifiers() & CONTROL
        if place is None:
            self.chosen.emit(())
        elif event.modifiers() & SHIFT:
            self._stretch(place)
        elif event.modifiers() & CONTROL:
            self._move(place)
            self.toggled.emit(self.cell(place))
        else:
            self._move(place)
            self._choose_only(self.cell(place))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._drags = False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = self._drawn().place(event.position())
        if place is None:
            QToolTip.hideText()
        elif self._drags:
            if place != self.current:
                self._stretch(place)
        else:
            words = self.numbers.words(self.cell(place))
            QToolTip.showText(event.globalPosition().toPoint(), words, self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if not self.numbers.names:
            super().keyPressEvent(event)
        elif key in STEPS:
            self._step(STEPS[key], stretch=bool(event.modifiers() & SHIFT))
        elif event.modifiers() & CONTROL:
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_Space:
            self.toggled.emit(self.cell(self.current))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose_only(self.cell(self.current))
        elif key in (Qt.Key.Key_E, Qt.Key.Key_R):
            self.chosen.emit((Cell(right=key == Qt.Key.Key_R),))
        elif key == Qt.Key.Key_Escape and self.cells:
            self.chosen.emit(())
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Keep the keys that are plain letters from being taken as the window's shortcuts."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = not event.modifiers() & (CONTROL | Qt.KeyboardModifier.AltModifier)
            keys = (Qt.Key.Key_E, Qt.Key.Key_R, Qt.Key.Key_Space)
            if plain and Qt.Key(event.key()) in keys:
                event.accept()
                return True
        return super().event(event)

    def _step(self, step: Place, *, stretch: bool) -> None:
        first, last = (0 if stretch else LABELS), len(self.numbers.names) - 1
        row, column = (
            min(max(now + by, first), last) for now, by in zip(self.current, step, strict=True)
        )
        if stretch:
            self._stretch((row, column))
        else:
            self._move((row, column))

    def _move(self, place: Place) -> None:
        self._anchor = place
        self._go(place)

    def _go(self, place: Place) -> None:
        self.current = place
        self.setAccessibleDescription(self.numbers.words(self.cell(place)))
        self.update()

    def _stretch(self, place: Place) -> None:
        """Select the rectangle between the place where it was begun and this one."""
        self._go(place)
        rows, columns = (
            range(max(min(ends), 0), max(ends) + 1)
            for ends in zip(self._anchor, place, strict=True)
        )
        cells = (
            self.cell((row, column))
            for row, column in product(rows, columns)
            if row != column or self.numbers.diagonal
        )
        self.chosen.emit(tuple(cells))

    def _choose_only(self, cell: Cell) -> None:
        self.chosen.emit(() if self.cells == (cell,) else (cell,))

    def _renew(self) -> None:
        self._drawing = None
        self.update()

    def _drawn(self) -> MatrixDrawing:
        if self._drawing is None:
            area = QRectF(QPointF(0, 0), self.size().toSizeF())
            self._drawing = MatrixDrawing(self.numbers, self._theme, area)
        return self._drawing
