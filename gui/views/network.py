"""The network: a column of cards, from the input to the output."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, Qt, Signal
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

from engine.project.layers import Layer
from engine.project.presets import presets
from engine.project.project import Project, walk
from gui.document import Document
from gui.icons import icon
from gui.in_sight import WhenInSight
from gui.selection import Selection
from gui.theme import MARGIN, SPACING, Theme
from gui.widgets.network.block_card import BlockCard
from gui.widgets.network.column import Column
from gui.widgets.network.drag import EdgeScroll


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
        self.edge_scroll = EdgeScroll(self.scroll_area)
        self.column.shown.connect(self._scroll_to)
        self.column.dragging.connect(self.edge_scroll.drag)
        self.edge_scroll.scrolled.connect(self.column.hover)
        document.changed.connect(self.show_project)
        self._sight = WhenInSight(self, self.column.reveal_selected)
        selection.layers_changed.connect(lambda _: self._show_selection())
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
            else self.tr("Not ready to train yet")
        )

    def set_theme(self, theme: Theme) -> None:
        """Draw the icons in the theme's colours."""
        self.preset_button.setIcon(icon("preset", theme.accent))
        self.column.set_theme(theme)

    def add(self, kind: type[Layer]) -> None:
        """Insert a new layer below the selected one, or into the block or branch that waits for
        one, or at the end, and select it.
        """
        self.column.edits.insert(self.tr("Add {title}").format(title=kind.title), (kind(),))
        self.column.setFocus()

    def run_command(self, command: str) -> None:
        """Do what the menu or a key says with the selected layers."""
        self.column.edits.run(command)

    def can(self, command: str) -> bool:
        """Tell whether a command would find something to do."""
        return self.column.edits.can(command)

    def choose_preset(self, name: str) -> None:
        """Replace everything by a preset, as one edit that can be undone."""
        self.selection.select_layers(())
        self.document.edit(self.tr("Preset {name}").format(name=name), presets()[name])

    def _show_selection(self) -> None:
        self.column.show_selection()
        self._sight.draw()

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
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, 0, MARGIN, SPACING)
        layout.setSpacing(SPACING)
        layout.addLayout(head)
        layout.addWidget(self.about)
        layout.addWidget(scroll, 1)

    def _preset_menu(self) -> QMenu:
        """List the presets under what their networks are made of, those of few layers first."""
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        titles = {
            "Core": self.tr("Dense layers"),
            "Convolution": self.tr("Convolutions"),
            "Block": self.tr("Blocks of layers"),
            "Sequence": self.tr("Sequences"),
        }
        for group, title in titles.items():
            if not menu.isEmpty():
                menu.addSeparator()
            menu.addAction(title).setEnabled(False)
            for name, project in sorted(presets().items(), key=lambda each: length(each[1])):
                if lesson(project) == group:
                    action = menu.addAction(f"{name} – {project.title}")
                    action.setToolTip(project.about)
                    action.triggered.connect(lambda _=False, name=name: self.choose_preset(name))
        return menu

    def _scroll_to(self, shown: QWidget) -> None:
        """Bring a card into sight. One that is new has no place before the layouts are done."""
        shown.show()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
        if isinstance(shown, BlockCard):  # which may be longer than what is seen
            shown = shown.title
        self.scroll_area.ensureWidgetVisible(shown, 0, 2 * MARGIN)


def length(project: Project) -> int:
    """Count a network's layers, those inside blocks too."""
    return sum(1 for _ in walk(project.layers))


def lesson(project: Project) -> str:
    """Name the group of layers that a network is about: the most special of those that it has."""
    groups = {layer.group for layer in walk(project.layers)}
    return next((each for each in ("Sequence", "Block", "Convolution") if each in groups), "Core")
