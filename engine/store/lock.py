"""One program at a time writes a run: a lock of the operating system's, which a kill frees, too."""

from __future__ import annotations

import errno
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from engine.problems import ProblemError
from engine.store.files import write_problem

if TYPE_CHECKING:
    from filelock import BaseFileLock

NAME = "lock"
PATIENCE_SECONDS = 0.5  # another program that only looks whether it is in use holds it for less
LOCKLESS = frozenset({errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP})
"""What a file system answers that knows no locks, as some network drives do."""


class RunLock:
    """The right to write a run folder, until it is released or this program ends.

    Two locks of one folder exclude each other within a program, too. Any thread may release it.
    On a file system without locks everybody gets one: better a run unguarded than none.
    """

    def __init__(self, lock: BaseFileLock) -> None:
        self._lock = lock  # taken already: see `acquire`

    @classmethod
    def acquire(cls, folder: Path) -> Self:
        """Take the lock; the folder is made if it is missing.

        Raises:
            ProblemError: another program, or another lock of this one, has it; or the folder can't
                be written.
        """
        from filelock import Timeout

        lock = _file_lock(folder)
        try:
            lock.acquire(timeout=PATIENCE_SECONDS)
        except Timeout as error:
            raise ProblemError(
                "{path} is in use by another Layerscope. Look at it there, or wait until it has "
                "ended.",
                path=str(folder),
            ) from error
        except OSError as error:
            if error.errno not in LOCKLESS:
                raise write_problem(folder / NAME, error) from error
        return cls(lock)

    def release(self) -> None:
        """Give the lock back; a second time does nothing."""
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def in_use(folder: Path) -> bool:
    """Tell whether a program, this one included, holds a run folder's lock; nothing is changed.

    A folder that can't be written, or that is not there, is in nobody's use.
    """
    from filelock import Timeout

    lock = _file_lock(folder)
    try:
        if not (folder / NAME).is_file():  # to try would make it
            return False
        lock.acquire(blocking=False)
    except Timeout:
        return True
    except OSError:
        return False
    lock.release()
    return False


def _file_lock(folder: Path) -> BaseFileLock:
    from filelock import FileLock

    # The kernel's lock or an error: a mark in its stead would outlive a killed program.
    return FileLock(folder / NAME, thread_local=False, fallback_to_soft=False)
