"""A run's state as a small mark: a shape of its own, so that colour is not needed to tell it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from engine.store.run_list import RunState
from gui.theme import Theme

SIZE = 14  # pixels, also of the ground that shapes are drawn on
DRAWN_SIZE = 2  # times as large, for sharp edges on fine screens

POLYGONS: dict[RunState, tuple[tuple[float, float], ...]] = {
    "running": ((4, 2), (12, 7), (4, 12)),
    "stopped": ((3, 3), (11, 3), (11, 11), (3, 11)),
    "early": ((7, 1.5), (12.5, 7), (7, 12.5), (1.5, 7)),
    "crashed": ((7, 1.5), (13, 12), (1, 12)),
    "diverged": ((1, 2), (13, 2), (7, 12.5)),
}


def state_mark(state: RunState, theme: Theme) -> QPixmap:
    """Draw a state's shape in its colour."""
    picture = QPixmap(SIZE * DRAWN_SIZE, SIZE * DRAWN_SIZE)
    picture.setDevicePixelRatio(DRAWN_SIZE)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    color = QColor(state_color(state, theme))
    if state in ("failed", "damaged"):
        painter.setPen(QPen(color, 2.2, c=Qt.PenCapStyle.RoundCap))
        _draw_lines(painter, state)
    else:
        painter.fillPath(_path(state), color)
    painter.end()
    return picture


def state_color(state: RunState, theme: Theme) -> str:
    """Choose a state's colour."""
    match state:
        case "finished":
            return theme.success
        case "early":
            return theme.training
        case "running":
            return theme.accent
        case "stopped":
            return theme.muted
        case "crashed":
            return theme.warning
    return theme.danger


def _path(state: RunState) -> QPainterPath:
    path = QPainterPath()
    if state in POLYGONS:
        path.addPolygon(QPolygonF([QPointF(*point) for point in POLYGONS[state]]))
    else:
        path.addEllipse(QRectF(2, 2, 10, 10))
    return path


def _draw_lines(painter: QPainter, state: RunState) -> None:
    """A cross for what failed; a ring with a bar through it for what can't be read."""
    painter.drawLine(QPointF(3, 3), QPointF(11, 11))
    if state == "failed":
        painter.drawLine(QPointF(3, 11), QPointF(11, 3))
    else:
        painter.drawEllipse(QRectF(2, 2, 10, 10))
