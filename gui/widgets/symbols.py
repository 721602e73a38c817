"""Small signs of a plot, painted once and copied to wherever they are needed."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QPainterPath, QPixmap

ROOM = 4  # pixels around a shape, for its edge

DOT: QPainterPath = pg.graphicsItems.ScatterPlotItem.Symbols["o"]
STAR: QPainterPath = pg.graphicsItems.ScatterPlotItem.Symbols["star"]
DIAMOND: QPainterPath = pg.graphicsItems.ScatterPlotItem.Symbols["d"]
CROSS: QPainterPath = pg.graphicsItems.ScatterPlotItem.Symbols["x"]


def _polygons(*polygons: tuple[tuple[float, float], ...]) -> QPainterPath:
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.WindingFill)
    for (x, y), *rest in polygons:
        path.moveTo(x, y)
        for corner in rest:
            path.lineTo(*corner)
        path.closeSubpath()
    return path


def _bar(left: float, right: float) -> tuple[tuple[float, float], ...]:
    return ((left, -0.5), (right, -0.5), (right, 0.5), (left, 0.5))


BARS = _polygons(_bar(-0.42, -0.12), _bar(0.12, 0.42))
ARROW = _polygons(((-0.4, -0.5), (0.5, 0.0), (-0.4, 0.5)))
FORK = _polygons(
    ((-0.13, 0.5), (0.13, 0.5), (0.13, 0.05), (0.5, -0.5), (0.2, -0.5), (0, -0.15),
     (-0.2, -0.5), (-0.5, -0.5), (-0.13, 0.05)),
)  # fmt: skip


def symbol(shape: QPainterPath, across: int, fill: str, edge: str) -> QPixmap:
    """Paint a shape of size 1 so many pixels across. An empty `fill` leaves it hollow."""
    app = QGuiApplication.instance()
    ratio = app.devicePixelRatio() if isinstance(app, QGuiApplication) else 1.0
    side = across + ROOM
    picture = QPixmap(round(side * ratio), round(side * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(side / 2, side / 2)
    painter.scale(across, across)
    painter.setPen(pg.mkPen(edge, width=1))
    painter.setBrush(QColor(fill) if fill else Qt.BrushStyle.NoBrush)
    painter.drawPath(shape)
    painter.end()
    return picture
