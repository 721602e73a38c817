"""Icons from resources/icons, drawn in the theme's colours."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

SIZES = (16, 24, 32, 48)
DRAWINGS = files("resources").joinpath("icons")


@cache
def icon(name: str, color: str = "", faded: str = "") -> QIcon:
    """Draw an icon in a colour (#rrggbb), and in another while its control is disabled; without
    any where it has colours of its own.
    """
    drawn = QIcon()
    for pixmap in _pixmaps(name, color):
        drawn.addPixmap(pixmap)
    if faded:
        for pixmap in _pixmaps(name, faded):
            drawn.addPixmap(pixmap, QIcon.Mode.Disabled)
    return drawn


def _pixmaps(name: str, color: str) -> list[QPixmap]:
    """Draw an icon in every size."""
    renderer = QSvgRenderer(QByteArray(_text(name).replace("currentColor", color).encode()))
    pixmaps = []
    for size in SIZES:
        pixmap = QPixmap(size, size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        renderer.render(painter)
        painter.end()
        pixmaps.append(pixmap)
    return pixmaps


@cache
def _text(name: str) -> str:
    return DRAWINGS.joinpath(f"{name}.svg").read_text(encoding="utf-8")
