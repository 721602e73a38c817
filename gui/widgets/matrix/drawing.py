"""Paints a confusion matrix into a rectangle, of the screen or of a page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import ceil

import numpy as np
from PySide6.QtCore import QCoreApplication, QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QLinearGradient, QPainter, QPen

from engine.analysis.mistakes import Cell, covered
from gui.theme import Theme, between, ink_on
from gui.widgets.matrix.numbers import Numbers

FLATTEST = 1.8  # width over height of a cell
SHADES = 200
FAINTEST = 0.12  # of a scale: a single error shows beside a hundred
LARGEST, SMALLEST = 13, 8  # pixels of a number; where it would be smaller, there is none
LABEL = 11  # pixels of a label's letters
LINE = 15  # pixels of a line of labels
WIDEST_LABEL = 92  # pixels
LEAST_NAME = 26  # pixels that a name needs to be told from others when it is cut off
LABELS = -1  # the place of the labels, before the first row or column

Place = tuple[int, int]  # row and column as they are shown, from 0; LABELS for the labels


@dataclass(frozen=True, eq=False)
class MatrixDrawing:
    """Where everything of a matrix is in an area, and how it is painted there.

    All cells are painted by one painter: ten times as fast as an item each. Diagonal and errors
    have a scale of their own, so that single errors show beside thousands of right answers.
    """

    numbers: Numbers
    theme: Theme
    area: QRectF

    @cached_property
    def grid(self) -> QRectF:
        """Where the cells are: all the room that labels leave, if that is not too flat."""
        left, top = self._row_labels + LINE + 8, self._column_labels + LINE + 3
        width = max(self.area.width() - left - 4, 10.0)
        height = max(self.area.height() - top - 4, 10.0)
        corner = self.area.topLeft() + QPointF(left, top)
        width, height = min(width, FLATTEST * height), min(height, width)
        return QRectF(corner.x(), corner.y(), width, height)

    @property
    def size(self) -> int:
        """The number of classes."""
        return len(self.numbers.names)

    @property
    def width(self) -> float:
        """Of a cell, in pixels."""
        return self.grid.width() / max(self.size, 1)

    @property
    def height(self) -> float:
        """Of a cell, in pixels."""
        return self.grid.height() / max(self.size, 1)

    def place(self, point: QPointF) -> Place | None:
        """Find the cell or the label under a point."""
        grid = self.grid
        inside = self.area.topLeft().x() <= point.x() < grid.right() and point.y() < grid.bottom()
        if self.size == 0 or not inside:
            return None
        row = int((point.y() - grid.top()) // self.height)
        column = int((point.x() - grid.left()) // self.width)
        last = self.size - 1
        return min(max(row, LABELS), last), min(max(column, LABELS), last)

    def part(self, place: Place) -> QRectF:
        """Find the area of a cell or of a label."""
        grid, (row, column) = self.grid, place
        x = grid.left() + column * self.width if column >= 0 else grid.left() - self._row_labels - 3
        y = grid.top() + row * self.height if row >= 0 else grid.top() - self._column_labels - 2
        width = self.width if column >= 0 else self._row_labels + 1
        height = self.height if row >= 0 else self._column_labels
        return QRectF(x, y, width, height)

    def paint(self, painter: QPainter) -> None:
        """Paint cells, labels and frame."""
        if self.size == 0:
            return
        self._paint_lines(painter)
        self._paint_cells(painter)
        self._paint_labels(painter)
        painter.setPen(QPen(QColor(self.theme.border), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(self.grid)

    def paint_selection(self, painter: QPainter, cells: tuple[Cell, ...]) -> None:
        """Draw a line around what these parts cover."""
        marks = self.numbers.placed(covered(cells, self.size))
        width, height, left, top = self.width, self.height, self.grid.left(), self.grid.top()
        lines = [
            QLineF(left + c * width, top + r * height, left + (c + 1) * width, top + r * height)
            for r, c in _edges(marks)
        ]
        lines += [
            QLineF(left + c * width, top + r * height, left + c * width, top + (r + 1) * height)
            for c, r in _edges(marks.T)
        ]
        cap = Qt.PenCapStyle.SquareCap
        painter.setPen(QPen(QColor(self.theme.text), 2, Qt.PenStyle.SolidLine, cap))
        painter.drawLines(lines)

    def paint_focus(self, painter: QPainter, place: Place) -> None:
        """Draw the frame of the place where the keyboard is."""
        within = 0 if LABELS in place else 1.5  # of a label, its letters need the room
        part = self.part(place).adjusted(within, within, -within, -within)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for color, style in (
            (self.theme.panel, Qt.PenStyle.SolidLine),
            (self.theme.text, Qt.PenStyle.DashLine),
        ):
            painter.setPen(QPen(QColor(color), 2, style))
            painter.drawRect(part)

    def _paint_lines(self, painter: QPainter) -> None:
        if min(self.width, self.height) < 10:
            return
        grid = self.grid
        painter.setPen(QPen(QColor(self.theme.grid), 1))
        for number in range(1, self.size):
            x, y = grid.left() + number * self.width, grid.top() + number * self.height
            painter.drawLine(QLineF(x, grid.top(), x, grid.bottom()))
            painter.drawLine(QLineF(grid.left(), y, grid.right(), y))

    def _paint_cells(self, painter: QPainter) -> None:
        numbers, theme, grid = self.numbers, self.theme, self.grid
        width, height, left, top = self.width, self.height, grid.left(), grid.top()
        gap = 0.5 if min(width, height) >= 4 else 0.0  # a tiny cell is not to vanish
        strengths, values = numbers.placed(numbers.strengths), numbers.placed(numbers.values)
        levels = np.rint(strengths * SHADES).astype(int).tolist()
        font = self._number_font()
        painter.setFont(font or _font(SMALLEST))
        for row, column in zip(*(side.tolist() for side in np.nonzero(strengths)), strict=True):
            if row == column and not numbers.diagonal:
                continue
            area = QRectF(
                left + column * width + gap, top + row * height + gap, width - gap, height - gap
            )
            blue = levels[row][column] >= 0 if numbers.signed else row == column
            scale = theme.right if blue else theme.wrong
            color, ink = _shade(scale, abs(levels[row][column]))
            painter.fillRect(area, color)
            if font:
                painter.setPen(ink)
                text = numbers.text(float(values[row, column]))
                painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)
        if not numbers.diagonal:
            self._paint_no_diagonal(painter)

    def _paint_no_diagonal(self, painter: QPainter) -> None:
        for number in range(self.size):
            painter.fillRect(self.part((number, number)), QColor(self.theme.grid))

    def _paint_labels(self, painter: QPainter) -> None:
        painter.setPen(QColor(self.theme.muted))
        painter.setFont(_font(LABEL))
        self._paint_row_labels(painter)
        self._paint_column_labels(painter)
        translate, middle, grid = (
            QCoreApplication.translate,
            Qt.AlignmentFlag.AlignCenter,
            self.grid,
        )
        title = QRectF(grid.left(), self.area.top(), max(grid.width(), 60), LINE)
        painter.drawText(title, middle, translate("Matrix", "predicted"))
        painter.save()
        painter.translate(self.area.left() + LINE / 2 + 1, grid.center().y())
        painter.rotate(-90)
        painter.drawText(QRectF(-60, -8, 120, 16), middle, translate("Matrix", "true"))
        painter.restore()

    def _paint_row_labels(self, painter: QPainter) -> None:
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for row in range(0, self.size, ceil((LABEL + 1) / self.height)):
            part = self.part((row, LABELS))
            room = QRectF(part.left(), part.center().y() - 8, part.width() - 3, 16)
            painter.drawText(room, flags, self._cut(row, room.width()))

    def _paint_column_labels(self, painter: QPainter) -> None:
        every = self._every_column
        for column in range(0, self.size, every):
            part = self.part((LABELS, column))
            if not self._upright:
                room = QRectF(part.center().x() - every * self.width / 2, part.top(), 0, LINE)
                room.setWidth(every * self.width)
                name = self._cut(column, max(room.width() - 2, 8))
                painter.drawText(room, Qt.AlignmentFlag.AlignCenter, name)
                continue
            painter.save()
            painter.translate(part.center().x(), part.bottom())
            painter.rotate(-90)
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(
                QRectF(2, -8, part.height(), 16), flags, self._cut(column, part.height() - 2)
            )
            painter.restore()

    def _cut(self, place: int, width: float) -> str:
        name = self.numbers.names[int(self.numbers.order[place])]
        return QFontMetricsF(_font(LABEL)).elidedText(name, Qt.TextElideMode.ElideMiddle, width)

    @cached_property
    def _widest(self) -> float:
        metrics = QFontMetricsF(_font(LABEL))
        return max((metrics.horizontalAdvance(name) for name in self.numbers.names), default=0.0)

    @cached_property
    def _row_labels(self) -> float:
        return min(self._widest + 6, WIDEST_LABEL, self.area.width() / 4)

    @cached_property
    def _room(self) -> float:
        """About the width of a column, before it is known how high the labels are."""
        width = self.area.width() - self._row_labels - LINE - 12
        height = self.area.height() - 2 * LINE - 7
        return max(min(width, FLATTEST * height), 10.0) / max(self.size, 1)

    @cached_property
    def _upright(self) -> bool:
        """Whether the names of columns are turned, because they are wider than these."""
        return self._widest > max(self._room - 2, LEAST_NAME)

    @cached_property
    def _column_labels(self) -> float:
        return (
            min(self._widest + 6, WIDEST_LABEL, self.area.height() / 4) if self._upright else LINE
        )

    @property
    def _every_column(self) -> int:
        """Which columns have a name: every one, or every second, third, as far as they fit."""
        needed = LABEL + 2 if self._upright else min(self._widest + 4, LEAST_NAME)
        return max(1, ceil(needed / self.width))

    def _number_font(self) -> QFont | None:
        """The largest letters in which each number fits its cell; None where that is too small."""
        size = min(LARGEST, 0.72 * self.height)
        values = self.numbers.values
        texts = {self.numbers.text(float(value)) for value in (values.min(), values.max())}
        metrics = QFontMetricsF(_font(LARGEST))
        widest = max(metrics.horizontalAdvance(text) for text in texts)
        size = int(min(size, LARGEST * (self.width - 1) / widest))
        return _font(size) if size >= SMALLEST else None


def paint_scale(
    painter: QPainter, area: QRectF, numbers: Numbers, theme: Theme, right: bool
) -> None:
    """Paint the scale of the diagonal or of the errors, with the value at each end."""
    painter.setFont(_font(LABEL))
    painter.setPen(QColor(theme.muted))
    centre = Qt.AlignmentFlag.AlignVCenter
    if numbers.unchanged(right=right):
        words = QCoreApplication.translate("Matrix", "no difference")
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | centre, words)
        return
    low, high = numbers.ends(right=right)
    metrics = painter.fontMetrics()
    first, last = metrics.horizontalAdvance(low) + 5, metrics.horizontalAdvance(high) + 5
    painter.drawText(area, Qt.AlignmentFlag.AlignLeft | centre, low)
    bar = QRectF(area.left() + first, area.center().y() - 5, 0, 10)
    bar.setRight(min(area.right() - last, bar.left() + 90))
    gradient = QLinearGradient(bar.topLeft(), bar.topRight())
    for place, color in _stops(numbers.signed, theme, right):
        gradient.setColorAt(place, color)
    painter.fillRect(bar, gradient)
    painter.drawText(QRectF(bar.right() + 5, area.top(), last, area.height()), centre, high)


def _stops(signed: bool, theme: Theme, right: bool) -> list[tuple[float, QColor]]:
    """Where on a scale which colour is; between them it changes evenly."""
    ends = (0, SHADES)
    if not signed:
        scale = theme.right if right else theme.wrong
        return [(level / SHADES, _shade(scale, level)[0]) for level in ends]
    low, high = (theme.wrong, theme.right) if right else (theme.right, theme.wrong)
    return [
        (0.0, _shade(low, SHADES)[0]),
        (0.499, _shade(low, 0)[0]),
        (0.501, _shade(high, 0)[0]),
        (1.0, _shade(high, SHADES)[0]),
    ]


def _edges(marks: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> list[tuple[int, int]]:
    """Find where marks begin or end from row to row: (row of the edge, column)."""
    padded = np.pad(marks.astype(np.int8), ((1, 1), (0, 0)))
    rows, columns = np.nonzero(np.diff(padded, axis=0))
    return list(zip(rows.tolist(), columns.tolist(), strict=True))


@lru_cache(maxsize=8 * SHADES)
def _shade(scale: tuple[str, str], level: int) -> tuple[QColor, QColor]:
    """Give one of a scale's shades, and the ink to write on it."""
    color = between(scale, FAINTEST + (1 - FAINTEST) * level / SHADES)
    return color, ink_on(color)


@lru_cache(maxsize=64)
def _font(pixels: int) -> QFont:
    font = QFont()
    font.setPixelSize(pixels)
    return font
