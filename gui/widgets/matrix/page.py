"""A confusion matrix as a page on white: a PNG picture or an SVG drawing, with title and legend."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter

from gui.pages import as_png, as_svg
from gui.theme import LIGHT
from gui.widgets.matrix.drawing import MatrixDrawing, paint_scale
from gui.widgets.matrix.numbers import Numbers
from gui.widgets.matrix.table import as_csv, rows_of

KINDS = (".png", ".svg", ".csv")
CELL = 44  # pixels of a cell's width, where there are few
SMALLEST, LARGEST = 520, 1240  # pixels of the page's width
EDGE = 20  # pixels around


@dataclass(frozen=True, eq=False)
class MatrixPage:
    """Numbers with what they are of: a title and a line under it."""

    numbers: Numbers
    title: str
    caption: str

    def content(self, kind: str) -> bytes:
        """Make a file's content; the kind is one of KINDS."""
        match kind:
            case ".png":
                return as_png(self.size, self._paint)
            case ".svg":
                return as_svg(self.size, self._paint, self.title, self.caption)
            case _:
                return as_csv(rows_of(self.numbers)).encode("utf-8-sig")  # as spreadsheets want it

    @property
    def size(self) -> QSize:
        """Of the page, in pixels."""
        width = min(max(CELL * len(self.numbers.names) + 140, SMALLEST), LARGEST)
        return QSize(width, round(0.8 * width) + 100)

    def _paint(self, painter: QPainter) -> None:
        page = QRectF(0, 0, self.size.width(), self.size.height())
        painter.fillRect(page, QColor(LIGHT.panel))
        room = page.adjusted(EDGE, EDGE, -EDGE, -EDGE)
        room.setTop(self._paint_text(painter, room, self.title, 17, LIGHT.text) + 3)
        room.setTop(self._paint_text(painter, room, self.caption, 12, LIGHT.muted) + 14)
        matrix = room.adjusted(0, 0, 0, -36)
        drawing = MatrixDrawing(self.numbers, LIGHT, matrix)
        drawing.paint(painter)
        self._paint_legend(painter, QRectF(drawing.grid.left(), matrix.bottom() + 14, 460, 18))

    def _paint_text(
        self, painter: QPainter, room: QRectF, text: str, pixels: int, color: str
    ) -> float:
        """Paint a text, in several lines where it is long; give where it ends."""
        font = QFont()
        font.setPixelSize(pixels)
        painter.setFont(font)
        painter.setPen(QColor(color))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        area = painter.boundingRect(room, flags, text)
        painter.drawText(area, flags, text)
        return area.bottom()

    def _paint_legend(self, painter: QPainter, room: QRectF) -> None:
        translate = QCoreApplication.translate
        for right, title in (
            (False, translate("Matrix", "errors")),
            (True, translate("Matrix", "right")),
        ):
            if right and not self.numbers.diagonal:
                continue
            left = room.left() + (room.width() / 2 if right else 0)
            half = QRectF(left, room.top(), room.width() / 2 - 10, room.height())
            font = QFont()
            font.setPixelSize(12)
            painter.setFont(font)
            painter.setPen(QColor(LIGHT.text))
            painter.drawText(half, Qt.AlignmentFlag.AlignVCenter, title)
            paint_scale(painter, half.adjusted(46, 0, 0, 0), self.numbers, LIGHT, right=right)
