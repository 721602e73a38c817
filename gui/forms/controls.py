"""The controls of forms: numbers, choices, sliders, each with the wheel only while it has focus."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QEvent, QLocale, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLineEdit,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QWidget,
)

from gui.forms.numbers import as_number, number_text, stepped

SLIDER_WIDTH = 40  # pixels, at least
MINIMUM_WIDTH = 84  # pixels of a number's field, whatever its largest value would take


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


class LeaveUndo(QObject):
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
