"""What stands in the curves' place before there is a first point."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from gui.widgets.empty_state import EmptyState


class NoCurves(EmptyState):
    """Says what the curves will show. It is a widget of its own, because it is there before the
    plots are: they are loaded behind the window.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.show_busy(False)

    def show_busy(self, busy: bool) -> None:
        """Say how to begin, unless a training has begun: its first points take a while."""
        about = self.tr("The curves of loss and accuracy grow here while the network trains.")
        begin = self.tr("Press Train (F5) to begin.")
        self.setText(about if busy else f"{about} {begin}")
