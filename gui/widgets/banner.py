"""A strip across the window: what happened, what to do, and details to copy."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui.icons import icon
from gui.theme import MARGIN, SPACING, Theme

BESIDE = 2  # buttons that leave the sentence its room; more of them stand below it


class Banner(QFrame):
    """Hidden until something is to be said; stays until it is closed or replaced."""

    layer_wanted = Signal(str)  # the layer that the message is about

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._details = ""
        self.sentence = QLabel()
        self.sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.sentence.setWordWrap(True)
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._layer = ""
        self.show_layer = QPushButton(self.tr("Show the layer"))
        self.show_layer.clicked.connect(lambda: self.layer_wanted.emit(self._layer))
        self.copy = QPushButton(self.tr("Copy details"))
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._details))
        self.close_button = QToolButton()
        self.close_button.setObjectName("small")
        self.close_button.setIconSize(QSize(16, 16))
        self.close_button.setAccessibleName(self.tr("Close this message"))
        self.close_button.clicked.connect(self.hide)
        self._beside, self._below = QHBoxLayout(), QHBoxLayout()  # where offers stand
        self._lay_out()
        self.hide()

    def say(
        self,
        sentence: str,
        details: str = "",
        *,
        error: bool = True,
        layer: str = "",
        offers: Iterable[tuple[str, Callable[[], object]]] = (),
    ) -> None:
        """Show a sentence, with details that can be copied, and buttons for what can be done. Where
        it is about a layer, that layer can be shown.
        """
        self._offer(offers)
        self._layer = layer
        self.show_layer.setVisible(bool(layer))
        self._details = f"{sentence}\n\n{details}"
        self.sentence.setText(sentence)
        self.copy.setVisible(bool(details))
        self.setProperty("kind", "error" if error else "note")
        self.style().unpolish(self)
        self.style().polish(self)
        self.show()

    def _offer(self, offers: Iterable[tuple[str, Callable[[], object]]]) -> None:
        for row in (self._beside, self._below):
            while (item := row.takeAt(0)) is not None:
                if (widget := item.widget()) is not None:
                    widget.hide()
                    widget.deleteLater()
        offers = list(offers)
        row = self._beside if len(offers) <= BESIDE else self._below
        for title, act in offers:
            button = QPushButton(title)
            button.clicked.connect(self.hide)
            button.clicked.connect(lambda _=False, act=act: act())
            row.addWidget(button)
        self._below.addStretch(1)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.sentence, 1)
        row.addLayout(self._beside)
        row.addWidget(self.show_layer)
        row.addWidget(self.copy)
        row.addWidget(self.close_button, alignment=Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 6, MARGIN, 6)
        column.addLayout(row)
        column.addLayout(self._below)
        for layout in (self._beside, self._below, row, column):
            layout.setSpacing(SPACING)

    def set_theme(self, theme: Theme) -> None:
        """Draw the icon in the theme's colours."""
        self.close_button.setIcon(icon("close", theme.muted))
