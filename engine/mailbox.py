"""The one bridge between two threads: one posts, the other collects when it is ready."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Message = TypeVar("Message")


def nothing(message: object) -> None:
    """Let nothing be left of an older message."""


class Mailbox(Generic[Message]):
    """Keeps every small message, and of each large kind the newest one whole, in order.

    `newest_of(message)` names the large kind that a message belongs to, or None for a small one.
    When a newer one of its kind comes, `left_of(message)` stands in the older one's place: a small
    message, or nothing where it gives None. The poster never waits and the mailbox never holds
    more than one large message of a kind, however slowly it is emptied.
    """

    def __init__(
        self,
        newest_of: Callable[[Message], Hashable | None],
        left_of: Callable[[Message], Message | None] = nothing,
    ) -> None:
        self._newest_of, self._left_of = newest_of, left_of
        self._lock = threading.Lock()
        self._messages: dict[int, Message] = {}
        self._newest: dict[Hashable, int] = {}  # where in the messages
        self._posted = 0

    def post(self, message: Message) -> None:
        """Leave a message."""
        kind = self._newest_of(message)
        with self._lock:
            if kind is not None:
                self._make_small(kind)
                self._newest[kind] = self._posted
            self._messages[self._posted] = message
            self._posted += 1

    def collect(self) -> list[Message]:
        """Take all messages that wait, the oldest first."""
        with self._lock:
            messages, self._messages, self._newest = self._messages, {}, {}
        return list(messages.values())

    def _make_small(self, kind: Hashable) -> None:
        place = self._newest.get(kind)
        if place is None:
            return
        left = self._left_of(self._messages[place])
        if left is None:
            del self._messages[place]
        else:
            self._messages[place] = left
