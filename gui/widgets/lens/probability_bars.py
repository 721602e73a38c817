"""What the network gives each class for one image, as horizontal bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.theme import LIGHT, SPACING, Theme, ink_on
from gui.widgets.data.words import plain
from gui.widgets.gallery.answers import percent

MOST = 10  # bars
LOWEST, HIGHEST = 13, 28  # pixels of a row
LEAST_WIDTH = 130
NAME_SHARE = 0.34  # of the width, at the most


@dataclass(frozen=True)
class Bar:
    """A class and its probability, 0..1 or NaN."""

    name: str
    probability: float
    true: bool = False
    predicted: bool = False


def bars_of(
    names: Sequence[str], probabilities: NDArray[np.floating], true: int, predicted: int
) -> tuple[Bar, ...]:
    """Make a bar a class, in their order; of many classes the most probable ten, falling.

    probabilities: (K,). The true and the predicted class are always among them.
    """
    order = list(range(len(names)))
    if len(names) > MOST:
        values = np.nan_to_num(probabilities.astype(float), nan=-1.0)
        order = [int(place) for place in np.argsort(-values, kind="stable")]
        marked = {true, predicted}
        rest = [place for place in order if place not in marked][: MOST - len(marked)]
        order = [place for place in order if place in marked or place in rest]
    return tuple(
        Bar(names[place], float(probabilities[place]), place == true, place == predicted)
        for place in order
    )


def two_bars(
    names: Sequence[str], true: int, predicted: int, true_probability: float, confidence: float
) -> tuple[Bar, ...]:
    """Make the bars of the two classes of which all is known; one where they are the same."""
    said = Bar(names[predicted], confidence, true == predicted, predicted=True)
    return (said,) if said.true else (said, Bar(names[true], true_probability, true=True))


class ProbabilityBars(QWidget):
    """Draws bars one below another, each with its class, its percentage and what it is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = LIGHT
        self.bars: tuple[Bar, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Probabilities"))

    def show_bars(self, bars: tuple[Bar, ...]) -> None:
        """Draw these and no others."""
        changed = len(bars) != len(self.bars)
        self.bars = bars
        words = "\n".join(self._line(bar) for bar in bars)
        self.setToolTip(words)
        self.setAccessibleDescription(words)
        if changed:
            self.updateGeometry()
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self.theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(LEAST_WIDTH, LOWEST * max(1, len(self.bars)))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def mark(self, bar: Bar) -> str:
        """Say what a bar's class is for the image."""
        if bar.true and bar.predicted:
            return self.tr("true, predicted")
        return self.tr("true") if bar.true else self.tr("predicted") if bar.predicted else ""

    def _line(self, bar: Bar) -> str:
        mark = self.mark(bar)
        words = f"{plain(bar.name)}: {percent(bar.probability)}"
        return f"{words} ({mark})" if mark else words

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.bars:
            return
        painter = QPainter(self)
        painter.setFont(_smaller(painter.font()))
        metrics = painter.fontMetrics()
        strong = QFont(painter.font())
        strong.setBold(True)
        widest = max(metrics.horizontalAdvance(f"{plain(bar.name)}m") for bar in self.bars)
        names = int(min(widest, NAME_SHARE * self.width()))
        numbers = max(metrics.horizontalAdvance(percent(bar.probability)) for bar in self.bars)
        height = min(HIGHEST, self.height() / len(self.bars))
        for number, bar in enumerate(self.bars):
            row = QRect(0, round(number * height), self.width(), int(height))
            track = row.adjusted(names + SPACING, 2, -numbers - SPACING, -1)
            self._paint_words(painter, row, names, bar)
            self._paint_bar(painter, track, bar)
        painter.end()

    def _paint_words(self, painter: QPainter, row: QRect, names: int, bar: Bar) -> None:
        middle = Qt.AlignmentFlag.AlignVCenter
        strong = bar.true or bar.predicted
        font = QFont(painter.font())
        font.setBold(strong)
        painter.setFont(font)
        painter.setPen(QColor(self.theme.text if strong else self.theme.muted))
        metrics = painter.fontMetrics()
        name = metrics.elidedText(plain(bar.name), Qt.TextElideMode.ElideRight, names)
        painter.drawText(row.adjusted(0, 0, names - row.width(), 0), middle, name)
        font.setBold(False)
        painter.setFont(font)
        painter.drawText(row, middle | Qt.AlignmentFlag.AlignRight, percent(bar.probability))

    def _paint_bar(self, painter: QPainter, track: QRect, bar: Bar) -> None:
        """Paint a bar on its track, with its mark inside where that fits, else behind its end."""
        color = self._color(bar)
        painter.fillRect(track, QColor(self.theme.grid))
        filled = QRectF(track)
        filled.setWidth(track.width() * float(np.nan_to_num(bar.probability)))
        painter.fillRect(filled, color)
        mark = self.mark(bar)
        needed = painter.fontMetrics().horizontalAdvance(mark) + SPACING
        inside = filled.width() >= needed
        painter.setPen(ink_on(color) if inside else QColor(self.theme.text))
        side = Qt.AlignmentFlag.AlignRight if inside else Qt.AlignmentFlag.AlignLeft
        place = filled if inside else QRectF(track).adjusted(filled.width(), 0, 0, 0)
        place.adjust(SPACING / 2, -1, -SPACING / 2, 0)
        words = painter.fontMetrics().elidedText(
            mark, Qt.TextElideMode.ElideRight, int(place.width())
        )
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | side, words)

    def _color(self, bar: Bar) -> QColor:
        theme = self.theme
        return QColor(
            theme.right[1] if bar.true else theme.wrong[1] if bar.predicted else theme.muted
        )


def _smaller(font: QFont) -> QFont:
    font = QFont(font)
    font.setPointSizeF(0.9 * font.pointSizeF())
    return font
