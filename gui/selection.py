"""What is selected, shared between views that know nothing of each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from engine.analysis.mistakes import Cell
from engine.data.dataset import SetName
from engine.project.project import Project, walk


@dataclass(frozen=True, eq=False)
class Shelf:
    """Images that somebody has put together under a name, such as "never learned".

    rows: (N,) places in the split of the set that is looked at, in the order to show them.
    """

    title: str
    rows: NDArray[np.int64]


class Selection(QObject):
    """The selected layers, and of what a run has told: which set, when, which cells, which image.

    Each has a method that selects and a signal that tells so, once, where it has changed.
    """

    layers_changed = Signal(object)  # tuple[str, ...], names in the network's order
    set_changed = Signal(object)  # SetName
    step_changed = Signal(object)  # int, or None
    cells_changed = Signal(object)  # tuple[Cell, ...]
    shelf_changed = Signal(object)  # Shelf or None
    image_changed = Signal(object)  # int or None

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.layers: tuple[str, ...] = ()
        self.of: SetName = "validation"
        self.step: int | None = None  # the evaluation after this many steps; None: the newest
        self.cells: tuple[Cell, ...] = ()  # parts of the matrix; none: all mistakes
        self.shelf: Shelf | None = None
        self.image: int | None = None  # its place in the split

    def select_layers(self, names: tuple[str, ...]) -> None:
        """Select these layers and no others."""
        if names != self.layers:
            self.layers = names
            self.layers_changed.emit(names)

    def select_named(self, name: str, project: Project) -> None:
        """Select the layer that something names; none where it is the output, which has no form,
        or where the project has no such layer any more.
        """
        there = any(layer.name == name for layer in walk(project.layers))
        self.select_layers((name,) if there else ())

    def select_set(self, of: SetName) -> None:
        """Look at the evaluations of this set. A shelf and an image are of one set only."""
        if of != self.of:
            self.select_image(None)
            self.select_shelf(None)
            self.of = of
            self.set_changed.emit(of)

    def select_step(self, step: int | None) -> None:
        """Look at the evaluation after so many steps, or at whichever is the newest."""
        if step != self.step:
            self.step = step
            self.step_changed.emit(step)

    def select_cells(self, cells: tuple[Cell, ...]) -> None:
        """Select these parts of the matrix and no others; each counts once."""
        cells = tuple(dict.fromkeys(cells))
        if cells != self.cells:
            self.cells = cells
            self.cells_changed.emit(cells)

    def toggle_cell(self, cell: Cell) -> None:
        """Add a part of the matrix to those that are selected, or take it away."""
        if cell in self.cells:
            self.select_cells(tuple(other for other in self.cells if other != cell))
        else:
            self.select_cells((*self.cells, cell))

    def select_shelf(self, shelf: Shelf | None) -> None:
        """Look at these images alone, or at all again."""
        if shelf is not self.shelf:
            self.shelf = shelf
            self.shelf_changed.emit(shelf)

    def select_image(self, row: int | None) -> None:
        """Look at one image of the set."""
        if row != self.image:
            self.image = row
            self.image_changed.emit(row)

    def clear(self) -> None:
        """Look at a new run as if nothing had been selected; the layers stay as they are."""
        self.select_set("validation")
        self.select_step(None)
        self.select_cells(())
        self.select_shelf(None)
        self.select_image(None)
