"""What the commands say: results to stdout and everything else to stderr."""

from __future__ import annotations

import os
import sys
from typing import Any, TextIO

from tqdm import tqdm

DONE, FAILED, WRONG = 0, 1, 2
"""The exit codes: done; it failed; wrong usage, or input that can't be used."""


def write(stream: TextIO, text: str) -> None:
    """Write at once. A reader who has left is no error: what follows is for nobody.

    Characters that the stream's encoding lacks are written as numbers.
    """
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def complain(message: str) -> None:
    """Tell the person on stderr, above a bar where one is shown."""
    tqdm.write(f"layerscope: {message}", file=Stderr())


class Stderr:
    """What tqdm writes to: stderr, and nowhere once nobody reads it any more."""

    def write(self, text: str) -> None:
        write(sys.stderr, text)

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stderr, name)
