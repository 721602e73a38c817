"""Whether a person can see a widget: what nobody sees need not be drawn."""

from __future__ import annotations

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
