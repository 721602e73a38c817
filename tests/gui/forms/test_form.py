from __future__ import annotations

from typing import Literal

import pytest
from pydantic import BaseModel, Field
from PySide6.QtCore import QEvent, QLocale, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QWheelEvent
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QSlider,
    QSpinBox,
)

from engine.problems import Problem
from engine.project.augmentation import Augmentation
from engine.project.layers import LAYER_TYPES, Conv2d, Dense, Parallel
from engine.project.optimizers import OPTIMIZER_TYPES, Adam
from engine.project.schedules import SCHEDULE_TYPES
from engine.project.sources import Data
from engine.project.stopping import EarlyStopping
from engine.project.training import Training
from gui.forms import Form, combo_box
from gui.forms.numbers import whole_limits
from gui.views.settings import SettingsView

DECLARED = (
    *(*LAYER_TYPES, *OPTIMIZER_TYPES, *SCHEDULE_TYPES),
    *(Augmentation, EarlyStopping, Training, Data),
)
NESTED = (
    *("optimizer", "schedule", "loss", "early_stopping", "augmentation", "source"),
    *("layers", "branches"),
)
"""Fields that have forms of their own."""
WHOLE = [
    pytest.param(kind, name, id=f"{kind.__name__}.{name}")
    for kind in DECLARED
    for name, field in kind.model_fields.items()
    if field.annotation is int
]


class Value(BaseModel):
    type: Literal["value"] = "value"
    name: str = ""
    rate: float = Field(0.01, title="Rate", description="How fast")
    count: int = Field(5, ge=1, le=9, title="Count")
    on: bool = Field(False, title="On")
    kind: Literal["none", "relu", "odd"] = Field("relu", title="Kind")


@pytest.fixture
def form(show):
    form = Form(Value)
    form.show_value(Value())
    form.told = []
    form.edited.connect(lambda *edit: form.told.append(edit))
    return show(form)


@pytest.fixture
def german():
    """The default locale of a German desktop, where a comma is the decimal mark."""
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.German, QLocale.Country.Germany))
    yield
    QLocale.setDefault(before)


@pytest.fixture
def settings(document, show):
    return show(SettingsView(document))


def type_text(qtbot, field, text):
    field.setFocus()
    field.selectAll()
    qtbot.keyClick(field, Qt.Key.Key_Delete)
    qtbot.keyClicks(field, text)


def scroll(widget):
    event = QWheelEvent(
        QPointF(5, 5),
        QPointF(widget.mapToGlobal(QPoint(5, 5))),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def problem(form, field):
    strip = form.problems[field]
    return strip.sentence.text() if strip.isVisibleTo(form) else ""


@pytest.mark.parametrize(
    ("field", "control"),
    [("rate", QLineEdit), ("count", QSpinBox), ("on", QCheckBox), ("kind", QComboBox)],
)
def test_each_kind_of_field_has_its_control(form, field, control):
    assert isinstance(form.controls[field], control)


def test_type_and_name_are_not_the_persons_to_edit(form):
    assert set(form.controls) == {"rate", "count", "on", "kind"}


def test_a_form_can_show_some_fields_alone(show):
    assert list(show(Form(Value, ("on", "rate"))).controls) == ["on", "rate"]


def test_a_control_tells_its_name_and_its_help(form):
    rate = form.controls["rate"]

    assert rate.accessibleName() == "Rate"
    assert rate.toolTip() == "How fast"
    assert [label.text() for label in form.findChildren(QLabel) if label.buddy() is rate] == [
        "Rate"
    ]


def test_values_are_shown_without_telling_an_edit(form):
    form.show_value(Value(rate=0.5, count=7, on=True, kind="odd"))

    assert form.controls["rate"].text() == "0.5"
    assert form.controls["count"].value() == 7
    assert form.controls["on"].isChecked()
    assert form.controls["kind"].currentText() == "Odd"
    assert form.told == []


def test_a_choice_has_a_title(form):
    assert form.controls["kind"].currentText() == "ReLU"


def test_a_typed_number_is_told_as_text(form, qtbot):
    type_text(qtbot, form.controls["rate"], "2e-3")

    assert form.told[-1] == ("rate", "2e-3")


def test_a_whole_number_is_told(form, qtbot):
    qtbot.keyClick(form.controls["count"], Qt.Key.Key_Up)

    assert form.told == [("count", 6)]


def test_a_click_on_a_box_is_told(form, qtbot):
    qtbot.mouseClick(form.controls["on"], Qt.MouseButton.LeftButton, pos=QPoint(8, 8))

    assert form.told == [("on", True)]


def test_a_choice_is_told_by_its_value(form, qtbot):
    qtbot.keyClick(form.controls["kind"], Qt.Key.Key_Down)

    assert form.told == [("kind", "odd")]


def test_the_wheel_changes_nothing_without_focus(form):
    for field in ("count", "kind"):
        form.controls["rate"].setFocus()
        scroll(form.controls[field])

    assert form.told == []


def test_the_wheel_changes_a_number_that_has_the_focus(form):
    form.controls["count"].setFocus()

    scroll(form.controls["count"])

    assert form.told == [("count", 6)]


def test_the_wheel_changes_a_choice_that_has_the_focus(form):
    form.controls["kind"].setFocus()

    scroll(form.controls["kind"])

    assert form.told == [("kind", "none")]


def test_the_wheel_over_a_field_without_focus_scrolls_what_is_behind(form):
    form.controls["rate"].setFocus()
    event = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    form.controls["count"].wheelEvent(event)

    assert not event.isAccepted()


@pytest.mark.parametrize(("key", "text"), [(Qt.Key.Key_Up, "0.011"), (Qt.Key.Key_Down, "0.009")])
def test_up_and_down_change_a_number_by_a_tenth_of_its_size(form, qtbot, key, text):
    qtbot.keyClick(form.controls["rate"], key)

    assert form.told == [("rate", text)]
    assert form.controls["rate"].text() == text


def test_up_leaves_a_text_that_is_no_number(form, qtbot):
    form.controls["rate"].setText("fast")

    qtbot.keyClick(form.controls["rate"], Qt.Key.Key_Up)

    assert form.controls["rate"].text() == "fast"
    assert form.told == []


def takes_shortcut(widget, keys):
    """Ask a widget, as Qt does before a shortcut acts, whether the keys are its own."""
    event = QKeyEvent(QEvent.Type.ShortcutOverride, keys.key(), keys.keyboardModifiers())
    event.ignore()
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


UNDO = QKeySequence("Ctrl+Z")[0]
REDO = QKeySequence("Ctrl+Shift+Z")[0]


@pytest.mark.parametrize("keys", [UNDO, REDO], ids=["undo", "redo"])
@pytest.mark.parametrize("field", ["rate", "count"])
def test_undo_is_left_to_the_document(form, qtbot, field, keys):
    plain = QLineEdit()
    qtbot.addWidget(plain)

    assert takes_shortcut(plain, keys)
    assert not takes_shortcut(form.controls[field], keys)


@pytest.mark.parametrize("keys", ["Ctrl+A", "Ctrl+C", "Ctrl+V", "Ctrl+X", "Del"])
@pytest.mark.parametrize("field", ["rate", "count"])
def test_keys_that_edit_text_are_the_fields_own(form, field, keys):
    assert takes_shortcut(form.controls[field], QKeySequence(keys)[0])


def test_a_sentence_stands_under_its_field(form):
    form.show_problem("rate", Problem("Too fast."))

    strip = form.problems["rate"]
    assert strip.isVisible()
    assert strip.y() >= form.controls["rate"].geometry().bottom()
    assert form.controls["rate"].property("wrong")


def test_a_sentence_goes_when_a_right_value_is_shown(form):
    form.show_problem("rate", Problem("Too fast."))

    form.show_value(Value())

    assert problem(form, "rate") == ""
    assert not form.controls["rate"].property("wrong")


def test_the_caret_stays_where_the_person_types(form):
    rate = form.controls["rate"]
    rate.setText("0.0100")
    rate.setCursorPosition(3)

    form.show_value(Value(rate=0.01))

    assert (rate.text(), rate.cursorPosition()) == ("0.0100", 3)


@pytest.mark.usefixtures("german")
def test_a_point_is_the_decimal_mark_on_a_german_desktop(document, show, qtbot):
    view = show(SettingsView(document))

    type_text(qtbot, view.optimizer.form.controls["learning_rate"], "0.01")

    assert document.project.training.optimizer.learning_rate == 0.01


@pytest.mark.usefixtures("german")
def test_a_comma_gets_a_sentence_on_a_german_desktop(document, show, qtbot):
    view = show(SettingsView(document))
    document.edit("Rate", document.project.set_optimizer(learning_rate=0.5))

    type_text(qtbot, view.optimizer.form.controls["learning_rate"], "0,01")

    assert "number such as 0.001" in problem(view.optimizer.form, "learning_rate")
    assert document.project.training.optimizer.learning_rate != 0.01


@pytest.mark.usefixtures("german")
def test_whole_numbers_have_no_dots_between_thousands_on_a_german_desktop(form):
    spin = form.controls["count"]
    spin.setMaximum(100_000)
    spin.setValue(60_000)

    assert spin.text() == "60000"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nan", "finite"),
        ("inf", "finite"),
        ("1e999", "finite"),
        ("fast", "number such as 0.001"),
        ("", "number such as 0.001"),
        ("0", "greater than 0"),
        ("-0.1", "greater than 0"),
        ("101", "100 or less"),
    ],
)
def test_a_wrong_learning_rate_gets_a_sentence_and_changes_nothing(
    document, settings, text, sentence
):
    before = document.project

    settings.optimizer.form.edited.emit("learning_rate", text)

    assert sentence in problem(settings.optimizer.form, "learning_rate")
    assert document.project is before


def test_a_right_learning_rate_takes_the_sentence_away(document, settings, qtbot):
    rate = settings.optimizer.form.controls["learning_rate"]
    type_text(qtbot, rate, "x")
    assert problem(settings.optimizer.form, "learning_rate")

    type_text(qtbot, rate, "0.02")

    assert problem(settings.optimizer.form, "learning_rate") == ""
    assert document.project.training.optimizer.learning_rate == 0.02


def test_fields_were_found_to_read_limits_of():
    assert len(WHOLE) >= 8


@pytest.mark.parametrize(("kind", "name"), WHOLE)
def test_the_limits_of_a_field_are_those_that_it_accepts(kind, name):
    low, high = whole_limits(kind.model_fields[name])

    for accepted in (low, high):
        assert getattr(kind(**{name: accepted}), name) == accepted
    for refused in (low - 1, high + 1):
        with pytest.raises(ValueError, match=name):
            kind(**{name: refused})


@pytest.mark.parametrize("kind", DECLARED, ids=lambda kind: kind.__name__)
def test_every_declared_type_has_a_form_that_shows_its_defaults(kind, qtbot):
    fields = [name for name in kind.model_fields if name not in NESTED]
    form = Form(kind, [name for name in fields if name not in ("type", "name")] or ("type",))
    qtbot.addWidget(form)
    value = kind()

    form.show_value(value)

    for name, control in form.controls.items():
        assert shown_in(control) == getattr(value, name)


def shown_in(control):
    match control:
        case QComboBox():
            return control.currentData()
        case QCheckBox():
            return control.isChecked()
        case QSpinBox():
            return control.value()
    return float(control.text())


def test_edits_of_a_form_make_another_value(qtbot):
    edited = []
    for kind in (Dense, Conv2d, Adam):
        form = Form(kind)
        qtbot.addWidget(form)
        form.show_value(kind())
        form.edited.connect(lambda *edit: edited.append(edit))
        spin = next((c for c in form.controls.values() if isinstance(c, QSpinBox)), None)
        if spin is not None:
            spin.setValue(spin.value() + 1)

    assert edited == [("units", 129), ("filters", 33)]


def test_a_choice_finds_its_values(qtbot):
    box = combo_box([("One", 1), ("Two", "two")])
    qtbot.addWidget(box)

    assert box.findData("two") == 1


class Strength(BaseModel):
    strength: float = Field(
        0.0,
        ge=0,
        le=0.5,
        title="Strength",
        description="How much",
        json_schema_extra={"step": 0.01},
    )
    rate: float = Field(0.01, ge=0, le=1, title="Rate")


@pytest.fixture
def strong(show):
    form = Form(Strength)
    form.show_value(Strength())
    form.told = []
    form.edited.connect(lambda *edit: form.told.append(edit))
    return show(form)


def test_a_number_that_declares_a_step_has_a_slider_too(strong):
    assert list(strong.sliders) == ["strength"]
    assert isinstance(strong.controls["strength"], QLineEdit)
    assert len(strong.findChildren(QSlider)) == 1


def test_a_slider_tells_its_name_and_its_help(strong):
    assert strong.sliders["strength"].accessibleName() == "Strength"
    assert strong.sliders["strength"].toolTip() == "How much"


def test_a_slider_goes_from_limit_to_limit_in_steps(strong, qtbot):
    slider = strong.sliders["strength"]

    qtbot.keyClick(slider, Qt.Key.Key_Right)
    qtbot.keyClick(slider, Qt.Key.Key_PageUp)
    qtbot.keyClick(slider, Qt.Key.Key_End)

    assert strong.told == [("strength", "0.01"), ("strength", "0.06"), ("strength", "0.5")]


def test_every_place_of_a_slider_is_a_short_number(strong):
    slider = strong.sliders["strength"]

    for steps in range(1, 51):
        slider.setValue(steps)

    assert [text for _, text in strong.told] == [f"{steps / 100:g}" for steps in range(1, 51)]


@pytest.mark.parametrize(("number", "steps"), [(0.2, 20), (0.123, 12), (0.5, 50)])
def test_a_slider_shows_a_number_without_telling_an_edit(strong, number, steps):
    strong.show_value(Strength(strength=number))

    assert strong.sliders["strength"].value() == steps
    assert strong.controls["strength"].text() == f"{number:g}"
    assert strong.told == []


def test_scrolling_over_a_slider_changes_nothing(strong):
    strong.setFocus()

    scroll(strong.sliders["strength"])

    assert strong.told == []


def test_dragging_a_slider_is_one_step_of_undo(settings, document):
    before = document.project
    slider = settings.augmentation.sliders["rotate"]

    for degrees in range(1, 16):
        slider.setValue(degrees)

    assert document.project.training.augmentation.rotate == 15
    assert settings.augmentation.controls["rotate"].text() == "15"
    document.undo_stack.undo()
    assert document.project == before
    assert slider.value() == 0


def test_choices_begin_with_a_capital(show):
    form = show(Form(Parallel, Parallel.settings(), Parallel.fine))

    join = form.controls["join"]

    assert [join.itemText(place) for place in range(join.count())] == ["Concatenate", "Add"]
    assert [join.itemData(place) for place in range(join.count())] == ["concatenate", "add"]
