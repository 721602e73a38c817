"""A grid of images with captions, thousands of them, of which only what is seen is ever made.

    tiles = Tiles()
    gallery = Gallery(tiles)
    gallery.chosen.connect(selection.select_image)  # the person has moved to an image
    gallery.opened.connect(...)                     # Enter or a double click on it
    tiles.show(split.images, rows, caption, words, widest="class 4 > class 9")
    gallery.set_tile_size(64); gallery.set_theme(theme); gallery.show_image(row)

`rows` are places in the images, in the order to show them. `caption` and `words` are asked for one
tile when it is painted or read out: they take its place in `rows` and give its lines, and what its
tooltip and a screen reader say. Showing others of the same images keeps the scroll position, the
pictures that were made, the current image and the highlighted ones, as far as they are still there;
`gallery.scrollToTop()` begins anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QItemSelectionRange,
    QModelIndex,
    QPoint,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QRegion
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QWidget

from gui.theme import LIGHT, Theme
from gui.widgets.gallery.grid import Grid
from gui.widgets.gallery.painter import TILE, TilePainter
from gui.widgets.gallery.tiles import NO_IMAGES, NO_ROWS, AnyIndex, Rows, Tiles

__all__ = ["NO_ROWS", "Gallery", "Rows", "Tiles"]

SCROLL_PART = 3  # a step of the scroll bar is this part of a tile's height


class Gallery(QListView):
    """Shows Tiles; keyboard, mouse and screen reader work as in any list of Qt.

    It is a QListView for that alone: a list's own layout asks the model for every item, this one
    computes where they are.
    """

    chosen = Signal(int)  # the image's place in the set
    opened = Signal(int)  # the same

    def __init__(self, tiles: Tiles, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tiles = tiles
        self.painter = TilePainter(LIGHT)
        self._grid = Grid.fitting(0, 1, (1, 1))
        self._quiet = False
        self._was: tuple[NDArray[np.float32], int | None, Rows] = (NO_IMAGES, None, NO_ROWS)
        self.setObjectName("gallery")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # no jump of columns
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setModel(tiles)
        tiles.modelAboutToBeReset.connect(self._remember)
        tiles.modelReset.connect(self._restore)  # after the selection model, which forgets all
        self.activated.connect(self._open)
        self.set_tile_size(TILE)

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self.painter = TilePainter(theme, self.painter.size)
        self._lay_out()

    def set_tile_size(self, size: int) -> None:
        """Draw pictures so large, in pixels; what is at the top stays there."""
        first = self._grid.at(self._grid.left, self.verticalOffset())
        self.painter.set_size(size)
        self._lay_out()
        if first is not None:
            self.verticalScrollBar().setValue(self._grid.corner(first)[1])

    def image(self) -> int | None:
        """Give the current tile's image, its place in the set."""
        index = self.currentIndex()
        return int(self.tiles.rows[index.row()]) if index.isValid() else None

    def show_image(self, row: int | None, *, scroll: bool = True) -> bool:
        """Move to an image of the set, without telling it as chosen; whether it is there."""
        place = self.tiles.place(row)
        if place is not None and row != self.image():
            with self._quietly(scroll):
                self.setCurrentIndex(self.tiles.index(place))
        return place is not None

    def highlighted(self) -> Rows:
        """Give the places of the tiles that are highlighted, ascending."""
        ranges = [
            np.arange(p.top(), p.bottom() + 1) for p in _parts(self.selectionModel().selection())
        ]
        return np.unique(np.concatenate(ranges)) if ranges else NO_ROWS

    # --- what Qt asks of a view

    def doItemsLayout(self) -> None:
        QAbstractItemView.doItemsLayout(self)  # not the list's own, see above

    def updateGeometries(self) -> None:
        self._lay_out()

    def visualRect(self, index: AnyIndex) -> QRect:
        return self._rect(index.row()) if index.isValid() else QRect()

    def indexAt(self, point: QPoint) -> QModelIndex:
        place = self._grid.at(point.x(), point.y() + self.verticalOffset())
        return QModelIndex() if place is None else self.tiles.index(place)

    def scrollTo(
        self,
        index: AnyIndex,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        if not index.isValid():
            return
        top, bar = self._grid.corner(index.row())[1], self.verticalScrollBar()
        low, high = top + self._grid.down - self.viewport().height(), top
        places = QAbstractItemView.ScrollHint
        match hint:
            case places.PositionAtTop:
                bar.setValue(high)
            case places.PositionAtBottom:
                bar.setValue(low)
            case places.PositionAtCenter:
                bar.setValue((low + high) // 2)
            case _:
                bar.setValue(min(max(bar.value(), low), high))

    def moveCursor(
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        count = len(self.tiles.rows)
        if not count:
            return QModelIndex()
        current = self.currentIndex()
        return self.tiles.index(self._moved(current.row(), action) if current.isValid() else 0)

    def horizontalOffset(self) -> int:
        return 0

    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    def isIndexHidden(self, index: AnyIndex) -> bool:
        return False

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        offset = self.verticalOffset()
        one, other = rect.topLeft(), rect.bottomRight()
        if self.state() == QAbstractItemView.State.DragSelectingState:
            area = rect.normalized().translated(0, offset)
            ranges = self._grid.inside(area.left(), area.top(), area.right(), area.bottom())
        else:
            ends = [self._grid.at(point.x(), point.y() + offset) for point in (one, other)]
            found = [place for place in ends if place is not None]
            ranges = [range(min(found), max(found) + 1)] if found else []
        self.selectionModel().select(self._as_selection(ranges), command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        seen, region = self._seen(), QRegion()
        for part in _parts(selection):
            for place in range(max(part.top(), seen.start), min(part.bottom() + 1, seen.stop)):
                region += self._rect(place)
        return region

    def keyboardSearch(self, search: str) -> None:
        """Leave typing out: captions begin alike, and looking through thousands takes long."""

    def focusInEvent(self, event: QFocusEvent) -> None:
        current = self.currentIndex().isValid()
        with self._quietly(scroll=False):
            super().focusInEvent(event)
            if not current:  # Qt goes to the first one then; but to come here is not to choose
                self.selectionModel().clearCurrentIndex()

    def currentChanged(self, current: AnyIndex, previous: AnyIndex) -> None:
        super().currentChanged(current, previous)
        if current.isValid() and not self._quiet:
            self.chosen.emit(int(self.tiles.rows[current.row()]))

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().scroll(0, dy)  # paints only what comes into sight

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.painter.ratio != self.devicePixelRatioF():  # it was moved to another screen
            self._lay_out()
        painter = QPainter(self.viewport())
        painter.setFont(self.font())
        painter.fillRect(event.rect(), self.painter.behind)
        offset, model = self.verticalOffset(), self.selectionModel()
        current = self.currentIndex().row() if self.hasFocus() else -1
        places = self._grid.between(event.rect().top() + offset, event.rect().bottom() + offset)
        self.painter.prepare(self.tiles, places)
        for place in places:
            chosen = model.isSelected(self.tiles.index(place))
            self.painter.paint(
                painter, self._rect(place), self.tiles, place, chosen, place == current
            )

    def changeEvent(self, event: Any) -> None:
        super().changeEvent(event)
        if event.type() in (event.Type.FontChange, event.Type.StyleChange):
            self._lay_out()

    # --- own

    def _lay_out(self) -> None:
        """Compute the grid anew, and the scroll bar's range."""
        self.painter.fit(self.fontMetrics(), self.devicePixelRatioF(), self.tiles)
        size, bar = self.viewport().size(), self.verticalScrollBar()
        self._grid = Grid.fitting(len(self.tiles.rows), size.width(), self.painter.tile)
        bar.setRange(0, max(0, self._grid.height - size.height()))
        bar.setEnabled(bar.maximum() > 0)  # one that can't move shows no handle
        bar.setPageStep(size.height())
        bar.setSingleStep(max(1, self._grid.down // SCROLL_PART))
        self.viewport().update()

    def _rect(self, place: int) -> QRect:
        x, y = self._grid.corner(place)
        return QRect(x, y - self.verticalOffset(), self._grid.across, self._grid.down)

    def _seen(self) -> range:
        top = self.verticalOffset()
        return self._grid.between(top, top + self.viewport().height() - 1)

    def _moved(self, place: int, action: QAbstractItemView.CursorAction) -> int:
        to, last = QAbstractItemView.CursorAction, len(self.tiles.rows) - 1
        page = max(1, self.viewport().height() // self._grid.down)
        match action:
            case to.MoveUp | to.MoveDown:
                return self._grid.moved(place, 1 if action == to.MoveDown else -1)
            case to.MovePageUp | to.MovePageDown:
                return self._grid.moved(place, page if action == to.MovePageDown else -page)
            case to.MoveHome | to.MoveEnd:
                return 0 if action == to.MoveHome else last
            case to.MoveLeft | to.MovePrevious:
                return max(0, place - 1)
        return min(place + 1, last)

    def _open(self, index: QModelIndex) -> None:
        self.opened.emit(int(self.tiles.rows[index.row()]))

    def _remember(self) -> None:
        rows = self.tiles.rows[self.highlighted()]
        self._was = (self.tiles.images, self.image(), rows)

    def _restore(self) -> None:
        """Move back to the images that were current and highlighted, without scrolling."""
        self._lay_out()
        images, row, rows = self._was
        if images is not self.tiles.images:
            return
        model, flag = self.selectionModel(), QItemSelectionModel.SelectionFlag
        with self._quietly(scroll=False):
            model.select(self._as_selection(_runs(self.tiles.places(rows))), flag.ClearAndSelect)
            place = self.tiles.place(row)
            if place is not None:
                model.setCurrentIndex(self.tiles.index(place), flag.NoUpdate)

    @contextmanager
    def _quietly(self, scroll: bool) -> Iterator[None]:
        """Let the current tile change without telling of it as the person's choice."""
        self._quiet = True
        self.setAutoScroll(scroll)
        yield
        self.setAutoScroll(True)
        self._quiet = False

    def _as_selection(self, ranges: Iterable[range]) -> QItemSelection:
        selection = QItemSelection()
        for part in ranges:
            selection.select(self.tiles.index(part.start), self.tiles.index(part.stop - 1))
        return selection


def _parts(selection: QItemSelection) -> list[QItemSelectionRange]:
    return [selection.at(number) for number in range(selection.count())]


def _runs(places: Rows) -> list[range]:
    """Put ascending numbers that follow each other together."""
    parts = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)
    return [range(int(part[0]), int(part[-1]) + 1) for part in parts if len(part)]
