"""What stands above the mistakes: how many, in what order, how large, and the search."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIntValidator, QStandardItemModel
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from gui.forms import combo_box
from gui.theme import MARGIN, SPACING
from gui.widgets.gallery.listed import Sorting
from gui.widgets.gallery.painter import TILE

LEAST_TILE, LARGEST_TILE = 24, 192
LARGEST_INDEX = 999_999_999
WIDEST_ORDER = 220  # pixels


class GalleryHead(QWidget):
    """Two rows of controls; they say what is wanted, and do nothing themselves."""

    changed = Signal()  # the order, or whether right ones are shown
    sought = Signal(int)  # an image's index in its file
    sized = Signal(int)  # pixels of a tile

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.count = QLabel()
        self.count.setObjectName("heading")
        self.count.setTextFormat(Qt.TextFormat.PlainText)
        self.count.setWordWrap(True)
        self.right_too = QCheckBox(self.tr("Right too"))
        self.right_too.setToolTip(
            self.tr("Show the right answers, too: of the chosen classes, or of all")
        )
        self.export = QPushButton(self.tr("Export"))
        self.order = combo_box(self._orders())
        self.search = QLineEdit()
        self.tile_size = QSlider(Qt.Orientation.Horizontal)
        self._before: Sorting = "surest"  # the order without a shelf
        self._set_up()
        self._lay_out()
        self.allow("likeness", False)
        self.allow("shelf", False)

    @property
    def sorting(self) -> Sorting:
        """The chosen order."""
        chosen: Sorting = self.order.currentData()
        return chosen

    def allow(self, sorting: Sorting, possible: bool) -> None:
        """Let an order be chosen, or not; where it was, the one before it comes back."""
        model, place = self.order.model(), self.order.findData(sorting)
        assert isinstance(model, QStandardItemModel)
        model.item(place).setEnabled(possible)
        if sorting == "likeness":
            self.order.setItemData(place, self._likeness_help(possible), _TOOLTIP)
        if not possible and self.sorting == sorting:
            before = self._before if self._before != sorting else "surest"
            self.order.setCurrentIndex(self.order.findData(before))

    def sort_as_shelf(self) -> None:
        """Choose the shelf's own order, until the shelf goes."""
        if self.sorting != "shelf":
            self._before = self.sorting
        self.order.setCurrentIndex(self.order.findData("shelf"))

    def _orders(self) -> list[tuple[str, Sorting]]:
        return [
            (self.tr("Surest first"), "surest"),
            (self.tr("Least sure first"), "least sure"),
            (self.tr("Greatest loss first"), "loss"),
            (self.tr("By index"), "index"),
            (self.tr("Like the chosen image"), "likeness"),
            (self.tr("As on the shelf"), "shelf"),
        ]

    def _likeness_help(self, possible: bool) -> str:
        if possible:
            return self.tr("The nearest first, pixel by pixel")
        return self.tr("Choose an image first: the others are compared with it")

    def _seek(self) -> None:
        if self.search.hasAcceptableInput():
            self.sought.emit(int(self.search.text()))

    def _set_up(self) -> None:
        self.order.setAccessibleName(self.tr("Order"))
        self.order.setMinimumContentsLength(12)
        self.order.activated.connect(lambda _: self.changed.emit())
        self.right_too.toggled.connect(lambda _: self.changed.emit())
        self.search.setPlaceholderText(self.tr("Find index"))
        self.search.setAccessibleName(self.tr("Find an image by its index"))
        self.search.setToolTip(self.tr("The image's index in its file; Enter goes to it"))
        self.search.setValidator(QIntValidator(0, LARGEST_INDEX, self.search))
        self.search.setFixedWidth(92)
        self.search.returnPressed.connect(self._seek)
        self.tile_size.setRange(LEAST_TILE, LARGEST_TILE)
        self.tile_size.setValue(TILE)
        self.tile_size.setMinimumWidth(40)
        self.tile_size.setMaximumWidth(110)
        self.tile_size.setAccessibleName(self.tr("Tile size"))
        self.tile_size.setToolTip(self.tr("Tile size"))
        self.tile_size.valueChanged.connect(self.sized)
        self.export.setObjectName("menu")
        self.export.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.order.setMaximumWidth(WIDEST_ORDER)

    def _lay_out(self) -> None:
        first, second = QHBoxLayout(), QHBoxLayout()
        first.setSpacing(SPACING)
        first.addWidget(self.count, 1)
        first.addWidget(self.right_too)
        first.addWidget(self.export)
        second.addWidget(self.order, 4)
        second.addWidget(self.search)
        second.addStretch()
        second.addWidget(self.tile_size, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, 0, MARGIN, 0)
        layout.setSpacing(4)
        layout.addLayout(first)
        layout.addLayout(second)


_TOOLTIP = Qt.ItemDataRole.ToolTipRole
