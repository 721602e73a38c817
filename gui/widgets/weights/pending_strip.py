"""A strip that says which weights the next training starts from, for as long as it will."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from gui.theme import MARGIN, SPACING


class PendingStrip(QFrame):
    """Hidden while the next training starts from its seed alone."""

    show_wanted = Signal()  # what is taken, and what not
    removed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setProperty("kind", "note")
        self.sentence = QLabel()
        self.sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.sentence.setWordWrap(True)
        self.look = QPushButton(self.tr("Which layers…"))
        self.look.setAccessibleName(self.tr("Show which layers take the weights over"))
        self.look.clicked.connect(self.show_wanted)
        self.remove = QPushButton(self.tr("Remove"))
        self.remove.setAccessibleName(self.tr("Start from the seed alone"))
        self.remove.clicked.connect(self.removed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(MARGIN, 6, MARGIN, 6)
        layout.setSpacing(SPACING)
        layout.addWidget(self.sentence, 1)
        layout.addWidget(self.look)
        layout.addWidget(self.remove)
        self.hide()

    def say(self, sentence: str) -> None:
        """Show what the next training starts from; nothing hides the strip."""
        self.sentence.setText(sentence)
        self.setVisible(bool(sentence))
