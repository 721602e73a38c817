"""Whether a person can see a widget: what nobody sees need not be drawn, or is drawn beforehand."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QStackedLayout, QWidget


def in_sight(widget: QWidget) -> bool:
    """Tell whether any part of a widget is on the screen: neither hidden, nor behind another's
    tab, nor in a minimised window. One that comes into sight is told so by a paint event.
    """
    return (
        widget.isVisible()
        and not widget.window().isMinimized()
        and not widget.visibleRegion().isEmpty()
    )


def rehearse(stack: QStackedLayout) -> None:
    """Lay out and paint the pages of a stack that are not shown, where nobody sees it. To style
    their widgets, to measure them and to find letters is most of what their first showing takes.
    """
    shown = stack.currentWidget()
    for place in range(stack.count()):
        page = stack.widget(place)
        if page is not None and shown is not None and page is not shown:
            page.setGeometry(shown.geometry())
            page.grab()


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
