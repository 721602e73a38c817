"""Where a dragged layer would land: the place under the mouse, the mark there, and scrolling on."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, QRect, QTimer, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from engine.project.project import Place
from gui.widgets.network.block_card import BlockCard
from gui.widgets.network.branch import CARD_GAP, Branch
from gui.widgets.network.card import Card

MARK_HEIGHT = 4  # pixels
EDGE = 36  # pixels from the edge of what is seen, where a drag scrolls
SCROLL_MS, SCROLL_PIXELS = 25, 12


def place_at(branch: Branch, point: QPoint) -> Place:
    """Find the place under a point, in global coordinates: in the innermost branch there."""
    for card in branch.cards:
        inner = card.branch_at(point) if isinstance(card, BlockCard) else None
        if inner is not None:
            return place_at(inner, point)
    y = branch.mapFromGlobal(point).y()
    return branch.place(sum(_middle(card) < y for card in branch.cards))


def _middle(card: Card) -> int:
    """Tell the height in its branch above which a place is before a card, and below it behind."""
    if isinstance(card, BlockCard) and not card.is_folded and card.branches:
        return card.y() + card.body.y() + card.branches[-1].geometry().bottom()
    return card.geometry().center().y()


def gap(branch: Branch, index: int) -> QRect:
    """Give the room between two cards of a branch, or that of its empty zone, where a mark goes."""
    if not branch.cards:
        y = branch.zone.geometry().center().y() if branch.zone is not None else 0
    elif index < len(branch.cards):
        y = branch.cards[index].y() - CARD_GAP // 2 - 1
    else:
        y = branch.cards[-1].geometry().bottom() + CARD_GAP // 2 + 1
    return QRect(0, y - MARK_HEIGHT // 2, branch.width(), MARK_HEIGHT)


class DropMark(QFrame):
    """A bar where what is dragged would land; in the colour of a mistake where it can't."""

    def __init__(self, column: QWidget) -> None:
        super().__init__(column)
        self._column = column
        self.setObjectName("drop")
        self.hide()

    def show_at(self, branch: Branch, index: int, refused: bool) -> None:
        """Show the bar in a gap of a branch."""
        room = gap(branch, index)
        self.setGeometry(QRect(branch.mapTo(self._column, room.topLeft()), room.size()))
        if bool(self.property("wrong")) != refused:
            self.setProperty("wrong", refused)
            self.style().unpolish(self)
            self.style().polish(self)
        self.raise_()
        self.show()


class EdgeScroll(QObject):
    """Scrolls an area while something is dragged near its upper or lower edge."""

    scrolled = Signal(object)  # where the mouse is, in global coordinates

    def __init__(self, area: QScrollArea) -> None:
        super().__init__(area)
        self._area, self._step = area, 0
        self._point = QPoint()
        self._timer = QTimer(self)
        self._timer.setInterval(SCROLL_MS)
        self._timer.timeout.connect(self._scroll)

    def drag(self, point: QPoint | None) -> None:
        """Go on scrolling while the mouse, in global coordinates, is near an edge; None ends it."""
        self._step = 0 if point is None else self._step_at(point)
        self._point = self._point if point is None else point
        if self._step == 0:
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()

    def _step_at(self, point: QPoint) -> int:
        view = self._area.viewport()
        y = view.mapFromGlobal(point).y()
        return SCROLL_PIXELS * ((y > view.height() - EDGE) - (y < EDGE))

    def _scroll(self) -> None:
        bar = self._area.verticalScrollBar()
        bar.setValue(bar.value() + self._step)
        self.scrolled.emit(self._point)
