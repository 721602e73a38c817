"""Which images a gallery shows, as a model of Qt: rows cost nothing until they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QWidget

from gui.pictures import as_picture

AnyIndex = QModelIndex | QPersistentModelIndex
Rows = NDArray[np.int64]
Caption = Callable[[int], Sequence[str]]
Words = Callable[[int], str]
NO_ROWS: Rows = np.empty(0, np.int64)
NO_IMAGES = np.empty((0, 1, 1, 1), np.float32)


class Tiles(QAbstractListModel):
    """Which images of a set are shown, in what order, and what is said of each."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.images: NDArray[np.float32] = NO_IMAGES
        self.rows = NO_ROWS
        self.lines = 2
        self.widest = ""
        self._caption: Caption = _no_caption
        self._words: Words = _no_words
        self._places: Rows | None = None  # of every image, -1 where it is not shown

    def show(
        self,
        images: NDArray[np.float32],
        rows: Rows,
        caption: Caption,
        words: Words,
        *,
        lines: int = 2,
        widest: str = "",
    ) -> None:
        """Show these rows of images (N, C, H, W) in 0..1; see gallery.py for the rest.

        `lines` is how many a caption has; tiles make room for `widest`, within reason.
        """
        self.beginResetModel()
        self.images, self.rows = images, np.asarray(rows, np.int64)
        self.lines, self.widest = lines, widest
        self._caption, self._words, self._places = caption, words, None
        self.endResetModel()

    def clear(self) -> None:
        """Show nothing."""
        self.show(NO_IMAGES, NO_ROWS, _no_caption, _no_words)

    def place(self, row: int | None) -> int | None:
        """Find where an image of the set is shown; None where it is not."""
        if row is None or not 0 <= row < len(self.images):
            return None
        found = int(self._all_places()[row])
        return found if found >= 0 else None

    def places(self, rows: Rows) -> Rows:
        """Find where those of these images are shown that are, ascending."""
        found = self._all_places()[rows]
        return np.sort(found[found >= 0])

    def caption(self, place: int) -> Sequence[str]:
        """Give the lines below a tile's picture."""
        return self._caption(place)

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        place = index.row()
        if not 0 <= place < len(self.rows):
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return "\n".join(self._caption(place))
            case Qt.ItemDataRole.DecorationRole:
                return as_picture(self.images[self.rows[place]])
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                return self._words(place)
        return None

    def _all_places(self) -> Rows:
        if self._places is None:
            self._places = np.full(len(self.images), -1, np.int64)
            self._places[self.rows] = np.arange(len(self.rows))
        return self._places


def _no_caption(place: int) -> Sequence[str]:
    return ()


def _no_words(place: int) -> str:
    return ""
