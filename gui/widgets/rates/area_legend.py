"""A legend of lines by class that lists the area under each, and takes part in the selection."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QSizePolicy, QWidget

from gui.theme import Theme
from gui.widgets.rates.class_rows import CLASS
from gui.widgets.rates.line_style import SWATCH, swatch


class AreaLegend(QListWidget):
    """A row a class: a piece of its line, its area, its name."""

    pointed = Signal(object)  # the class under the mouse, or None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QListWidget.Shape.NoFrame)
        self.setObjectName("legend")
        self.setIconSize(SWATCH)
        self.setMouseTracking(True)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        self.setUniformItemSizes(True)
        self.entered.connect(lambda index: self.pointed.emit(index.data(CLASS)))
        self._under_plot: int | None = None

    def show_areas(self, areas: list[tuple[int, str, float | None]], theme: Theme) -> None:
        """List classes by number, name and area; rows that are there are written anew."""
        while self.count() > len(areas):
            self.takeItem(self.count() - 1)
        while self.count() < len(areas):
            self.addItem(QListWidgetItem())
        ratio = self.devicePixelRatioF()
        for row, (number, name, area) in enumerate(areas):
            item = self.item(row)
            style = (number, theme.name, ratio)
            if item.data(Qt.ItemDataRole.UserRole) != style:
                item.setData(Qt.ItemDataRole.UserRole, style)
                item.setIcon(swatch(number, theme, ratio))
            item.setData(CLASS, number)
            name = " ".join(name.split())
            item.setText(f"{area:.4f}  {name}" if area is not None else f"–  {name}")
            item.setToolTip("" if area is not None else self.tr("No image of it, or of another."))
        self.updateGeometry()

    def words(self, number: int) -> str:
        """Say a class' area and name."""
        item = self._item_of(number)
        return item.text() if item else ""

    def point_at(self, number: int | None) -> None:
        """Scroll to the class whose line is under the mouse, and make it bold."""
        for which, on in ((self._under_plot, False), (number, True)):
            item = self._item_of(which)
            if item is not None:
                font = item.font()
                font.setBold(on)
                item.setFont(font)
                if on:
                    self.scrollToItem(item)
        self._under_plot = number

    def sizeHint(self) -> QSize:
        width = self.sizeHintForColumn(0) + self.verticalScrollBar().sizeHint().width() + 8
        return QSize(max(width, 80), 80)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, 40)

    def leaveEvent(self, event: QEvent) -> None:
        self.pointed.emit(None)
        super().leaveEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if not self.indexAt(event.position().toPoint()).isValid():
            self.pointed.emit(None)

    def _item_of(self, number: int | None) -> QListWidgetItem | None:
        items = (self.item(row) for row in range(self.count()))
        return next((item for item in items if item.data(CLASS) == number), None)
