"""The arrow keys: through the cards in reading order, into blocks and out of them."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QObject, Qt, Signal

from gui.widgets.network.block_card import BlockCard
from gui.widgets.network.branch import Branch, DropZone
from gui.widgets.network.card import Card
from gui.widgets.network.edits import Edits


class ArrowKeys(QObject):
    """Select what is above or below; fold a block up, or go out of it; unfold it, or go in."""

    place_chosen = Signal(object)  # Place: an empty branch
    shown = Signal(object)  # a widget that should be in sight

    def __init__(self, root: Branch, edits: Edits) -> None:
        super().__init__(root)
        self._root, self._edits = root, edits

    def press(self, key: Qt.Key, extend: bool) -> bool:
        """Act on a key; tell whether it is one of these."""
        match key:
            case Qt.Key.Key_Up | Qt.Key.Key_Down:
                self._step(-1 if key == Qt.Key.Key_Up else 1, extend)
            case Qt.Key.Key_Left:
                self._go_out()
            case Qt.Key.Key_Right:
                self._go_in()
            case _:
                return False
        return True

    def _step(self, step: int, extend: bool) -> None:
        """Select what is next above or below, whether a layer or an empty branch."""
        stops = [stop for stop in _stops(self._root) if isinstance(stop, Card) or not extend]
        stops = stops if step > 0 else stops[::-1]
        chosen = [place for place, stop in enumerate(stops) if self._is_chosen(stop)]
        stop = next(iter(stops[chosen[-1] + 1 :] if chosen else stops), None)
        if isinstance(stop, Card):
            self._edits.select((*self._edits.names, stop.name) if extend else (stop.name,))
        elif stop is not None:
            self.place_chosen.emit(stop.place)
            self.shown.emit(stop)

    def _is_chosen(self, stop: Card | DropZone) -> bool:
        if isinstance(stop, Card):
            return stop.name in self._edits.names
        return stop.place == self._edits.target

    def _go_out(self) -> None:
        """Fold the selected block up; from anything else, go to the block that it stands in."""
        block = self._alone()
        if isinstance(block, BlockCard) and not block.is_folded:
            block.fold(True)
        else:
            target, names = self._edits.target, self._edits.names
            place = self._edits.project.place(names[0]) if names else target
            if place is not None and place.parent:
                self._edits.select((place.parent,))

    def _go_in(self) -> None:
        """Unfold the selected block, or go to the first that it holds."""
        block = self._alone()
        if isinstance(block, BlockCard):
            if block.is_folded:
                block.fold(False)
            else:
                self._step(1, extend=False)

    def _alone(self) -> Card | None:
        """Find the card that is selected alone."""
        chosen = [stop for stop in _stops(self._root) if self._is_chosen(stop)]
        alone = chosen[0] if len(chosen) == len(self._edits.names) == 1 else None
        return alone if isinstance(alone, Card) else None


def _stops(branch: Branch) -> Iterator[Card | DropZone]:
    """Give what the arrow keys go through, in reading order: cards, and empty branches."""
    if branch.zone is not None and not branch.cards:
        yield branch.zone
    for card in branch.cards:
        yield card
        if isinstance(card, BlockCard) and not card.is_folded:
            for inner in card.branches:
                yield from _stops(inner)
