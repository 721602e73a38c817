"""A sheet of pictures with captions, painted for a file; runs in any thread."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, sqrt
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter

from engine.problems import ProblemError
from engine.store.exports import Picked
from engine.store.files import write_safely
from gui.pictures import as_picture
from gui.theme import LIGHT
from gui.widgets.gallery.painter import shortened

PAGE = 2000  # images of a page
TILE, GAP, WIDTH = 84, 8, 136  # pixels of a picture, around it, and of a tile
Progress = Callable[[int, int], None]
Caption = Callable[[Picked, int], tuple[str, ...]]


def write_sheet(path: Path, picked: Picked, caption: Caption, progress: Progress) -> int:
    """Write PNG pages of at most 2,000 images: name.png, name-2.png, name-3.png.

    Returns the number of images.

    Raises:
        ProblemError: a page can't be written, or a further one is there already.
    """
    starts = range(0, len(picked), PAGE)
    paths = [path, *(path.with_stem(f"{path.stem}-{n}") for n in range(2, len(starts) + 1))]
    for further in paths[1:]:
        if further.exists():
            raise ProblemError("{path} is there already. Choose another name.", path=str(further))
    parts = [range(start, min(start + PAGE, len(picked))) for start in starts]
    pages = [_png(_painted(picked, part, caption, progress)) for part in parts]
    progress(len(picked), len(picked))  # the last time to cancel: no page is written yet
    for page, content in zip(paths, pages, strict=True):
        write_safely(page, content)
    return len(picked)


def _painted(picked: Picked, places: range, caption: Caption, progress: Progress) -> QImage:
    """Paint one page, about half as high again as it is wide."""
    font = QFont()
    line = QFontMetrics(font).height()
    height = TILE + 2 * line + 2 * GAP
    columns = max(1, min(len(places), round(sqrt(len(places) * height / WIDTH / 1.4))))
    rows = ceil(len(places) / columns)
    page = QImage(columns * WIDTH, rows * height, QImage.Format.Format_RGB32)
    page.fill(QColor(LIGHT.panel))
    painter = QPainter(page)
    painter.setFont(font)
    for number, place in enumerate(places):
        progress(place, len(picked))
        row, column = divmod(number, columns)
        area = QRect(column * WIDTH, row * height, WIDTH, height)
        _paint_tile(painter, area, picked, place, caption(picked, place), line)
    painter.end()
    return page


def _paint_tile(
    painter: QPainter, area: QRect, picked: Picked, place: int, lines: tuple[str, ...], line: int
) -> None:
    picture = as_picture(picked.images[picked.rows[place]])
    size = picture.size().scaled(TILE, TILE, Qt.AspectRatioMode.KeepAspectRatio)
    frame = QRect(area.center().x() - size.width() // 2, area.top() + GAP, *size.toTuple())
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, picture.width() > size.width())
    painter.drawImage(frame, picture)
    painter.setPen(QColor(LIGHT.border))
    painter.drawRect(frame.adjusted(-1, -1, 0, 0))
    text = QRect(area.left() + 2, area.top() + GAP + TILE + 2, area.width() - 4, line)
    for number, words in enumerate(lines):
        painter.setPen(QColor(LIGHT.muted if number else LIGHT.text))
        shown = shortened(painter.fontMetrics(), words, text.width())
        painter.drawText(text.translated(0, number * line), Qt.AlignmentFlag.AlignCenter, shown)


def _png(page: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    page.save(buffer, "PNG")  # type: ignore[call-overload]  # the stub knows file names alone
    return bytes(buffer.data().data())
