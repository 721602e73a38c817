"""Whether a person can see a widget: what nobody sees need not be drawn."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget


def in_sight(widget: QWidget) -> bool:
    """Tell whether any part of a widget is on the screen: neither hidden, nor behind another's
    tab, nor in a minimised window. One that comes into sight is told so by a paint event.
    """
    return (
        widget.isVisible()
        and not widget.window().isMinimized()
        and not widget.visibleRegion().isEmpty()
    )


class WhenInSight(QObject):
    """Draws a view as soon as a person can see it: at once, or when it comes into sight."""

    def __init__(self, view: QWidget, draw: Callable[[], None]) -> None:
        super().__init__(view)
        self._view, self._draw, self._waiting = view, draw, False
        view.installEventFilter(self)

    def draw(self) -> None:
        """Draw the view, now or later; what is asked for meanwhile is drawn once."""
        self._waiting = True
        self._draw_if_seen()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Show:
            self._draw_if_seen()
        elif self._waiting and event.type() is QEvent.Type.Paint:  # it was covered until now
            QTimer.singleShot(0, self, self._draw_if_seen)
        return False

    def _draw_if_seen(self) -> None:
        if self._waiting and in_sight(self._view):
            self._waiting = False
            self._draw()
