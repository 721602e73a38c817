"""Ctrl+C and SIGTERM: the first asks for the end, the second kills."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from engine.training.control import Control

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopping(control: Control) -> Iterator[list[int]]:
    """Let the first Ctrl+C or SIGTERM ask for the end, and a second one kill."""
    received: list[int] = []

    def ask(number: int, frame: FrameType | None) -> None:
        received.append(number)
        control.stop()
        for kind in SIGNALS:
            signal.signal(kind, signal.SIG_DFL)

    before = {kind: signal.signal(kind, ask) for kind in SIGNALS}
    try:
        yield received
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
