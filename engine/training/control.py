"""What the person asks of a running training, set from any thread."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

Change = tuple[str, float]
"""A field of the project, such as optimizer.learning_rate, and its new value."""


class Control:
    """Asked between two steps, so a training stops, pauses and changes at any batch.

    It is also asked while images are read, the step is recorded and the network is judged, where
    it can pause and stop.
    """

    def __init__(self, *, paused: bool = False) -> None:
        self._asked = threading.Condition()
        self._stop = False
        self._paused = paused
        self._at_rest = False  # whether the pause has reached the place between two steps
        self._steps = 0  # that may be taken although it is paused
        self._changes: deque[Change] = deque()
        self._waiting = False

    def stop(self) -> None:
        """Ask the training to end; what it has learned stays."""
        with self._asked:
            self._stop = True
            self._asked.notify_all()

    def pause(self) -> None:
        """Ask the training to wait."""
        with self._asked:
            self._at_rest = self._at_rest and self._paused
            self._paused = True
            self._steps = 0

    def go_on(self) -> None:
        """Let a paused training run."""
        with self._asked:
            self._paused, self._steps = False, 0
            self._asked.notify_all()

    def step(self, count: int = 1) -> None:
        """Let a training take so many steps, and wait again after them."""
        with self._asked:
            self._at_rest = self._at_rest and self._paused
            self._paused = True
            self._steps += count
            self._asked.notify_all()

    def change(self, field: str, value: float) -> None:
        """Ask for another value of a field before the next step."""
        with self._asked:
            self._changes.append((field, value))
            self._asked.notify_all()

    @property
    def stopped(self) -> bool:
        """Whether the end was asked for."""
        return self._stop

    @property
    def waiting(self) -> bool:
        """Whether the training waits at this moment, because it is paused."""
        return self._waiting and self.held

    @property
    def held(self) -> bool:
        """Whether no step may be taken now."""
        return self._paused and not self._steps and not self._stop

    @property
    def stepping(self) -> bool:
        """Whether the next step is one of those that were asked for by number."""
        return self._paused and self._steps > 0

    @property
    def interrupted(self) -> bool:
        """Whether the judging of a network is to be broken off: it can be begun again later."""
        return self.stopped or (self.held and not self._at_rest)

    def take_changes(self, step: int) -> list[Change]:
        """Take the changes that are to be made after so many steps."""
        del step  # a replay of a log goes by it
        with self._asked:
            taken = list(self._changes)
            self._changes.clear()
        return taken

    def took_step(self) -> None:
        """Count a step that was asked for by number."""
        with self._asked:
            self._steps = max(0, self._steps - 1)

    def rest(self) -> None:
        """Take the pause up, between two steps; what follows until `wait` is only written down."""
        with self._asked:
            self._at_rest = self._waiting = True

    def wait(self) -> bool:
        """Wait, between two steps, until something is asked; tell whether it is still held."""
        with self._asked:
            self._wait_until(lambda: not self.held or bool(self._changes))
            return self.held

    def hold(self) -> bool:
        """Wait, before the first step, while a pause is asked for; tell whether to go on."""
        if self._paused:
            with self._asked:
                self._wait_until(lambda: not self.held or self._at_rest)
        return not self.stopped

    def wait_for(self, over: Callable[[], bool]) -> None:
        """Wait for what another thread does, which calls `wake` after it, or for a stop."""
        with self._asked:
            self._wait_until(lambda: self._stop or over())

    def wake(self) -> None:
        """Let a waiting training look again at what it waits for."""
        with self._asked:
            self._asked.notify_all()

    def _wait_until(self, over: Callable[[], bool]) -> None:
        self._waiting = True
        self._asked.wait_for(over)
        self._waiting = False
