"""What a person does with layers, as edits of the document: insert, move, wrap, copy, delete."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from engine.problems import Mend, ProblemError
from engine.project.layers import Block, Layer, Parallel, Residual
from engine.project.project import Place, Project, walk
from gui.document import Document
from gui.selection import Selection
from gui.widgets.network import places
from gui.widgets.network.clipboard import as_content, read_layers


class Edits(QObject):
    """Edits of the selected layers. Whatever can't be done is told as a sentence."""

    selected = Signal(object)  # tuple[str, ...]: what an edit leaves selected
    refused = Signal(str)  # a sentence

    def __init__(
        self, document: Document, selection: Selection, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.document, self.selection = document, selection
        self.target: Place | None = None  # an empty branch that the next layers go into

    @property
    def project(self) -> Project:
        """The open project."""
        return self.document.project

    @property
    def names(self) -> tuple[str, ...]:
        """The selected layers."""
        return self.selection.layers

    def run(self, command: str) -> None:
        """Do what the menu, a key or a card's button says with the selected layers."""
        if command == "paste":
            self.paste()
        elif command == "select_all":
            self.select(tuple(layer.name for layer in self.project.layers))
        elif self.names:
            self._run_on_selected(command)

    def can(self, command: str) -> bool:
        """Tell whether a command would find something to do."""
        match command:
            case "paste":
                return True
            case "select_all":
                return bool(self.project.layers)
            case "move_up" | "move_down":
                return self._one_on(-1 if command == "move_up" else 1) is not None
            case "unwrap":
                return self._block() is not None
        return bool(self.names)

    def select(self, names: tuple[str, ...]) -> None:
        """Select layers, in the network's order."""
        order = [layer.name for layer in walk(self.project.layers) if layer.name in names]
        self.selection.select_layers(tuple(order))
        self.selected.emit(tuple(order))

    def insert(self, title: str, layers: tuple[Layer, ...], place: Place | None = None) -> None:
        """Put layers in at a place, and select them: in the branch that is waiting for some, in the
        selected block if it is empty, or else below what is selected.
        """
        place = place or self.target or places.inside_or_below(self.project, self.names)
        try:
            inserted = self.project.insert(place, *layers)
        except ProblemError as error:
            self.refused.emit(str(error))
            return
        self.document.edit(title, inserted)
        new = inserted.branch(place)[place.index : place.index + len(layers)]
        self.select(tuple(layer.name for layer in new))

    def move_to(self, place: Place) -> None:
        """Bring the selected layers to a place."""
        self._move(self.tr("Move layers"), place)

    def paste(self) -> None:
        """Put in what the clipboard holds, if that is layers."""
        layers = read_layers(QGuiApplication.clipboard().text())
        if layers:
            self.insert(self.tr("Paste layers"), layers)

    def add_branch(self, name: str) -> None:
        """Give a parallel block one more branch."""
        branches = (*self.project.layer(name).inner, ())
        self.document.edit(self.tr("Add branch"), self.project.set_layer(name, branches=branches))

    def remove_branch(self, name: str, number: int) -> None:
        """Take a branch of a parallel block away, with its layers."""
        branches = self.project.layer(name).inner
        rest = (*branches[:number], *branches[number + 1 :])
        self.document.edit(self.tr("Remove branch"), self.project.set_layer(name, branches=rest))

    def mend(self, mend: Mend) -> None:
        """Do what a message offers."""
        self.document.edit(mend.title, mend.apply(self.project))

    def _run_on_selected(self, command: str) -> None:
        match command:
            case "copy":
                self._copy()
            case "cut":
                self._copy()
                self._remove(self.tr("Cut layers"))
            case "delete":
                self._remove(self.tr("Delete layers"))
            case "duplicate":
                below = places.below(self.project, self.names)
                self.insert(self.tr("Duplicate layers"), self._outermost(), below)
            case "move_up":
                self._move(self.tr("Move layers up"), self._one_on(-1))
            case "move_down":
                self._move(self.tr("Move layers down"), self._one_on(1))
            case "wrap":
                self._wrap(self.tr("Put into a residual block"), Residual())
            case "wrap_parallel":
                self._wrap(self.tr("Put into a parallel block"), Parallel())
            case "unwrap":
                self._unwrap()

    def _outermost(self) -> tuple[Layer, ...]:
        return self.project.outermost(self.names)

    def _one_on(self, step: int) -> Place | None:
        return places.one_on(self.project, self.names, step)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setMimeData(as_content(self._outermost()))

    def _move(self, title: str, place: Place | None) -> None:
        if place is None:
            return
        names = self.names
        try:
            moved = self.project.move(names, place)
        except ProblemError as error:
            self.refused.emit(str(error))
            return
        self.document.edit(title, moved)
        self.select(names)

    def _remove(self, title: str) -> None:
        """Delete the selected layers and select the one that takes their place."""
        place = self.project.place(self._outermost()[0].name)
        remaining = self.project.remove(self.names)
        self.selection.select_layers(())
        self.document.edit(title, remaining)
        following = places.next_to(remaining, place)
        if following is not None:
            self.select((following,))

    def _wrap(self, title: str, block: Block) -> None:
        place = self.project.place(self._outermost()[0].name)
        try:
            wrapped = self.project.wrap(self.names, block)
        except ProblemError as error:
            self.refused.emit(str(error))
            return
        self.document.edit(title, wrapped)
        self.select((wrapped.branch(place)[place.index].name,))

    def _unwrap(self) -> None:
        """Take the layers out of the selected block, and leave them selected."""
        block = self._block()
        if block is None:
            self.refused.emit(self.tr("Select one block to take its layers out of it."))
            return
        held = tuple(layer.name for branch in block.inner for layer in branch)
        self.document.edit(self.tr("Unwrap block"), self.project.unwrap(block.name))
        self.select(held)

    def _block(self) -> Block | None:
        """Give the block that is selected alone, or with what it holds."""
        layers = self._outermost()
        return layers[0] if len(layers) == 1 and isinstance(layers[0], Block) else None
