"""Declared fields become a form: the only form builder.

A form shows the fields of a frozen value and says which field the person changed to what. It never
decides whether a value is right: the engine does, and its sentence is shown under the field.
"""

from gui.forms.choice import ChoiceForm
from gui.forms.controls import ComboBox, combo_box
from gui.forms.form import Form

__all__ = ["ChoiceForm", "ComboBox", "Form", "combo_box"]
