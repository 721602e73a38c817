"""How many images each class has, as bars with the class's mean image; choosing rows filters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from PySide6.QtWidgets import (
    QFrame,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from gui.pictures import as_picture
from gui.theme import LIGHT, MARGIN, RADIUS, SPACING, Theme
from gui.widgets.data.words import plain
from gui.widgets.large_picture import draw_sharp, fitted

AnyIndex = QModelIndex | QPersistentModelIndex
ROW = Qt.ItemDataRole.UserRole
ROW_HEIGHT = 40
PICTURE = 32  # pixels of a mean image
BAR = 6  # pixels of a bar's height


@dataclass(frozen=True, eq=False)
class ClassRow:
    """One class: its images among `total`, and `largest`, whose bar is the longest."""

    name: str
    count: int
    total: int
    largest: int
    mean: QImage | None = None

    @property
    def words(self) -> str:
        """Write 5,923 · 11.0 %."""
        share = 100 * self.count / self.total if self.total else 0.0
        return f"{self.count:,} · {share:.1f} %"


class ClassBars(QListWidget):
    """One row a class. Rows that are chosen are the filter; none means every class."""

    classes_changed = Signal(object)  # tuple[int, ...], ascending

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("gallery")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(self.tr("Images by class"))
        self.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setMinimumHeight(2 * ROW_HEIGHT)
        self.rows = ClassRowDelegate(self)
        self.setItemDelegate(self.rows)
        self.itemSelectionChanged.connect(lambda: self.classes_changed.emit(self.classes))

    @property
    def classes(self) -> tuple[int, ...]:
        """The chosen classes' numbers, ascending."""
        return tuple(sorted(index.row() for index in self.selectedIndexes()))

    def select_classes(self, classes: Sequence[int]) -> None:
        """Choose these classes and no others; tells so once, where it changes something."""
        if tuple(sorted(classes)) == self.classes:
            return
        self.blockSignals(True)
        for place in range(self.count()):
            self.item(place).setSelected(place in classes)
        self.blockSignals(False)
        self.classes_changed.emit(self.classes)
        self.viewport().update()

    def show_counts(
        self,
        names: Sequence[str],
        counts: NDArray[np.int64],
        means: NDArray[np.float32] | None = None,
    ) -> None:
        """Show each class's number of images (K,) and, once known, its mean (K, C, H, W) in 0..1.

        The same classes keep what is chosen.
        """
        if self.count() != len(names):
            self._set_rows(len(names))
        total, largest = int(counts.sum()), int(counts.max(initial=0))
        for place, name in enumerate(names):
            count = int(counts[place])
            mean = as_picture(means[place]) if means is not None and count else None
            self._show_row(place, ClassRow(plain(name), count, total, largest, mean))

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self.rows.theme = theme
        self.viewport().update()

    def _set_rows(self, count: int) -> None:
        self.select_classes(())
        self.clear()
        for _ in range(count):
            QListWidgetItem(self)

    def _show_row(self, place: int, row: ClassRow) -> None:
        item = self.item(place)
        item.setData(ROW, row)
        item.setText(row.name)
        words = self.tr("{name}: {count:,} images").format(name=row.name, count=row.count)
        item.setToolTip(words)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, words)


class ClassRowDelegate(QStyledItemDelegate):
    """Paints a class: mean image, name, count and share, and the bar below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = LIGHT

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        return QSize(0, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        area: QRect = option.rect
        row: ClassRow = index.data(ROW)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_back(painter, area, option.state)
        place = QRect(area.left() + MARGIN, area.center().y() - PICTURE // 2 + 1, PICTURE, PICTURE)
        self._paint_mean(painter, place, row)
        right = QRect(place.right() + 1 + SPACING, area.top() + 4, 0, 18)
        right.setRight(area.right() - MARGIN)
        self._paint_words(painter, right, row)
        right.translate(0, 22)
        self._paint_bar(painter, QRectF(right.left(), right.top(), right.width(), BAR), row)
        painter.restore()

    def _paint_back(self, painter: QPainter, area: QRect, state: QStyle.StateFlag) -> None:
        flags = QStyle.StateFlag
        chosen, focused = state & flags.State_Selected, state & flags.State_HasFocus
        if not chosen and not focused and not state & flags.State_MouseOver:
            return
        back = QRectF(area).adjusted(SPACING / 2 + 0.5, 1.5, -SPACING / 2 - 0.5, -1.5)
        painter.setPen(QPen(QColor(self.theme.accent)) if focused else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.accent_soft if chosen else self.theme.hover))
        painter.drawRoundedRect(back, RADIUS, RADIUS)

    def _paint_mean(self, painter: QPainter, place: QRect, row: ClassRow) -> None:
        painter.fillRect(place, QColor(self.theme.grid))
        if row.mean is not None:
            draw_sharp(painter, fitted(row.mean.size(), place), row.mean)

    def _paint_words(self, painter: QPainter, place: QRect, row: ClassRow) -> None:
        metrics = painter.fontMetrics()
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(self.theme.warning if row.count == 0 else self.theme.muted))
        painter.drawText(place, middle | Qt.AlignmentFlag.AlignRight, row.words)
        room = place.width() - metrics.horizontalAdvance(row.words) - SPACING
        painter.setPen(QColor(self.theme.text))
        name = metrics.elidedText(row.name, Qt.TextElideMode.ElideRight, room)
        painter.drawText(place, middle, name)

    def _paint_bar(self, painter: QPainter, place: QRectF, row: ClassRow) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.grid))
        painter.drawRoundedRect(place, BAR / 2, BAR / 2)
        if row.count:
            place.setWidth(max(BAR, place.width() * row.count / row.largest))
            painter.setBrush(QColor(self.theme.accent))
            painter.drawRoundedRect(place, BAR / 2, BAR / 2)
