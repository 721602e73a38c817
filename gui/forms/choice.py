"""A choice between declared kinds, each with a form of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from gui.forms.controls import combo_box
from gui.forms.form import Form
from gui.theme import LABEL_WIDTH, SPACING


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
