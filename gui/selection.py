"""What is selected, shared between views that know nothing of each other."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from engine.training.events import SetName


@dataclass(frozen=True)
class Cell:
    """A part of the confusion matrix: one cell, or a whole row or column where one is None."""

    true: int | None = None
    predicted: int | None = None


class Selection(QObject):
    """The selected layers (by name, in the network's order), the set looked at, the cell in it."""

    layers_changed = Signal(object)  # tuple[str, ...]
    cell_changed = Signal(object)  # Cell or None
    set_changed = Signal(object)  # SetName

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.layers: tuple[str, ...] = ()
        self.cell: Cell | None = None
        self.of: SetName = "validation"

    def select_layers(self, names: tuple[str, ...]) -> None:
        """Select these layers and no others."""
        if names != self.layers:
            self.layers = names
            self.layers_changed.emit(names)

    def select_set(self, of: SetName) -> None:
        """Look at the evaluations of this set."""
        if of != self.of:
            self.of = of
            self.set_changed.emit(of)

    def select_cell(self, cell: Cell | None) -> None:
        """Select a part of the matrix, or nothing."""
        if cell != self.cell:
            self.cell = cell
            self.cell_changed.emit(cell)
