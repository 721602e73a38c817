"""The palette: a button for every layer type; a click inserts it below the selected card."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QToolButton, QWidget

from engine.project.layers import LAYER_TYPES, Layer
from gui.icons import icon
from gui.theme import SPACING, Theme

COLUMNS = 3
SHORT_TITLES = {
    "Convolution 2D": "Conv 2D",
    "Max pooling": "Max pool",
    "Average pooling": "Avg pool",
    "Global average pooling": "Global avg",
    "Batch normalisation": "Batch norm",
}


class PaletteView(QWidget):
    """Says which layer type was clicked; who listens inserts it."""

    chosen = Signal(object)  # type[Layer]

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING // 2)
        self.buttons: dict[str, QToolButton] = {}
        for number, kind in enumerate(LAYER_TYPES):
            button = self._button(kind)
            layout.addWidget(button, number // COLUMNS, number % COLUMNS)
            self.buttons[kind.model_fields["type"].default] = button

    def set_theme(self, theme: Theme) -> None:
        """Draw the icons in each group's colour."""
        for kind in LAYER_TYPES:
            name = kind.model_fields["type"].default
            self.buttons[name].setIcon(icon(name, theme.groups[kind.group]))

    def _button(self, kind: type[Layer]) -> QToolButton:
        button = QToolButton()
        button.setObjectName("layer")
        button.setText(SHORT_TITLES.get(kind.title, kind.title))
        button.setToolTip(
            self.tr("Add {title} below the selected layer.\n{help}").format(
                title=kind.title, help=kind.help
            )
        )
        button.setAccessibleName(self.tr("Add {title}").format(title=kind.title))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setIconSize(QSize(16, 16))
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.clicked.connect(lambda: self.chosen.emit(kind))
        return button
