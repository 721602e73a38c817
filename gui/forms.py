"""Declared fields become a form: the only form builder.

A form shows a frozen pydantic value and says which field the person changed to what. It never
decides whether a value is right: the engine does, and its sentence is shown under the field.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import floor, isfinite, log10
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from PySide6.QtCore import QEvent, QLocale, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QWidget,
)

from engine.problems import Problem
from engine.project.layers import ACTIVATION_TITLES
from gui.theme import LABEL_WIDTH, SPACING
from gui.widgets.problem_strip import ProblemStrip

HIDDEN = ("type", "name")
LARGEST_INT = 2**31 - 1
SLIDER_WIDTH = 40  # pixels, at least
SLIDER_NUMBER_WIDTH = 56  # pixels of a number's field beside its slider
MINIMUM_WIDTH = 84  # pixels of a number's field, whatever its largest value would take
CHOICE_TITLES = ACTIVATION_TITLES | {
    "auto": "Automatic",
    "cpu": "CPU",
    "cuda": "CUDA (NVIDIA)",
    "mps": "MPS (Apple)",
    "valid": "Valid (none)",
    "same": "Same size",
    "cosine": "Half waves",
    "linear": "Straight lines",
    "validation loss": "Validation loss",
    "validation accuracy": "Validation accuracy",
}


class Form(QWidget):
    """Fields of a value, one a row: label, control, and a sentence where something is wrong.

    A number whose field declares limits and a "step" in its json_schema_extra has a slider, too.
    """

    edited = Signal(str, object)  # field, new value (text, where it may be no number)
    mend_wanted = Signal(object)  # Mend

    def __init__(
        self, kind: type[BaseModel], fields: Iterable[str] = (), parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.controls: dict[str, QWidget] = {}
        self.sliders: dict[str, Slider] = {}
        self.problems: dict[str, ProblemStrip] = {}
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setVerticalSpacing(SPACING // 2)
        layout.setColumnMinimumWidth(0, LABEL_WIDTH)
        layout.setColumnStretch(1, 1)
        for name in fields or (name for name in kind.model_fields if name not in HIDDEN):
            self._add_row(layout, name, kind.model_fields[name])

    def show_value(self, value: BaseModel) -> None:
        """Show a value's fields, without telling it as an edit."""
        for name, control in self.controls.items():
            set_control(control, getattr(value, name))
            self.show_problem(name, None)
        for name, slider in self.sliders.items():
            slider.show_number(getattr(value, name))

    def show_problem(self, field: str, problem: Problem | None) -> None:
        """Say under a field what is wrong with it, or nothing."""
        strip, control = self.problems[field], self.controls[field]
        strip.show_problem(problem)
        if control.property("wrong") != (problem is not None):
            control.setProperty("wrong", problem is not None)
            control.style().unpolish(control)
            control.style().polish(control)

    def _add_row(self, layout: QGridLayout, name: str, field: FieldInfo) -> None:
        title = field.title or name
        control = self._control(name, field)
        control.setObjectName(name)
        control.setAccessibleName(title)
        control.setToolTip(field.description or "")
        control.installEventFilter(_LeaveUndo(control))
        label = QLabel(title)
        label.setToolTip(field.description or "")
        label.setBuddy(control)
        strip = ProblemStrip()
        strip.mend_wanted.connect(self.mend_wanted)
        row = 2 * len(self.controls)
        layout.addWidget(label, row, 0)
        if isinstance(field.json_schema_extra, dict) and "step" in field.json_schema_extra:
            layout.addLayout(self._with_slider(name, field, control), row, 1)
        else:
            layout.addWidget(control, row, 1)
        layout.addWidget(strip, row + 1, 0, 1, 2)
        self.controls[name], self.problems[name] = control, strip

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
            choice = combo_box([(CHOICE_TITLES.get(v, v), v) for v in get_args(field.annotation)])
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


class ChoiceForm(QWidget):
    """A choice between declared kinds, such as the optimizers, over the form of the chosen one."""

    chosen = Signal(object)  # another kind than the one that is shown
    edited = Signal(str, object)  # field of the one that is shown, new value
    mend_wanted = Signal(object)  # Mend

    def __init__(
        self, title: str, kinds: Sequence[type[Any]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.kind = kinds[0]
        self.box = combo_box([(kind.title, kind) for kind in kinds])
        self.box.setAccessibleName(title)
        self.box.activated.connect(lambda _: self._choose())
        self.form = self._form_of(self.kind)
        heading = QLabel(title)
        heading.setObjectName("heading")
        heading.setBuddy(self.box)
        self._rows = QGridLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setVerticalSpacing(SPACING)
        self._rows.setColumnMinimumWidth(0, LABEL_WIDTH)
        self._rows.setColumnStretch(1, 1)
        self._rows.addWidget(heading, 0, 0)
        self._rows.addWidget(self.box, 0, 1)
        self._put_form()

    def show_value(self, value: Any) -> None:
        """Show a value of one of the kinds, without telling it as an edit."""
        kind = type(value)
        self.box.setCurrentIndex(self.box.findData(kind))
        self.box.setToolTip(value.help)
        if kind is not self.kind:
            before = self.form
            self.kind, self.form = kind, self._form_of(kind)
            self._rows.removeWidget(before)
            before.hide()
            before.deleteLater()
            self._put_form()
        self.form.show_value(value)

    def _form_of(self, kind: type[BaseModel]) -> Form:
        form = Form(kind)
        form.edited.connect(self.edited)
        form.mend_wanted.connect(self.mend_wanted)
        return form

    def _put_form(self) -> None:
        self._rows.addWidget(self.form, 1, 0, 1, 2)
        self.form.setVisible(bool(self.form.controls))
        before: QWidget = self.box  # Tab goes from the choice into its form
        for control in self.form.controls.values():
            self.setTabOrder(before, control)
            before = control

    def _choose(self) -> None:
        kind = self.box.currentData()
        if kind is not self.kind:  # chosen again: its numbers stay
            self.chosen.emit(kind)


class SpinBox(QSpinBox):
    """Whole numbers, typed with digits alone in every locale; the wheel acts only with focus."""

    def __init__(self) -> None:
        super().__init__()
        self.setLocale(QLocale.c())
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setStepType(QSpinBox.StepType.AdaptiveDecimalStepType)

    def minimumSizeHint(self) -> QSize:
        return QSize(MINIMUM_WIDTH, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        return QSize(MINIMUM_WIDTH, super().sizeHint().height() + 2)

    def wheelEvent(self, event: Any) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class NumberEdit(QLineEdit):
    """A number with a point as decimal mark in every locale: 0.001 or 1e-3. Up and Down change it
    by a tenth of its size.
    """

    def minimumSizeHint(self) -> QSize:
        return QSize(MINIMUM_WIDTH, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        return QSize(MINIMUM_WIDTH, super().sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
        number = as_number(self.text())
        if steps is None or number is None:
            super().keyPressEvent(event)
            return
        self.setText(number_text(stepped(number, steps)))
        self.textEdited.emit(self.text())


class Slider(QSlider):
    """A number between two limits, in equal steps; the wheel acts only with focus. A number from
    elsewhere is shown at the nearest step and stays as it is.
    """

    moved = Signal(float)  # by the person

    def __init__(self, low: float, high: float, step: float) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._low, self._step = low, step
        self.setRange(0, round((high - low) / step))
        self.setPageStep(max(1, self.maximum() // 10))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.valueChanged.connect(self._tell)

    def show_number(self, number: float) -> None:
        """Show a number, without telling it as a move."""
        self.blockSignals(True)
        self.setValue(round((number - self._low) / self._step))
        self.blockSignals(False)

    def minimumSizeHint(self) -> QSize:
        return QSize(SLIDER_WIDTH, super().minimumSizeHint().height())

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def _tell(self, steps: int) -> None:
        self.moved.emit(self._low + steps * self._step)


class ComboBox(QComboBox):
    """A choice; the wheel acts only with focus, so that scrolling a panel changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)

    def wheelEvent(self, event: Any) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class _LeaveUndo(QObject):
    """Leaves undo and redo to the document: a field's own would undo letters, not edits."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            keys = (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo)
            if any(event.matches(key) for key in keys):
                event.ignore()
                return True
        return super().eventFilter(watched, event)


def combo_box(choices: Iterable[tuple[str, Any]]) -> ComboBox:
    """Make a choice of (title, value) pairs."""
    box = ComboBox()
    for title, value in choices:
        box.addItem(title, value)
    return box


def set_control(control: QWidget, value: Any) -> None:
    """Show a value in a control, without telling it as an edit."""
    control.blockSignals(True)
    match control:
        case QComboBox():
            control.setCurrentIndex(control.findData(value))
        case QCheckBox():
            control.setChecked(value)
        case QSpinBox():
            if control.value() != value:  # the caret stays where the person types
                control.setValue(value)
        case QLineEdit():
            if as_number(control.text()) != value:
                control.setText(number_text(value))
    control.blockSignals(False)


def whole_limits(field: FieldInfo) -> tuple[int, int]:
    """Read the smallest and largest whole number that a field declares."""
    low, high = -LARGEST_INT, LARGEST_INT
    for limit in field.metadata:
        match limit:
            case Ge(ge=int(bound)):
                low = bound
            case Gt(gt=int(bound)):
                low = bound + 1
            case Le(le=int(bound)):
                high = bound
            case Lt(lt=int(bound)):
                high = bound - 1
    return low, min(high, LARGEST_INT)


def number_limits(field: FieldInfo) -> tuple[float, float]:
    """Read the smallest and largest number that a field with both declares."""
    low = next(limit.ge for limit in field.metadata if isinstance(limit, Ge))
    high = next(limit.le for limit in field.metadata if isinstance(limit, Le))
    return float(low), float(high)  # type: ignore[arg-type]


def step_of(field: FieldInfo) -> float:
    """Read the step in which a field's slider goes."""
    assert isinstance(field.json_schema_extra, dict)
    return float(field.json_schema_extra["step"])  # type: ignore[arg-type]


def as_number(text: str) -> float | None:
    """Read a number typed with a point; None where it is none."""
    try:
        return float(text)
    except ValueError:
        return None


def number_text(number: float) -> str:
    """Write a number so that reading it gives the same one, as short as that goes."""
    return f"{number:.12g}"


def stepped(number: float, steps: int) -> float:
    """Change a number by one in its leading digit's tenth: 0.01 to 0.011, 5 to 5.1."""
    if number == 0:
        return 0.0001 * steps
    if not isfinite(number):
        return number
    size = 10.0 ** floor(log10(abs(number)))
    return float(f"{number + steps * size / 10:.12g}")
