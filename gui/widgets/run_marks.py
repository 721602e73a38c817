"""What happened to a run beside learning, as marks on its curves: pauses, changes, turns, the end
by a number that is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from PySide6.QtCore import QCoreApplication, QLineF, QPointF
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from engine.training.changes import LEARNING_RATE
from engine.training.history import Run
from gui.theme import Theme
from gui.widgets.change_words import change_words
from gui.widgets.symbols import ARROW, BARS, CROSS, DIAMOND, FORK, symbol

Sign = Literal["pause", "resume", "change", "branch", "divergence"]
RANKS = get_args(Sign)
"""Where several marks are drawn as one, it has the sign that comes last here."""

SHAPES = {"pause": BARS, "resume": ARROW, "change": DIAMOND, "branch": FORK, "divergence": CROSS}
ACROSS = 10  # pixels of a sign
APART = 20  # pixels; marks nearer than that are drawn as one
MOST_COUNTED = 99
MOST_WORDS = 3  # marks of one place that are told one by one
MOST_TOLD = 20  # marks that a screen reader is told


@dataclass(frozen=True)
class Mark:
    """One thing that happened after so many epochs."""

    x: float
    sign: Sign
    words: str


@dataclass(frozen=True)
class Group:
    """Marks that are drawn as one, at the place of the first."""

    marks: tuple[Mark, ...]

    @property
    def x(self) -> float:
        return self.marks[0].x

    @property
    def last(self) -> float:
        return self.marks[-1].x

    @property
    def sign(self) -> Sign:
        """The sign of the one that tells most."""
        return max((mark.sign for mark in self.marks), key=RANKS.index)

    @property
    def count(self) -> int:
        """How many marks of that sign there are: pausing for a change is not two of them."""
        sign = self.sign
        return sum(mark.sign == sign for mark in self.marks)

    @property
    def words(self) -> str:
        """Tell all of them in a line, what tells most first; the same thing once, with a count."""
        several = QCoreApplication.translate("RunMarks", "{words} ({times} times)")
        ranked = sorted(self.marks, key=lambda mark: -RANKS.index(mark.sign))
        counts: dict[str, int] = {}
        for mark in ranked:
            counts[mark.words] = counts.get(mark.words, 0) + 1
        told = [
            words if times == 1 else several.format(words=words, times=times)
            for words, times in counts.items()
        ]
        left = len(told) - MOST_WORDS
        if left > 0:
            more = QCoreApplication.translate("RunMarks", "and {count} more").format(count=left)
            told = [*told[:MOST_WORDS], more]
        return ", ".join(told)


def story(run: Run) -> tuple[object, ...]:
    """Give what is equal as long as a run's marks are the same ones."""
    turns = (len(run.changes), len(run.drops), len(run.pauses), len(run.resumed))
    return (id(run), *turns, run.branched, run.diverged)


def marks_of(run: Run) -> tuple[Mark, ...]:
    """List what happened to a run, by its place on the x axis."""
    pause = QCoreApplication.translate("RunMarks", "Paused")
    resume = QCoreApplication.translate("RunMarks", "Resumed after an end")
    plateau = QCoreApplication.translate("RunMarks", "{change} on a plateau")
    found: list[tuple[int, Sign, str]] = [
        *((step, "pause", pause) for step in run.pauses),
        *((step, "resume", resume) for step in run.resumed),
        *((one.step, "change", change_words(one.field, one.old, one.new)) for one in run.changes),
    ]
    for drop in run.drops:
        change = change_words(LEARNING_RATE, drop.old, drop.new)
        found.append((drop.step, "change", plateau.format(change=change)))
    if run.branched:
        words = QCoreApplication.translate("RunMarks", "Branched off {parent}")
        found.append((run.branched.step, "branch", words.format(parent=run.branched.parent)))
    if run.diverged:
        found.append((run.diverged.step, "divergence", run.diverged.message))
    if run.course is None or not found:
        return ()
    found.sort(key=lambda one: one[0])
    places = run.course.epochs_of(np.array([step for step, _, _ in found]))
    return tuple(
        Mark(x, sign, words) for x, (_, sign, words) in zip(places.tolist(), found, strict=True)
    )


def grouped(marks: Sequence[Mark], low: float, high: float, apart: float) -> tuple[Group, ...]:
    """Put the marks from x `low` to `high` together that are less than `apart` from a first one."""
    places = np.array([mark.x for mark in marks])
    first, end = int(np.searchsorted(places, low)), int(np.searchsorted(places, high, "right"))
    groups = []
    while first < end:
        after = max(first + 1, int(np.searchsorted(places[:end], places[first] + apart)))
        groups.append(Group(tuple(marks[first:after])))
        first = after
    return tuple(groups)


def told(marks: Sequence[Mark]) -> str:
    """Tell the marks in sentences, for a screen reader; the newest where there are many."""
    words = QCoreApplication.translate("RunMarks", "Epoch {epoch:.2f}: {words}.")
    lines = [
        words.format(epoch=mark.x, words=mark.words.rstrip(".")) for mark in marks[-MOST_TOLD:]
    ]
    left = len(marks) - MOST_TOLD
    if left > 0:
        earlier = QCoreApplication.translate("RunMarks", "{count:,} earlier marks.")
        lines.insert(0, earlier.format(count=left))
    return "\n".join(lines)


class MarkPainter:
    """Paints groups of marks: a thin line each, and a sign at the top edge."""

    def __init__(self, theme: Theme) -> None:
        colors = {
            "pause": theme.muted,
            "resume": theme.success,
            "change": theme.text,
            "branch": theme.accent,
            "divergence": theme.danger,
        }
        self._signs = {
            sign: symbol(SHAPES[sign], ACROSS, color, theme.panel) for sign, color in colors.items()
        }
        lines = colors | {"change": theme.muted, "resume": theme.border, "pause": theme.border}
        self._pens = {sign: QPen(QColor(color), 1) for sign, color in lines.items()}
        self._ink = QColor(theme.muted)
        self._font = QFont()
        self._font.setPixelSize(ACROSS + 1)

    def paint(self, painter: QPainter, group: Group, x: float, top: float, bottom: float) -> None:
        """Paint a group at the pixel `x`."""
        x, picture = round(x), self._signs[group.sign]
        middle = picture.deviceIndependentSize() / 2
        painter.setPen(self._pens[group.sign])
        painter.drawLine(QLineF(x, top + middle.height(), x, bottom))
        painter.drawPixmap(QPointF(x + 0.5 - middle.width(), top), picture)
        count = group.count
        if count > 1:
            painter.setPen(self._ink)
            painter.setFont(self._font)
            text = str(count) if count <= MOST_COUNTED else f"{MOST_COUNTED}+"
            painter.drawText(QPointF(x + 3, top + 2 * middle.height() + ACROSS - 1), text)
