"""An image as large as its place allows, each of its pixels a sharp square."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.theme import LIGHT, Theme

LEAST = 96  # pixels of its shorter side


class LargePicture(QWidget):
    """Shows one image, or an empty place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = LIGHT
        self.picture: QImage | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(LEAST, LEAST)
        self.setAccessibleName(self.tr("The image"))

    def show_picture(self, picture: QImage, words: str) -> None:
        """Show an image, and tell in words what it is to those who can't see it."""
        self.picture = picture
        self.setAccessibleDescription(words)
        self._leave_room()
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self.theme = theme
        self.update()

    def resizeEvent(self, event: object) -> None:
        self._leave_room()

    def _leave_room(self) -> None:
        """Take no more width than the picture can fill at this height."""
        if self.picture is not None:
            shape = self.picture.width() / max(1, self.picture.height())
            self.setMaximumWidth(max(LEAST, round(shape * self.height())))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.picture is None:
            return
        painter = QPainter(self)
        place = fitted(self.picture.size(), self.rect().adjusted(1, 1, -1, -1))
        place.moveTopLeft(QPoint(1, 1))
        draw_sharp(painter, place, self.picture)
        painter.setPen(QColor(self.theme.border))
        painter.drawRect(place.adjusted(-1, -1, 0, 0))
        painter.end()


def fitted(size: QSize, area: QRect) -> QRect:
    """Place something of a size into the middle of an area: enlarged by a whole number, so that
    all its pixels are equal, or made smaller where it must be.
    """
    times = min(area.width() / max(1, size.width()), area.height() / max(1, size.height()))
    times = int(times) if times >= 2 else times
    place = QRect(0, 0, max(1, int(size.width() * times)), max(1, int(size.height() * times)))
    place.moveCenter(area.center())
    return place


def draw_sharp(painter: QPainter, place: QRect, picture: QImage) -> None:
    """Draw a picture with sharp pixels; smooth only where it is hardly enlarged or made smaller."""
    smooth = place.width() < 2 * picture.width()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    painter.drawImage(place, picture)
