"""A shelf of images as a button: its title, how many there are, and the first of them."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from gui.theme import LIGHT, RADIUS, SPACING, Theme
from gui.widgets.large_picture import draw_sharp, fitted

PICTURE = 26  # pixels
GAP = 4
FIRST = 24  # pictures, at the most


class ShelfButton(QAbstractButton):
    """Stays pressed while its shelf is looked at."""

    def __init__(self, title: str, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = LIGHT
        self.title = title
        self.pictures: tuple[QImage, ...] = ()
        self.setCheckable(True)
        self.setToolTip(words)
        self.setAccessibleDescription(words)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_shelf(0, ())

    def show_shelf(self, count: int, pictures: tuple[QImage, ...]) -> None:
        """Say how many images are on the shelf and show the first."""
        self.pictures = pictures[:FIRST]
        self.setText(f"{self.title} ({count:,})")
        self.setAccessibleName(self.text())
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self.theme = theme
        self.update()

    def title_width(self) -> int:
        """Give the pixels that the title takes, so that several can line up."""
        return self.fontMetrics().horizontalAdvance(f"{self.title} (9,999)")

    def sizeHint(self) -> QSize:
        return QSize(self.title_width() + 6 * (PICTURE + GAP), PICTURE + 2 * GAP)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.title_width() + 4 * SPACING, PICTURE + 2 * GAP)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._paint_back(painter)
        theme = self.theme
        painter.setPen(QColor(theme.text if self.pictures else theme.muted))
        words = self.rect().adjusted(SPACING, 0, 0, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, self.text())
        for place, picture in zip(self._places(), self.pictures, strict=False):
            draw_sharp(painter, fitted(picture.size(), place), picture)
        painter.end()

    def _places(self) -> list[QRect]:
        """Place as many pictures as fit right of the title; in all shelves at the same x."""
        longest = max(other.title_width() for other in self._beside())
        left, step = longest + 3 * SPACING, PICTURE + GAP
        count = max(0, (self.width() - left - SPACING + GAP) // step)
        top = (self.height() - PICTURE) // 2
        return [QRect(left + number * step, top, PICTURE, PICTURE) for number in range(count)]

    def _beside(self) -> list[ShelfButton]:
        parent = self.parentWidget()
        return [self] if parent is None else parent.findChildren(ShelfButton)

    def _paint_back(self, painter: QPainter) -> None:
        theme = self.theme
        back = theme.accent_soft if self.isChecked() else theme.card
        if self.underMouse() and not self.isChecked():
            back = theme.hover
        marked = self.isChecked() or self.hasFocus()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.accent if marked else theme.border), 1 + self.hasFocus()))
        painter.setBrush(QColor(back))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), RADIUS, RADIUS)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
