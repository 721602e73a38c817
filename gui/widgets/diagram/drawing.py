"""A laid out network, painted: on the screen, on a picture, or as an SVG drawing."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF

from gui.theme import Theme
from gui.widgets.diagram.figure import JOINT, Box, Figure, Frame, Wire

RADIUS = 7.0
STRIPE = 4.0
ARROW = 5.0
TITLE, DETAIL, SHAPE = 13, 11, 10  # pixels of the letters
CORNER = Qt.PenJoinStyle.MiterJoin  # and no caps: wires that follow each other shall not overlap


def paint(painter: QPainter, figure: Figure, theme: Theme, selected: Collection[str] = ()) -> None:
    """Paint a network; the selected layers are marked."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for frame in figure.frames:
        _paint_frame(painter, frame, theme, frame.layer in selected)
    for wire in figure.wires:
        _paint_wire(painter, wire, theme)
    for box in figure.boxes:
        if box.kind == "joint":
            _paint_joint(painter, box, theme)
        else:
            _paint_box(painter, box, theme, box.layer in selected and box.kind != "shortcut")


def _paint_frame(painter: QPainter, frame: Frame, theme: Theme, selected: bool) -> None:
    color = QColor(theme.groups[frame.group])
    border = theme.accent if selected else theme.danger if frame.wrong else color
    fill = QColor(theme.accent_soft if selected else color)
    if not selected:
        fill.setAlpha(18)
    painter.setPen(QPen(QColor(border), 1.6 if selected else 1, Qt.PenStyle.DashLine))
    painter.setBrush(fill)
    painter.drawRoundedRect(_rectangle(frame), RADIUS, RADIUS)
    line = QRectF(frame.x + 10, frame.y + 4, frame.width - 20, 16)
    _write(painter, line, frame.title, theme.text, DETAIL, bold=True)
    foot = QRectF(frame.x + 10, frame.y + frame.height - 20, frame.width - 20, 16)
    _write(painter, foot, frame.detail, theme.muted, DETAIL)


def _paint_box(painter: QPainter, box: Box, theme: Theme, selected: bool) -> None:
    area = _rectangle(box)
    border = theme.accent if selected else theme.danger if box.wrong else theme.border
    painter.setPen(QPen(QColor(border), 1.8 if selected or box.wrong else 1))
    painter.setBrush(QColor(theme.accent_soft if selected else theme.card))
    painter.drawRoundedRect(area, RADIUS, RADIUS)
    if box.group:
        painter.fillPath(_stripe(area), QColor(theme.groups[box.group]))
    if box.kind == "shortcut":
        center = Qt.AlignmentFlag.AlignCenter
        _write(painter, area, box.title, theme.muted, DETAIL, align=center)
        return
    inside = area.adjusted(STRIPE + 8, 5, -8, -5)
    half = inside.height() / 2
    if not box.detail:
        _write(painter, inside, box.title, theme.text, TITLE, bold=True)
        return
    _write(painter, inside.adjusted(0, 0, 0, -half), box.title, theme.text, TITLE, bold=True)
    _write(painter, inside.adjusted(0, half, 0, 0), box.detail, theme.muted, DETAIL)


def _stripe(area: QRectF) -> QPainterPath:
    """Give the left edge of a box as a path of its own: an SVG drawing knows no clipping."""
    box, edge = QPainterPath(), QPainterPath()
    box.addRoundedRect(area, RADIUS, RADIUS)
    edge.addRect(QRectF(area.left(), area.top(), STRIPE, area.height()))
    return box.intersected(edge)


def _paint_joint(painter: QPainter, box: Box, theme: Theme) -> None:
    painter.setPen(QPen(QColor(theme.muted), 1.4))
    painter.setBrush(QColor(theme.card))
    painter.drawRoundedRect(_rectangle(box), JOINT / 2, JOINT / 2)
    if box.title != "+":
        center = Qt.AlignmentFlag.AlignCenter
        _write(painter, _rectangle(box), box.title, theme.text, DETAIL, align=center)
        return
    middle, arm = _rectangle(box).center(), JOINT / 4  # drawn: letters never stand in the middle
    painter.drawLine(QLineF(middle.x() - arm, middle.y(), middle.x() + arm, middle.y()))
    painter.drawLine(QLineF(middle.x(), middle.y() - arm, middle.x(), middle.y() + arm))


def _paint_wire(painter: QPainter, wire: Wire, theme: Theme) -> None:
    points = [QPointF(x, y) for x, y in wire.points]
    color = QColor(theme.muted)
    painter.setPen(QPen(color, 1.3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap, CORNER))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF(points))
    if wire.arrow:
        painter.setBrush(color)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawPolygon(_head(points[-2], points[-1]))
    if wire.shape:
        start = points[0]
        room = QRectF(start.x() + 6, start.y() + 3, 90, 14)
        _write(painter, room, wire.shape, theme.muted, SHAPE)


def _head(before: QPointF, end: QPointF) -> QPolygonF:
    """Give the arrow's head at the end of a straight line."""
    line = QLineF(end, before).unitVector()
    along = QPointF(line.dx(), line.dy()) * ARROW * 1.5
    across = QPointF(-line.dy(), line.dx()) * ARROW * 0.75
    return QPolygonF([end, end + along + across, end + along - across])


def _rectangle(box: Box) -> QRectF:
    return QRectF(box.x, box.y, box.width, box.height)


def _write(
    painter: QPainter,
    room: QRectF,
    text: str,
    color: str,
    pixels: int,
    bold: bool = False,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignVCenter,
) -> None:
    """Write a line, cut off with an ellipsis where it has no room."""
    font = QFont(painter.font())
    font.setPixelSize(pixels)
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    painter.setFont(font)
    painter.setPen(QColor(color))
    words = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, align, words)
