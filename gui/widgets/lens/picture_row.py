"""A few small pictures beside each other, each with a word below and more in its tooltip."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.theme import LIGHT, Theme
from gui.widgets.large_picture import draw_sharp, fitted

SMALLEST, LARGEST = 28, 56  # pixels of a picture
LEAST = 4  # pictures; where the rest of them has no room, they are left out
GAP = 8
CAPTION = 18


@dataclass(frozen=True, eq=False)
class Tile:
    """A picture with its caption; one that `stands_out` is framed."""

    picture: QImage
    caption: str
    words: str  # its tooltip
    stands_out: bool = False


class PictureRow(QWidget):
    """All of its tiles in one row, as large as its width allows."""

    def __init__(self, count: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = LIGHT
        self.tiles: tuple[Tile, ...] = ()
        self._count = count  # there is room for so many
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_tiles(self, tiles: tuple[Tile, ...]) -> None:
        """Show these and no others."""
        self.tiles = tiles
        self.setAccessibleDescription("\n".join(tile.words for tile in tiles))
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self.theme = theme
        self.update()

    def place(self, number: int) -> QRect:
        """Give where a tile's picture is."""
        side = (self.width() + GAP) // self._count - GAP
        side = min(max(side, SMALLEST), LARGEST)
        return QRect(2 + number * (side + GAP), 2, side, side)

    def sizeHint(self) -> QSize:
        return QSize(self._count * (LARGEST + GAP), LARGEST + CAPTION + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(self._count, LEAST) * (SMALLEST + GAP), LARGEST + CAPTION + 4)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.words_at(event.pos().x()), self)
            return True
        return super().event(event)

    def words_at(self, x: int) -> str:
        """Give the tooltip of the tile at x; "" where there is none."""
        for number, tile in enumerate(self.tiles):
            if self.place(number).left() <= x <= self.place(number).right():
                return tile.words
        return ""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        for number, tile in enumerate(self.tiles):
            place = self.place(number)
            if place.right() < self.width():
                self._paint_tile(painter, place, tile)
        painter.end()

    def _paint_tile(self, painter: QPainter, place: QRect, tile: Tile) -> None:
        draw_sharp(painter, fitted(tile.picture.size(), place), tile.picture)
        theme = self.theme
        color = QColor(theme.wrong[1] if tile.stands_out else theme.border)
        painter.setPen(QPen(color, 3 if tile.stands_out else 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(place.adjusted(-1, -1, 0, 0))
        font = painter.font()
        font.setBold(tile.stands_out)
        painter.setFont(font)
        painter.setPen(QColor(theme.text if tile.stands_out else theme.muted))
        below = QRect(place.left() - 3, place.bottom() + 3, place.width() + 6, CAPTION - 2)
        words = painter.fontMetrics().elidedText(
            tile.caption, Qt.TextElideMode.ElideRight, below.width()
        )
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, words)
