"""What a run's log tells in a few numbers, without parsing its many lines of progress.

Measured: a log of 1,000,000 lines, 108 MB, takes 0.2 s.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from pydantic_core import from_json

from engine.store.runs import LONGEST_LINE

BLOCK = 4_000_000  # bytes read at a time
TELLING = re.compile(
    rb'"event": ?"(?:Started|WarmStarted|EpochDone|Branched|Diverged|Paused|Continued)"'
)
LARGEST_COUNT = 2**53  # of epochs or parameters; a larger one is no number that people read
LONGEST_RUN = 1e9  # seconds
LONGEST_MESSAGE = 2000  # letters


@dataclass(frozen=True, slots=True)
class Outline:
    """The few numbers. What the log does not tell, or tells wrongly, is None or empty."""

    sound: bool = True  # False where there is text and no line of it can be read
    parameters: int | None = None
    epochs: int | None = None
    epochs_done: int = 0
    best_validation: float | None = None  # the highest accuracy, 0 to 1
    test: float | None = None  # accuracy, 0 to 1
    began: float | None = None  # seconds on the log's clock at the first step; pauses move it
    paused: float | None = None  # seconds on the log's clock, while it waits
    seconds: float = 0.0  # from the beginning up to the last line, without pauses
    end: str = ""  # Finished's reason, or "failed"; "" where the last line is no end
    message: str = ""  # why it failed or diverged
    parent: str = ""  # the run that it branched from
    source: str = ""  # what people call what its first weights were taken from


def outline(path: Path) -> Outline:
    """Read a log. Lines that are none, as a torn last one, are skipped.

    Raises:
        OSError: it can't be read.
    """
    told, tail = Outline(), b""
    with path.open("rb") as file:
        for block in _blocks(file):
            for line in _telling_lines(block):
                told = _with_line(told, line)
            tail = (block if len(block) > LONGEST_LINE else tail + block)[-2 * LONGEST_LINE :]
    return _with_end(told, tail)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """Give whole lines, many at a time; what is too long for a line is skipped."""
    rest = b""
    while chunk := file.read(BLOCK):
        cut = chunk.rfind(b"\n") + 1
        if cut:
            yield rest + chunk[:cut]
            rest = b""
        rest += chunk[cut:]
        if len(rest) > LONGEST_LINE:
            rest = b""
    if rest:
        yield rest


def _telling_lines(block: bytes) -> Iterator[dict[str, Any]]:
    for found in TELLING.finditer(block):
        start = block.rfind(b"\n", 0, found.start()) + 1
        end = block.find(b"\n", found.end())
        line = _parsed(block[start : end if end >= 0 else len(block)])
        if line is not None:
            yield line


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        content = from_json(line)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _with_line(told: Outline, line: dict[str, Any]) -> Outline:
    match line.get("event"):
        case "Started" if told.began is None:
            counts = _count(line.get("parameters")), _count(line.get("epochs"))
            began = _seconds(line.get("at"))
            return replace(told, parameters=counts[0], epochs=counts[1], began=began)
        case "EpochDone":
            return _with_epoch(told, line)
        case "Paused" if told.paused is None:
            return replace(told, paused=_seconds(line.get("at")))
        case "Continued" if told.paused is not None and told.began is not None:
            waited = max(0.0, _seconds(line.get("at")) - told.paused)
            return replace(told, began=told.began + waited, paused=None)
        case "WarmStarted":
            return replace(told, source=_text(line.get("source")))
        case "Branched":
            return replace(told, parent=_text(line.get("parent")))
        case "Diverged":
            return replace(told, message=_text(line.get("message")))
    return told


def _with_epoch(told: Outline, line: dict[str, Any]) -> Outline:
    epoch, accuracy = _count(line.get("epoch")), _share(line.get("validation_accuracy"))
    if epoch is None or epoch <= told.epochs_done:
        return told
    best = max((one for one in (told.best_validation, accuracy) if one is not None), default=None)
    return replace(told, epochs_done=epoch, best_validation=best)


def _with_end(told: Outline, tail: bytes) -> Outline:
    """Add what the last lines tell. A warning may follow the end; anything else goes on from it."""
    lines = (line for one in reversed(tail.split(b"\n")) if (line := _parsed(one)) is not None)
    last = next(lines, None)
    if last is None:
        return replace(told, sound=not tail.strip())
    until = _seconds(last.get("at")) if told.paused is None else told.paused
    seconds = max(0.0, until - (told.began or 0.0))
    told = replace(told, seconds=seconds)
    while last is not None and last.get("event") == "Warned":
        last = next(lines, None)
    match last and last.get("event"):
        case "Finished":
            assert last is not None
            test = _share(last.get("test_accuracy"))
            return replace(told, end=_text(last.get("reason")) or "completed", test=test)
        case "Failed":
            assert last is not None
            return replace(told, end="failed", message=_text(last.get("message")))
    return told


def _count(value: object) -> int | None:
    return value if type(value) is int and 0 <= value <= LARGEST_COUNT else None


def _share(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= 1 else None


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value) if 0 <= value <= LONGEST_RUN else 0.0


def _text(value: object) -> str:
    return value[:LONGEST_MESSAGE] if isinstance(value, str) else ""
