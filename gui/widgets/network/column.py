"""The column of cards: what is shown and selected. It holds the keyboard focus and takes drops."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import QMimeData, QPoint, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDrag,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
)
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from engine.problems import Problem, ProblemError
from engine.project.layers import Block, Layer, Output
from engine.project.project import Place, Project, walk
from gui.document import Document
from gui.selection import Selection
from gui.theme import Theme
from gui.widgets.network import places
from gui.widgets.network.block_card import BlockCard
from gui.widgets.network.branch import CARD_GAP, Branch
from gui.widgets.network.card import Card
from gui.widgets.network.clipboard import LAYERS_MIME, MOVE_MIME, read_layers
from gui.widgets.network.drag import DropMark, place_at
from gui.widgets.network.edits import Edits
from gui.widgets.network.input_card import InputCard
from gui.widgets.network.keys import ArrowKeys

HOT_SPOT = QPoint(20, 12)  # of what goes along with the mouse
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


class Column(QWidget):
    """The cards in their order, blocks as cards that hold cards."""

    shown = Signal(object)  # a widget that should be in sight
    dragging = Signal(object)  # where the mouse is, in global coordinates, or None
    data_wanted = Signal()
    refused = Signal(str)  # a sentence

    def __init__(
        self, document: Document, selection: Selection, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.document, self.selection = document, selection
        self.edits = Edits(document, selection, self)
        self.edits.refused.connect(self.refused)
        self.edits.selected.connect(self._show_edited)
        self.cards: dict[str, Card] = {}  # in reading order
        self._theme: Theme | None = None
        self._anchor: str | None = None  # where a Shift+click range begins
        self._moving = False  # what is dragged are the selected layers, not new ones
        self._held = False  # the mouse is down on a card: a drag may follow, so nothing unfolds
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.setAccessibleName(self.tr("Network layers"))
        self.input = InputCard()
        self.input.data_wanted.connect(self.data_wanted)
        self.root = Branch()
        self.output = Card(Output, "output")
        self.output.setProperty("fixed", True)
        self.output.mend_wanted.connect(self.edits.mend)
        self.output.pressed.connect(lambda *_: self.choose_place(None))
        self.keys = ArrowKeys(self.root, self.edits)
        self.keys.place_chosen.connect(self.choose_place)
        self.keys.shown.connect(self.shown)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(CARD_GAP)
        for widget in (self.input, self.root, self.output):
            layout.addWidget(widget)
        layout.addStretch()
        self.mark = DropMark(self)

    def show_project(self, project: Project) -> None:
        """Show each layer on its card; cards live as long as their layer does."""
        problems: dict[str, Problem] = {}
        for problem in self.document.problems:
            problems.setdefault(problem.where, problem)
        self._match_cards(project)
        self.input.show_project(project)
        kinds = Counter(layer.type for layer in walk(project.layers))
        for row in project.walk():
            name = row.layer.name
            card = self.output if name == "output" else self.cards[name]
            card.show_layer(row, problems.get(name))
            card.show_names(kinds[row.layer.type] > 1)
        for name, card in self.cards.items():
            first, last = project.layers[0].name, project.layers[-1].name
            card.show_edges(name == first, name == last)
        kept = tuple(name for name in self.selection.layers if name in self.cards)
        self.selection.select_layers(kept)
        self.show_selection()

    def show_selection(self) -> None:
        """Mark the selected cards; one that is alone unfolds."""
        selected, target = self.selection.layers, self.edits.target
        if target is not None and (selected or not places.is_empty(self.document.project, target)):
            target = self.edits.target = None
        self._unfold_around(selected)
        for name, card in self.cards.items():
            unfolded = card.unfolded if self._held else selected == (name,)
            card.show_selected(name in selected, unfolded)
            if isinstance(card, BlockCard):
                for zone in card.zones():
                    zone.show_selected(zone.place == target)

    def reveal_selected(self) -> None:
        """Ask for the card that is selected alone to be in sight, whichever view selected it; not
        while the mouse is down on a card, which would move away under it.
        """
        selected = self.selection.layers
        if len(selected) == 1 and selected[0] in self.cards and not self._held:
            self.shown.emit(self.cards[selected[0]])

    def set_theme(self, theme: Theme) -> None:
        """Draw the icons in the theme's colours."""
        self._theme = theme
        self.input.set_theme(theme)
        for card in (*self.cards.values(), self.output):
            card.set_theme(theme)

    def choose_place(self, place: Place | None) -> None:
        """Select no layer, but an empty branch that the next ones go into, or not even that."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.selection.select_layers(())
        self.edits.target = place
        self.show_selection()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        extend = bool(event.modifiers() & SHIFT)
        if event.key() == Qt.Key.Key_Escape:
            self.choose_place(None)
        elif not self.keys.press(Qt.Key(event.key()), extend):
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.choose_place(None)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions(self.actions())
        menu.popup(event.globalPos())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(event.mimeData().hasFormat(kind) for kind in (MOVE_MIME, LAYERS_MIME)):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        point = self.mapToGlobal(event.position().toPoint())
        self._moving = event.mimeData().hasFormat(MOVE_MIME)
        self.dragging.emit(point)
        if self.hover(point):
            event.acceptProposedAction()
        else:
            event.ignore()

    def hover(self, point: QPoint) -> bool:
        """Mark where what is dragged would land, for the mouse in global coordinates; tell whether
        it may.
        """
        place = place_at(self.root, point)
        refused = self._refuses(place)
        self.mark.show_at(self._branch_of(place), place.index, refused)
        return not refused

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._end_drag()

    def dropEvent(self, event: QDropEvent) -> None:
        self._end_drag()
        content = event.mimeData()
        self._moving = content.hasFormat(MOVE_MIME)
        place = place_at(self.root, self.mapToGlobal(event.position().toPoint()))
        if self._refuses(place):
            return
        if self._moving:
            self.edits.move_to(place)
        else:
            layers = read_layers(bytes(content.data(LAYERS_MIME).data()).decode())
            self.edits.insert(self.tr("Add layers"), layers, place)
        event.acceptProposedAction()

    def _match_cards(self, project: Project) -> None:
        """Keep the cards of the layers that stay, drop and make others, put all in order."""
        kinds = {layer.name: type(layer) for layer in walk(project.layers)}
        gone = [card for name, card in self.cards.items() if kinds.get(name) is not card.kind]
        for card in gone:
            del self.cards[card.name]
        self.root.hold(self._cards_of(project.layers))
        self.cards = {name: self.cards[name] for name in kinds}
        for card in gone:  # those that stood in a block that is gone are elsewhere by now
            card.hide()
            card.deleteLater()

    def _cards_of(self, layers: Sequence[Layer]) -> list[Card]:
        cards = [self.cards.get(layer.name) or self._make_card(layer) for layer in layers]
        for card, layer in zip(cards, layers, strict=True):
            if isinstance(card, BlockCard):
                card.hold([self._cards_of(branch) for branch in layer.inner])
        return cards

    def _make_card(self, layer: Layer) -> Card:
        name = layer.name
        card: Card
        if isinstance(layer, Block):
            card = block = BlockCard(type(layer), name)
            block.folded.connect(lambda folded: self._select_folded(block, folded))
            block.branch_wanted.connect(lambda: self._add_branch(name))
            block.branch_unwanted.connect(lambda number: self.edits.remove_branch(name, number))
            block.zone_pressed.connect(self.choose_place)
        else:
            card = Card(type(layer), name)
        self.cards[name] = card
        card.pressed.connect(lambda keys, button: self._pressed(name, keys, button))
        card.clicked.connect(lambda keys: self._clicked(name, keys))
        card.dragged.connect(lambda: self._drag(name))
        card.edited.connect(lambda field, value: self._edit(name, field, value))
        card.command.connect(self.edits.run)
        card.mend_wanted.connect(self.edits.mend)
        if self._theme is not None:
            card.set_theme(self._theme)
        return card

    def _show_edited(self, names: tuple[str, ...]) -> None:
        self._anchor = names[-1] if names else None
        if names:
            self.shown.emit(self.cards[names[-1]])

    def _pressed(self, name: str, modifiers: Qt.KeyboardModifier, button: Qt.MouseButton) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        names, chosen = list(self.cards), set(self.selection.layers)
        if button == Qt.MouseButton.RightButton:  # its menu acts on what is selected
            self.selection.select_layers(self.selection.layers if name in chosen else (name,))
            return
        self._held = True
        if modifiers & SHIFT and self._anchor in names:
            first, last = sorted((names.index(self._anchor), names.index(name)))
            self.selection.select_layers(tuple(names[first : last + 1]))
            return
        self._anchor = name
        if modifiers & CONTROL:
            chosen ^= {name}
        elif name not in chosen or len(chosen) == 1:
            chosen = {name}
        self.selection.select_layers(tuple(other for other in names if other in chosen))

    def _clicked(self, name: str, modifiers: Qt.KeyboardModifier) -> None:
        """Select this one of several alone; a press keeps them all, for a drag may follow."""
        self._held = False
        if modifiers == Qt.KeyboardModifier.NoModifier:
            self.selection.select_layers((name,))
        self.show_selection()

    def _select_folded(self, block: BlockCard, folded: bool) -> None:
        """Select a block that is folded up over what was selected."""
        held = {layer.name for layer in walk((self.document.project.layer(block.name),))}
        if folded and (held - {block.name}) & set(self.selection.layers):
            self.edits.select((block.name,))

    def _unfold_around(self, names: Sequence[str]) -> None:
        """Unfold the blocks that hold a selected layer."""
        for card in self.cards.values():
            if isinstance(card, BlockCard) and card.is_folded:
                held = walk((self.document.project.layer(card.name),))
                if any(layer.name in names for layer in held if layer.name != card.name):
                    card.fold(False)

    def _edit(self, name: str, field: str, value: object) -> None:
        form = self.cards[name].form
        assert form is not None
        try:
            project = self.document.project.set_layer(name, **{field: value})
        except ProblemError as error:
            form.show_problem(field, error.problem)
            return
        form.show_problem(field, None)
        title = type(project.layer(name)).model_fields[field].title or field
        self.document.edit(
            self.tr("Change {field}").format(field=title.lower()), project, f"{name}.{field}"
        )

    def _add_branch(self, name: str) -> None:
        """Add a branch, which waits for layers."""
        self.edits.add_branch(name)
        branches = self.document.project.layer(name).inner
        self.choose_place(Place(0, name, len(branches) - 1))

    def _drag(self, name: str) -> None:
        if name not in self.selection.layers:
            return
        drag = QDrag(self)
        content = QMimeData()
        content.setData(MOVE_MIME, b"1")
        drag.setMimeData(content)
        drag.setPixmap(self.cards[name].picture())
        drag.setHotSpot(HOT_SPOT)
        drag.exec(Qt.DropAction.MoveAction)
        self._held = False
        self._end_drag()
        self.show_selection()

    def _end_drag(self) -> None:
        self.mark.hide()
        self.dragging.emit(None)

    def _refuses(self, place: Place) -> bool:
        """Tell whether a place is within the very block that is dragged."""
        project = self.document.project
        return self._moving and places.is_inside(project, self.selection.layers, place)

    def _branch_of(self, place: Place) -> Branch:
        card = self.cards.get(place.parent)
        return card.branches[place.branch] if isinstance(card, BlockCard) else self.root
