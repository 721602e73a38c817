"""What is asked before files are believed: are they there, and does memory suffice."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from engine.problems import ProblemError, byte_size

DEFLATE_RATIO = 1032
"""Deflate, in gzip and zip, never packs more than this many bytes into one (zlib's own figure)."""

SHARE_OF_MEMORY = 0.8
"""How much of the free memory images may take; the network and the window need some too."""


def check_memory(needed: int, what: str) -> None:
    """Refuse what this machine's free memory cannot hold.

    Raises:
        ProblemError: `needed` bytes are more than most of the memory that is free now.
    """
    free = psutil.virtual_memory().available
    if needed > free * SHARE_OF_MEMORY:
        raise ProblemError(
            "{what} would take {needed} of memory, but only {free} are free: close other "
            "programs, or use fewer or smaller images.",
            what=what,
            needed=byte_size(needed),
            free=byte_size(free),
        )


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say what the system refused while `path` was read as a sentence."""
    try:
        yield
    except FileNotFoundError as error:
        raise ProblemError(
            "{path} does not exist: it may have been moved or renamed. Choose it again.",
            path=str(path),
        ) from error
    except PermissionError as error:
        raise ProblemError(
            "{path} may not be read by you: give yourself the right to read it, or copy it to a "
            "folder of your own.",
            path=str(path),
        ) from error
    except OSError as error:
        raise ProblemError(
            "{path} could not be read ({reason}): check that its disk is connected and sound.",
            path=str(path),
            reason=error.strerror or type(error).__name__,
        ) from error


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say what the system refused while `path` was written as a sentence."""
    try:
        yield
    except OSError as error:
        raise ProblemError(
            "{path} could not be written: {reason}.", path=str(path), reason=_refusal(error)
        ) from error


def _refusal(error: OSError) -> str:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return "the disk is full. Free some space and try again"
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return (
                "its folder may not be written to. Give yourself the right, or choose another "
                "data folder with LAYERSCOPE_DATA"
            )
        case _:
            return f"{error.strerror or type(error).__name__}. Check the folder and its disk"


def check_file(path: Path) -> None:
    """Refuse what is not a plain file with something in it.

    Raises:
        ProblemError: it is missing, a folder, a device or empty.
    """
    with reading(path):
        size = path.stat().st_size
    if not path.is_file():
        raise ProblemError("{path} is not a file: choose the file itself.", path=str(path))
    if size == 0:
        raise ProblemError("{path} is empty (0 bytes): copy or download it again.", path=str(path))


def check_folder(path: Path) -> None:
    """Refuse what is not a folder.

    Raises:
        ProblemError: it is missing or a file.
    """
    with reading(path):
        path.stat()
    if not path.is_dir():
        raise ProblemError(
            "{path} is a file, but a folder is expected: choose the folder that holds the files.",
            path=str(path),
        )
