"""A layer as a card: what it is, what comes out, what is wrong; its form unfolds when selected."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPixmap
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.problems import Problem, shown
from engine.project.layers import Block, Layer, Traced
from gui.forms import Form
from gui.icons import icon, layer_icon
from gui.theme import SPACING, Theme
from gui.widgets.network.tools import CardTools
from gui.widgets.network.words import ElidedLabel, TitleLine
from gui.widgets.problem_strip import ProblemStrip

DRAG_DISTANCE = 8  # pixels
PICTURE = QRect(0, 0, 240, 46)  # as much of a card as goes along with the mouse


class Card(QFrame):
    """One row of the network's column. It shows; it decides nothing."""

    pressed = Signal(object, object)  # Qt.KeyboardModifiers, Qt.MouseButton
    clicked = Signal(object)  # Qt.KeyboardModifiers; pressed and released, and not dragged
    dragged = Signal()
    edited = Signal(str, object)  # field, value
    command = Signal(str)  # as the tools'
    mend_wanted = Signal(object)  # Mend

    def __init__(self, kind: type[Layer], name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name, self.kind = name, kind
        self.form: Form | None = None
        self.tools: CardTools | None = None
        self._shown: tuple[Traced, Problem | None] | None = None
        self._press: QMouseEvent | None = None
        self._theme: Theme | None = None
        self._edges = (False, False)
        self._named = False
        self.setObjectName("card")
        self._icon, self.title, self._summary = QLabel(), TitleLine(), ElidedLabel()
        self._shape, self._frozen, self._parameters = QLabel(), QLabel(), QLabel()
        self.problem = ProblemStrip()
        self.problem.mend_wanted.connect(self.mend_wanted)
        self._lay_out()

    def show_layer(self, row: Traced, problem: Problem | None) -> None:
        """Show the layer's values, its shapes, and what is wrong with it."""
        if self._shown == (row, problem):
            return
        self._shown = row, problem
        layer, summary = row.layer, row.layer.summary()
        self.title.show_title(layer.title, layer.short_title())
        self._summary.setText(summary)
        self._summary.setVisible(bool(summary))
        self._shape.setText(shown(row.output_shape) if row.output_shape else "")
        self._parameters.setText(f"{row.parameters:,}" if row.parameters else "")
        self._parameters.setVisible(bool(row.parameters))
        self._frozen.setVisible(not layer.learns)
        self.setToolTip(tooltip(row))
        self.setAccessibleName(f"{layer.title} {summary}")
        self.problem.show_problem(problem)
        self.mark("wrong", problem is not None)
        if self.form is not None:
            self.form.show_value(layer)

    def show_selected(self, selected: bool, unfolded: bool = False) -> None:
        """Mark the card, and unfold its form while it alone is selected."""
        self.mark("selected", selected)
        if unfolded and self.tools is None:
            self._unfold()
        if self.form is not None:
            self.form.setVisible(unfolded)
        if self.tools is not None:
            self.tools.setVisible(unfolded)
        self.title.show_name(self.name if self._named or unfolded else "")

    def show_names(self, named: bool) -> None:
        """Show the layer's name though the card is folded: there are others of its kind."""
        self._named = named
        self.title.show_name(self.name if named or self.unfolded else "")

    @property
    def unfolded(self) -> bool:
        """Whether its form and its buttons are shown."""
        return self.tools is not None and self.tools.isVisibleTo(self)

    def show_edges(self, first: bool, last: bool) -> None:
        """Disable moving beyond the ends."""
        self._edges = first, last
        if self.tools is not None:
            self.tools.show_edges(first, last)

    def set_theme(self, theme: Theme) -> None:
        """Draw the icons in the theme's colours."""
        self._theme = theme
        self._icon.setPixmap(layer_icon(self.kind, theme).pixmap(18, 18))
        self._frozen.setPixmap(icon("frozen", theme.accent).pixmap(14, 14))
        if self.tools is not None:
            self.tools.set_theme(theme)

    def picture(self) -> QPixmap:
        """Draw what goes along with the mouse while the card is dragged."""
        return self.grab(PICTURE.intersected(self.rect()))

    def mark(self, name: str, value: bool) -> None:
        """Set a property that the style sheet draws."""
        if bool(self.property(name)) != value:
            self.setProperty(name, value)
            self.style().unpolish(self)
            self.style().polish(self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._press = event.clone()
        self.pressed.emit(event.modifiers(), event.button())
        event.accept()  # or the column behind would take it as a click beside the cards

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._press is None:
            return
        distance = (event.position() - self._press.position()).manhattanLength()
        if distance >= DRAG_DISTANCE:
            self._press = None
            self.dragged.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._press is not None:
            self._press = None
            self.clicked.emit(event.modifiers())
        event.accept()

    def _unfold(self) -> None:
        """Make what only an unfolded card has."""
        if self.kind.settings():
            self.form = Form(self.kind, self.kind.settings(), self.kind.fine)
            self.form.edited.connect(self.edited)
            if self._shown is not None:
                self.form.show_value(self._shown[0].layer)
            self.rows.insertWidget(1, self.form)
        self.tools = CardTools(issubclass(self.kind, Block))
        self.tools.command.connect(self.command)
        self.tools.show_edges(*self._edges)
        self.rows.addWidget(self.tools)
        if self._theme is not None:
            self.tools.set_theme(self._theme)

    def _lay_out(self) -> None:
        self.title.setObjectName("heading")
        for label in (self._summary, self._shape, self._parameters):
            label.setObjectName("muted")
            label.setTextFormat(Qt.TextFormat.PlainText)
        for label in (self._shape, self._parameters):
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._frozen.setToolTip(self.tr("Frozen: training leaves these weights as they are"))
        self._frozen.hide()
        self._parameters.setToolTip(self.tr("Parameters: numbers that training adjusts"))
        self._shape.setToolTip(self.tr("What comes out, for one image"))
        self.head = QGridLayout()
        self.head.setHorizontalSpacing(SPACING)
        self.head.setVerticalSpacing(1)
        self.head.addWidget(self._icon, 0, 1, 2, 1)
        self.head.addWidget(self.title, 0, 2)
        self.head.addWidget(self._shape, 0, 3)
        below = QHBoxLayout()  # of its own: its columns are not those of the row above
        below.setSpacing(SPACING // 2)
        below.addWidget(self._summary, 1)
        below.addStretch()  # where there is no summary
        below.addWidget(self._frozen)
        below.addWidget(self._parameters)
        self.head.addLayout(below, 1, 2, 1, 2)
        self.head.setColumnStretch(2, 1)
        self.rows = QVBoxLayout()
        self.rows.setContentsMargins(SPACING, 6, SPACING, 6)
        self.rows.setSpacing(6)
        self.rows.addLayout(self.head)
        self.rows.addWidget(self.problem)
        self.whole = QVBoxLayout(self)
        self.whole.setContentsMargins(0, 0, 0, 0)
        self.whole.setSpacing(0)
        self.whole.addLayout(self.rows)


def tooltip(row: Traced) -> str:
    """Say how the layer is set, what it does, and which torch calls make it; of a block, those
    inside say that.
    """
    lines = [line for line in (row.layer.summary(), row.layer.help) if line]
    if row.input_shape is not None and row.problem is None and not isinstance(row.layer, Block):
        lines += [str(call) for call in row.layer.torch_calls(row.input_shape).values()]
    return "\n".join(lines)
