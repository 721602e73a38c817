"""Which images are learnt from, which are measured on, and which are kept for the end."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import Files, Images, Pixels
from engine.problems import Mend, Problem, ProblemError

Rows = NDArray[np.int64]

TEST_SHARE = 6
"""One image in six is kept for the test where a source has no test set: MNIST's proportion."""

TEST_SEED = 0
"""Fixed, so that the test set of a source is the same in every run and never trained on."""


def whole(
    images: Pixels,
    labels: Rows,
    class_names: tuple[str, ...],
    rows: Rows | None = None,
    notes: tuple[Problem, ...] = (),
    files: Files = (),
) -> Images:
    """Make Images of a source without a test set: a sixth of each class becomes its test set.

    `rows` are the images' places in the source's own order, where some of them were left out;
    `files` go by them.

    Raises:
        ProblemError: a class has fewer than 3 images.
    """
    train, test = test_rows(labels, class_names)
    rows = np.arange(len(labels)) if rows is None else rows
    return Images(
        images[train],
        labels[train],
        images[test],
        labels[test],
        class_names,
        rows[train],
        rows[test],
        notes,
        files,
        files,
    )


def own_test(
    train: tuple[Pixels, Rows],
    test: tuple[Pixels, Rows],
    class_names: tuple[str, ...],
    rows: tuple[Rows, Rows] | None = None,
    notes: tuple[Problem, ...] = (),
    files: tuple[Files, Files] = ((), ()),
) -> Images:
    """Make Images of a source that brings its own test set; `rows` and `files` as for whole, of
    both parts.
    """
    rows = rows or (np.arange(len(train[0])), np.arange(len(test[0])))
    return Images(*train, *test, class_names, *rows, notes, *files)


def test_rows(labels: Rows, class_names: tuple[str, ...]) -> tuple[Rows, Rows]:
    """Draw the fixed test set: a sixth of each class, at least one image.

    Returns the rows of the rest and of the test set, ascending.

    Raises:
        ProblemError: a class has fewer than 3 images.
    """
    _check_counts(labels, class_names, 3, "training, one for validation and one for the test")
    generator = np.random.default_rng(TEST_SEED)
    drawn = [_drawn(np.flatnonzero(labels == c), generator) for c in range(len(class_names))]
    test = np.sort(np.concatenate(drawn))
    return np.setdiff1d(np.arange(len(labels)), test), test


def _drawn(rows: Rows, generator: np.random.Generator) -> Rows:
    count = max(1, round(len(rows) / TEST_SHARE))
    return generator.choice(rows, size=count, replace=False)


def validation_rows(
    labels: Rows, class_names: tuple[str, ...], share: float, seed: int
) -> tuple[Rows, Rows]:
    """Draw the validation set by the seed, with every class in its proportion.

    Returns the rows of the training and the validation split, ascending.

    Raises:
        ProblemError: a class has fewer than 2 images, or the share is too small or too large
            for one image of each class.
    """
    from sklearn.model_selection import train_test_split

    _check_counts(labels, class_names, 2, "training and one for validation")
    _check_share(len(labels), len(class_names), share)
    train, validation = train_test_split(
        np.arange(len(labels)), test_size=share, stratify=labels, random_state=seed % 2**32
    )
    return np.sort(train), np.sort(validation)


def _check_counts(labels: Rows, class_names: tuple[str, ...], least: int, uses: str) -> None:
    counts = np.bincount(labels, minlength=len(class_names))
    rarest = int(counts.argmin())
    if counts[rarest] < least:
        raise ProblemError(
            "Class {name} has {count} images, but at least {least} are needed, one for {uses}: "
            "add images to the class or leave it out.",
            name=class_names[rarest],
            count=int(counts[rarest]),
            least=least,
            uses=uses,
        )


def _check_share(count: int, classes: int, share: float) -> None:
    """Ask for one image of each class, at least, in both parts."""
    validation = math.ceil(share * count)
    if validation < classes:
        raise _share_error(
            "A validation share of {share} keeps only {part} of {count} images aside, fewer than "
            "the {classes} classes: raise it to {least}, or add images.",
            mend=_raise_share(_least_share(count, classes)),
            share=share,
            part=validation,
            count=count,
            classes=classes,
            least=_least_share(count, classes),
        )
    if count - validation < classes:
        raise _share_error(
            "A validation share of {share} leaves only {part} of {count} images to learn from, "
            "fewer than the {classes} classes: lower it, or add images.",
            share=share,
            part=count - validation,
            count=count,
            classes=classes,
        )


def _share_error(template: str, mend: Mend | None = None, **values: float) -> ProblemError:
    return ProblemError(Problem(template, where="data.validation", mend=mend, **values))


def _least_share(count: int, classes: int) -> float:
    """Find the share, in hundredths, that keeps an image of each class; a half always does."""
    return math.ceil(100 * classes / count) / 100


def _raise_share(share: float) -> Mend:
    return Mend(
        f"Raise the validation share to {share:g}",
        lambda project: project.set_data(validation=share),
    )
