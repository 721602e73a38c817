"""What a form folds away, and what it says of an option."""

from __future__ import annotations

from typing import Literal

import pytest
from pydantic import BaseModel, Field
from PySide6.QtCore import Qt

from gui.forms import Form


class Value(BaseModel):
    units: int = Field(5, ge=1, le=9, title="Units")
    bias: bool = Field(True, title="Bias")
    start: Literal["he", "zeros"] = Field(
        "he",
        title="First weights",
        json_schema_extra={"reasons": {"zeros": "All units stay equal."}},
    )


@pytest.fixture
def form(show):
    form = Form(Value, fine=("bias", "start"))
    form.show_value(Value())
    return show(form, 300, 200)


def test_fine_fields_are_folded_away(form, qtbot):
    assert form.controls["units"].isVisible()
    assert not form.controls["bias"].isVisible()

    qtbot.mouseClick(form.more.button, Qt.MouseButton.LeftButton)

    assert form.controls["bias"].isVisible()


def test_more_is_opened_with_the_keyboard(form, qtbot):
    form.more.button.setFocus()

    qtbot.keyClick(form.more.button, Qt.Key.Key_Space)

    assert form.controls["bias"].isVisible()


def test_a_mark_tells_how_many_fine_fields_are_not_as_usual(form):
    assert form.more.button.text() == "More"

    form.show_value(Value(bias=False, start="zeros"))

    assert form.more.button.text() == "More  ● 2"
    assert form.more.button.accessibleName() == "Changed: Bias, First weights"


def test_the_mark_goes_when_all_is_as_usual_again(form):
    form.show_value(Value(bias=False))
    form.show_value(Value())

    assert form.more.button.text() == "More"


def test_a_fine_field_is_told_as_any_other(form, qtbot):
    with qtbot.waitSignal(form.edited) as edited:
        form.controls["bias"].click()

    assert edited.args == ["bias", False]


def test_a_form_without_fine_fields_has_no_more(show):
    assert show(Form(Value)).more is None


def test_an_options_reason_is_shown_while_it_is_chosen(form):
    label = form.reasons["start"]

    form.show_value(Value(start="zeros"))
    assert label.text() == "All units stay equal."
    assert not label.isHidden()

    form.show_value(Value(start="he"))
    assert label.isHidden()
