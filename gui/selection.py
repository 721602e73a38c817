"""What is selected, shared between views that know nothing of each other."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal


@dataclass(frozen=True)
class Cell:
    """A part of the confusion matrix: one cell, or a whole row or column where one is None."""

    true: int | None = None
    predicted: int | None = None


class Selection(QObject):
    """The selected layers (by name, in the order of the network) and the selected cell."""

    layers_changed = Signal(object)  # tuple[str, ...]
    cell_changed = Signal(object)  # Cell or None

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.layers: tuple[str, ...] = ()
        self.cell: Cell | None = None

    def select_layers(self, names: tuple[str, ...]) -> None:
        """Select these layers and no others."""
        if names != self.layers:
            self.layers = names
            self.layers_changed.emit(names)

    def select_cell(self, cell: Cell | None) -> None:
        """Select a part of the matrix, or nothing."""
        if cell != self.cell:
            self.cell = cell
            self.cell_changed.emit(cell)
