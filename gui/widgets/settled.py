"""Keeps to itself what changes in a view, as long as the view needs no more room."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget


class Settled(QWidget):
    """Holds a view, and tells what is around it only of another least size.

    With layouts alone each new text in a view makes Qt lay out the whole window again, once for
    each level of nesting: a few milliseconds, several times for each evaluation.
    """

    def __init__(self, view: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = view
        view.setParent(self)
        self.setSizePolicy(view.sizePolicy())
        self._least = self.minimumSizeHint()

    def sizeHint(self) -> QSize:
        return self.view.sizeHint().expandedTo(self.view.minimumSize())

    def minimumSizeHint(self) -> QSize:
        return self.view.minimumSizeHint().expandedTo(self.view.minimumSize())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.view.setGeometry(self.rect())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest and self._least != self.minimumSizeHint():
            self._least = self.minimumSizeHint()
            self.updateGeometry()
        return super().event(event)
