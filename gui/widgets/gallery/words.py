"""What a gallery of mistakes says of itself: its filters, how many images, and why none."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from engine.analysis.mistakes import Cell
from engine.data.dataset import SetName
from engine.training.events import Evaluated
from gui.widgets.gallery.answers import one_line
from gui.widgets.gallery.listed import Listed


def cell_words(cell: Cell, names: Sequence[str]) -> str:
    """Say which part of the matrix it is."""
    true, predicted = _name(cell.true, names), _name(cell.predicted, names)
    if true is not None and predicted is not None:
        words = QCoreApplication.translate("GalleryWords", "true {true}, predicted {predicted}")
    elif true is not None:
        words = (
            QCoreApplication.translate("GalleryWords", "true {true}, right")
            if cell.right
            else QCoreApplication.translate("GalleryWords", "true {true}")
        )
    elif predicted is not None:
        words = (
            QCoreApplication.translate("GalleryWords", "right {predicted}")
            if cell.right
            else QCoreApplication.translate("GalleryWords", "predicted {predicted}")
        )
    else:
        words = (
            QCoreApplication.translate("GalleryWords", "all right")
            if cell.right
            else QCoreApplication.translate("GalleryWords", "all errors")
        )
    return words.format(true=true, predicted=predicted)


def count_words(shown: int, evaluation: Evaluated, listed: Listed) -> str:
    """Say how many images are shown, of how many."""
    words = (
        QCoreApplication.translate("GalleryWords", "{shown:,} of {total:,} wrong")
        if listed.all_mistakes
        else QCoreApplication.translate("GalleryWords", "{shown:,} of {total:,}")
    )
    words = words.format(shown=shown, total=len(evaluation.rows))
    if not evaluation.whole:
        words = QCoreApplication.translate("GalleryWords", "{words} (sample)").format(words=words)
    if evaluation.of == "training":
        words = QCoreApplication.translate("GalleryWords", "{words}, while learning").format(
            words=words
        )
    return words


def none_words(evaluation: Evaluated, listed: Listed) -> str:
    """Say why an evaluation shows no image."""
    if listed.all_mistakes:
        return QCoreApplication.translate(
            "GalleryWords", "No mistakes: every image of this evaluation is right."
        )
    if not evaluation.whole:
        words = QCoreApplication.translate(
            "GalleryWords",
            "No image of this sample of {total:,} is in this selection. "
            "All images are evaluated at the end of each epoch.",
        )
        return words.format(total=len(evaluation.rows))
    return QCoreApplication.translate(
        "GalleryWords", "This evaluation has no image in this selection."
    )


def waiting_words(of: SetName) -> str:
    """Say when there will be answers to a set that has none yet."""
    words = {
        "training": QCoreApplication.translate(
            "GalleryWords",
            "The training set's answers come at the end of an epoch, as it learned them.",
        ),
        "validation": QCoreApplication.translate(
            "GalleryWords",
            "The validation set has not been evaluated yet at this point of the run.",
        ),
        "test": QCoreApplication.translate(
            "GalleryWords",
            "The test set is kept for the end: it is evaluated when the training is done.",
        ),
    }
    return words[of]


def set_words(of: SetName) -> str:
    """Name a set in the middle of a sentence."""
    words = {
        "training": QCoreApplication.translate("GalleryWords", "the training set"),
        "validation": QCoreApplication.translate("GalleryWords", "the validation set"),
        "test": QCoreApplication.translate("GalleryWords", "the test set"),
    }
    return words[of]


def _name(number: int | None, names: Sequence[str]) -> str | None:
    if number is None:
        return None
    return one_line(names[number]) if number < len(names) else str(number)
