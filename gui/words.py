"""How the window writes quantities that the engine does not."""

from __future__ import annotations


def clock(seconds: float) -> str:
    """Write a time as 0:23 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
