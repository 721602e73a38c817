"""Paints the tiles of a gallery; pictures are scaled once and kept, within a bound."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPixmap, QStaticText

from gui.pictures import as_pictures
from gui.theme import Theme

TILE = 64  # pixels of a picture's side, to begin with
GAP = 6  # pixels between a picture and the tile's edge
LEAST_CAPTION, MOST_CAPTION = 48, 132  # pixels of a caption's width
PICTURES_BYTES = 48 * 2**20  # of scaled pictures
BYTES_A_PIXEL = 4
BETWEEN = " > "  # of a caption's two names
MOST_TEXTS = 4000  # shortened lines that are kept

Picture = tuple[QPixmap, int, int]
"""A picture in the screen's pixels, with its width and height in the window's."""


class Shown(Protocol):
    """What is painted: see gallery.Tiles."""

    images: NDArray[np.float32]
    rows: NDArray[np.int64]
    lines: int
    widest: str

    def caption(self, place: int) -> Sequence[str]:
        """Give a tile's lines."""


class TilePainter:
    """A picture above its caption: the first line in the text's colour, the others muted."""

    def __init__(self, theme: Theme, size: int = TILE) -> None:
        self.size = size  # of a picture's longer side
        self.tile = (1, 1)  # a tile's least width, and its height
        self.behind = QColor(theme.panel)
        self._accent, self._border = QPen(QColor(theme.accent), 2), QPen(QColor(theme.border))
        self._text, self._muted = QColor(theme.text), QColor(theme.muted)
        self._soft = QColor(theme.accent_soft)
        self.ratio = 1.0  # the screen's pixels to one of the window's
        self._metrics, self._line = QFontMetrics(QFont()), 0
        self._images: NDArray[np.float32] | None = None
        self._pictures: OrderedDict[int, Picture] = OrderedDict()
        self._most = 0
        self._texts: dict[tuple[str, int], tuple[QStaticText, int]] = {}

    def set_size(self, size: int) -> None:
        """Paint pictures so large."""
        if size != self.size:
            self.size = size
            self._pictures.clear()

    def fit(self, metrics: QFontMetrics, ratio: float, shown: Shown) -> None:
        """Make ready for what is shown, in this font, on a screen of so many pixels a pixel."""
        if shown.images is not self._images or ratio != self.ratio:
            self._pictures.clear()
            self._images, self.ratio = shown.images, ratio
        if metrics != self._metrics:
            self._texts.clear()
        self._metrics, self._line = metrics, metrics.height()
        wanted = metrics.horizontalAdvance(shown.widest) + 4
        caption = min(max(wanted, LEAST_CAPTION), MOST_CAPTION)
        self.tile = (
            max(self.size, caption) + 2 * GAP,
            self.size + shown.lines * self._line + 2 * GAP,
        )
        side = self.size * ratio
        self._most = max(64, int(PICTURES_BYTES / (BYTES_A_PIXEL * side * side)))

    def prepare(self, shown: Shown, places: range) -> None:
        """Make the pictures that are about to be painted, all at once, and let old ones go."""
        rows = shown.rows[places.start : places.stop].tolist()
        missing = [row for row in rows if row not in self._pictures]
        for row in rows:
            if row in self._pictures:
                self._pictures.move_to_end(row)
        for row, picture in zip(missing, self._made(shown.images, missing), strict=True):
            self._pictures[row] = picture
        while len(self._pictures) > max(self._most, len(rows)):
            self._pictures.popitem(last=False)

    def paint(
        self, painter: QPainter, area: QRect, shown: Shown, place: int, chosen: bool, current: bool
    ) -> None:
        """Paint a tile that is prepared, framed where it is highlighted (chosen) or current."""
        if chosen:
            painter.fillRect(area.adjusted(1, 1, -1, -1), self._soft)
        picture, across, down = self._pictures[int(shown.rows[place])]
        x, y, width = area.left(), area.top() + GAP, area.width()
        left, top = x + (width - across) // 2, y + (self.size - down) // 2
        painter.drawPixmap(left, top, picture)
        painter.setPen(self._accent if chosen or current else self._border)
        painter.drawRect(left - 1, top - 1, across + 1, down + 1)
        y += self.size + 2
        for number, line in enumerate(shown.caption(place)):
            painter.setPen(self._muted if number else self._text)
            text, wide = self._fitting(line, width - 4)
            painter.drawStaticText(x + (width - wide) // 2, y, text)
            y += self._line

    def _made(self, images: NDArray[np.float32], rows: list[int]) -> Iterator[Picture]:
        """Make pictures as large as they are painted; those that are too large, smoothly, from
        twice as many pixels as are painted.
        """
        side, ratio = round(self.size * self.ratio), self.ratio
        step = max(1, max(images.shape[2:]) // (2 * side))
        for picture in as_pictures(images[:, :, ::step, ::step][rows], side):
            if max(picture.width(), picture.height()) > side:
                how = Qt.TransformationMode.SmoothTransformation
                picture = picture.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, how)
            pixmap = QPixmap.fromImage(picture)
            pixmap.setDevicePixelRatio(ratio)
            across, down = round(picture.width() / ratio), round(picture.height() / ratio)
            yield pixmap, max(1, across), max(1, down)

    def _fitting(self, line: str, width: int) -> tuple[QStaticText, int]:
        """Shorten a line to a width, and tell how wide it is then."""
        found = self._texts.get((line, width))
        if found is None:
            if len(self._texts) >= MOST_TEXTS:
                self._texts.clear()
            text = shortened(self._metrics, line, width)
            static = QStaticText(text)
            static.setTextFormat(Qt.TextFormat.PlainText)
            found = self._texts[line, width] = (static, self._metrics.horizontalAdvance(text))
        return found


def shortened(metrics: QFontMetrics, line: str, width: int) -> str:
    """Shorten a line in its middle; in "this > that" both, as far as each is too long."""
    parts = line.split(BETWEEN)
    if metrics.horizontalAdvance(line) <= width or len(parts) != 2:
        return metrics.elidedText(line, Qt.TextElideMode.ElideMiddle, width)
    room = width - metrics.horizontalAdvance(BETWEEN)
    first, second = (metrics.horizontalAdvance(part) for part in parts)
    rooms = (max(room // 2, room - second), max(room // 2, room - first))
    cut = Qt.TextElideMode.ElideRight
    return BETWEEN.join(
        metrics.elidedText(part, cut, left) for part, left in zip(parts, rooms, strict=True)
    )
