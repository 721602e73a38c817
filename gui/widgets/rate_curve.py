"""A small drawing of the learning rate over the run that comes."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.problems import shown
from engine.project.schedules import Constant, Schedule
from engine.project.training import Training
from gui.theme import RADIUS, SPACING

PLOT_HEIGHT = 44  # pixels between no rate and all of it


class RateCurve(QWidget):
    """Draws a training's schedule: from no rate to the optimizer's, from first epoch to last."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.schedule: Schedule = Constant()
        self._rate, self._epochs = "", ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Learning rate over the run"))

    def show_training(self, training: Training) -> None:
        """Draw the learning rate of a training; hide where it stays the same all along."""
        self.schedule, rate = training.schedule, training.optimizer.learning_rate
        self._rate = shown(rate)
        self._epochs = (
            self.tr("{count} epochs").format(count=shown(training.epochs))
            if training.epochs > 1
            else self.tr("1 epoch")
        )
        first, last = (shown(rate * self.schedule.factor(done)) for done in (0.0, 1.0))
        words = self._words(first, last)
        self.setToolTip(words)
        self.setAccessibleDescription(words)
        changes = any(self.schedule.factor(part / 100) < 1 for part in range(101))
        self.setVisible(changes or bool(self.schedule.note))
        self.update()

    def _words(self, first: str, last: str) -> str:
        """Say the curve in a sentence, with what only the run can tell."""
        if not self.schedule.note:
            words = self.tr("The learning rate over the run: {first} at first, {last} in the end.")
        elif first == last:
            words = self.tr("The learning rate over the run: {first} at first. It {note}.")
        else:
            words = self.tr(
                "The learning rate over the run: {first} at first, then {last}. It {note}."
            )
        return words.format(first=first, last=last, note=self.schedule.note)

    def line(self, area: QRectF) -> QPolygonF:
        """Place the rate in an area, a point a pixel: none at its foot, all of it at its head."""
        steps = max(1, int(area.width()))
        points = []
        for step in range(steps + 1):
            done = step / steps
            height = area.height() * self.schedule.factor(done)
            points.append(QPointF(area.left() + area.width() * done, area.bottom() - height))
        return QPolygonF(points)

    def sizeHint(self) -> QSize:
        return QSize(120, PLOT_HEIGHT + 2 * (self.fontMetrics().height() + SPACING))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        role, colors = QPalette.ColorRole, self.palette()
        row = self.fontMetrics().height()
        head = QRectF(SPACING, SPACING / 2, self.width() - 2 * SPACING, row)
        area = QRectF(head.left(), head.bottom() + SPACING / 2, head.width(), PLOT_HEIGHT)
        foot = head.translated(0, area.bottom() + SPACING / 2 - head.top())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(colors.color(role.Mid))
        painter.setBrush(colors.color(role.Button))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.setPen(colors.color(role.PlaceholderText))
        painter.drawText(head, Qt.AlignmentFlag.AlignLeft, self._rate)
        below = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom  # clear of the line
        painter.drawText(area.adjusted(0, 0, 0, -3), below, self._note_within(area.width()))
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, "0")
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight, self._epochs)
        painter.setPen(QPen(colors.color(role.Accent), 1.5))
        painter.drawPolyline(self.line(area))
        painter.end()

    def _note_within(self, width: float) -> str:
        """Write what only the run can tell, shortened where there is little room."""
        elided = Qt.TextElideMode.ElideRight
        return self.fontMetrics().elidedText(self.schedule.note, elided, int(width))
