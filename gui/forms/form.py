"""The form of a declared value: a row for each of its fields."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.problems import Problem
from engine.project.layers import ACTIVATION_TITLES, INITIALISATION_TITLES
from gui.forms.controls import LeaveUndo, NumberEdit, Slider, SpinBox, combo_box, set_control
from gui.forms.numbers import number_limits, number_text, step_of, whole_limits
from gui.theme import LABEL_WIDTH, SPACING
from gui.widgets.problem_strip import ProblemStrip

HIDDEN = ("type", "name")
SLIDER_NUMBER_WIDTH = 56  # pixels of a number's field beside its slider
ROWS = 3  # of the grid, for each field: its control, what is wrong, and a reason
CHOICE_TITLES: dict[str, str] = {
    **ACTIVATION_TITLES,
    **{str(value): title for value, title in INITIALISATION_TITLES.items()},
    "auto": "Automatic",
    "cpu": "CPU",
    "cuda": "CUDA (NVIDIA)",
    "mps": "MPS (Apple)",
    "valid": "Valid (none)",
    "same": "Same size",
    "cosine": "Half waves",
    "linear": "Straight lines",
}


class Form(QWidget):
    """Fields of a value, one a row: label, control, and a sentence where something is wrong.

    A number whose field declares limits and a "step" in its json_schema_extra has a slider, too. A
    choice can declare there "reasons", a sentence for some of its options, which stands below while
    such an option is chosen. Fields that are `fine` are folded away.
    """

    edited = Signal(str, object)  # field, new value (text, where it may be no number)
    mend_wanted = Signal(object)  # Mend

    def __init__(
        self,
        kind: type[BaseModel],
        fields: Iterable[str] = (),
        fine: Collection[str] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.controls: dict[str, QWidget] = {}
        self.sliders: dict[str, Slider] = {}
        self.problems: dict[str, ProblemStrip] = {}
        self.reasons: dict[str, QLabel] = {}
        self._fields = kind.model_fields
        names = tuple(fields) or tuple(name for name in kind.model_fields if name not in HIDDEN)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        self._add_rows(grid, [name for name in names if name not in fine])
        self.more = MoreFields(fine) if fine else None
        if self.more is not None:
            self._add_rows(self.more.grid, [name for name in names if name in fine])
            grid.addWidget(self.more, grid.rowCount(), 0, 1, 2)

    def show_value(self, value: BaseModel) -> None:
        """Show a value's fields, without telling it as an edit."""
        for name, control in self.controls.items():
            set_control(control, getattr(value, name))
            self.show_problem(name, None)
        for name, slider in self.sliders.items():
            slider.show_number(getattr(value, name))
        for name, label in self.reasons.items():
            label.setText(reasons(self._fields[name]).get(str(getattr(value, name)), ""))
            label.setVisible(bool(label.text()))
        if self.more is not None:
            self.more.show_value(value)

    def show_problem(self, field: str, problem: Problem | None) -> None:
        """Say under a field what is wrong with it, or nothing."""
        strip, control = self.problems[field], self.controls[field]
        strip.show_problem(problem)
        if control.property("wrong") != (problem is not None):
            control.setProperty("wrong", problem is not None)
            control.style().unpolish(control)
            control.style().polish(control)

    def _add_rows(self, grid: QGridLayout, names: Iterable[str]) -> None:
        grid.setVerticalSpacing(SPACING // 2)
        grid.setColumnMinimumWidth(0, LABEL_WIDTH)
        grid.setColumnStretch(1, 1)
        for place, name in enumerate(names):
            self._add_row(grid, ROWS * place, name, self._fields[name])

    def _add_row(self, grid: QGridLayout, row: int, name: str, field: FieldInfo) -> None:
        title = field.title or name
        control = self._control(name, field)
        control.setObjectName(name)
        control.setAccessibleName(title)
        control.setToolTip(field.description or "")
        control.installEventFilter(LeaveUndo(control))
        label = QLabel(title)
        label.setToolTip(field.description or "")
        label.setBuddy(control)
        strip = ProblemStrip()
        strip.mend_wanted.connect(self.mend_wanted)
        grid.addWidget(label, row, 0)
        if "step" in extra(field):
            grid.addLayout(self._with_slider(name, field, control), row, 1)
        else:
            grid.addWidget(control, row, 1)
        grid.addWidget(strip, row + 1, 0, 1, 2)
        if reasons(field):
            grid.addWidget(self._reason(name), row + 2, 0, 1, 2)
        self.controls[name], self.problems[name] = control, strip

    def _reason(self, name: str) -> QLabel:
        label = self.reasons[name] = QLabel()
        label.setObjectName("note")
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.hide()
        return label

    def _with_slider(self, name: str, field: FieldInfo, control: QWidget) -> QHBoxLayout:
        """Put a slider before a number's control; either follows the other by the value shown."""
        slider = Slider(*number_limits(field), step_of(field))
        slider.setAccessibleName(control.accessibleName())
        slider.setToolTip(control.toolTip())
        slider.moved.connect(lambda number: self.edited.emit(name, number_text(number)))
        self.sliders[name] = slider
        control.setFixedWidth(SLIDER_NUMBER_WIDTH)
        both = QHBoxLayout()
        both.setSpacing(SPACING)
        both.addWidget(slider, 1)
        both.addWidget(control)
        return both

    def _control(self, name: str, field: FieldInfo) -> QWidget:
        """Choose the control that fits a field's type and limits."""
        if get_origin(field.annotation) is Literal:
            choice = combo_box([(title_of(value), value) for value in get_args(field.annotation)])
            choice.activated.connect(lambda _: self.edited.emit(name, choice.currentData()))
            return choice
        if field.annotation is bool:
            check = QCheckBox()
            check.toggled.connect(lambda on: self.edited.emit(name, on))
            return check
        if field.annotation is int:
            spin = SpinBox()
            spin.setRange(*whole_limits(field))
            spin.valueChanged.connect(lambda value: self.edited.emit(name, value))
            return spin
        number = NumberEdit()
        number.textEdited.connect(lambda text: self.edited.emit(name, text))
        return number


class MoreFields(QWidget):
    """Fields that few need, folded away under a button, which tells how many are not as usual."""

    def __init__(self, names: Collection[str]) -> None:
        super().__init__()
        self._names = names
        self.button = QToolButton()
        self.button.setObjectName("small")
        self.button.setCheckable(True)
        self.button.setArrowType(Qt.ArrowType.RightArrow)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.toggled.connect(self._unfold)
        self._fields = QWidget()
        self._fields.hide()
        self.grid = QGridLayout(self._fields)
        self.grid.setContentsMargins(0, 0, 0, 0)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(SPACING // 2)
        rows.addWidget(self.button, alignment=Qt.AlignmentFlag.AlignLeft)
        rows.addWidget(self._fields)

    def show_value(self, value: BaseModel) -> None:
        """Tell how many of the fields differ from what they are by default."""
        usual = type(value).model_fields
        changed = [
            usual[name].title or name
            for name in self._names
            if getattr(value, name) != usual[name].default
        ]
        text = self.tr("More")
        self.button.setText(f"{text}  ● {len(changed)}" if changed else text)
        about = self.tr("Changed: {names}").format(names=", ".join(changed)) if changed else text
        self.button.setToolTip(about)
        self.button.setAccessibleName(about)

    def _unfold(self, unfolded: bool) -> None:
        arrow = Qt.ArrowType.DownArrow if unfolded else Qt.ArrowType.RightArrow
        self.button.setArrowType(arrow)
        self._fields.setVisible(unfolded)


def extra(field: FieldInfo) -> Mapping[str, Any]:
    """Give what a field declares for its control."""
    return field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}


def reasons(field: FieldInfo) -> Mapping[str, str]:
    """Give the sentences about some of a choice's options."""
    found: Mapping[str, str] = extra(field).get("reasons", {})
    return found


def title_of(choice: str) -> str:
    """Write a choice for people: as a title of its own, or in its words with a capital."""
    return CHOICE_TITLES.get(choice) or choice[:1].upper() + choice[1:]
