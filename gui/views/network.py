"""The network: a column of cards, from the input to the output."""

from __future__ import annotations

import json

from pydantic import TypeAdapter
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QPoint, QRect, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDrag,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.problems import Mend, Problem, ProblemError, shown
from engine.project.layers import AnyLayer, Layer, Output
from engine.project.presets import presets
from engine.project.project import Project
from gui.document import Document
from gui.icons import icon
from gui.selection import Selection
from gui.theme import MARGIN, SPACING, Theme
from gui.widgets.card import Card

LAYERS_MIME = "application/x-layerscope-layers+json"
MOVE_MIME = "application/x-layerscope-move"
LAYERS = TypeAdapter(tuple[AnyLayer, ...])


class NetworkView(QWidget):
    """The layers: insert, select, edit, move, delete, copy and paste."""

    data_wanted = Signal()
    refused = Signal(str)  # a sentence: why an edit can't be made

    def __init__(
        self, document: Document, selection: Selection, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.document, self.selection = document, selection
        self.preset_button = QToolButton()
        self.about = QLabel()  # what the project teaches
        self.about.setObjectName("muted")
        self.about.setTextFormat(Qt.TextFormat.PlainText)
        self.about.setWordWrap(True)
        self.parameters = QLabel()
        self.parameters.setObjectName("heading")
        self.column = Column(document, selection)
        self.column.data_wanted.connect(self.data_wanted)
        self.column.refused.connect(self.refused)
        self._lay_out()
        document.changed.connect(self.show_project)
        selection.layers_changed.connect(lambda _: self.column.show_selection())
        self.show_project(document.project)

    def show_project(self, project: Project) -> None:
        """Show the layers, their shapes and what is wrong with them."""
        self.column.show_project(project)
        self.about.setText(project.about)
        self.about.setVisible(bool(project.about))
        count = project.parameters
        self.parameters.setText(
            self.tr("{count} parameters").format(count=f"{count:,}")
            if count is not None
            else self.tr("The shapes do not fit yet")
        )

    def set_theme(self, theme: Theme) -> None:
        """Draw the icons in the theme's colours."""
        self.preset_button.setIcon(icon("preset", theme.accent))
        self.column.set_theme(theme)

    def add(self, kind: type[Layer]) -> None:
        """Insert a new layer below the selected one, or at the end, and select it."""
        self.column.insert(self.tr("Add {title}").format(title=kind.title), (kind(),))
        self.column.setFocus()

    def run_command(self, command: str) -> None:
        """Do what the menu or a key says with the selected layers."""
        self.column.run_command(command)

    def _lay_out(self) -> None:
        self.preset_button.setText(self.tr("Presets"))
        self.preset_button.setToolTip(self.tr("Start from a network that a first lesson builds"))
        self.preset_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.preset_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.preset_button.setMenu(self._preset_menu())
        head = QHBoxLayout()
        head.addWidget(self.parameters, 1)
        head.addWidget(self.preset_button)
        scroll = QScrollArea()
        scroll.setObjectName("column")
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self.column)
        self.scroll_area = scroll
        self.column.shown.connect(self._scroll_to)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, 0, MARGIN, SPACING)
        layout.setSpacing(SPACING)
        layout.addLayout(head)
        layout.addWidget(self.about)
        layout.addWidget(scroll, 1)

    def _preset_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for name, project in presets().items():
            action = menu.addAction(f"{name} – {project.title}")
            action.setToolTip(project.about)
            action.triggered.connect(lambda _=False, name=name: self.choose_preset(name))
        return menu

    def choose_preset(self, name: str) -> None:
        """Replace everything by a preset, as one edit that can be undone."""
        self.selection.select_layers(())
        self.document.edit(self.tr("Preset {name}").format(name=name), presets()[name])

    def _scroll_to(self, card: QWidget) -> None:
        """Bring a card into sight. One that is new has no place before the layouts are done."""
        card.show()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
        self.scroll_area.ensureWidgetVisible(card, 0, 2 * MARGIN)


class Column(QWidget):
    """The cards in their order. It holds the keyboard focus and takes drops."""

    shown = Signal(object)  # a card that should be in sight
    data_wanted = Signal()
    refused = Signal(str)  # a sentence

    def __init__(
        self, document: Document, selection: Selection, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.document, self.selection = document, selection
        self.cards: dict[str, Card] = {}
        self._theme: Theme | None = None
        self._anchor: str | None = None  # where a Shift+click range begins
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.setAccessibleName(self.tr("Network layers"))
        self.input = InputCard()
        self.input.data_wanted.connect(self.data_wanted)
        self.output = Card(Output, "output")
        self.output.setProperty("fixed", True)
        self.output.mend_wanted.connect(self._mend)
        self.output.pressed.connect(lambda _: self.selection.select_layers(()))
        self.layout_ = QVBoxLayout(self)
        self.layout_.setContentsMargins(0, 0, 0, 0)
        self.layout_.setSpacing(5)
        self.layout_.addWidget(self.input)
        self.layout_.addWidget(self.output)
        self.layout_.addStretch()
        self.mark = QFrame(self)
        self.mark.setObjectName("drop")
        self.mark.hide()

    def show_project(self, project: Project) -> None:
        """Show each layer on its card; cards live as long as their layer does."""
        problems: dict[str, Problem] = {}
        for problem in self.document.problems:
            problems.setdefault(problem.where, problem)
        self._match_cards(project)
        self.input.show_project(project)
        for row in project.traced:
            card = self.output if row.layer.name == "output" else self.cards[row.layer.name]
            card.show_layer(row, problems.get(row.layer.name))
        kept = tuple(name for name in self.selection.layers if name in self.cards)
        self.selection.select_layers(kept)
        self.show_selection()

    def show_selection(self) -> None:
        """Mark the selected cards; one that is alone unfolds."""
        selected = self.selection.layers
        names = [layer.name for layer in self.document.project.layers]
        for name, card in self.cards.items():
            alone = selected == (name,)
            if alone and card.form is None:
                card.show_selected(True, unfolded=True)
                self._show_values(card)
            card.show_selected(name in selected, unfolded=alone)
            card.show_edges(name == names[0], name == names[-1])

    def set_theme(self, theme: Theme) -> None:
        """Draw the icons in the theme's colours."""
        self._theme = theme
        self.input.set_theme(theme)
        for card in (*self.cards.values(), self.output):
            card.set_theme(theme)

    def insert(self, title: str, layers: tuple[Layer, ...]) -> None:
        """Put layers below the selected ones, or at the end, and select them."""
        project = self.document.project
        selected = [project.index(name) for name in self.selection.layers]
        index = max(selected) + 1 if selected else len(project.layers)
        try:
            inserted = project.insert(index, *layers)
        except ProblemError as error:
            self.refused.emit(str(error))
            return
        self.document.edit(title, inserted)
        names = tuple(layer.name for layer in inserted.layers[index : index + len(layers)])
        self.select(names)

    def select(self, names: tuple[str, ...]) -> None:
        """Select layers, in the network's order, and bring the last into sight."""
        order = [layer.name for layer in self.document.project.layers if layer.name in names]
        self.selection.select_layers(tuple(order))
        self._anchor = order[-1] if order else None
        if order:
            self.shown.emit(self.cards[order[-1]])

    def run_command(self, command: str) -> None:
        """Do what the menu, a key or a card's button says with the selected layers."""
        match command:
            case "copy" | "cut" if self.selection.layers:
                self._copy()
                if command == "cut":
                    self._remove(self.tr("Cut layers"))
            case "paste":
                self._paste(QGuiApplication.clipboard().text())
            case "duplicate" if self.selection.layers:
                self.insert(self.tr("Duplicate layers"), self._selected())
            case "delete" if self.selection.layers:
                self._remove(self.tr("Delete layers"))
            case "select_all":
                self.select(tuple(self.cards))
            case "move_up":
                self._move(-1)
            case "move_down":
                self._move(1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if event.key() == Qt.Key.Key_Escape:
            self.selection.select_layers(())
        elif step is None or not self.cards:
            super().keyPressEvent(event)
        else:
            self._step_selection(step, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.selection.select_layers(())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions(self.actions())
        menu.popup(event.globalPos())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(MOVE_MIME):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._show_mark(self._drop_index(event.position().toPoint()))
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.mark.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self.mark.hide()
        if event.mimeData().hasFormat(MOVE_MIME):
            index = self._drop_index(event.position().toPoint())
            moved = self.document.project.move(self.selection.layers, index)
            self.document.edit(self.tr("Move layers"), moved)
            event.acceptProposedAction()

    def _match_cards(self, project: Project) -> None:
        """Keep the cards of the layers that stay, drop and make others, put all in order."""
        names = [layer.name for layer in project.layers]
        kinds = {layer.name: type(layer) for layer in project.layers}
        gone = [name for name, card in self.cards.items() if kinds.get(name) is not card.kind]
        for name in gone:
            card = self.cards.pop(name)
            self.layout_.removeWidget(card)
            card.hide()
            card.deleteLater()
        for place, layer in enumerate(project.layers, 1):
            card = self.cards.get(layer.name) or self._make_card(layer)
            if self.layout_.indexOf(card) != place:
                self.layout_.insertWidget(place, card)
        self.cards = {name: self.cards[name] for name in names}

    def _make_card(self, layer: Layer) -> Card:
        card = self.cards[layer.name] = Card(type(layer), layer.name)
        name = layer.name
        card.pressed.connect(lambda modifiers: self._pressed(name, modifiers))
        card.clicked.connect(lambda modifiers: self._clicked(name, modifiers))
        card.dragged.connect(lambda: self._drag(name))
        card.edited.connect(lambda field, value: self._edit(name, field, value))
        card.command.connect(self.run_command)
        card.mend_wanted.connect(self._mend)
        if self._theme is not None:
            card.set_theme(self._theme)
        return card

    def _pressed(self, name: str, modifiers: Qt.KeyboardModifier) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        names = [layer.name for layer in self.document.project.layers]
        if modifiers & Qt.KeyboardModifier.ShiftModifier and self._anchor in names:
            first, last = sorted((names.index(self._anchor), names.index(name)))
            self.selection.select_layers(tuple(names[first : last + 1]))
            return
        self._anchor = name
        chosen = set(self.selection.layers)
        if modifiers & Qt.KeyboardModifier.ControlModifier:
            chosen ^= {name}
        elif name not in chosen or len(chosen) == 1:
            chosen = {name}
        self.selection.select_layers(tuple(other for other in names if other in chosen))

    def _clicked(self, name: str, modifiers: Qt.KeyboardModifier) -> None:
        """Select this one of several alone; a press keeps them all, for a drag may follow."""
        if modifiers == Qt.KeyboardModifier.NoModifier:
            self.selection.select_layers((name,))

    def _step_selection(self, step: int, extend: bool) -> None:
        names = list(self.cards)
        selected = self.selection.layers
        if not selected:
            self.select((names[0 if step > 0 else -1],))
            return
        edge = names.index(selected[-1] if step > 0 else selected[0]) + step
        if 0 <= edge < len(names):
            self.select((*selected, names[edge]) if extend else (names[edge],))

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

    def _mend(self, mend: Mend) -> None:
        self.document.edit(mend.title, mend.apply(self.document.project))

    def _show_values(self, card: Card) -> None:
        if card.form is not None:
            card.form.show_value(self.document.project.layer(card.name))

    def _selected(self) -> tuple[Layer, ...]:
        return tuple(self.document.project.layer(name) for name in self.selection.layers)

    def _copy(self) -> None:
        text = LAYERS.dump_json(self._selected(), indent=2).decode()
        content = QMimeData()
        content.setData(LAYERS_MIME, text.encode())
        content.setText(text)
        QGuiApplication.clipboard().setMimeData(content)

    def _paste(self, text: str) -> None:
        try:
            layers = LAYERS.validate_python(json.loads(text))
        except (ValueError, RecursionError):
            return  # the clipboard holds something else
        if layers:
            self.insert(self.tr("Paste layers"), layers)

    def _remove(self, title: str) -> None:
        """Delete the selected layers and select the one that takes their place."""
        project = self.document.project
        place = project.index(self.selection.layers[0])
        remaining = project.remove(self.selection.layers)
        self.selection.select_layers(())
        self.document.edit(title, remaining)
        if remaining.layers:
            self.select((remaining.layers[min(place, len(remaining.layers) - 1)].name,))

    def _move(self, step: int) -> None:
        project, names = self.document.project, self.selection.layers
        if not names:
            return
        places = [project.index(name) for name in names]
        index = places[0] - 1 if step < 0 else places[-1] + 2
        if 0 <= index <= len(project.layers):
            title = self.tr("Move layers up") if step < 0 else self.tr("Move layers down")
            self.document.edit(title, project.move(names, index))
            self.select(names)

    def _drag(self, name: str) -> None:
        if name not in self.selection.layers:
            return
        drag = QDrag(self)
        content = QMimeData()
        content.setData(MOVE_MIME, b"1")
        drag.setMimeData(content)
        drag.setPixmap(self.cards[name].grab().scaledToWidth(220, Qt.TransformationMode(1)))
        drag.setHotSpot(QPoint(20, 12))
        drag.exec(Qt.DropAction.MoveAction)
        self.mark.hide()

    def _drop_index(self, point: QPoint) -> int:
        centres = [card.geometry().center().y() for card in self.cards.values()]
        return sum(centre < point.y() for centre in centres)

    def _show_mark(self, index: int) -> None:
        cards = list(self.cards.values())
        below = cards[index] if index < len(cards) else self.output
        self.mark.setGeometry(QRect(0, below.y() - 4, self.width(), 4))
        self.mark.raise_()
        self.mark.show()


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
