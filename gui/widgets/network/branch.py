"""A column of cards: the network's own, or that of one branch of a block."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.project.project import Place
from gui.icons import icon
from gui.theme import Theme
from gui.widgets.network.card import Card
from gui.widgets.network.tools import small_button
from gui.widgets.network.words import ElidedLabel

CARD_GAP = 5  # pixels between two cards
INDENT = 4  # pixels between a branch's line and its cards


class DropZone(QLabel):
    """Stands in an empty branch: layers are dropped here, or added after a click."""

    pressed = Signal(object)  # Place

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.setObjectName("zone")
        self.setText(self.tr("Drop or add layers here"))
        self.setToolTip(self.tr("After a click here, the palette adds its layers here."))
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setMinimumWidth(1)

    def show_selected(self, selected: bool) -> None:
        """Mark it as the place where the next layer goes."""
        if bool(self.property("selected")) != selected:
            self.setProperty("selected", selected)
            self.style().unpolish(self)
            self.style().polish(self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()
        if event.button() == Qt.MouseButton.LeftButton:
            self.pressed.emit(self.place)


class Branch(QFrame):
    """Cards one below the other. `owner` names the block; "" is the network itself."""

    zone_pressed = Signal(object)  # Place
    removed = Signal(int)  # the branch's number: take it away

    def __init__(self, owner: str = "", number: int = 0) -> None:
        super().__init__()
        self.owner, self.number = owner, number
        self.cards: list[Card] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(CARD_GAP)
        self.zone: DropZone | None = None
        self.header: BranchHeader | None = None
        if owner:
            self.setObjectName("branch")
            self._layout.setContentsMargins(INDENT, 2, 0, 2)
            self.zone = DropZone(self.place(0))
            self.zone.pressed.connect(self.zone_pressed)
            self._layout.addWidget(self.zone)

    def place(self, index: int) -> Place:
        """Give a place in this branch."""
        return Place(index, self.owner, self.number)

    def hold(self, cards: Sequence[Card]) -> None:
        """Show these cards in this order; those that were here and stay are left in peace."""
        for card in self.cards:
            if card not in cards:
                self._layout.removeWidget(card)
        self.cards = list(cards)
        first = sum(above is not None for above in (self.header, self.zone))
        if self.zone is not None:
            self.zone.setVisible(not cards)
        for place, card in enumerate(cards, first):
            item = self._layout.itemAt(place)
            if item is None or item.widget() is not card:
                self._layout.insertWidget(place, card)

    def show_header(self, shape: str, removable: bool) -> None:
        """Number the branch, and say what comes out of it."""
        if self.header is None:
            self.header = BranchHeader(self.number)
            self.header.remove.clicked.connect(lambda: self.removed.emit(self.number))
            self._layout.insertWidget(0, self.header)
        self.header.shape.setText(shape)
        self.header.remove.setEnabled(removable)

    def set_theme(self, theme: Theme) -> None:
        """Draw the icons in the theme's colours; the cards have theirs from the column."""
        if self.header is not None:
            self.header.remove.setIcon(icon("close", theme.muted, theme.border))


class BranchHeader(QWidget):
    """Branch 1, what comes out of it, and a button that takes it away."""

    def __init__(self, number: int) -> None:
        super().__init__()
        title = ElidedLabel(self.tr("Branch {number}").format(number=number + 1))
        title.setObjectName("muted")
        self.shape = QLabel()
        self.shape.setObjectName("muted")
        self.shape.setToolTip(self.tr("What comes out of this branch, for one image"))
        self.remove = small_button(
            self.tr("Remove branch {number} and its layers").format(number=number + 1)
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(title, 1)
        row.addWidget(self.shape)
        row.addWidget(self.remove)
