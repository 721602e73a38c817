"""Icons from resources/icons, drawn in the theme's colours."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from engine.project.layers import Layer
from gui.theme import Theme

SIZES = (16, 24, 32, 48)
DRAWINGS = files("resources").joinpath("icons")
OF_GROUP = {
    "Core": "dense",
    "Convolution": "conv2d",
    "Pooling": "max_pool2d",
    "Regularisation": "dropout",
    "Sequence": "rnn",
    "Block": "residual",
}
"""Whose icon stands for a group of layers, and for those of them that have none."""


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


def layer_icon(kind: type[Layer], theme: Theme) -> QIcon:
    """Draw the icon of a layer type, or that of its group, in the group's colour."""
    name = str(kind.model_fields["type"].default)
    drawn = DRAWINGS.joinpath(f"{name}.svg").is_file()
    color = theme.groups.get(kind.group, theme.muted)
    return icon(name if drawn else OF_GROUP[kind.group], color)


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
