"""The one bridge between two threads: one posts, the other collects when it is ready."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Message = TypeVar("Message")


class Mailbox(Generic[Message]):
    """Keeps every small message, and only the newest of each large kind, in order.

    `newest_of(message)` names the large kind that a message replaces, or None for a small one.
    The poster never waits and the mailbox never holds more than one large message of a kind,
    however slowly it is emptied.
    """

    def __init__(self, newest_of: Callable[[Message], Hashable | None]) -> None:
        self._newest_of = newest_of
        self._lock = threading.Lock()
        self._messages: dict[Hashable, Message] = {}
        self._posted = 0

    def post(self, message: Message) -> None:
        """Leave a message."""
        kind = self._newest_of(message)
        with self._lock:
            self._posted += 1
            key: Hashable = self._posted if kind is None else ("newest", kind)
            self._messages.pop(key, None)  # so that the newer one stands in its own place
            self._messages[key] = message

    def collect(self) -> list[Message]:
        """Take all messages that wait, the oldest first."""
        with self._lock:
            messages, self._messages = self._messages, {}
        return list(messages.values())
