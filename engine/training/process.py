"""Settings of the whole process that decide how fast torch computes on a CPU."""

from __future__ import annotations

import ctypes
import os
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
KEPT_BYTES = 1 << 30


def wait_without_spinning() -> None:
    """Let OpenMP's threads sleep while they wait for each other; call it before torch is loaded.

    They spin otherwise, and where another program or the window wants their core, each waits for
    one that is not running: with both cores of a machine taken, a step took 230 ms instead of 60.
    Whoever sets OMP_WAIT_POLICY decides otherwise.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def keep_freed_memory() -> None:
    """Let glibc keep the memory of freed tensors for the next step, instead of giving it back.

    Every page that is taken anew is filled with zeros by the system first: a convolution's step
    took 8.6 ms with this and 15.4 ms without. Does nothing elsewhere.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):  # another C library, such as musl
        return
    mallopt(M_MMAP_THRESHOLD, KEPT_BYTES)
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
