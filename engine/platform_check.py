"""What a window needs of the system, asked before Qt is touched: where it is missing, Qt aborts
the program and no code can catch it.
"""

from __future__ import annotations

import ctypes
import os
import sys

from engine.problems import Problem

QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}
"""The libraries that PySide6's wheel expects of any Linux system, and Debian's packages of them."""

DISPLAY_LIBRARIES = {
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libwayland-cursor.so.0": "libwayland-cursor0",
}
"""What it expects beside them where the window is to be seen on a display."""

NEED_DISPLAY = ("", "xcb", "wayland", "wayland-egl")
"""The Qt platforms that draw on a display; the others (offscreen, vnc ...) do without one."""


def missing_qt_libraries() -> list[str]:
    """List the Debian packages whose libraries this Linux system lacks for a window."""
    if sys.platform != "linux":
        return []
    wanted = QT_LIBRARIES | (DISPLAY_LIBRARIES if _needs_display() else {})
    return [package for soname, package in wanted.items() if not _loads(soname)]


def display_problem() -> Problem | None:
    """Say that there is no display to open a window on, and what to do instead."""
    if sys.platform != "linux" or not _needs_display():
        return None
    environment = os.environ
    if environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"):
        return None
    return Problem(
        "There is no display to open the window on. Start it from a desktop, over ssh -X, or "
        "under xvfb-run; to train without a window: layerscope train digits-mlp"
    )


def _needs_display() -> bool:
    platform = os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0].partition(";")[0]
    return platform in NEED_DISPLAY


def _loads(soname: str) -> bool:
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True
