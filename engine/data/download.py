"""Getting a public dataset into the data folder: from the network, or from files at hand.

Nothing here touches the network but download().
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

from engine.data.dataset import Cancelled, Progress, silent
from engine.data.families import Family, RemoteFile, family_of
from engine.data.idx import locate
from engine.data.idx_format import is_packed
from engine.data.limits import writing
from engine.data.transfer import Opener, Transfer, UnreachableError
from engine.data.verify import check_known_file, check_published_file, is_known_file
from engine.problems import ProblemError, byte_size
from engine.project.sources import KnownSource

SPARE = 1_000_000
"""Bytes that a mirror's packing may add to a file, and that a disk must have left over."""


@dataclass(frozen=True)
class Offer:
    """What a download would bring, for the question before it."""

    title: str
    licence: str
    mirrors: tuple[str, ...]
    files: tuple[str, ...]
    size_bytes: int

    @property
    def host(self) -> str:
        """The computer that is asked first."""
        return urlsplit(self.mirrors[0]).netloc


def offer(source: KnownSource) -> Offer | None:
    """Say what download() would fetch, without any network; None for what needs no download."""
    family = family_of(source)
    if family is None:
        return None
    return Offer(
        title=source.title,
        licence=family.licence,
        mirrors=family.mirrors,
        files=tuple(file.name for file in family.files),
        size_bytes=sum(file.size for file in family.files),
    )


def download(
    source: KnownSource,
    folder: Path,
    progress: Progress = silent,
    *,
    mirror: str | None = None,
    opener: Opener = urlopen,
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Fetch the files of a dataset that are not yet there into `folder`/<Name>/raw.

    The declared mirrors are asked one after the other, or only `mirror`, a base address of the
    person's own (https, or http: every file is checked by its sum). What broke off goes on where
    it was; a file takes its name only when it is whole and right. `progress` counts bytes.

    Raises:
        ProblemError: no mirror gives the files, or they cannot be written.
        Cancelled: raised by `progress`; nothing half-done is left.
    """
    family = family_of(source)
    if family is None:
        return
    mirrors = family.mirrors if mirror is None else (_checked_mirror(mirror),)
    target = _made(folder / family.folder / "raw")
    missing = [file for file in family.files if not _has(source, target, file)]
    _check_space(target, missing)
    done, total = 0, sum(file.size for file in missing)
    for file in missing:
        fetch = _Fetch(source, file, target, opener, wait)
        fetch.from_any(mirrors, _offset(progress, done, file.size, total))
        done += file.size
    progress(total, total)


def adopt(source: KnownSource, chosen: Path, folder: Path, progress: Progress = silent) -> None:
    """Use files that are already on this computer: check them and copy them where they belong.

    `chosen` is the folder that holds the four files (plain or .gz), one of them, or a folder
    above them in torchvision's layout. All are checked before the first is copied. `progress`
    counts steps, two a file.

    Raises:
        ProblemError: a file is missing, damaged, of another dataset, or cannot be copied.
        Cancelled: raised by `progress`.
    """
    family = family_of(source)
    if family is None:
        return
    found = _found_files(source, family, chosen)
    for done, (file, path) in enumerate(found.items()):
        progress(done, 2 * len(found))
        check_known_file(source, file, path)
    target = _made(folder / family.folder / "raw")
    for done, (file, path) in enumerate(found.items(), start=len(found)):
        progress(done, 2 * len(found))
        _copy(path, target, file)
    progress(2 * len(found), 2 * len(found))


@dataclass(frozen=True)
class _Fetch:
    """One file of one dataset on its way to its folder."""

    source: KnownSource
    file: RemoteFile
    target: Path
    opener: Opener
    wait: Callable[[float], None]

    def from_any(self, mirrors: tuple[str, ...], received: Callable[[int], None]) -> None:
        """Try one mirror after the other; the first one's refusal is what the person hears."""
        refusals = []
        for mirror in mirrors:
            try:
                return self._from(mirror, received)
            except UnreachableError as refusal:
                refusals.append(refusal)
        raise refusals[0]

    def _from(self, mirror: str, received: Callable[[int], None]) -> None:
        part = self.target / f"{self.file.name}.part"
        resumed = part.exists()
        limit = self.file.size + SPARE
        Transfer(mirror + self.file.name, part, limit, self.opener, self.wait).run(received)
        try:
            self._check(mirror, part)
        except UnreachableError:
            if not resumed:
                raise
            return self._from(mirror, received)  # the old beginning was to blame, and is gone
        return _place(part, self.target, self.file)

    def _check(self, mirror: str, part: Path) -> None:
        try:
            check_published_file(self.source, self.file, part)
        except ProblemError as error:
            part.unlink(missing_ok=True)
            raise UnreachableError(
                "{host} sent something else than {name} of {title}: its checksum is wrong. Try "
                'again later, or choose "use files I already have".',
                host=urlsplit(mirror).netloc,
                name=self.file.name,
                title=self.source.title,
            ) from error


def _checked_mirror(mirror: str) -> str:
    try:
        parts = urlsplit(mirror.strip())
    except ValueError:  # such as half an IPv6 address
        parts = urlsplit("")
    if parts.scheme not in {"https", "http"} or not parts.netloc:
        raise ProblemError(
            "The mirror {mirror} is no web address: it must begin with https:// and name the "
            "folder that holds the four files.",
            mirror=mirror or "(empty)",
        )
    return mirror.strip().rstrip("/") + "/"


def _made(target: Path) -> Path:
    with writing(target):
        target.mkdir(parents=True, exist_ok=True)
    return target


def _has(source: KnownSource, target: Path, file: RemoteFile) -> bool:
    path = locate(target, file.unpacked_name)
    return path is not None and is_known_file(source, file, path)


def _check_space(target: Path, files: list[RemoteFile]) -> None:
    needed = sum(file.size for file in files) + SPARE
    free = shutil.disk_usage(target).free
    if files and free < needed:
        raise ProblemError(
            "{needed} are needed in {folder}, but only {free} are free on its disk: free some "
            "space, or choose another data folder with LAYERSCOPE_DATA.",
            needed=byte_size(needed),
            folder=str(target),
            free=byte_size(free),
        )


def _offset(progress: Progress, done: int, size: int, total: int) -> Callable[[int], None]:
    """Report the bytes of one file as bytes of all, never more than its share."""
    return lambda have: progress(done + min(have, size), total)


def _found_files(source: KnownSource, family: Family, chosen: Path) -> dict[RemoteFile, Path]:
    best: dict[RemoteFile, Path] = {}
    for place in _places(family, chosen):
        paths = {file: locate(place, file.unpacked_name) for file in family.files}
        found = {file: path for file, path in paths.items() if path is not None}
        best = max(best, found, key=len)
    missing = [file.unpacked_name for file in family.files if file not in best]
    if missing:
        raise ProblemError(
            "{chosen} does not hold {missing} of {title}: choose the folder that holds all four "
            "files, each plain or .gz.",
            chosen=str(chosen),
            missing=", ".join(missing),
            title=source.title,
        )
    return best


def _places(family: Family, chosen: Path) -> Iterator[Path]:
    folder = chosen.parent if chosen.is_file() else chosen
    yield folder
    for above in (folder, folder / family.folder):
        yield from (above, above / "raw")


def _copy(path: Path, target: Path, file: RemoteFile) -> None:
    """Copy by way of a .part file, so that the name only ever stands for a whole file."""
    if path.parent.resolve() == target.resolve():
        return
    part = target / f"{file.name}.part"
    try:
        with writing(part):
            shutil.copyfile(path, part)
        _place(part, target, file)
    except (ProblemError, Cancelled):
        part.unlink(missing_ok=True)
        raise


def _place(part: Path, target: Path, file: RemoteFile) -> None:
    """Give a checked file its name, and remove its other form: a damaged one would be read."""
    packed = is_packed(part)
    name, other = (file.name, file.unpacked_name) if packed else (file.unpacked_name, file.name)
    with writing(target / name):
        os.replace(part, target / name)
    with suppress(OSError):
        (target / other).unlink()
