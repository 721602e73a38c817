"""A sentence inside a view, with a button that offers a way on; it goes when it is closed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from gui.icons import icon
from gui.theme import SPACING, Theme


class Notice(QFrame):
    """Hidden until something is to be said."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("foot")
        self._act: Callable[[], object] | None = None
        self.sentence = QLabel()
        self.sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.sentence.setWordWrap(True)
        self.way_on = QPushButton()
        self.way_on.clicked.connect(self._go_on)
        self.close_button = QToolButton()
        self.close_button.setObjectName("small")
        self.close_button.setIconSize(QSize(14, 14))
        self.close_button.setAccessibleName(self.tr("Close this message"))
        self.close_button.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACING, 4, SPACING, 4)
        layout.addWidget(self.sentence, 1)
        layout.addWidget(self.way_on)
        layout.addWidget(self.close_button)
        self.hide()

    def say(self, sentence: str, title: str = "", act: Callable[[], object] | None = None) -> None:
        """Show a sentence, and a button of this title that does something."""
        self._act = act
        self.sentence.setText(sentence)
        self.way_on.setText(title)
        self.way_on.setVisible(act is not None)
        self.show()

    def set_theme(self, theme: Theme) -> None:
        """Draw the cross in the theme's colours."""
        self.close_button.setIcon(icon("close", theme.muted))

    def _go_on(self) -> None:
        self.hide()
        if self._act is not None:
            self._act()
