"""Icons from resources/icons, drawn in the theme's colours."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

SIZES = (16, 24, 32, 48)


@cache
def icon(name: str, color: str = "", faded: str = "") -> QIcon:
    """Draw an icon in a colour (#rrggbb), and in another while its control is disabled; without
    any where it has colours of its own.
    """
    drawn = QIcon()
    for size in SIZES:
        drawn.addPixmap(_pixmap(name, color, size))
        if faded:
            drawn.addPixmap(_pixmap(name, faded, size), QIcon.Mode.Disabled)
    return drawn


def _pixmap(name: str, color: str, size: int) -> QPixmap:
    text = files("resources").joinpath("icons", f"{name}.svg").read_text(encoding="utf-8")
    renderer = QSvgRenderer(QByteArray(text.replace("currentColor", color).encode()))
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter)
    painter.end()
    return pixmap
