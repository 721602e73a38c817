"""Is this file what it should be? Told by its checksum, packed or unpacked."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

from engine.data.families import FAMILIES, RemoteFile
from engine.data.idx_format import IMAGES, LABELS, read_idx
from engine.data.limits import check_file, reading
from engine.problems import ProblemError
from engine.project.sources import KnownSource


def check_published_file(source: KnownSource, file: RemoteFile, path: Path) -> None:
    """Refuse a file that does not have, packed or unpacked, the published checksum.

    Raises:
        ProblemError: as for check_known_file, or only its shape is right.
    """
    check_known_file(source, file, path)
    if not file.unpacked_md5 and (found := md5(path)) != file.md5:
        raise _unpublished(source, file, path, found, file.md5)


def check_known_file(source: KnownSource, file: RemoteFile, path: Path) -> None:
    """Refuse a file that is not `file` of the dataset `source`.

    Packed and unpacked are both fine, and packed anew too: then its content is looked at. Where
    the checksum of the content is unknown, its shape must be right.

    Raises:
        ProblemError: it is missing, damaged, of another dataset, or not the published one.
    """
    check_file(path)
    digest = md5(path)
    if digest in {file.md5, file.unpacked_md5}:
        return
    _check_other(source, path, digest)
    shape, content = _content(file, path)
    _check_other(source, path, content)
    if file.unpacked_md5 and content != file.unpacked_md5:
        raise _unpublished(source, file, path, content, file.unpacked_md5)
    _check_shape(source, file, path, shape)


def is_known_file(source: KnownSource, file: RemoteFile, path: Path) -> bool:
    """Say whether check_known_file accepts it."""
    try:
        check_known_file(source, file, path)
    except ProblemError:
        return False
    return True


def md5(path: Path) -> str:
    """Sum up a file's bytes. MD5 because that is what the datasets publish."""
    with reading(path), path.open("rb") as file:
        return hashlib.file_digest(file, _md5).hexdigest()


def _md5() -> hashlib._Hash:
    return hashlib.md5(usedforsecurity=False)


def _content(file: RemoteFile, path: Path) -> tuple[tuple[int, ...], str]:
    """Read as IDX; return the shape and the MD5 sum of the file as it is when unpacked."""
    dimensions = IMAGES if "images" in file.name else LABELS
    values = read_idx(path, dimensions)
    header = struct.pack(f">HBB{dimensions}I", 0, 0x08, dimensions, *values.shape)
    digest = _md5()
    digest.update(header)
    digest.update(values.data)
    return values.shape, digest.hexdigest()


def _check_other(source: KnownSource, path: Path, digest: str) -> None:
    for kind, family in FAMILIES.items():
        sums = {digest for file in family.files for digest in (file.md5, file.unpacked_md5)}
        if digest in sums and not isinstance(source, kind):
            raise ProblemError(
                "{path} belongs to {other}, not to {title}: choose the files of {title}.",
                path=str(path),
                other=kind.title,
                title=source.title,
            )


def _unpublished(
    source: KnownSource, file: RemoteFile, path: Path, found: str, expected: str
) -> ProblemError:
    return ProblemError(
        "{path} is not the published {name} of {title}: its MD5 sum is {found}, but {expected} was "
        "expected. Copy or download it again.",
        path=str(path),
        name=file.unpacked_name,
        title=source.title,
        found=found,
        expected=expected,
    )


def _check_shape(source: KnownSource, file: RemoteFile, path: Path, shape: tuple[int, ...]) -> None:
    count = source.train_size if file.name.startswith("train") else source.test_size
    expected = (count, *source.input_shape[1:])[: len(shape)]
    if shape != expected:
        raise ProblemError(
            "{path} holds {found} values, but {name} of {title} holds {expected}: choose the files "
            "of {title}.",
            path=str(path),
            found=shape,
            name=file.unpacked_name,
            title=source.title,
            expected=expected,
        )
