"""What can be painted, as the content of a picture file or of a drawing."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize
from PySide6.QtGui import QImage, QImageWriter, QPainter
from PySide6.QtSvg import QSvgGenerator

PNG_SCALE = 2  # pixels of a picture for each of the page's


def as_png(size: QSize, paint: Callable[[QPainter], None]) -> bytes:
    """Paint a page of this size, in pixels, and give the content of a PNG file."""
    picture = QImage(size * PNG_SCALE, QImage.Format.Format_RGB32)
    picture.setDevicePixelRatio(PNG_SCALE)
    painter = QPainter(picture)
    paint(painter)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(picture)
    return bytes(buffer.data().data())


def as_svg(size: QSize, paint: Callable[[QPainter], None], title: str, about: str) -> bytes:
    """Paint a page of this size, in pixels, and give the content of an SVG file."""
    content = QByteArray()
    buffer = QBuffer(content)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(size)
    generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
    generator.setTitle(title)
    generator.setDescription(about)
    painter = QPainter(generator)
    paint(painter)
    painter.end()
    return bytes(content.data())
