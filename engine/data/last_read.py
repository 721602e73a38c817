"""What was read last and what was made of it, so that pressing Train again starts quickly."""

from __future__ import annotations

from pathlib import Path

from engine.data.dataset import Dataset, Images
from engine.data.limits import reading
from engine.project.sources import Data, FileSource, Source

Stamp = tuple[tuple[str, int, int], ...]
"""Names, sizes and times of change of the files that a source is made of."""


class LastRead:
    """The images that were read last, with where and from what: memory is bounded to one source.

    A person's files are known by their names, sizes and times too, so that an edit is noticed.
    """

    def __init__(self) -> None:
        self._kept: tuple[Source, Path, Stamp, Images] | None = None
        self._prepared: tuple[Images, Data, int, Dataset] | None = None

    def get(self, source: Source, folder: Path) -> Images | None:
        """Return what was kept, if it is of this source as it is now."""
        kept = self._kept
        if kept and kept[:2] == (source, _place(source, folder)) and kept[2] == _stamp(source):
            return kept[3]
        return None

    def keep(self, source: Source, folder: Path, images: Images) -> None:
        """Keep these and forget the ones before."""
        self.clear()
        self._kept = source, _place(source, folder), _stamp(source), images

    def clear(self) -> None:
        """Forget what was kept."""
        self._kept = None
        self.forget_prepared()

    def prepared(self, images: Images, data: Data, seed: int) -> Dataset | None:
        """Return the dataset that was made last, if it is of these images, split and scaled so."""
        made = self._prepared
        if made and made[0] is images and made[1:3] == (data, seed):
            return made[3]
        return None

    def keep_prepared(self, images: Images, data: Data, seed: int, dataset: Dataset) -> None:
        """Keep what was made of images."""
        self._prepared = images, data, seed, dataset

    def forget_prepared(self) -> None:
        """Forget the dataset, but not the images that it was made of."""
        self._prepared = None


def _place(source: Source, folder: Path) -> Path:
    """Say where a source is: only known ones lie in the data folder."""
    return Path(source.path) if isinstance(source, FileSource) else folder


def _stamp(source: Source) -> Stamp:
    if not isinstance(source, FileSource):
        return ()
    path = Path(source.path)
    with reading(path):
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        stats = ((str(file), file.lstat()) for file in files)
        return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)
