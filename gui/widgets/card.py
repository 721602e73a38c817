"""A layer as a card: what it is, what comes out, what is wrong; its form unfolds when selected."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.problems import Problem, shown
from engine.project.layers import Layer
from engine.project.shapes import Traced
from gui.forms import Form
from gui.icons import icon
from gui.theme import SPACING, Theme
from gui.widgets.problem_strip import ProblemStrip


class Card(QFrame):
    """One row of the network's column. It shows; it decides nothing."""

    pressed = Signal(object)  # Qt.KeyboardModifiers
    clicked = Signal(object)  # Qt.KeyboardModifiers; pressed and released, and not dragged
    dragged = Signal()
    edited = Signal(str, object)  # field, value
    command = Signal(str)  # "move_up", "move_down", "duplicate", "delete"
    mend_wanted = Signal(object)  # Mend

    def __init__(self, kind: type[Layer], name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name, self.kind = name, kind
        self.form: Form | None = None
        self._press: QMouseEvent | None = None
        self._buttons: dict[str, QToolButton] = {}
        self.setObjectName("card")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._icon, self._title, self._summary = QLabel(), QLabel(), QLabel()
        self._shape, self._parameters = QLabel(), QLabel()
        self.problem = ProblemStrip()
        self.problem.mend_wanted.connect(self.mend_wanted)
        self._lay_out()
        self.show_selected(False)

    def show_layer(self, row: Traced, problem: Problem | None) -> None:
        """Show the layer's values, its shapes, and what is wrong with it."""
        layer = row.layer
        self._title.setText(layer.title)
        self._summary.setText(layer.summary())
        self._summary.setVisible(bool(layer.summary()))
        self._shape.setText(shown(row.output_shape) if row.output_shape else "")
        self._parameters.setText(f"{row.parameters:,}" if row.parameters else "")
        self._parameters.setVisible(bool(row.parameters))
        self._parameters.setToolTip(self.tr("Parameters: numbers that training adjusts"))
        self._shape.setToolTip(self.tr("What comes out, for one image"))
        self.setToolTip(tooltip(row))
        self.setAccessibleName(f"{layer.title} {layer.summary()}")
        self.problem.show_problem(problem)
        self._set("wrong", problem is not None)
        if self.form is not None:
            self.form.show_value(layer)

    def show_selected(self, selected: bool, unfolded: bool = False) -> None:
        """Mark the card, and unfold its form while it alone is selected."""
        self._set("selected", selected)
        if unfolded and self.form is None and has_fields(self.kind):
            self.form = Form(self.kind)
            self.form.edited.connect(self.edited)
            self._column.insertWidget(1, self.form)
        if self.form is not None:
            self.form.setVisible(unfolded)
        self._tools.setVisible(unfolded)

    def set_theme(self, theme: Theme) -> None:
        """Draw the icons in the theme's colours."""
        color = theme.groups.get(self.kind.group, theme.muted)
        self._icon.setPixmap(icon(self.icon_name, color).pixmap(18, 18))
        for command, button in self._buttons.items():
            button.setIcon(icon(command.removeprefix("move_"), theme.muted, theme.border))

    @property
    def icon_name(self) -> str:
        """The layer type is its icon's name."""
        return str(self.kind.model_fields["type"].default)

    def show_edges(self, first: bool, last: bool) -> None:
        """Disable moving beyond the ends."""
        self._buttons["move_up"].setEnabled(not first)
        self._buttons["move_down"].setEnabled(not last)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._press = event.clone()
            self.pressed.emit(event.modifiers())
        event.accept()  # or the column behind would take it as a click beside the cards

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._press is None:
            return
        distance = (event.position() - self._press.position()).manhattanLength()
        if distance >= 8:
            self._press = None
            self.dragged.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._press is not None:
            self._press = None
            self.clicked.emit(event.modifiers())
        super().mouseReleaseEvent(event)

    def _lay_out(self) -> None:
        self._title.setObjectName("heading")
        for label in (self._summary, self._shape, self._parameters):
            label.setObjectName("muted")
            label.setTextFormat(Qt.TextFormat.PlainText)
        for label in (self._shape, self._parameters):
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        head = QGridLayout()
        head.setHorizontalSpacing(SPACING)
        head.setVerticalSpacing(1)
        head.addWidget(self._icon, 0, 0, 2, 1)
        head.addWidget(self._title, 0, 1)
        head.addWidget(self._shape, 0, 2)
        head.addWidget(self._summary, 1, 1)
        head.addWidget(self._parameters, 1, 2)
        head.setColumnStretch(1, 1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(SPACING, 6, SPACING, 6)
        self._column.setSpacing(6)
        self._column.addLayout(head)
        self._column.addWidget(self.problem)
        self._tools = self._make_tools()
        self._column.addWidget(self._tools)

    def _make_tools(self) -> QWidget:
        tools = QWidget()
        row = QHBoxLayout(tools)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addStretch()
        for command, title in (
            ("move_up", self.tr("Move up (Alt+Up)")),
            ("move_down", self.tr("Move down (Alt+Down)")),
            ("duplicate", self.tr("Duplicate (Ctrl+D)")),
            ("delete", self.tr("Delete (Del)")),
        ):
            button = QToolButton()
            button.setObjectName("small")
            button.setToolTip(title)
            button.setAccessibleName(title)
            button.setIconSize(QSize(16, 16))
            button.clicked.connect(lambda _=False, command=command: self.command.emit(command))
            row.addWidget(button)
            self._buttons[command] = button
        return tools

    def _set(self, name: str, value: bool) -> None:
        if self.property(name) != value:
            self.setProperty(name, value)
            self.style().unpolish(self)
            self.style().polish(self)


def has_fields(kind: type[Layer]) -> bool:
    """Tell whether a layer type has anything to set."""
    return bool(set(kind.model_fields) - {"type", "name", "classes"})


def tooltip(row: Traced) -> str:
    """Say what the layer does and which torch calls make it."""
    lines = [row.layer.help]
    if row.input_shape is not None and row.problem is None:
        lines += [str(call) for call in row.layer.torch_calls(row.input_shape).values()]
    return "\n".join(lines)
