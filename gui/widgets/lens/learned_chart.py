"""How many images were learned and how many forgotten between one evaluation and the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.theme import SPACING, ink_on
from gui.widgets.lens.step_row import StepRow

LEAST_HEIGHT = 72
BREAK = 5  # pixels that a broken bar's gap takes


@dataclass(frozen=True, slots=True)
class Change:
    """What one evaluation tells beside the one before it; both places on the axis in epochs."""

    step: int
    start: float
    end: float
    learned: int
    forgotten: int


class LearnedChart(StepRow):
    """Bars up for learned and down for forgotten, over the epochs in which that happened.

    Up to the first evaluation nearly everything is learned: where that is more than all that
    follows, its bar is drawn broken, so that the others can be seen.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.changes: tuple[Change, ...] = ()
        self.first, self.last = 0.0, 1.0  # the epochs at the axis' ends
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Learned and forgotten by epoch"))

    def show_changes(self, changes: Sequence[Change]) -> None:
        """Draw these and no others."""
        self.changes = tuple(changes)
        self.steps = tuple(change.step for change in changes)
        self.update()

    def set_range(self, first: float, last: float) -> None:
        """Let the axis reach from one moment to another, in epochs."""
        self.first = max(first, 0.0)
        self.last = max(last, self.first + 1e-6)
        self.update()

    def words_of(self, place: int) -> str:
        change = self.changes[place]
        before, epoch = round(change.start), round(change.end)
        words = (
            self.tr("In epoch {epoch}: ▲ {learned:,} learned, ▼ {forgotten:,} forgotten")
            if epoch <= before + 1
            else self.tr(
                "In epochs {first} to {epoch}: ▲ {learned:,} learned, ▼ {forgotten:,} forgotten"
            )
        )
        return words.format(
            first=before + 1, epoch=epoch, learned=change.learned, forgotten=change.forgotten
        )

    def place_at(self, x: float) -> int | None:
        area = self.area()
        share = (x - area.left()) / max(1.0, area.width())
        epoch = self.first + share * (self.last - self.first)
        places = range(len(self.changes))
        return next(
            (at for at in places if self.changes[at].start <= epoch <= self.changes[at].end), None
        )

    def x_of(self, epoch: float) -> float:
        """Give the pixel of a place on the axis; one beyond it is put at its end."""
        area = self.area()
        share = (epoch - self.first) / (self.last - self.first)
        return area.left() + area.width() * min(max(share, 0.0), 1.0)

    def area(self) -> QRectF:
        """Give where the bars are: right of the numbers, above the epochs."""
        metrics = self.fontMetrics()
        left = metrics.horizontalAdvance(f"{max(self._most()):,}") + SPACING
        return QRectF(self.rect()).adjusted(
            left, metrics.height() / 2, -SPACING, -metrics.height() - 6
        )

    def _most(self) -> tuple[int, int]:
        """Give the highest bar up and down, but for the first where that is higher than others."""
        later = self.changes[1:] or self.changes
        up = max((change.learned for change in later), default=0)
        return up, max((change.forgotten for change in later), default=0)

    def sizeHint(self) -> QSize:
        return QSize(160, LEAST_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.changes:
            return
        painter = QPainter(self)
        area = self.area()
        up, down = self._most()
        zero = area.top() + area.height() * (up / (up + down) if up + down else 1.0)
        self._paint_shown(painter, area)
        self._paint_axes(painter, area, zero, up, down)
        painter.setPen(Qt.PenStyle.NoPen)
        scale = area.height() / max(1, up + down)
        for change in self.changes:
            if change.end > self.first and change.start < self.last:
                self._paint_bars(painter, change, zero, scale, area.top())
        painter.end()

    def _paint_bars(
        self, painter: QPainter, change: Change, zero: float, scale: float, top: float
    ) -> None:
        left, right = self.x_of(change.start), self.x_of(change.end)
        gap = 1.0 if right - left >= 4 else 0.0
        width = max(1.0, right - left - gap)
        high = change.learned * scale
        broken = high > zero - top + 0.5
        high = min(high, zero - top)
        learned = QRectF(left + gap, zero - high, width, high)
        painter.fillRect(learned, QColor(self.theme.right[1]))
        low = change.forgotten * scale
        painter.fillRect(QRectF(left + gap, zero, width, low), QColor(self.theme.wrong[1]))
        if broken:
            self._paint_break(painter, learned, change.learned)

    def _paint_break(self, painter: QPainter, bar: QRectF, count: int) -> None:
        """Cut a bar near its top with a slanting gap, as it is longer than drawn, and say how long
        where that fits.
        """
        y = bar.top() + min(14.0, bar.height() / 3)
        gap = QPolygonF(
            [
                QPointF(bar.left() - 1, y + BREAK),
                QPointF(bar.right() + 1, y - BREAK),
                QPointF(bar.right() + 1, y),
                QPointF(bar.left() - 1, y + 2 * BREAK),
            ]
        )
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.panel))
        painter.drawPolygon(gap)
        words, height = f"{count:,}", painter.fontMetrics().height()
        below = bar.adjusted(0, y + 2 * BREAK - bar.top() + 2, 0, 0)
        if (
            painter.fontMetrics().horizontalAdvance(words) < below.width()
            and height < below.height()
        ):
            painter.setPen(ink_on(QColor(self.theme.right[1])))
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, words)
        painter.restore()

    def _paint_shown(self, painter: QPainter, area: QRectF) -> None:
        """Put a soft stripe behind the shown bars, and a line under them; both tell it."""
        if self.shown is None or self.shown >= len(self.changes):
            return
        change, theme = self.changes[self.shown], self.theme
        if change.end <= self.first or change.start >= self.last:
            return
        left, right = self.x_of(change.start), self.x_of(change.end)
        stripe = QRectF(left, area.top(), max(3.0, right - left), area.height())
        painter.fillRect(stripe, QColor(theme.accent_soft))
        mark = QRectF(stripe.left(), area.bottom() + 1, stripe.width(), 3)
        painter.fillRect(mark, QColor(theme.accent if self.hasFocus() else theme.text))
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent), 1))
            painter.drawRect(stripe)

    def _paint_axes(self, painter: QPainter, area: QRectF, zero: float, up: int, down: int) -> None:
        theme, height = self.theme, self.fontMetrics().height()
        painter.setPen(QColor(theme.border))
        painter.drawLine(QPointF(area.left(), zero), QPointF(area.right(), zero))
        painter.setPen(QColor(theme.muted))
        numbers = QRectF(0, 0, area.left() - SPACING / 2, height)
        right = Qt.AlignmentFlag.AlignRight
        for number, y in ((up, area.top()), (0, zero), (down, area.bottom())):
            apart = number == 0 or abs(y - zero) >= height
            if apart:
                numbers.moveTop(y - height / 2)
                painter.drawText(numbers, right, f"{number:,}")
        self._paint_epochs(painter, area)

    def _paint_epochs(self, painter: QPainter, area: QRectF) -> None:
        metrics = self.fontMetrics()
        widest = metrics.horizontalAdvance(f"{int(self.last)}") + 2 * SPACING
        between = _round_step((self.last - self.first) * widest / max(1.0, area.width()))
        begin = ceil(self.first / between) * between
        for epoch in range(begin, int(self.last) + 1, between):
            words = f"{epoch}"
            width = metrics.horizontalAdvance(words) + 4
            place = QRect(0, int(area.bottom()) + 4, width, metrics.height())
            place.moveLeft(min(round(self.x_of(epoch) - width / 2), self.width() - width))
            painter.drawText(place, Qt.AlignmentFlag.AlignHCenter, words)


def _round_step(least: float) -> int:
    """Give the smallest of 1, 2, 5, 10, 20, 50 ... that is not less."""
    step = 1
    while step < least:
        step = step * 5 // 2 if f"{step}"[0] == "2" else step * 2
    return step
