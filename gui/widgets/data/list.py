"""The sources as a list: title, a line about each, and which one the project uses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import (
    QFrame,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from gui.icons import icon
from gui.theme import LIGHT, MARGIN, RADIUS, SPACING, Theme

AnyIndex = QModelIndex | QPersistentModelIndex
LIST_WIDTH = 236
ICON = 20
ROW_HEIGHT, HEADER_HEIGHT = 48, 32
ROW = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class Row:
    """One source in the list."""

    title: str
    about: str
    icon: str
    used: bool = False  # by the project, now
    ready: bool = False  # on this machine


class SourceList(QListWidget):
    """Sections of sources; headers can't be chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("gallery")
        self.setFixedWidth(LIST_WIDTH)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(self.tr("Where images come from"))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.rows = RowDelegate(self)
        self.setItemDelegate(self.rows)

    def add_header(self, title: str) -> None:
        """Begin a section."""
        QListWidgetItem(title, self).setFlags(Qt.ItemFlag.NoItemFlags)

    def add_row(self) -> int:
        """Add a source that show_row will show; give its place."""
        QListWidgetItem(self)
        return self.count() - 1

    def show_row(self, place: int, row: Row) -> None:
        """Show a source."""
        item = self.item(place)
        words = [row.title, row.about, self.tr("in use") if row.used else ""]
        item.setData(ROW, row)
        item.setText(row.title)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, ", ".join(filter(None, words)))

    def places(self) -> Iterable[int]:
        """Give the places that can be chosen."""
        return (place for place in range(self.count()) if self.item(place).flags())

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self.rows.theme = theme
        self.viewport().update()

    def moveCursor(
        self, action: QListWidget.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        index = super().moveCursor(action, modifiers)  # Home would end on a header and not move
        return index if self.item(index.row()).flags() else self.model().index(index.row() + 1, 0)


class RowDelegate(QStyledItemDelegate):
    """Paints a header or a source."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = LIGHT

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        row = index.data(ROW)
        return QSize(LIST_WIDTH - 2, HEADER_HEIGHT if row is None else ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        area: QRect = option.rect
        font: QFont = option.font
        state: QStyle.StateFlag = option.state
        row = index.data(ROW)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if row is None:
            self._paint_header(painter, area, font, str(index.data()))
        else:
            self._paint_back(painter, area, state)
            self._paint_row(painter, area, font, row)
        painter.restore()

    def _paint_header(self, painter: QPainter, area: QRect, font: QFont, title: str) -> None:
        small = QFont(font)
        small.setPointSizeF(0.9 * font.pointSizeF())
        small.setWeight(QFont.Weight.DemiBold)
        painter.setFont(small)
        painter.setPen(QColor(self.theme.muted))
        place = area.adjusted(MARGIN + 2, 0, -MARGIN, -5)
        painter.drawText(place, Qt.AlignmentFlag.AlignBottom, title)

    def _paint_back(self, painter: QPainter, area: QRect, state: QStyle.StateFlag) -> None:
        flags = QStyle.StateFlag
        chosen, hovered = state & flags.State_Selected, state & flags.State_MouseOver
        if not chosen and not (hovered and state & flags.State_Enabled):
            return
        back = area.adjusted(SPACING // 2, 1, -SPACING // 2, -1)
        focused = chosen and state & flags.State_HasFocus
        painter.setPen(QPen(QColor(self.theme.accent)) if focused else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.accent_soft if chosen else self.theme.hover))
        painter.drawRoundedRect(back, RADIUS, RADIUS)

    def _paint_row(self, painter: QPainter, area: QRect, font: QFont, row: Row) -> None:
        theme = self.theme
        left = area.left() + MARGIN + 2
        drawn = QRect(left, area.center().y() - ICON // 2 + 1, ICON, ICON)
        icon(row.icon, theme.accent if row.ready else theme.muted).paint(painter, drawn)
        text = QRect(left + ICON + SPACING, area.top() + 6, 0, 0)
        text.setRight(area.right() - MARGIN - 2)
        text.setHeight(18)
        bold = QFont(font)
        bold.setWeight(QFont.Weight.DemiBold)
        if row.used:
            text.setRight(self._paint_used(painter, text, font) - SPACING)
        self._paint_text(painter, text, bold, theme.text, row.title)
        text.translate(0, 18)
        text.setRight(area.right() - MARGIN - 2)
        self._paint_text(painter, text, font, theme.muted, row.about)

    def _paint_used(self, painter: QPainter, text: QRect, font: QFont) -> int:
        """Write the mark at the right; give where it begins."""
        small = QFont(font)
        small.setPointSizeF(0.85 * font.pointSizeF())
        words = self.tr("in use")
        width = QFontMetrics(small).horizontalAdvance(words) + 12
        mark = QRect(text.right() - width, text.top() + 1, width, 16)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.accent))
        painter.drawRoundedRect(mark, 8, 8)
        painter.setFont(small)
        painter.setPen(QColor(self.theme.accent_text))
        painter.drawText(mark, Qt.AlignmentFlag.AlignCenter, words)
        return mark.left()

    def _paint_text(
        self, painter: QPainter, place: QRect, font: QFont, color: str, text: str
    ) -> None:
        painter.setFont(font)
        painter.setPen(QColor(color))
        fitted = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, fitted)
