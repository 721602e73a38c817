"""One array inside a NumPy archive, read without trusting what it declares.

numpy.load reads a declared header before it looks at its limit and takes the declared memory
before it looks at the file, so a small hostile file can take all memory. Here every declared size
is held against the archive's real length first, and objects (pickles) are never read.

Source: numpy.lib.format's description of the .npy format.
"""

from __future__ import annotations

import ast
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from engine.data.limits import DEFLATE_RATIO, check_file, check_memory, reading
from engine.problems import ProblemError

MAGIC = b"\x93NUMPY"
LONGEST_HEADER = 10_000
CHUNK = 1 << 20
SIMPLE_TYPE = re.compile(r"[<>|=](b1|u1|i1|[iu][248]|f[248]|[US][1-9]\d{0,8})")


DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, UnicodeDecodeError)
"""What zipfile raises on damaged, encrypted or foreign archives."""


@dataclass(frozen=True)
class Member:
    """An array that an archive declares: believed only after its sizes were checked."""

    info: zipfile.ZipInfo
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran: bool
    start: int

    @property
    def name(self) -> str:
        """The array's name in the archive."""
        return self.info.filename.removesuffix(".npy")

    @property
    def size_bytes(self) -> int:
        """Memory that its values take."""
        return math.prod(self.shape) * self.dtype.itemsize


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open an archive; what is found broken in it while it is open becomes a sentence.

    Raises:
        ProblemError: missing, empty, not an archive, damaged or encrypted.
    """
    check_file(path)
    try:
        with reading(path), zipfile.ZipFile(path) as archive:
            yield archive
    except DAMAGE as error:
        raise ProblemError(
            "{path} is no sound NumPy archive ({reason}): save it with numpy.savez or "
            "numpy.savez_compressed, or copy it again.",
            path=str(path),
            reason=str(error).rstrip(".") or type(error).__name__,
        ) from error


def arrays(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """List the arrays of an archive by name, without reading them."""
    infos = archive.infolist()
    return {i.filename.removesuffix(".npy"): i for i in infos if i.filename.endswith(".npy")}


def declared(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    """Read what an array declares and check it against the archive's real length.

    Raises:
        ProblemError: it is no array, holds objects or an odd type, or its sizes do not agree.
    """
    _check_packing(archive, info)
    with archive.open(info) as stream:
        prefix, text = _header(stream, info)
    descr, fortran, shape = _fields(text, info)
    member = Member(info, _dtype(descr, info), shape, fortran, prefix + len(text))
    if member.start + member.size_bytes != info.file_size:
        raise ProblemError(
            "The array {name} declares {shape} values in {needed} bytes, but the archive holds "
            "{found} for it: the file is damaged. Save or copy it again.",
            name=member.name,
            shape=shape,
            needed=member.size_bytes,
            found=max(0, info.file_size - member.start),
        )
    return member


def read(archive: zipfile.ZipFile, member: Member) -> NDArray[Any]:
    """Read the values of an array.

    Raises:
        ProblemError: memory does not suffice, or bytes are missing.
    """
    check_memory(member.size_bytes, f"The array {member.name}")
    raw = np.empty(member.size_bytes, np.uint8)
    with archive.open(member.info) as stream:
        stream.read(member.start)
        filled = _fill(stream, raw)
    if filled < len(raw):
        raise _no_array(member.info, f"it ends after {filled:,} of {len(raw):,} bytes")
    values = raw.view(member.dtype)
    if member.fortran:
        return values.reshape(member.shape[::-1]).transpose()
    return values.reshape(member.shape)


def _fill(stream: IO[bytes], raw: NDArray[np.uint8]) -> int:
    filled = 0
    while chunk := stream.read(CHUNK):
        raw[filled : filled + len(chunk)] = np.frombuffer(chunk, np.uint8)
        filled += len(chunk)
    return filled


def _check_packing(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise _no_array(info, "it is packed in a way that NumPy does not use")
    length = Path(str(archive.filename)).stat().st_size
    packed = info.compress_type == zipfile.ZIP_DEFLATED
    possible = min(info.compress_size, length) * (DEFLATE_RATIO if packed else 1)
    if info.file_size > possible:
        raise ProblemError(
            "The array {name} declares {declared} bytes, which the {found} bytes in the archive "
            "cannot hold: the file is damaged or no real dataset.",
            name=info.filename.removesuffix(".npy"),
            declared=info.file_size,
            found=min(info.compress_size, length),
        )


def _header(stream: IO[bytes], info: zipfile.ZipInfo) -> tuple[int, bytes]:
    """Read the magic bytes, the version and the header's length, and only then the header."""
    start = stream.read(8)
    if start[:6] != MAGIC or start[6:7] not in {b"\1", b"\2", b"\3"}:
        raise _no_array(info, "it does not begin as NumPy's arrays do")
    width = 2 if start[6] == 1 else 4
    length = int.from_bytes(stream.read(width), "little")
    if length > LONGEST_HEADER:
        raise _no_array(info, f"its header is {length:,} bytes long")
    text = stream.read(length)
    if len(text) < length:
        raise _no_array(info, "it ends within its header")
    return len(start) + width, text


def _fields(text: bytes, info: zipfile.ZipInfo) -> tuple[object, bool, tuple[int, ...]]:
    try:
        fields = ast.literal_eval(text.decode("utf-8").strip())
        descr, fortran, shape = fields["descr"], fields["fortran_order"], fields["shape"]
    except (ValueError, SyntaxError, TypeError, KeyError, MemoryError, RecursionError) as error:
        raise _no_array(info, "its header cannot be read") from error
    if not isinstance(shape, tuple) or not all(type(size) is int and size >= 0 for size in shape):
        raise _no_array(info, "its header has no shape")
    return descr, bool(fortran), shape


def _dtype(descr: object, info: zipfile.ZipInfo) -> np.dtype[Any]:
    if isinstance(descr, str) and descr.endswith("O"):
        raise ProblemError(
            "The array {name} holds Python objects, which are never read because they can run "
            "code: convert it with numpy.array(..., dtype=numpy.uint8) or stack its images first.",
            name=info.filename.removesuffix(".npy"),
        )
    if not isinstance(descr, str) or not SIMPLE_TYPE.fullmatch(descr):
        raise ProblemError(
            "The array {name} is of the type {type}, but only whole numbers, floats, booleans and "
            "text can be read: convert it before it is saved.",
            name=info.filename.removesuffix(".npy"),
            type=str(descr)[:60],
        )
    return np.dtype(descr)


def _no_array(info: zipfile.ZipInfo, reason: str) -> ProblemError:
    return ProblemError(
        "{name} in the archive is no sound NumPy array: {reason}. Save or copy the file again.",
        name=info.filename,
        reason=reason,
    )
