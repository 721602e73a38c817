"""Labels that give way: what has no room ends in an ellipsis, and cards stay narrow."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QLabel

LEAST_WIDTH = 24  # pixels
NAME_SHARE = 0.86  # of the title's size of letters
GAP = 6  # pixels between a title and its name


class ElidedLabel(QLabel):
    """One line of plain text that is cut off with an ellipsis where it has no room."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        return QSize(min(LEAST_WIDTH, hint.width()), hint.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.paint_text(painter, self.text(), self.rect(), self.foregroundRole())

    def paint_text(
        self, painter: QPainter, text: str, room: QRect, role: QPalette.ColorRole
    ) -> None:
        """Draw as much of a text as there is room for."""
        elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        self.style().drawItemText(painter, room, flags, self.palette(), True, elided, role)


class TitleLine(ElidedLabel):
    """A title, or its short form where there is little room, and behind it, small and muted, the
    name that messages call the thing by.
    """

    def __init__(self) -> None:
        super().__init__()
        self.name, self._short = "", ""

    def show_title(self, title: str, short: str) -> None:
        """Show a title, or the short one where there is no room for more."""
        self._short = short
        self.setText(title)

    def show_name(self, name: str) -> None:
        """Show a name behind the title, or none."""
        if name != self.name:
            self.name = name
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._behind(self.text()) + self._name_width(), super().sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        fits = self._behind(self.text()) + self._name_width() <= self.width()
        title = self.text() if fits else self._short
        self.paint_text(painter, title, self.rect(), self.foregroundRole())
        room = self.rect().adjusted(self._behind(title), 1, 0, 1)
        if self.name and room.width() >= LEAST_WIDTH:
            painter.setFont(self._name_font())
            self.paint_text(painter, self.name, room, QPalette.ColorRole.PlaceholderText)

    def _behind(self, title: str) -> int:
        return self.fontMetrics().horizontalAdvance(title) + (GAP if self.name else 1)

    def _name_width(self) -> int:
        return QFontMetrics(self._name_font()).horizontalAdvance(self.name)

    def _name_font(self) -> QFont:
        font = self.font()
        font.setWeight(QFont.Weight.Normal)
        font.setPointSizeF(font.pointSizeF() * NAME_SHARE)
        return font
