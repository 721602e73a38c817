"""The gallery of the data browser, with what stands above it: count, filters, search, tile size."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from gui.theme import MARGIN, SPACING, Theme
from gui.widgets.chips import Chips
from gui.widgets.data.browsed import Browsed
from gui.widgets.data.words import plain
from gui.widgets.empty_state import EmptyState
from gui.widgets.gallery.gallery import Gallery, Tiles
from gui.widgets.gallery.painter import TILE

LARGEST_INDEX = 999_999_999
LEAST_TILE, LARGEST_TILE = 32, 160

Chip = tuple[Hashable, str]
"""A filter: what it is, and what it says."""


class ImageWall(QWidget):
    """Shows images with their class and index. It filters nothing itself; it says what is asked."""

    chosen = Signal(int)  # a row of the images
    unfiltered = Signal(object)  # the chip whose filter is to go
    sought = Signal(int)  # the index of an image

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.tiles = Tiles(self)
        self.gallery = Gallery(self.tiles)
        self.count, self.said, self.none = QLabel(), QLabel(), EmptyState()
        self.search, self.tile_size = QLineEdit(), QSlider(Qt.Orientation.Horizontal)
        self.chips = Chips()
        self._names: tuple[str, ...] = ()
        self._shown: Browsed | None = None
        self._set_up()
        self._lay_out()

    def show_images(self, browsed: Browsed, names: Sequence[str], count: str) -> None:
        """Show images of these classes; `count` says how many they are."""
        self._shown = browsed
        self._names = tuple(plain(name) for name in names)
        self.count.setText(count)
        self.say("")
        self.tiles.show(
            browsed.images,
            browsed.rows,
            self._caption,
            self.words,
            lines=2 if browsed.groups is None else 3,
            widest=max((*self._names, "validation #59999"), key=len),
        )
        self.gallery.setVisible(len(browsed.rows) > 0)
        self.none.setVisible(len(browsed.rows) == 0)

    def clear(self) -> None:
        """Show nothing, and hold no image."""
        self._shown = None
        self.tiles.clear()
        self.show_chips(())

    def show_chips(self, chips: Sequence[Chip]) -> None:
        """Show a removable chip for each filter."""
        self.chips.show_chips(chips)

    def say(self, sentence: str) -> None:
        """Say what came of a search; "" for nothing."""
        self.said.setText(sentence)
        self.said.setVisible(bool(sentence))

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self.gallery.set_theme(theme)
        self.chips.set_theme(theme)

    def words(self, place: int) -> str:
        """Tell of the image at a place in one sentence."""
        assert self._shown is not None
        row = int(self._shown.rows[place])
        return self.tr("Image {index:,} of the {set} set: {name}").format(
            index=int(self._shown.indices[row]),
            set=self._shown.set_of(row),
            name=self._names[self._shown.labels[row]],
        )

    def _caption(self, place: int) -> Sequence[str]:
        assert self._shown is not None
        shown, row = self._shown, int(self._shown.rows[place])
        name, index = self._names[shown.labels[row]], f"#{shown.indices[row]}"
        if shown.groups is None:
            return name, index
        alike = self.tr("group {number:,}").format(number=int(shown.groups[row]))
        return name, f"{shown.set_of(row)} {index}", alike

    def _choose_again(self) -> None:
        """A click or Enter on the image that is current already: no change, but a wish."""
        row = self.gallery.image()
        if row is not None:
            self.chosen.emit(row)

    def _seek(self) -> None:
        if self.search.hasAcceptableInput():
            self.sought.emit(int(self.search.text()))

    def _set_up(self) -> None:
        self.gallery.setAccessibleName(self.tr("Images"))
        self.gallery.chosen.connect(self.chosen)
        self.gallery.clicked.connect(self._choose_again)
        self.gallery.activated.connect(self._choose_again)
        self.chips.removed.connect(self.unfiltered)
        self.chips.cleared.connect(lambda: self.unfiltered.emit(None))
        self.count.setObjectName("heading")
        self.said.setObjectName("note")
        self.said.setWordWrap(True)
        self.said.setContentsMargins(MARGIN, 0, MARGIN, 0)
        self.none.setText(self.tr("There is no image here."))
        self.search.setPlaceholderText(self.tr("Index"))
        self.search.setAccessibleName(self.tr("Find an image by its index"))
        self.search.setToolTip(self.tr("The image's number in its files; press Enter to go to it"))
        self.search.setValidator(QIntValidator(0, LARGEST_INDEX, self.search))
        self.search.setClearButtonEnabled(True)
        self.search.setFixedWidth(96)
        self.search.returnPressed.connect(self._seek)
        self.search.textEdited.connect(lambda _: self.say(""))
        self.tile_size.setRange(LEAST_TILE, LARGEST_TILE)
        self.tile_size.setValue(TILE)
        self.tile_size.setFixedWidth(80)
        self.tile_size.setAccessibleName(self.tr("Tile size"))
        self.tile_size.setToolTip(self.tr("Tile size"))
        self.tile_size.valueChanged.connect(self.gallery.set_tile_size)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(MARGIN, 0, MARGIN, 0)
        head.setSpacing(SPACING)
        head.addWidget(self.count, 1)
        head.addWidget(self.search)
        head.addWidget(self.tile_size)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, SPACING, 0, 0)
        layout.setSpacing(SPACING // 2)
        layout.addLayout(head)
        layout.addWidget(self.chips)
        layout.addWidget(self.said)
        layout.addWidget(self.gallery, 1)
        layout.addWidget(self.none, 1)
