"""What the person asks of a running training, set from any thread."""

from __future__ import annotations

import threading


class Control:
    """Asked between two steps, so a training stops at any batch."""

    def __init__(self) -> None:
        self._stop = threading.Event()

    def stop(self) -> None:
        """Ask the training to end; what it has learned stays."""
        self._stop.set()

    @property
    def stopped(self) -> bool:
        """Whether the end was asked for."""
        return self._stop.is_set()
