"""Writes large files beside the one who has them written, who goes on meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic


class Writer:
    """One thread, which does one piece of writing at a time: so much is in memory at most."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._under_way: Future[None] | None = None
        self.seconds = 0.0  # that the last piece took

    @property
    def busy(self) -> bool:
        """Whether something is being written."""
        return self._under_way is not None and not self._under_way.done()

    def write(self, work: Callable[[], None]) -> None:
        """Begin a piece of writing, after the former one has ended; raise what that one raised."""
        self.wait()
        self._under_way = self._pool.submit(self._timed, work)

    def check(self) -> None:
        """Raise what the last piece of writing raised, if it has ended; once."""
        if not self.busy:
            self.wait()

    def wait(self) -> None:
        """Wait until all is written, and raise what that raised; once."""
        ended, self._under_way = self._under_way, None
        if ended is not None:
            ended.result()

    def close(self) -> None:
        """End the thread when all is written; what that raised is not told any more."""
        self._pool.shutdown()

    def _timed(self, work: Callable[[], None]) -> None:
        began = monotonic()
        work()
        self.seconds = monotonic() - began
