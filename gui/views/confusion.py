"""The confusion matrix: which class is read as which. A click on a cell shows its images."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QFrame,
    QGraphicsObject,
    QGraphicsScene,
    QGraphicsView,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStackedLayout,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from engine.analysis.classification import confusion_matrix, share
from engine.training.events import Evaluated, SetName
from engine.training.history import Kind, Run
from gui.forms import combo_box
from gui.in_sight import in_sight
from gui.selection import Cell, Selection
from gui.theme import LIGHT, MARGIN, SPACING, Theme, between, ink_on
from gui.widgets.empty_state import EmptyState

FLATTEST = 1.8  # width over height of a cell
SHADES = 255
SHOWN = frozenset[Kind]({"started", "evaluation", "end"})
COUNTS, OF_TRUE, OF_PREDICTED = "counts", "true", "predicted"


class ConfusionView(QWidget):
    """The newest evaluation's matrix, live while training."""

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.selection = selection
        self.matrix = MatrixItem()
        self.canvas = Canvas(self.matrix)
        self.canvas.chosen.connect(self._choose)
        self.shown_as = combo_box(
            [
                (self.tr("Counts"), COUNTS),
                (self.tr("Share of true class"), OF_TRUE),
                (self.tr("Share of predicted class"), OF_PREDICTED),
            ]
        )
        self.shown_as.setSizeAdjustPolicy(self.shown_as.SizeAdjustPolicy.AdjustToContents)
        self.shown_as.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.shown_as.setAccessibleName(self.tr("What a cell shows"))
        self.shown_as.activated.connect(lambda _: self._draw())
        self.of = combo_box([(self.tr("Validation"), "validation"), (self.tr("Test"), "test")])
        self.of.setSizeAdjustPolicy(self.of.SizeAdjustPolicy.AdjustToContents)
        self.of.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.of.setAccessibleName(self.tr("Which set"))
        self.of.activated.connect(lambda _: selection.select_set(self.of.currentData()))
        self.said = QLabel()
        self.said.setObjectName("muted")
        self.said.setIndent(MARGIN)
        self._run: Run | None = None
        self._drawn: Evaluated | None = None
        self._stale = False
        self._lay_out()
        selection.cell_changed.connect(self.matrix.select)
        selection.set_changed.connect(self._show_set)

    def show_run(self, run: Run, kinds: frozenset[Kind]) -> None:
        """Draw the newest evaluation, if it is another one and can be seen."""
        self._run = run
        if kinds & SHOWN:
            self._draw_new()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self.canvas.setBackgroundBrush(QColor(theme.panel))
        self.matrix.set_theme(theme)

    def showEvent(self, event: object) -> None:
        self._draw_new()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._stale:  # it was covered by another until now
            QTimer.singleShot(0, self, self._draw_new)

    def _draw_new(self) -> None:
        self._stale = self._run is not None and not in_sight(self)
        if self._run is None or self._stale:
            return
        self._offer_test(self._run.test is not None)
        newest = self._run.evaluation(self.selection.of)
        if newest is not self._drawn:
            self._drawn = newest
            self._draw()

    def _show_set(self, of: SetName) -> None:
        self.of.setCurrentIndex(self.of.findData(of))
        self._draw_new()

    def _offer_test(self, there: bool) -> None:
        """The test set is used at the very end, and can be looked at from then on."""
        self.of.setEnabled(there)
        self.of.setToolTip(
            self.tr("Which images are counted")
            if there
            else self.tr("The test set is used once, when the last epoch is done")
        )

    def _draw(self) -> None:
        evaluation, run = self._drawn, self._run
        self._stack.setCurrentIndex(0 if evaluation is None else 1)
        if evaluation is None or run is None:
            return
        names = run.project.data.source.class_names
        counts = confusion_matrix(evaluation.labels, evaluation.predicted, len(names))
        self.matrix.show_counts(counts, names, self.shown_as.currentData())
        self.said.setText(self._words(evaluation))

    def _words(self, evaluation: Evaluated) -> str:
        words = (
            self.tr("{count:,} images, epoch {epoch}")
            if evaluation.whole
            else self.tr("sample of {count:,}, epoch {epoch}")
        )
        return words.format(count=len(evaluation.rows), epoch=evaluation.epoch)

    def _choose(self, cell: Cell | None) -> None:
        self.selection.select_cell(None if cell == self.selection.cell else cell)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(MARGIN, 0, MARGIN, 0)
        head.addWidget(self.of)
        head.addStretch()
        head.addWidget(self.shown_as)
        drawn = QWidget()
        column = QVBoxLayout(drawn)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(head)
        column.addWidget(self.said)
        column.addWidget(self.canvas, 1)
        empty = EmptyState(
            self.tr(
                "Here you will see which digit is read as which. "
                "A click on a cell shows its images."
            )
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, SPACING, 0, 0)
        self._stack = QStackedLayout()
        layout.addLayout(self._stack)  # first: a stack without a place shows its widget as a window
        self._stack.addWidget(empty)
        self._stack.addWidget(drawn)


class MatrixItem(QGraphicsObject):
    """All cells painted by one item: ten times as fast as a text item each.

    Diagonal and errors have a colour scale of their own, so that single errors show beside
    thousands of right answers.
    """

    def __init__(self) -> None:
        super().__init__()
        self.counts: NDArray[np.int64] = np.zeros((0, 0), dtype=np.int64)
        self.names: tuple[str, ...] = ()
        self.cell: Cell | None = None
        self._shown: NDArray[np.floating[Any]] = np.zeros((0, 0))
        self._percent = False
        self._theme = LIGHT
        self._rect = QRectF(0, 0, 1, 1)

    def show_counts(self, counts: NDArray[np.int64], names: tuple[str, ...], shown_as: str) -> None:
        """Show (K, K) counts, as they are or as shares of their row or column."""
        self.counts, self.names = counts, names
        self._percent = shown_as != COUNTS
        if shown_as == OF_TRUE:
            self._shown = share(counts, counts.sum(axis=1, keepdims=True))
        elif shown_as == OF_PREDICTED:
            self._shown = share(counts, counts.sum(axis=0, keepdims=True))
        else:
            self._shown = counts.astype(float)
        self.update()

    def select(self, cell: Cell | None) -> None:
        """Frame a cell, a row or a column."""
        self.cell = cell
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Paint in the theme's colours."""
        self._theme = theme
        self.update()

    def set_rect(self, rect: QRectF) -> None:
        """Fill this part of the scene."""
        self.prepareGeometryChange()
        self._rect = rect

    def boundingRect(self) -> QRectF:
        return self._rect

    def grid(self) -> QRectF:
        """Tell where the cells are, without the labels: all the room there is, if not too flat."""
        left, top = self._label_width() + 22, 38.0
        width = max(self._rect.width() - left - 6, 10)
        height = max(self._rect.height() - top - 6, 10)
        return QRectF(left, top, min(width, FLATTEST * height), min(height, width))

    def at(self, point: QPointF) -> Cell | None:
        """Find the cell under a point, or the row or column whose label it is on."""
        size = len(self.counts)
        grid = self.grid()
        if size == 0 or point.x() >= grid.right() or point.y() >= grid.bottom():
            return None
        column = min(int((point.x() - grid.left()) // (grid.width() / size)), size - 1)
        row = min(int((point.y() - grid.top()) // (grid.height() / size)), size - 1)
        if point.x() < grid.left() and point.y() < grid.top():
            return None
        if point.y() < grid.top():
            return Cell(predicted=column)
        if point.x() < grid.left():
            return Cell(true=row)
        return Cell(true=row, predicted=column)

    def words(self, cell: Cell) -> str:
        """Say a cell in words, for a tooltip and a screen reader."""
        if cell.true is None or cell.predicted is None:
            return ""
        count = int(self.counts[cell.true, cell.predicted])
        total = int(self.counts[cell.true].sum())
        percent = 100 * count / total if total else 0
        return self.tr(
            "true {true}, predicted {predicted}: {count:,} of {total:,} ({percent:.1f} %)"
        ).format(
            true=self.names[cell.true],
            predicted=self.names[cell.predicted],
            count=count,
            total=total,
            percent=percent,
        )

    def paint(self, painter: QPainter, *_: object) -> None:
        size = len(self.counts)
        if size == 0:
            return
        grid = self.grid()
        width, height = grid.width() / size, grid.height() / size
        right = max(float(np.diagonal(self._shown).max()), 1e-9)
        errors = self._shown - np.diag(np.diagonal(self._shown))
        wrong = max(float(errors.max()), 1e-9)
        painter.setFont(_font(min(13, max(7, height * 0.5), width * 0.34)))
        readable = width >= 18 and height >= 11
        for row in range(size):
            for column in range(size):
                area = QRectF(
                    grid.left() + column * width, grid.top() + row * height, width, height
                )
                scale, top = (
                    (self._theme.right, right) if row == column else (self._theme.wrong, wrong)
                )
                self._paint_cell(painter, area, row, column, scale, top, readable)
        painter.setFont(_font(min(13, max(11, height * 0.5))))
        self._paint_labels(painter, grid, width, height)
        self._paint_selection(painter, grid, width, height)

    def _paint_cell(
        self,
        painter: QPainter,
        area: QRectF,
        row: int,
        column: int,
        scale: tuple[str, str],
        top: float,
        readable: bool,
    ) -> None:
        value = float(self._shown[row, column])
        if value > 0:
            color, ink = _shade(scale, round(SHADES * min(value / top, 1.0)))
        else:
            color = ink = QColor(self._theme.panel)
        gap = 0.5 if min(area.width(), area.height()) >= 4 else 0.0  # a tiny cell is not to vanish
        painter.fillRect(area.adjusted(gap, gap, -gap, -gap), color)
        if readable and value > 0:
            painter.setPen(ink)
            text = f"{100 * value:.1f}" if self._percent else f"{value:.0f}"
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_labels(self, painter: QPainter, grid: QRectF, width: float, height: float) -> None:
        painter.setPen(QColor(self._theme.muted))
        metrics = QFontMetricsF(painter.font())
        elide = Qt.TextElideMode.ElideRight
        for number, name in enumerate(self.names):
            x, y = grid.left() + number * width, grid.top() + number * height
            if width >= 12:
                column = QRectF(x, grid.top() - 18, width, 16)
                text = metrics.elidedText(name, elide, max(width - 2, 8))
                painter.drawText(column, Qt.AlignmentFlag.AlignCenter, text)
            if height >= 11:
                row = QRectF(20, y, grid.left() - 26, height)
                text = metrics.elidedText(name, elide, grid.left() - 26)
                flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                painter.drawText(row, flags, text)
        top = QRectF(grid.left(), grid.top() - 36, grid.width(), 16)
        painter.drawText(top, Qt.AlignmentFlag.AlignCenter, self.tr("predicted"))
        painter.save()
        painter.translate(12, grid.center().y())
        painter.rotate(-90)
        painter.drawText(QRectF(-60, -8, 120, 16), Qt.AlignmentFlag.AlignCenter, self.tr("true"))
        painter.restore()
        painter.setPen(QPen(QColor(self._theme.border), 1))
        painter.drawRect(grid)

    def _paint_selection(
        self, painter: QPainter, grid: QRectF, width: float, height: float
    ) -> None:
        if self.cell is None:
            return
        true, predicted = self.cell.true, self.cell.predicted
        area = QRectF(
            grid.left() + (predicted or 0) * width,
            grid.top() + (true or 0) * height,
            grid.width() if predicted is None else width,
            grid.height() if true is None else height,
        )
        painter.setPen(QPen(QColor(self._theme.text), 2))
        painter.drawRect(area)

    def _label_width(self) -> float:
        metrics = QFontMetricsF(QFont())
        widest = max((metrics.horizontalAdvance(name) for name in self.names), default=0.0)
        return min(widest, 90.0) + 8


class Canvas(QGraphicsView):
    """Holds the matrix at its own size, and turns mouse and keys into cells."""

    chosen = Signal(object)  # Cell or None

    def __init__(self, matrix: MatrixItem) -> None:
        super().__init__()
        self.matrix = matrix
        self.setAccessibleName(self.tr("Confusion matrix"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(180, 150)
        self.setMouseTracking(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scene = QGraphicsScene(self)
        scene.addItem(matrix)
        self.setScene(scene)

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        size = QRectF(0, 0, self.width(), self.height())
        self.setSceneRect(size)
        self.matrix.set_rect(size)

    def mousePressEvent(self, event: Any) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if event.button() == Qt.MouseButton.LeftButton:
            cell = self.matrix.at(event.position())
            self.chosen.emit(cell)

    def mouseMoveEvent(self, event: Any) -> None:
        cell = self.matrix.at(event.position())
        words = self.matrix.words(cell) if cell is not None else ""
        QToolTip.showText(event.globalPosition().toPoint(), words, self)

    def mouseReleaseEvent(self, event: Any) -> None:
        event.accept()

    def wheelEvent(self, event: Any) -> None:
        event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        step = steps.get(Qt.Key(event.key()))
        if event.key() == Qt.Key.Key_Escape:
            self.chosen.emit(None)
        elif step is None or not len(self.matrix.counts):
            super().keyPressEvent(event)
        elif self.matrix.cell is None:
            self.chosen.emit(Cell(0, 0))
        else:
            cell = self.matrix.cell
            last = len(self.matrix.counts) - 1
            row = min(max((cell.true or 0) + step[0], 0), last)
            column = min(max((cell.predicted or 0) + step[1], 0), last)
            if Cell(row, column) != self.matrix.cell:
                self.chosen.emit(Cell(row, column))


@lru_cache(maxsize=8 * SHADES)
def _shade(scale: tuple[str, str], shade: int) -> tuple[QColor, QColor]:
    """Give one of a scale's shades, and the ink to write on it."""
    color = between(scale, shade / SHADES)
    return color, ink_on(color)


def _font(pixels: float) -> QFont:
    font = QFont()
    font.setPixelSize(max(1, int(pixels)))
    return font
