"""Work beside the window: one function in one thread, told of by signals on the window's thread."""

from __future__ import annotations

import threading
import traceback
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from engine.data.dataset import Cancelled, Progress
from engine.mailbox import Mailbox
from engine.problems import ProblemError

COLLECT_MILLISECONDS = 50
CLOSE_SECONDS = 3.0
RATE_SECONDS = 5.0  # how far back a rate looks
LEAST_SECONDS = 0.5  # a rate over less is noise

Work = Callable[[Progress], Any]
"""A plain function. It must hold no widget: its thread may be the one that lets go of it last."""


class Task(QObject):
    """Runs a function in a thread of its own, once, and tells on this thread what became of it.

    Exactly one of done, failed and cancelled comes at the end, unless close() gave up waiting.
    """

    progressed = Signal(object, object)  # done, total; not int, which Qt ends at 2 GiB
    done = Signal(object)  # what the function returned
    failed = Signal(str, str)  # a sentence, and the traceback
    cancelled = Signal()

    def __init__(self, work: Work, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mailbox: Mailbox[_Message] = Mailbox(_newest_of)
        self._stop = threading.Event()
        self._worker = threading.Thread(
            target=_run, args=(work, self._stop, self._mailbox), name="task", daemon=True
        )
        self._timer = QTimer(self)
        self._timer.setInterval(COLLECT_MILLISECONDS)
        self._timer.timeout.connect(self._collect)
        self.destroyed.connect(self._stop.set)  # holds the event alone, not this object

    @property
    def running(self) -> bool:
        """Whether the end is still to come."""
        return self._timer.isActive()

    @property
    def cancelling(self) -> bool:
        """Whether it was asked to end."""
        return self._stop.is_set()

    def start(self) -> None:
        """Begin. A task runs once."""
        self._worker.start()
        self._timer.start()

    def cancel(self) -> None:
        """Ask the function to end the next time it reports progress."""
        self._stop.set()

    def close(self, seconds: float = CLOSE_SECONDS) -> bool:
        """Cancel and wait for the end, so long at most; tell whether it came. What only reads
        may be left to end by itself, with 0 seconds.
        """
        if not self.running:
            return True
        self.cancel()
        self._worker.join(seconds)
        self._collect()
        self._timer.stop()
        return not self._worker.is_alive()

    def _collect(self) -> None:
        """Take what the worker left since the last time."""
        for message in self._mailbox.collect():
            match message:
                case _Progressed(done, total):
                    if not self.cancelling:
                        self.progressed.emit(done, total)
                case _:
                    self._end(message)

    def _end(self, message: _Message) -> None:
        self._timer.stop()
        self._worker.join(CLOSE_SECONDS)  # it has said its last word
        match message:
            case _Failed(sentence, details, expected) if not (expected and self.cancelling):
                self.failed.emit(sentence or self._unexpected(details), details)
            case _Done(result) if not self.cancelling:
                self.done.emit(result)
            case _:
                self.cancelled.emit()

    def _unexpected(self, details: str) -> str:
        return self.tr(
            "Something went wrong that should not: {error}. Please report it with its details."
        ).format(error=details.strip().rsplit("\n", 1)[-1].rstrip("."))


@dataclass(frozen=True)
class _Progressed:
    done: int
    total: int


@dataclass(frozen=True)
class _Done:
    result: Any


@dataclass(frozen=True)
class _Failed:
    sentence: str
    details: str
    expected: bool


@dataclass(frozen=True)
class _Cancelled:
    pass


_Message = _Progressed | _Done | _Failed | _Cancelled


def _newest_of(message: _Message) -> Hashable | None:
    return "progress" if isinstance(message, _Progressed) else None


def _run(work: Work, stop: threading.Event, mailbox: Mailbox[_Message]) -> None:
    """Run in the worker thread; whatever happens ends in a message."""

    def progress(done: int, total: int) -> None:
        if stop.is_set():
            raise Cancelled
        mailbox.post(_Progressed(done, total))

    try:
        mailbox.post(_Done(work(progress)))
    except Cancelled:
        mailbox.post(_Cancelled())
    except ProblemError as error:
        mailbox.post(_Failed(str(error), traceback.format_exc(), expected=True))
    except BaseException:
        mailbox.post(_Failed("", traceback.format_exc(), expected=False))


class Rate:
    """How fast something goes, over the last few seconds."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()

    def add(self, now: float, done: int) -> None:
        """Note how much is done at a time in seconds. The first mark is where counting begins:
        what was there before, such as half of a file, was not done now.
        """
        if self._marks and done < self._marks[-1][1]:
            self._marks.clear()  # it began anew
        self._marks.append((now, done))
        while len(self._marks) > 2 and now - self._marks[1][0] >= RATE_SECONDS:
            self._marks.popleft()

    @property
    def per_second(self) -> float | None:
        """How much a second; None before there is a measure."""
        if not self._marks:
            return None
        (start, first), (end, last) = self._marks[0], self._marks[-1]
        return (last - first) / (end - start) if end - start >= LEAST_SECONDS else None

    def seconds_left(self, total: int) -> float | None:
        """Estimate the time to the end; None before there is a measure, or while nothing moves."""
        speed = self.per_second
        return (total - self._marks[-1][1]) / speed if speed else None
