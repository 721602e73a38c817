"""What the data dialog writes: names that strangers chose, sizes, rates, times."""

from __future__ import annotations

from collections.abc import Callable

from gui.background import Rate
from gui.words import clock

LONGEST_NAME = 30
LONGEST_RUN = 36  # letters; longer ones without a gap get places where a line may break
ZERO_WIDTH_SPACE = "\u200b"

ProgressWords = Callable[[int, int, Rate], str]
"""Tells of progress: done, total, and how fast it goes."""


def plain(name: str, longest: int = LONGEST_NAME) -> str:
    """Make a foreign name harmless to show: one line, no control characters, not too long."""
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in name)
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def breakable(text: str) -> str:
    """Let long runs without a gap, such as a file's name, break into lines."""
    return " ".join(_broken(word) for word in text.split(" "))


def _broken(word: str) -> str:
    parts = (word[start : start + LONGEST_RUN] for start in range(0, len(word), LONGEST_RUN))
    return ZERO_WIDTH_SPACE.join(parts)


def percent_words(done: int, total: int, rate: Rate) -> str:
    """Write 42 % · 0:07 left."""
    return _joined(f"{100 * done // total} %" if total else "", _left(rate, total))


def byte_words(done: int, total: int, rate: Rate) -> str:
    """Write 4.2 of 11.6 MB · 1.3 MB/s · 0:06 left; with fixed decimals, so that nothing jumps."""
    speed = rate.per_second
    amount = f"{done / 1e6:.1f} of {total / 1e6:.1f} MB"
    return _joined(amount, _speed(speed) if speed else "", _left(rate, total))


def _speed(speed: float) -> str:
    return f"{speed / 1e6:.1f} MB/s" if speed >= 1e6 else f"{speed / 1e3:.0f} kB/s"


def _left(rate: Rate, total: int) -> str:
    left = rate.seconds_left(total)
    return "" if left is None else f"{clock(left)} left"


def _joined(*words: str) -> str:
    return " · ".join(filter(None, words))
