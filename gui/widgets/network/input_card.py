"""The images that go in, at the head of the column."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from engine.problems import shown
from engine.project.project import Project
from gui.icons import icon
from gui.theme import SPACING, Theme


class InputCard(QFrame):
    """The images that go in; a click chooses others."""

    data_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setProperty("fixed", True)
        self._icon, self._title, self._shape = QLabel(), QLabel(), QLabel()
        self._title.setObjectName("heading")
        self._shape.setObjectName("muted")
        self.button = QToolButton()
        self.button.setObjectName("small")
        self.button.setText(self.tr("Change…"))
        self.button.setToolTip(self.tr("Choose other images"))
        self.button.clicked.connect(self.data_wanted)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACING, 6, SPACING, 6)
        layout.setSpacing(SPACING)
        layout.addWidget(self._icon)
        layout.addWidget(self._title)
        layout.addWidget(self.button)
        layout.addStretch()
        layout.addWidget(self._shape)

    def show_project(self, project: Project) -> None:
        """Name the data and the shape of one image."""
        source = project.data.source
        self._title.setText(source.title)
        self._shape.setText(shown(project.input_shape))
        self.setToolTip(source.help)

    def set_theme(self, theme: Theme) -> None:
        """Draw the icon in the theme's colours."""
        self._icon.setPixmap(icon("input", theme.muted).pixmap(18, 18))
