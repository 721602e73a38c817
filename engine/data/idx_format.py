"""One IDX file, the format of MNIST: two zero bytes, the type, the number of dimensions, a size
each (4 bytes, the most significant first), and then nothing but values.

Source: the description at yann.lecun.com/exdb/mnist, kept at github.com/cvdfoundation/mnist.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.data.limits import DEFLATE_RATIO, check_file, check_memory, reading
from engine.problems import ProblemError, byte_size

IMAGES, LABELS = 3, 1
"""Dimensions of a file of images (count, height, width) and of a file of labels (count)."""

UNSIGNED_BYTE = 0x08
OTHER_TYPES = {
    0x09: "signed bytes",
    0x0B: "16-bit integers",
    0x0C: "32-bit integers",
    0x0D: "32-bit floats",
    0x0E: "64-bit floats",
}
KINDS = {LABELS: "labels", IMAGES: "images"}
GZIP = b"\x1f\x8b"
CHUNK = 1 << 20


@dataclass(frozen=True)
class Header:
    """What a file says of itself: its sizes, and how many bytes said so."""

    shape: tuple[int, ...]
    length: int

    @property
    def values(self) -> int:
        """How many values, of a byte each, must follow."""
        return math.prod(self.shape)


def is_packed(path: Path) -> bool:
    """Is it gzip? The first two bytes tell, whatever the name says."""
    with reading(path), path.open("rb") as file:
        return file.read(2) == GZIP


def read_header(path: Path, dimensions: int) -> Header:
    """Read what the file declares, and check it against the file's real length.

    Raises:
        ProblemError: missing, empty, foreign, truncated, of another type, or images where
            labels were expected.
    """
    with _opened(path) as stream:
        return _checked_header(stream, path, dimensions)


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """Read a file of unsigned bytes, plain or gzip, in the shape that it declares.

    The declared sizes are held against the file's length and the free memory before any memory
    is taken, and of a gzip file no more than one byte beyond them is ever unpacked.

    Raises:
        ProblemError: as for read_header, or bytes are missing or left over, the gzip file is
            damaged, or memory does not suffice.
    """
    with _opened(path) as stream:
        header = _checked_header(stream, path, dimensions)
        check_memory(header.values, f"{path.name} with {header.values:,} values")
        return _values(stream, path, header).reshape(header.shape)


@contextmanager
def _opened(path: Path) -> Iterator[BufferedIOBase]:
    check_file(path)
    packed = is_packed(path)
    with reading(path), path.open("rb") as file:
        if not packed:
            yield file
            return
        with _unpacking(path), gzip.open(file) as stream:
            yield stream


@contextmanager
def _unpacking(path: Path) -> Iterator[None]:
    try:
        yield
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ProblemError(
            "{path} is a damaged gzip file ({reason}): copy or download it again.",
            path=str(path),
            reason=str(error).rstrip("."),
        ) from error


def _checked_header(stream: BufferedIOBase, path: Path, dimensions: int) -> Header:
    header = _header(stream, path, dimensions)
    if 0 in header.shape:
        raise ProblemError(
            "{path} declares {shape} values, which is nothing at all: choose a file that holds "
            "{kind}.",
            path=str(path),
            shape=header.shape,
            kind=KINDS[dimensions],
        )
    _check_length(path, header)
    return header


def _header(stream: BufferedIOBase, path: Path, dimensions: int) -> Header:
    magic = stream.read(4)
    _check_magic(magic, path, dimensions)
    sizes = stream.read(4 * dimensions)
    if len(sizes) < 4 * dimensions:
        raise _truncated(path, 4 + 4 * dimensions, 4 + len(sizes))
    return Header(struct.unpack(f">{dimensions}I", sizes), 4 + 4 * dimensions)


def _check_magic(magic: bytes, path: Path, dimensions: int) -> None:
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in {UNSIGNED_BYTE, *OTHER_TYPES}:
        raise ProblemError(
            "{path} is not an IDX file: it begins with the bytes {found}, but IDX {kind} begin "
            "with {expected}. Choose a file in MNIST's format.",
            path=str(path),
            found=magic.hex(" ") or "(none)",
            kind=KINDS[dimensions],
            expected=bytes((0, 0, UNSIGNED_BYTE, dimensions)).hex(" "),
        )
    if magic[2] != UNSIGNED_BYTE:
        raise ProblemError(
            "{path} holds {type}, but only unsigned bytes (0..255) can be read: convert it, or "
            "save its arrays as .npz.",
            path=str(path),
            type=OTHER_TYPES[magic[2]],
        )
    if magic[3] != dimensions:
        raise _mislabelled(path, magic[3], dimensions)


def _mislabelled(path: Path, found: int, dimensions: int) -> ProblemError:
    kind = KINDS.get(found)
    return ProblemError(
        "{path} is {found}, but {kind} were expected there ({count} dimensions): check whether "
        "files were swapped or renamed.",
        path=str(path),
        found=f"a file of {kind}" if kind else f"an IDX file with {found} dimensions",
        kind=KINDS[dimensions],
        count=dimensions,
    )


def _check_length(path: Path, header: Header) -> None:
    """Ask of a plain file exactly the declared bytes, of a packed one that it could hold them."""
    length = path.stat().st_size
    declared = header.length + header.values
    if not is_packed(path):
        if length < declared:
            raise _truncated(path, declared, length)
        if length > declared:
            raise _trailing(path, declared, f"{length:,}")
    elif declared > length * DEFLATE_RATIO:
        raise ProblemError(
            "{path} declares {shape} values ({declared}), which its {length} bytes of gzip cannot "
            "hold: it is damaged or no real dataset. Copy or download it again.",
            path=str(path),
            shape=header.shape,
            declared=byte_size(declared),
            length=length,
        )


def _values(stream: BufferedIOBase, path: Path, header: Header) -> NDArray[np.uint8]:
    values = np.empty(header.values, np.uint8)
    filled = _fill(stream, path, header, values.data)
    if filled < len(values):
        raise _truncated(path, header.length + len(values), header.length + filled)
    if stream.read(1):  # reads on to the end of a gzip file too, where its checksum is
        raise _trailing(path, header.length + len(values), "more")
    return values


def _fill(stream: BufferedIOBase, path: Path, header: Header, target: memoryview) -> int:
    """Fill `target` and return how many bytes there were."""
    filled = 0
    try:
        while filled < len(target):
            chunk = stream.read1(min(CHUNK, len(target) - filled))
            if not chunk:
                break
            target[filled : filled + len(chunk)] = chunk
            filled += len(chunk)
    except EOFError as error:  # gzip's word for a file that was cut off
        raise _truncated(path, header.length + len(target), header.length + filled) from error
    return filled


def _truncated(path: Path, expected: int, found: int) -> ProblemError:
    return ProblemError(
        "{path} is cut off: {expected} bytes were expected and {found} found. Copy or download it "
        "again.",
        path=str(path),
        expected=expected,
        found=found,
    )


def _trailing(path: Path, expected: int, found: str) -> ProblemError:
    return ProblemError(
        "{path} goes on after its end: its header declares {expected} bytes, but there are "
        "{found}. Copy or download it again.",
        path=str(path),
        expected=expected,
        found=found,
    )
