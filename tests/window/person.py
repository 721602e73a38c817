"""A person at the screen: moves the X server's own mouse and presses its own keys."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, QPoint, QPointF, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from gui.widgets.matrix.matrix import Matrix

PATIENCE_SECONDS = 60


class Person:
    """Acts through xdotool, so that only what is really in sight can be clicked."""

    def __init__(self, screenshots: Path) -> None:
        self.screenshots = screenshots

    def click(self, widget: QWidget, *modifiers: str) -> None:
        """Click in the middle of a widget."""
        assert widget.isVisible(), f"{widget.objectName() or widget} is not in sight"
        self.click_at(widget, widget.rect().center(), *modifiers)

    def click_at(self, widget: QWidget, point: QPoint, *modifiers: str) -> None:
        """Click on a point of a widget."""
        place = widget.mapToGlobal(point)
        held = [word for key in modifiers for word in ("keydown", key)]
        freed = [word for key in modifiers for word in ("keyup", key)]
        self._do("mousemove", str(place.x()), str(place.y()), *held, "click", "1", *freed)

    def click_cell(self, matrix: Matrix, true: int, predicted: int) -> None:
        """Click in the middle of a cell of the confusion matrix."""
        grid, size = matrix.grid(), len(matrix.counts)
        middle = QPointF(
            grid.left() + (predicted + 0.5) * grid.width() / size,
            grid.top() + (true + 0.5) * grid.height() / size,
        )
        self.click_at(matrix, middle.toPoint())

    def press(self, *keys: str) -> None:
        """Press keys by their X names: ctrl+z, F5, Return."""
        self._do("key", *keys)

    def write(self, text: str) -> None:
        """Type text in place of what is there."""
        self.press("ctrl+a")
        self._do("type", "--delay", "15", text)

    def wait_for(self, what: str, condition: Callable[[], bool]) -> None:
        """Watch until something is so."""
        for _ in range(PATIENCE_SECONDS * 20):
            if condition():
                return
            live(50)
        self.photograph("given-up")
        raise AssertionError(f"waited {PATIENCE_SECONDS} s in vain for: {what}")

    def photograph(self, name: str) -> None:
        """Keep a picture of the whole screen."""
        live(300)
        QGuiApplication.primaryScreen().grabWindow(0).save(str(self.screenshots / f"{name}.png"))

    def _do(self, *words: str) -> None:
        """Let xdotool act while the window goes on living."""
        acting = subprocess.Popen(["xdotool", *words])
        while acting.poll() is None:
            live(10)
        assert acting.returncode == 0
        live(120)


def live(milliseconds: int) -> None:
    """Let the window live on. QTest.qWait would hold Python's lock, and the training with it."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()
