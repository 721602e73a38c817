"""The buttons of an unfolded card."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from gui.icons import icon
from gui.theme import Theme

TOOL_SIZE = QSize(16, 16)


def small_button(title: str) -> QToolButton:
    """Make a button that is an icon alone and says what it does."""
    button = QToolButton()
    button.setObjectName("small")
    button.setToolTip(title)
    button.setAccessibleName(title)
    button.setIconSize(TOOL_SIZE)
    return button


class CardTools(QWidget):
    """Move, duplicate, delete; for a block, take its layers out."""

    command = Signal(str)  # "move_up", "move_down", "duplicate", "delete", "unwrap"

    def __init__(self, block: bool) -> None:
        super().__init__()
        self.buttons: dict[str, QToolButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addStretch()
        titles = {
            "unwrap": self.tr("Take the layers out of the block (Ctrl+Shift+G)"),
            "move_up": self.tr("Move up (Alt+Up)"),
            "move_down": self.tr("Move down (Alt+Down)"),
            "duplicate": self.tr("Duplicate (Ctrl+D)"),
            "delete": self.tr("Delete (Del)"),
        }
        for command, title in titles.items():
            if block or command != "unwrap":
                button = self.buttons[command] = small_button(title)
                button.clicked.connect(lambda _=False, command=command: self.command.emit(command))
                row.addWidget(button)

    def show_edges(self, first: bool, last: bool) -> None:
        """Disable moving beyond the ends."""
        self.buttons["move_up"].setEnabled(not first)
        self.buttons["move_down"].setEnabled(not last)

    def set_theme(self, theme: Theme) -> None:
        """Draw the icons in the theme's colours."""
        for command, button in self.buttons.items():
            button.setIcon(icon(command.removeprefix("move_"), theme.muted, theme.border))
