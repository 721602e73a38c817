"""What the network said of one image at each evaluation of a run, oldest to newest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.training.events import Evaluated
from gui.theme import ink_on
from gui.widgets.data.words import plain
from gui.widgets.gallery.answers import percent
from gui.widgets.lens.step_row import StepRow

HEIGHT = 26  # pixels of a wrong answer's cell
LOWER = 8  # pixels that a right one's is lower
MARK = 7  # pixels under the cells, for the shown one's mark
NARROWEST, NAMED, WIDEST = 6, 14, 44  # pixels of a cell; from NAMED on with its class


@dataclass(frozen=True, slots=True)
class Answer:
    """What the network said of an image in one evaluation, and how sure it was of that."""

    step: int
    epoch: int
    predicted: int
    confidence: float
    right: bool


def place_of(evaluation: Evaluated, row: int) -> int | None:
    """Find an image of the split among an evaluation's; its rows rise. None where it is not."""
    place = int(np.searchsorted(evaluation.rows, row))
    inside = place < len(evaluation.rows) and int(evaluation.rows[place]) == row
    return place if inside else None


def answers_to(evaluations: Iterable[Evaluated], row: int) -> tuple[Answer, ...]:
    """Collect what evaluations say of an image, without those that don't contain it."""
    found = ((one, place_of(one, row)) for one in evaluations)
    return tuple(_answer(one, place) for one, place in found if place is not None)


def _answer(evaluation: Evaluated, place: int) -> Answer:
    predicted = int(evaluation.predicted[place])
    return Answer(
        evaluation.step,
        evaluation.epoch,
        predicted,
        float(evaluation.confidence[place]),
        predicted == int(evaluation.labels[place]),
    )


def spread(count: int, room: int, shown: int | None) -> list[int]:
    """Choose which of `count` places to draw where there is room for so many: evenly, always the
    first, the last and the one that is shown.
    """
    if count <= room:
        return list(range(count))
    chosen = [round(place) for place in np.linspace(0, count - 1, max(2, room))]
    if shown is not None and shown not in chosen:
        inner = range(1, len(chosen) - 1) or range(1)
        chosen[min(inner, key=lambda place: abs(chosen[place] - shown))] = shown
    return chosen


class PredictionStrip(StepRow):
    """One cell an evaluation: low and blue where the network was right, high and orange where it
    was wrong, with what it said where that fits.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.answers: tuple[Answer, ...] = ()
        self._names: tuple[str, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Prediction at each evaluation"))

    def show_answers(
        self, answers: tuple[Answer, ...], names: tuple[str, ...], shown: int | None
    ) -> None:
        """Draw these, and mark the one at the place `shown`."""
        self.answers, self._names = answers, names
        self.steps = tuple(answer.step for answer in answers)
        self.mark(shown)

    def words_of(self, place: int) -> str:
        answer = self.answers[place]
        return self.tr("epoch {epoch}, step {step:,}: {said} ({percent})").format(
            epoch=answer.epoch,
            step=answer.step,
            said=plain(self._names[answer.predicted]),
            percent=percent(answer.confidence),
        )

    def place_at(self, x: float) -> int | None:
        cells = self.cells()
        return next((place for place, cell in cells if cell.left() <= x <= cell.right()), None)

    def cells(self) -> list[tuple[int, QRect]]:
        """Give the places that are drawn and where, from left to right, without gaps."""
        drawn = spread(len(self.answers), self.width() // NARROWEST, self.shown)
        width = min(WIDEST, self.width() / max(1, len(drawn)))
        edges = [round(number * width) for number in range(len(drawn) + 1)]
        return [
            (place, QRect(edges[number], 0, edges[number + 1] - edges[number], HEIGHT))
            for number, place in enumerate(drawn)
        ]

    def sizeHint(self) -> QSize:
        return QSize(10 * WIDEST, HEIGHT + MARK + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(10 * NARROWEST, HEIGHT + MARK + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        for place, cell in self.cells():
            self._paint_cell(painter, cell, self.answers[place])
            if place == self.shown:
                self._paint_mark(painter, cell)
        painter.end()

    def _paint_cell(self, painter: QPainter, cell: QRect, answer: Answer) -> None:
        theme = self.theme
        gap = 1 if cell.width() < 2 * NARROWEST else 2
        body = cell.adjusted(0, LOWER if answer.right else 0, -gap, 0)
        color = QColor(theme.right[0] if answer.right else theme.wrong[1])
        painter.fillRect(body, color)
        if answer.right:
            painter.fillRect(
                QRect(body.left(), body.top(), body.width(), 2), QColor(theme.right[1])
            )
        name = plain(self._names[answer.predicted])
        fits = painter.fontMetrics().horizontalAdvance(name) <= body.width() - 2
        if fits and cell.width() >= NAMED:
            painter.setPen(ink_on(color))
            painter.drawText(body.adjusted(0, 1, 0, 0), Qt.AlignmentFlag.AlignCenter, name)

    def _paint_mark(self, painter: QPainter, cell: QRect) -> None:
        """Underline the shown cell; framed, too, while the keyboard is here."""
        theme = self.theme
        color = QColor(theme.accent if self.hasFocus() else theme.text)
        bar = QRect(cell.left(), cell.bottom() + 3, max(4, cell.width() - 2), 4)
        painter.fillRect(bar, color)
        if self.hasFocus():
            painter.setPen(QPen(color, 2))
            painter.drawRect(cell.adjusted(1, 1, -2, 0))
