"""The training images that look most like one image, found beside the window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from engine.analysis.likeness import nearest
from engine.data.dataset import Progress, Split
from gui.background import Task
from gui.pictures import as_picture
from gui.theme import SPACING, Theme
from gui.widgets.data.words import plain
from gui.widgets.lens.picture_row import PictureRow, Tile

COUNT = 8


@dataclass(frozen=True, eq=False)
class Question:
    """Which images of the training set are nearest to this one (C, H, W) of a class?

    `own` is its own place in the training set, None where it is of another set.
    """

    train: Split
    names: tuple[str, ...]
    image: NDArray[np.float32]
    label: int
    own: int | None = None


def neighbours(question: Question, progress: Progress) -> list[tuple[int, float]]:
    """Find (row, distance) of the nearest ones, without the image itself."""
    rows, distances = nearest(question.train.images, question.image, COUNT + 1)
    found = zip(rows.tolist(), distances.tolist(), strict=True)
    return [(row, distance) for row, distance in found if row != question.own][:COUNT]


class NearestImages(QWidget):
    """Shows the nearest training images with their classes; another class stands out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = QLabel()
        self.title.setObjectName("muted")
        self.title.setWordWrap(True)
        self.row = PictureRow(COUNT)
        self.row.setAccessibleName(self.tr("Nearest training images"))
        self._question: Question | None = None
        self._answered: Question | None = None
        self._task: Task | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING // 2)
        layout.addWidget(self.title)
        layout.addWidget(self.row)

    def ask(self, question: Question | None) -> None:
        """Show the answer to this as soon as it is there; whatever was asked before is void."""
        self._question, self._answered = question, None
        self.row.show_tiles(())
        self.title.setText(self.tr("Nearest training images: looking for them …"))
        if self._task is None:
            self._start()

    def showEvent(self, event: object) -> None:
        if self._question is not self._answered and self._task is None:
            self._start()

    def hideEvent(self, event: object) -> None:
        """Look for nothing while nobody sees it; a search that runs ends by itself, unheard."""
        if self._task is not None:
            self._task.close(0)
            self._put_away()

    def _put_away(self) -> None:
        if self._task is not None:
            self._task.deleteLater()
            self._task = None

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self.row.set_theme(theme)

    def _start(self) -> None:
        """Work on the newest question; only one at a time, however fast they come."""
        question = self._question
        if question is None:
            return
        task = self._task = Task(partial(neighbours, question), self)
        task.done.connect(lambda found: self._end(question, found))
        task.failed.connect(lambda sentence, _: self._end(question, (), sentence))
        task.start()

    def _end(
        self, question: Question, found: Sequence[tuple[int, float]], sentence: str = ""
    ) -> None:
        """Show what was found, or why nothing was; go on instead where something else was asked."""
        self._put_away()
        if question is not self._question:
            self._start()
            return
        self._answered = question
        self.title.setText(sentence or self._title(question, found))
        self.row.show_tiles(tuple(self._tile(question, *one) for one in found))

    def _title(self, question: Question, found: Sequence[tuple[int, float]]) -> str:
        if not found:
            return self.tr("There are no other training images.")
        others = sum(int(question.train.labels[row]) != question.label for row, _ in found)
        words = (
            self.tr("Nearest training images, {others} of {count} of another class")
            if others
            else self.tr("Nearest training images, all of the same class")
        )
        return words.format(others=others, count=len(found))

    def _tile(self, question: Question, row: int, distance: float) -> Tile:
        train = question.train
        label = int(train.labels[row])
        name = plain(question.names[label])
        words = self.tr(
            "Image {index:,} of the training set is {name}; its distance is {distance:.2f}."
        )
        return Tile(
            as_picture(train.images[row]),
            name,
            words.format(index=int(train.indices[row]), name=name, distance=distance),
            stands_out=label != question.label,
        )
