"""One image of a dataset, large, with what is known of it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from gui.icons import icon
from gui.theme import LIGHT, MARGIN, SPACING, Theme
from gui.widgets.data.parts import Facts
from gui.widgets.large_picture import draw_sharp, fitted

SIDE = 144  # pixels: 18 times 8, 5 times 28, 4 times 32


class Picture(QWidget):
    """A square that shows one picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = LIGHT
        self._picture = QImage()
        self.setFixedSize(SIDE + 2, SIDE + 2)

    def show_picture(self, picture: QImage, words: str) -> None:
        """Show a picture; `words` tell of it to who can't see it."""
        self._picture = picture
        self.setAccessibleName(words)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.theme.grid))
        if not self._picture.isNull():
            draw_sharp(painter, fitted(self._picture.size(), self.rect()), self._picture)


class ImagePane(QFrame):
    """Hidden until an image is shown; its button hides it again."""

    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("foot")
        self.picture, self.facts = Picture(), Facts()
        self.facts.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.close_button = QToolButton()
        self.close_button.setObjectName("small")
        self.close_button.setIconSize(QSize(16, 16))
        self.close_button.setAccessibleName(self.tr("Close the large image"))
        self.close_button.setToolTip(self.close_button.accessibleName())
        self.close_button.clicked.connect(self._close)
        self._lay_out()
        self.hide()

    def show_image(self, picture: QImage, words: str, facts: Sequence[tuple[str, str]]) -> None:
        """Show a picture, with facts as (name, value); `words` tell of it in one sentence."""
        self.picture.show_picture(picture, words)
        self.facts.show_facts(facts)
        self.show()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self.picture.theme = theme
        self.picture.update()
        self.close_button.setIcon(icon("close", theme.muted))

    def _close(self) -> None:
        self.hide()
        self.closed.emit()

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.addWidget(self.facts)
        words.addStretch()
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN, SPACING, SPACING, SPACING)
        row.setSpacing(MARGIN)
        row.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        row.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
