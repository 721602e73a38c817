"""The palette: every layer type; a click inserts it below the selected card, a drag anywhere.

The common ones have buttons, all of them a place in their group's menu, and a few letters find any.
"""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QDrag, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.project.layers import LAYER_TYPES, Layer
from gui.forms.controls import LeaveUndo
from gui.icons import layer_icon
from gui.theme import SPACING, Theme
from gui.widgets.network.clipboard import as_content

COLUMNS = 3
FOUND_COLUMNS = 2  # the longest names would make three wider than the panel
ICON_SIZE = QSize(16, 16)
COMMON = ("dense", "conv2d", "max_pool2d", "flatten", "dropout", "batch_norm")
MOST_FOUND = 6  # that have room where the buttons otherwise are; no group has more
DRAG_DISTANCE = 8  # pixels


class PaletteView(QWidget):
    """Says which layer type was clicked; who listens inserts it."""

    chosen = Signal(object)  # type[Layer]

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kinds = {type_of(kind): kind for kind in LAYER_TYPES}
        self.buttons = {name: self._button(self.kinds[name]) for name in COMMON}
        self.found: list[LayerButton] = []
        self.actions_by_type: dict[str, QAction] = {}
        self.groups = {name: self._group(name) for name in {k.group: None for k in LAYER_TYPES}}
        self._theme: Theme | None = None
        self.search = SearchField()
        self.search.textChanged.connect(self._find)
        self.search.returnPressed.connect(self._choose_first)
        self.search.down.connect(self._enter_found)
        self._found_page = QWidget()
        self._found_grid = grid_of((), self._found_page, FOUND_COLUMNS)
        self._nothing = QLabel(self.tr("No layer is called so."))
        self._nothing.setObjectName("muted")
        self._pages = QStackedWidget()
        self._pages.addWidget(self._usual_page())
        self._pages.addWidget(self._found_page)
        self._pages.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING // 2)
        layout.addWidget(self.search)
        layout.addWidget(self._pages)

    def set_theme(self, theme: Theme) -> None:
        """Draw the icons in each group's colour."""
        self._theme = theme
        for button in (*self.buttons.values(), *self.found):
            button.setIcon(layer_icon(button.kind, theme))
        for name, action in self.actions_by_type.items():
            action.setIcon(layer_icon(self.kinds[name], theme))

    def _usual_page(self) -> QWidget:
        """Lay out the common layer types, and below them the groups, as wide as their names are."""
        page, common = QWidget(), QWidget()
        grid_of(self.buttons.values(), common)
        rows = QVBoxLayout(page)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(SPACING // 2)
        rows.addWidget(common)
        groups = list(self.groups.values())
        for start in range(0, len(groups), COLUMNS):
            row = QHBoxLayout()
            for button in groups[start : start + COLUMNS]:
                row.addWidget(button)
            rows.addLayout(row)
        return page

    def _find(self, text: str) -> None:
        """Show the layer types that a text names, or the usual buttons where there is none."""
        for old in (*self.found, self._nothing):
            self._found_grid.removeWidget(old)
        for button in self.found:
            button.hide()
            button.deleteLater()
        self.found = [self._button(kind) for kind in matches(text)[:MOST_FOUND] if text.strip()]
        place_all(self._found_grid, self.found or [self._nothing], FOUND_COLUMNS)
        self._nothing.setVisible(not self.found)
        self._pages.setCurrentIndex(1 if text.strip() else 0)
        if self._theme is not None:
            self.set_theme(self._theme)

    def _choose_first(self) -> None:
        if self.found:
            self._choose(self.found[0].kind)

    def _enter_found(self) -> None:
        if self.found:
            self.found[0].setFocus(Qt.FocusReason.TabFocusReason)

    def _choose(self, kind: type[Layer]) -> None:
        self.search.clear()
        self.chosen.emit(kind)

    def _button(self, kind: type[Layer]) -> LayerButton:
        button = LayerButton(kind)
        button.clicked.connect(lambda: self._choose(kind))
        return button

    def _group(self, group: str) -> QToolButton:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for name, kind in self.kinds.items():
            if kind.group == group:
                action = self.actions_by_type[name] = menu.addAction(kind.title)
                action.setToolTip(kind.help)
                action.triggered.connect(lambda _=False, kind=kind: self._choose(kind))
        button = QToolButton()
        button.setObjectName("group")
        button.setText(group)
        button.setToolTip(", ".join(action.text() for action in menu.actions()))
        button.setAccessibleName(self.tr("Layers: {group}").format(group=group))
        button.setMenu(menu)
        menu.aboutToHide.connect(lambda: leave(button))
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        return button


class SearchField(QLineEdit):
    """A few letters of a layer's name; Escape takes them away again."""

    down = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText(self.tr("Find a layer…"))
        self.setAccessibleName(self.tr("Find a layer"))
        self.setToolTip(self.tr("A few letters, then Enter adds the first that is found"))
        self.setClearButtonEnabled(True)
        self.installEventFilter(LeaveUndo(self))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match Qt.Key(event.key()):
            case Qt.Key.Key_Escape if self.text():
                self.clear()
            case Qt.Key.Key_Down:
                self.down.emit()
            case _:
                super().keyPressEvent(event)


class LayerButton(QToolButton):
    """Adds a layer of one type; it can be dragged to where the layer should be."""

    def __init__(self, kind: type[Layer]) -> None:
        super().__init__()
        self.kind = kind
        self._press: QMouseEvent | None = None
        self.setObjectName("layer")
        self.setText(kind.short_title())
        self.setToolTip(
            self.tr("Add {title} below the selected layer, or drag it there.\n{help}").format(
                title=kind.title, help=kind.help
            )
        )
        self.setAccessibleName(self.tr("Add {title}").format(title=kind.title))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(ICON_SIZE)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._press = event.clone() if event.button() == Qt.MouseButton.LeftButton else None
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._press is None:  # dragged already, or not with the left button
            return
        super().mouseMoveEvent(event)
        if (event.position() - self._press.position()).manhattanLength() >= DRAG_DISTANCE:
            self._press = None
            self.setDown(False)
            self._drag()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._press = None
        super().mouseReleaseEvent(event)

    def _drag(self) -> None:
        drag = QDrag(self)
        drag.setMimeData(as_content((self.kind(),)))
        drag.setPixmap(self.grab())
        drag.exec(Qt.DropAction.CopyAction)


def leave(button: QToolButton) -> None:
    """Draw a button as one that the mouse is not on: its menu took the event that says so."""
    button.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, False)
    button.update()


def type_of(kind: type[Layer]) -> str:
    """Name a layer type as files do."""
    return str(kind.model_fields["type"].default)


def matches(text: str) -> list[type[Layer]]:
    """Find the layer types that a text names, those that begin with it first."""
    wanted = text.strip().casefold()

    def names(kind: type[Layer]) -> list[str]:
        return [name.casefold() for name in (kind.short_title(), kind.title, type_of(kind))]

    def words(kind: type[Layer]) -> list[str]:
        return [*names(kind), kind.group.casefold()]

    found = [kind for kind in LAYER_TYPES if any(wanted in name for name in words(kind))]
    return sorted(found, key=lambda kind: not any(name.startswith(wanted) for name in names(kind)))


def grid_of(widgets: Iterable[QWidget], page: QWidget, columns: int = COLUMNS) -> QGridLayout:
    """Lay widgets out in rows of equal columns."""
    grid = QGridLayout(page)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setSpacing(SPACING // 2)
    grid.setAlignment(Qt.AlignmentFlag.AlignTop)
    for column in range(columns):
        grid.setColumnStretch(column, 1)
    place_all(grid, widgets, columns)
    return grid


def place_all(grid: QGridLayout, widgets: Iterable[QWidget], columns: int) -> None:
    """Put widgets into a grid, row by row."""
    for number, widget in enumerate(widgets):
        span = columns if isinstance(widget, QLabel) else 1
        grid.addWidget(widget, number // columns, number % columns, 1, span)
