"""A digit, the states of a layer and the predictions, row by row beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.theme import LIGHT, SPACING, Theme, ink_on
from gui.widgets.gallery.answers import percent
from gui.widgets.rows.heat import diverging, rising

LEAST = QSize(220, 92)
PAGE = 5  # steps
FRAME = 1.0  # pixels of a line around each panel
MOST_PICTURE = 0.42  # of the width
UNREAD = 150  # of 255: how much of the rows that are not read yet is covered


@dataclass(frozen=True, eq=False)
class Shown:
    """What is drawn: a picture; states (T, F), where a layer is chosen; probabilities (S, K) of
    the named classes after each of S steps.
    """

    picture: QImage
    states: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    names: Sequence[str]
    true: int


class RowsChart(QWidget):
    """Three panels whose rows stand at the same height; a line lies under the last one read."""

    row_chosen = Signal(int)  # from 0

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = LIGHT
        self.shown: Shown | None = None
        self.row = 0
        self._states = self._shares = QImage()
        self._most = 0.0  # the largest state, without its sign
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(LEAST)
        self.setAccessibleName(self.tr("The image, read row by row"))

    @property
    def count(self) -> int:
        """How many steps there are."""
        return 0 if self.shown is None else len(self.shown.probabilities)

    def show_reading(self, shown: Shown | None) -> None:
        """Draw this and nothing else."""
        self.shown = shown
        self.row = min(self.row, max(0, self.count - 1))
        self._draw_heat()

    def mark(self, row: int) -> None:
        """Mark the last row that is read."""
        self.row = row
        self.setAccessibleDescription(self.words_at(row))
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self.theme = theme
        self._draw_heat()

    def words_at(self, row: int) -> str:
        """Say what the network thinks after a row."""
        if self.shown is None or row >= self.count:
            return ""
        shares = self.shown.probabilities[row]
        likeliest = int(np.argmax(shares))
        return self.tr("After row {row} of {count}: {name} with {percent}").format(
            row=row + 1,
            count=self.count,
            name=self.shown.names[likeliest],
            percent=percent(float(shares[likeliest])),
        )

    def _draw_heat(self) -> None:
        if self.shown is not None:
            states = self.shown.states
            self._most = float(np.abs(np.nan_to_num(states)).max())
            self._states = diverging(states, self._most, self.theme)
            self._shares = rising(self.shown.probabilities, self.theme)
        self.update()

    # ---- where things are

    def areas(self) -> tuple[QRectF, QRectF, QRectF]:
        """Give the places of the picture, the states and the predictions."""
        metrics = self.fontMetrics()
        top = metrics.height() + 3.0
        height = max(1.0, self.height() - top - metrics.height() - 3.0)
        wide = 1.0 if self.shown is None else _shape(self.shown.picture)
        side = min(height * wide, MOST_PICTURE * self.width())
        height = min(height, side / wide)  # a picture that is true to shape gives the height
        picture = QRectF(FRAME, top, side, height)
        rest = self.width() - picture.right() - 2 * SPACING - FRAME
        middle = QRectF(picture.right() + SPACING, top, rest / 2, height)
        return picture, middle, middle.translated(rest / 2 + SPACING, 0)

    def row_at(self, y: float) -> int:
        """Give the row at a height; the nearest one outside."""
        area = self.areas()[0]
        row = int((y - area.top()) / area.height() * self.count)
        return min(max(row, 0), max(0, self.count - 1))

    def words_under(self, x: float, y: float) -> str:
        """Say what is drawn at a point."""
        _, states, shares = self.areas()
        shown, row = self.shown, self.row_at(y)
        if shown is None:
            return ""
        if states.contains(x, y):
            steps, features = shown.states.shape
            step = min(steps - 1, row * steps // max(1, self.count))
            unit = min(features - 1, int((x - states.left()) / states.width() * features))
            words = self.tr("After row {row}, unit {unit}: {value:.3f}")
            return words.format(row=step + 1, unit=unit + 1, value=shown.states[step, unit])
        if shares.contains(x, y):
            count = len(shown.names)
            number = min(count - 1, int((x - shares.left()) / shares.width() * count))
            words = self.tr("After row {row}: {name} has {percent}")
            share = percent(float(shown.probabilities[row, number]))
            return words.format(row=row + 1, name=shown.names[number], percent=share)
        return self.words_at(row)

    # ---- mouse and keyboard

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.count and event.button() == Qt.MouseButton.LeftButton:
            self.row_chosen.emit(self.row_at(event.position().y()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.count and event.buttons() & Qt.MouseButton.LeftButton:
            self.row_chosen.emit(self.row_at(event.position().y()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = {
            Qt.Key.Key_Up: self.row - 1,
            Qt.Key.Key_Down: self.row + 1,
            Qt.Key.Key_PageUp: self.row - PAGE,
            Qt.Key.Key_PageDown: self.row + PAGE,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: self.count - 1,
        }.get(Qt.Key(event.key()))
        if row is None or not self.count:
            super().keyPressEvent(event)
            return
        self.row_chosen.emit(min(max(row, 0), self.count - 1))

    def focusInEvent(self, event: object) -> None:
        self.update()

    def focusOutEvent(self, event: object) -> None:
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            words = self.words_under(event.pos().x(), event.pos().y())
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)

    def reach(self, width: float) -> tuple[str, str]:
        """Write what the colours of the states stand for at most, in so many pixels."""
        most = f"{float(f'{self._most:.2g}'):g}"  # 140, where .2g writes 1.4e+02
        lowest, highest = f"■ −{most}", f"{most} ■"
        needed = self.fontMetrics().horizontalAdvance(f"{lowest} {highest}")
        return (lowest, highest) if needed <= width else ("■", f"± {most} ■")

    # ---- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.shown is None or not self.count:
            return
        painter = QPainter(self)
        picture, states, shares = self.areas()
        painter.drawImage(picture, self.shown.picture)
        painter.drawImage(states, self._states)
        self._title(painter, states, self.tr("State"))
        self._numbers(painter, states)
        painter.drawImage(shares, self._shares)
        self._title(painter, picture, self.tr("Image"))
        self._title(painter, shares, self.tr("Prediction"))
        self._classes(painter, shares)
        line = picture.top() + (self.row + 1) / self.count * picture.height()
        for area in (picture, states, shares):
            self._finish(painter, area, line)
        painter.end()

    def _title(self, painter: QPainter, area: QRectF, words: str) -> None:
        painter.setPen(QColor(self.theme.muted))
        above = QRectF(area.left(), 0, area.width(), area.top())
        shown = painter.fontMetrics().elidedText(
            words, Qt.TextElideMode.ElideRight, int(area.width())
        )
        painter.drawText(above, Qt.AlignmentFlag.AlignLeft, shown)

    def _numbers(self, painter: QPainter, area: QRectF) -> None:
        """Say under the states how far their colours reach; once where there is little room."""
        lowest, highest = self.reach(area.width())
        below = QRectF(area.left(), area.bottom() + 2, area.width(), painter.fontMetrics().height())
        painter.setPen(QColor(self.theme.wrong[1]))
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, lowest)
        painter.setPen(QColor(self.theme.right[1]))
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, highest)

    def _classes(self, painter: QPainter, area: QRectF) -> None:
        """Write the classes' names below their columns, the true one's in full ink, as far as
        there is room.
        """
        assert self.shown is not None
        names, metrics = self.shown.names, painter.fontMetrics()
        width = area.width() / len(names)
        if max(map(metrics.horizontalAdvance, names)) > width + 2:
            return
        for number, name in enumerate(names):
            place = QRectF(area.left() + number * width, area.bottom() + 2, width, metrics.height())
            true = number == self.shown.true
            if true:
                painter.fillRect(place, QColor(self.theme.accent))
            painter.setPen(ink_on(QColor(self.theme.accent)) if true else QColor(self.theme.muted))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, name)

    def _finish(self, painter: QPainter, area: QRectF, line: float) -> None:
        """Cover what is not read yet, and draw the line and a frame."""
        cover = QColor(self.theme.panel)
        cover.setAlpha(UNREAD)
        painter.fillRect(QRectF(area.left(), line, area.width(), area.bottom() - line), cover)
        painter.setPen(QPen(QColor(self.theme.border), 1))
        painter.drawRect(area)
        painter.setPen(QPen(QColor(self.theme.accent if self.hasFocus() else self.theme.text), 2))
        painter.drawLine(int(area.left()), int(line), int(area.right()), int(line))


def _shape(picture: QImage) -> float:
    return picture.width() / max(1, picture.height())
