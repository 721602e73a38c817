"""What a network said of images, in words: below a tile, in a tooltip, beside an image."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from engine.data.dataset import SetName, Split
from engine.training.events import Evaluated
from gui.widgets.data.words import plain

LONGEST_FILE = 200  # letters of a file's name


class Answers:
    """The words for the images of one evaluation, each asked for by its position there."""

    def __init__(self, evaluation: Evaluated, split: Split, class_names: Sequence[str]) -> None:
        self.evaluation, self.split = evaluation, split
        self.names = tuple(one_line(name) for name in class_names)

    def caption(self, position: int) -> tuple[str, str]:
        """Say true > predicted, or the class alone where it is right; and how sure it was."""
        true, predicted = self._classes(position)
        answer = true if self._right(position) else f"{true} > {predicted}"
        return answer, f"{predicted}: {percent(float(self.evaluation.confidence[position]))}"

    def sentences(self, position: int) -> str:
        """Say which image it is, what it is, and what the network made of it."""
        true, predicted = self._classes(position)
        said = (
            QCoreApplication.translate(
                "Answers", "It is {true}, as the network says, which gives it {percent}."
            )
            if self._right(position)
            else QCoreApplication.translate(
                "Answers",
                "It is {true}; the network says {predicted} and gives it {percent}; "
                "{true} gets {true_percent}.",
            )
        )
        return f"{self.origin(position)}\n" + said.format(
            true=true,
            predicted=predicted,
            percent=percent(float(self.evaluation.confidence[position])),
            true_percent=percent(float(self.evaluation.true_probability[position])),
        )

    def origin(self, position: int) -> str:
        """Say which image of the person's own files it is."""
        index = int(self.split.indices[self.evaluation.rows[position]])
        return origin_words(self.evaluation.of, index, self.split.file(index))

    def widest(self) -> str:
        """Give the widest caption that there may be, about."""
        longest = sorted(self.names, key=len)[-2:]
        return " > ".join(longest)

    def _classes(self, position: int) -> tuple[str, str]:
        labels, predicted = self.evaluation.labels, self.evaluation.predicted
        return self.names[labels[position]], self.names[predicted[position]]

    def _right(self, position: int) -> bool:
        return bool(self.evaluation.labels[position] == self.evaluation.predicted[position])


def origin_words(of: SetName, index: int, file: str = "") -> str:
    """Say of which set an image is, by its index in the person's own files, and in which file."""
    words = {
        "training": QCoreApplication.translate("Answers", "Image {index:,} of the training set."),
        "validation": QCoreApplication.translate(
            "Answers", "Image {index:,} of the training set, kept aside for validation."
        ),
        "test": QCoreApplication.translate("Answers", "Image {index:,} of the test set."),
    }
    origin = words[of].format(index=index)
    if not file:
        return origin
    file_words = QCoreApplication.translate("Answers", "File: {file}")
    return f"{origin} {file_words.format(file=plain(file, LONGEST_FILE))}"


def percent(probability: float) -> str:
    """Write a probability in percent; near 100 with more digits, and never as certainty."""
    if math.isnan(probability):
        return QCoreApplication.translate("Answers", "not a number")
    if probability < 0.9995:
        return f"{100 * probability:.1f} %"
    return f"{min(100 * probability, 99.99):.2f} %"


def one_line(name: str) -> str:
    """Write a class's name in one line, whatever its file or folder was called."""
    return " ".join(name.split())
