"""Sentences about images that a dataset holds more than once, each with a way to see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.data.dataset import SetName
from gui.icons import icon
from gui.theme import LIGHT, SPACING, Theme
from gui.widgets.data.parts import wrapped
from gui.widgets.data.survey import PAIRS, Twins

SIGN = 16  # pixels of the warning's icon

Findings = Mapping[tuple[SetName, ...], Twins]


class DuplicateNotes(QWidget):
    """Duplicates between the sets, always; and those within the set that is shown."""

    wanted = Signal(object)  # Twins, to be shown

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.notes = {sets: Note() for sets in PAIRS}
        self.within, self.apart, self.waiting = Note(), Note(), Note()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(SPACING // 2)
        for note in self.every:
            note.wanted.connect(self.wanted)
            self._layout.addWidget(note)

    @property
    def every(self) -> Iterable[Note]:
        """All notes, from the top; hidden ones too."""
        return (*self.notes.values(), self.apart, self.within, self.waiting)

    def show_findings(self, findings: Findings, of: SetName, running: bool) -> None:
        """Say what is known so far, and whether there is more to come."""
        for sets, note in self.notes.items():
            note.show_twins(_some(findings.get(sets)))
        known = all(sets in findings for sets in PAIRS)
        shared = any(_some(findings.get(sets)) for sets in PAIRS)
        self.apart.say(self.tr("No image is in two sets.") if known and not shared else "")
        self._show_within(findings.get((of,)), of)
        missing = running and not (known and (of,) in findings)
        self.waiting.say(self.tr("Looking for exact duplicates…") if missing else "")

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        for note in self.every:
            note.set_theme(theme)

    def _show_within(self, twins: Twins | None, of: SetName) -> None:
        if twins is not None and not twins.groups:
            words = self.tr("No image of the {set} set is in it twice.")
            self.within.say(words.format(set=of))
        else:
            self.within.show_twins(twins)


class Note(QWidget):
    """One sentence, a warning sign where it is one, and a button that shows the images."""

    wanted = Signal(object)  # Twins

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._twins: Twins | None = None
        self._theme = LIGHT
        self.sign, self.sentence = QLabel(), wrapped()
        self.button = QPushButton(self.tr("Show"))
        self.button.setObjectName("show")
        self.button.clicked.connect(lambda: self.wanted.emit(self._twins))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING // 2)
        layout.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.sentence, 1)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        self.say("")

    @property
    def words(self) -> str:
        """The sentence; "" where there is nothing to say."""
        return self.sentence.text()

    def say(self, words: str) -> None:
        """Say that all is well, or nothing."""
        self._show(words, None)

    def show_twins(self, twins: Twins | None) -> None:
        """Tell of duplicates, or nothing."""
        self._show(self._twin_words(twins) if twins is not None else "", twins)

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self._theme = theme
        self.sign.setPixmap(icon("warning", theme.warning).pixmap(SIGN, SIGN))

    def _show(self, words: str, twins: Twins | None) -> None:
        self._twins = twins
        self.sentence.setText(words)
        self.sentence.setObjectName("muted" if twins is None else "")
        self.sentence.style().unpolish(self.sentence)
        self.sentence.style().polish(self.sentence)
        self.sign.setVisible(twins is not None and (len(twins.sets) > 1 or bool(twins.torn)))
        self.button.setVisible(twins is not None)
        self.button.setAccessibleName(f"{self.button.text()}: {words}")
        self.setVisible(bool(words))

    def _twin_words(self, twins: Twins) -> str:
        """Tell of images that are exactly alike."""
        one, torn = twins.images == 1, twins.torn_images
        if len(twins.sets) == 1:
            words = self.tr("{count:,} {last} images are there more than once")
        elif one:
            words = self.tr("{count:,} image of the {last} set is also in the {first} set")
        else:
            words = self.tr("{count:,} images of the {last} set are also in the {first} set")
        if torn:
            end = self.tr("under another class") if one else self.tr("{torn:,} under another class")
            words = f"{words}, {end}"
        first, last = twins.sets[0], twins.sets[-1]
        return f"{words}.".format(count=twins.images, first=first, last=last, torn=torn)


def _some(twins: Twins | None) -> Twins | None:
    """Give what holds any; None for no duplicates, too."""
    return twins if twins is not None and twins.groups else None
