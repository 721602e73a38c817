"""A selection of images leaves the program: as a table, or as pictures in folders by class."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from engine.problems import ProblemError
from engine.store.files import TEMPORARY, write_problem, write_safely

Progress = Callable[[int, int], None]
"""Receives (done, total); what it raises ends the work, and nothing is left behind."""

LONGEST_NAME = 60
FORMULA = tuple("=+-@＝＋－＠")  # the wide ones begin a formula in some countries
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?", re.IGNORECASE)
RESERVED = frozenset(
    ("con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)))
)


@dataclass(frozen=True, eq=False)
class Picked:
    """N images with the answers to them, in the order to write them.

    images: (M, C, H, W) in 0..1, the whole set; rows: (N,) places there; indices: (N,) places in
    the source's own files; files: N names of these, or none where they are not known; the rest as
    in engine.training.events.Evaluated.
    """

    of: str
    images: NDArray[np.float32]
    rows: NDArray[np.int64]
    indices: NDArray[np.int64]
    labels: NDArray[np.int64]
    predicted: NDArray[np.int64]
    confidence: NDArray[np.float32]
    true_probability: NDArray[np.float32]
    probabilities: NDArray[np.float32] | None
    class_names: tuple[str, ...]
    files: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)


def write_table(path: Path, picked: Picked, progress: Progress) -> int:
    """Write a CSV file, one line an image: set, index, file, true, predicted, and the
    probabilities of all classes, or of the predicted and the true one where only they are kept.

    Names that a spreadsheet would compute are written with a mark before them, see harmless().
    Returns the number of images.

    Raises:
        ProblemError: it can't be written; what was there before is as it was.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("set", "index", "file", "true", "predicted", *_probability_titles(picked)))
    names = tuple(map(harmless, picked.class_names))
    for place in _counted(len(picked), progress):
        true, predicted = names[picked.labels[place]], names[picked.predicted[place]]
        index = int(picked.indices[place])
        file = harmless(picked.files[place]) if picked.files else ""
        writer.writerow((picked.of, index, file, true, predicted, *_probabilities(picked, place)))
    write_safely(path, text.getvalue().encode())
    return len(picked)


def harmless(text: str) -> str:
    """Write a text for a cell so that a spreadsheet takes it for text and computes nothing.

    What could begin a formula gets an apostrophe in front (OWASP, CSV Injection); a number stays
    one.
    """
    begins = text.startswith(("\t", "\r", "\n")) or text.lstrip().startswith(FORMULA)
    return f"'{text}" if begins and not NUMBER.fullmatch(text) else text


def write_pictures(folder: Path, picked: Picked, progress: Progress) -> int:
    """Write each image as a PNG file, by true class: 4/test-00113-as-9.png.

    The folder comes whole or not at all. Returns the number of images.

    Raises:
        ProblemError: the folder holds something already, or can't be written.
    """
    check_free(folder)
    there = folder.exists()  # then it may be the only place where writing is allowed: a drive
    making = (folder if there else folder.parent) / f"{TEMPORARY}{uuid4().hex}.tmp"
    try:
        making.mkdir(parents=True)
        _write_pictures(making, picked, progress)
        if there:
            for made in making.iterdir():
                made.rename(folder / made.name)
        else:
            making.rename(folder)
    except OSError as error:
        raise write_problem(folder, error) from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return len(picked)


def check_free(folder: Path) -> None:
    """Refuse a folder that holds anything.

    Raises:
        ProblemError: it does, it is a file, or it can't be read.
    """
    try:
        taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    except OSError as error:
        raise write_problem(folder, error) from error
    if taken:
        raise ProblemError(
            "{path} is not empty. Choose an empty folder, or a name that is not there yet.",
            path=str(folder),
        )


def free_folder(folder: Path, name: str) -> Path:
    """Give the folder itself if it is empty or not there, or else one in it that is not there
    yet: "name", "name 2", "name 3".
    """
    with suppress(OSError):
        if folder.exists() and any(folder.iterdir()):
            inside, number = folder / name, 2
            while inside.exists():
                inside = folder / f"{name} {number}"
                number += 1
            return inside
    return folder


def safe_names(names: Sequence[str]) -> tuple[str, ...]:
    """Turn class names into names of files that every system takes, each another one."""
    safe: list[str] = []
    taken: set[str] = set()
    for name in names:
        plain = re.sub(r"[^\w\-+= ]+", "_", name).strip(" _")[:LONGEST_NAME].strip() or "class"
        plain = f"{plain}_" if plain.lower() in RESERVED else plain
        candidate, number = plain, 2
        while candidate.lower() in taken:  # some systems don't tell a from A
            candidate = f"{plain} {number}"
            number += 1
        taken.add(candidate.lower())
        safe.append(candidate)
    return tuple(safe)


def _write_pictures(folder: Path, picked: Picked, progress: Progress) -> None:
    from PIL.Image import fromarray

    names = safe_names(picked.class_names)
    width = max(5, len(str(int(picked.indices.max(initial=0)))))
    for label in np.unique(picked.labels):
        (folder / names[label]).mkdir()
    for place in _counted(len(picked), progress):
        index, answer = int(picked.indices[place]), names[picked.predicted[place]]
        file = f"{picked.of}-{index:0{width}}-as-{answer}.png"
        pixels = _eight_bits(picked.images[picked.rows[place]])
        fromarray(pixels).save(folder / names[picked.labels[place]] / file)


def _eight_bits(image: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Turn an image (C, H, W) into (H, W) or (H, W, 3) in 0..255; no number becomes 0."""
    pixels = (255 * np.fmin(np.fmax(image, 0), 1) + 0.5).astype(np.uint8)
    return pixels[0] if len(pixels) == 1 else np.ascontiguousarray(pixels.transpose(1, 2, 0))


def _probability_titles(picked: Picked) -> Iterable[str]:
    if picked.probabilities is None:
        return ("probability of predicted", "probability of true")
    return (f"probability of {name}" for name in picked.class_names)


def _probabilities(picked: Picked, place: int) -> Iterator[str]:
    """Write a probability in as few digits as tell it from its neighbours."""
    if picked.probabilities is None:
        return map(str, (picked.confidence[place], picked.true_probability[place]))
    return map(str, picked.probabilities[place])


def _counted(count: int, progress: Progress) -> Iterator[int]:
    for place in range(count):
        progress(place, count)
        yield place
    progress(count, count)
