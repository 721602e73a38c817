from __future__ import annotations

import json

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QMouseEvent,
)
from PySide6.QtWidgets import QApplication, QLabel, QMenu
from shiboken6 import isValid

from engine.project.format import dumps
from engine.project.layers import LAYER_TYPES, Conv2d, Dense, Dropout, Flatten, Residual
from engine.project.presets import preset, presets
from engine.project.project import MAX_LAYERS, Project
from engine.project.sources import Mnist
from gui.document import Document
from gui.selection import Selection
from gui.theme import DARK, LIGHT
from gui.views.network import NetworkView
from gui.widgets.network.clipboard import LAYERS_MIME, MOVE_MIME

LEFT = Qt.MouseButton.LeftButton
NO_KEYS = Qt.KeyboardModifier.NoModifier
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
CNN = preset("cnn-two")
NAMES = ["conv2d_1", "max_pool2d_1", "conv2d_2", "max_pool2d_2", "flatten_1", "dense_1"]


@pytest.fixture
def document(document):
    document.replace(CNN, None)
    return document


@pytest.fixture
def view(document, selection, show):
    view = NetworkView(document, selection)
    view.set_theme(LIGHT)
    return show(view, 340, 900)


@pytest.fixture
def cards(view):
    return view.column.cards


@pytest.fixture(autouse=True)
def clipboard(qapp):
    clipboard = QGuiApplication.clipboard()
    yield clipboard
    clipboard.clear()


@pytest.fixture
def click(view, qtbot):
    """Click on a card's title."""

    def click(name, modifiers=NO_KEYS):
        qtbot.mouseClick(view.column.cards[name], LEFT, modifiers, QPoint(60, 12))

    return click


def names(document):
    return [layer.name for layer in document.project.layers]


def text_of(card):
    return [label.text() for label in card.findChildren(QLabel) if label.isVisibleTo(card)]


def drop(view, y, content):
    """Drag something over the column and drop it at a height; tell whether it was taken."""
    if not drag(view, y, content):
        return False
    event = QDropEvent(QPointF(50, y), Qt.DropAction.MoveAction, content, LEFT, NO_KEYS)
    event.ignore()
    QApplication.sendEvent(view.column, event)
    return event.isAccepted()


def drag(view, y, content):
    """Drag something over the column to a height; tell whether it may be dropped."""
    where = QPoint(50, int(y)), Qt.DropAction.MoveAction, content, LEFT, NO_KEYS
    for event in (QDragEnterEvent(*where), QDragMoveEvent(*where)):
        event.ignore()
        QApplication.sendEvent(view.column, event)
        if not event.isAccepted():
            return False
    return True


def moved():
    content = QMimeData()
    content.setData(MOVE_MIME, b"1")
    return content


def top(view, card):
    return card.mapTo(view.column, QPoint()).y()


def below(view, card):
    return top(view, card) + card.height() + 2


def test_every_layer_has_a_card_in_the_networks_order(view, cards):
    assert list(cards) == NAMES
    shown = (view.column.input, *cards.values(), view.column.output)
    tops = [top(view, card) for card in shown]
    assert tops == sorted(set(tops))


def test_a_card_says_what_the_layer_is_and_what_comes_out(cards):
    assert text_of(cards["conv2d_1"])[1:] == [
        "Convolution 2D",
        "32×26×26",
        "32 · 3×3 · ReLU",
        "320",
    ]


def test_a_cards_tooltip_shows_the_torch_call(cards):
    assert "nn.Conv2d(1, 32, 3)" in cards["conv2d_1"].toolTip()


def test_the_number_of_parameters_is_told(view):
    assert view.parameters.text() == "225,034 parameters"


def test_the_number_of_parameters_follows_an_edit(view, document):
    document.edit("Remove", document.project.remove(["dense_1"]))

    assert view.parameters.text() == f"{document.project.parameters:,} parameters"


def test_the_number_of_parameters_is_unknown_while_a_shape_does_not_fit(view, document):
    document.edit("Remove", document.project.remove(["flatten_1"]))

    assert view.parameters.text() == "Not ready to train yet"


@pytest.mark.parametrize("kind", LAYER_TYPES, ids=lambda kind: kind.__name__)
def test_every_layer_type_can_be_added(view, document, selection, kind):
    view.add(kind)

    assert type(document.project.layers[-1]) is kind
    assert selection.layers == (document.project.layers[-1].name,)


def test_a_layer_is_added_at_the_end_when_none_is_selected(view, document):
    view.add(Dropout)

    assert names(document) == [*NAMES, "dropout_1"]


def test_a_layer_is_added_below_the_selected_one(view, document, click):
    click("conv2d_1")

    view.add(Dropout)

    assert names(document)[:3] == ["conv2d_1", "dropout_1", "max_pool2d_1"]


def test_layers_are_added_one_below_the_other(view, document, click):
    click("conv2d_1")

    view.add(Dropout)
    view.add(Dense)

    assert names(document)[:3] == ["conv2d_1", "dropout_1", "dense_2"]


def test_adding_is_undone(view, document):
    view.add(Dropout)

    document.undo_stack.undo()

    assert document.project == CNN
    assert list(view.column.cards) == NAMES


def test_an_added_card_is_brought_into_sight(view, cards, qtbot):
    view.resize(340, 300)
    for _ in range(5):
        view.add(Dense)

    card = view.column.cards["dense_6"]
    qtbot.waitUntil(lambda: card.visibleRegion().boundingRect() == card.rect())


def test_a_click_selects_a_card(click, selection, cards):
    click("conv2d_2")

    assert selection.layers == ("conv2d_2",)
    assert [name for name, card in cards.items() if card.property("selected")] == ["conv2d_2"]


def test_another_click_selects_another_card_alone(click, selection):
    click("conv2d_2")
    click("dense_1")

    assert selection.layers == ("dense_1",)


def test_ctrl_click_adds_and_takes_away(click, selection):
    click("dense_1")
    click("conv2d_1", CTRL)
    assert selection.layers == ("conv2d_1", "dense_1")

    click("dense_1", CTRL)

    assert selection.layers == ("conv2d_1",)


def test_shift_click_selects_all_between(click, selection):
    click("flatten_1")
    click("max_pool2d_1", SHIFT)

    assert selection.layers == tuple(NAMES[1:5])


def test_shift_click_again_keeps_where_it_began(click, selection):
    click("conv2d_2")
    click("dense_1", SHIFT)
    click("conv2d_1", SHIFT)

    assert selection.layers == tuple(NAMES[:3])


def test_a_click_on_one_of_several_selected_cards_selects_it_alone(view, click, selection):
    view.run_command("select_all")

    click("conv2d_2")

    assert selection.layers == ("conv2d_2",)


def test_pressing_one_of_several_selected_cards_keeps_them_for_a_drag(view, cards, qtbot):
    view.run_command("select_all")

    qtbot.mousePress(cards["conv2d_2"], LEFT, pos=QPoint(60, 12))

    assert view.selection.layers == tuple(NAMES)


def test_a_click_beside_the_cards_selects_nothing(view, click, selection, qtbot):
    click("conv2d_1")

    qtbot.mouseClick(view.column, LEFT, pos=QPoint(20, view.column.height() - 2))

    assert selection.layers == ()


def test_a_right_click_selects_the_card_that_its_menu_is_for(click, cards, selection, qtbot):
    click("conv2d_1")

    qtbot.mouseClick(cards["dense_1"], Qt.MouseButton.RightButton, pos=QPoint(60, 12))

    assert selection.layers == ("dense_1",)


def test_a_right_click_on_one_of_several_selected_cards_keeps_them(view, cards, selection, qtbot):
    view.run_command("select_all")

    qtbot.mouseClick(cards["dense_1"], Qt.MouseButton.RightButton, pos=QPoint(60, 12))

    assert selection.layers == tuple(NAMES)


@pytest.mark.parametrize(
    ("selected", "key", "result"),
    [
        ([], Qt.Key.Key_Down, "conv2d_1"),
        ([], Qt.Key.Key_Up, "dense_1"),
        (["conv2d_1"], Qt.Key.Key_Down, "max_pool2d_1"),
        (["max_pool2d_1"], Qt.Key.Key_Up, "conv2d_1"),
        (["conv2d_1"], Qt.Key.Key_Up, "conv2d_1"),
        (["dense_1"], Qt.Key.Key_Down, "dense_1"),
    ],
)
def test_arrow_keys_walk_through_the_cards(view, selection, qtbot, selected, key, result):
    selection.select_layers(tuple(selected))

    qtbot.keyClick(view.column, key)

    assert selection.layers == (result,)


def test_shift_and_an_arrow_select_one_more(view, selection, qtbot):
    selection.select_layers(("conv2d_2",))

    qtbot.keyClick(view.column, Qt.Key.Key_Down, SHIFT)
    qtbot.keyClick(view.column, Qt.Key.Key_Up, SHIFT)

    assert selection.layers == tuple(NAMES[1:4])


def test_escape_selects_nothing(view, click, selection, qtbot):
    click("conv2d_1")

    qtbot.keyClick(view.column, Qt.Key.Key_Escape)

    assert selection.layers == ()


def test_arrow_keys_in_an_empty_network_do_nothing(view, document, selection, qtbot):
    document.replace(Project(), None)

    qtbot.keyClick(view.column, Qt.Key.Key_Down)

    assert selection.layers == ()


def test_the_form_unfolds_while_a_card_is_selected_alone(click, cards):
    click("conv2d_1")
    assert cards["conv2d_1"].form.isVisible()

    click("dense_1", CTRL)

    assert not cards["conv2d_1"].form.isVisible()
    assert cards["dense_1"].form is None or not cards["dense_1"].form.isVisible()


def test_a_layer_without_fields_has_no_form(click, cards):
    click("flatten_1")

    assert cards["flatten_1"].form is None


def test_an_edit_in_the_form_changes_the_layer(click, cards, document, qtbot):
    click("conv2d_1")

    cards["conv2d_1"].form.controls["filters"].setValue(48)

    assert document.project.layer("conv2d_1").filters == 48


def test_an_edit_in_the_form_is_undone_and_the_form_follows(click, cards, document):
    click("conv2d_1")
    form = cards["conv2d_1"].form
    form.controls["filters"].setValue(48)

    document.undo_stack.undo()

    assert document.project == CNN
    assert form.controls["filters"].value() == 32


def test_a_folded_form_shows_the_right_values_when_it_unfolds_again(click, cards, document):
    click("conv2d_1")
    cards["conv2d_1"].form.controls["filters"].setValue(48)
    click("dense_1")
    document.undo_stack.undo()

    click("conv2d_1")

    assert cards["conv2d_1"].form.controls["filters"].value() == 32


def test_a_wrong_value_gets_a_sentence_and_changes_nothing(view, document, selection):
    view.add(Dropout)
    before = document.project
    form = view.column.cards["dropout_1"].form

    form.edited.emit("rate", "1.5")

    assert document.project is before
    assert "less than 1" in "".join(label.text() for label in form.findChildren(QLabel))


def test_a_held_down_spin_box_is_one_step(click, cards, document):
    click("conv2d_1")
    for filters in range(33, 60):
        cards["conv2d_1"].form.controls["filters"].setValue(filters)

    document.undo_stack.undo()

    assert document.project == CNN


def test_the_same_field_of_two_layers_is_two_steps(view, click, cards, document):
    for name in ("conv2d_1", "conv2d_2"):
        click(name)
        cards[name].form.controls["filters"].setValue(7)

    assert document.undo_stack.count() == 2


def test_cards_stay_the_same_across_edits(view, cards, document, click):
    click("conv2d_1")
    before = dict(cards)
    form = cards["conv2d_1"].form

    cards["conv2d_1"].form.controls["filters"].setValue(48)
    view.run_command("move_down")
    document.undo_stack.undo()

    assert view.column.cards == before
    assert cards["conv2d_1"].form is form


def test_a_layer_of_another_type_under_an_old_name_gets_a_card_of_its_own(view, document, click):
    click("conv2d_1")

    document.replace(Project(layers=(Flatten(), Dense(name="conv2d_1", units=5))), None)

    card = view.column.cards["conv2d_1"]
    assert "Dense" in text_of(card)
    view.selection.select_layers(("conv2d_1",))
    assert card.form.controls["units"].value() == 5


@pytest.mark.parametrize(
    ("selected", "command", "result"),
    [
        (["conv2d_2"], "move_up", [0, 2, 1, 3, 4, 5]),
        (["conv2d_2"], "move_down", [0, 1, 3, 2, 4, 5]),
        (["conv2d_1"], "move_up", [0, 1, 2, 3, 4, 5]),
        (["dense_1"], "move_down", [0, 1, 2, 3, 4, 5]),
        (["max_pool2d_1", "conv2d_2"], "move_up", [1, 2, 0, 3, 4, 5]),
        (["max_pool2d_1", "conv2d_2"], "move_down", [0, 3, 1, 2, 4, 5]),
        ([], "move_up", [0, 1, 2, 3, 4, 5]),
    ],
)
def test_selected_layers_are_moved(view, document, selection, selected, command, result):
    selection.select_layers(tuple(selected))

    view.run_command(command)

    assert names(document) == [NAMES[place] for place in result]
    assert selection.layers == tuple(selected)


def test_a_moved_card_moves_on_the_screen(view, click, cards, qtbot):
    click("conv2d_2")

    view.run_command("move_up")

    qtbot.waitUntil(lambda: cards["conv2d_2"].y() < cards["max_pool2d_1"].y())


def test_delete_removes_the_selected_layers_and_selects_the_next(view, document, selection):
    selection.select_layers(("max_pool2d_1", "conv2d_2"))

    view.run_command("delete")

    assert names(document) == ["conv2d_1", "max_pool2d_2", "flatten_1", "dense_1"]
    assert selection.layers == ("max_pool2d_2",)


def test_delete_at_the_end_selects_the_layer_before(view, document, click, selection):
    click("dense_1")

    view.run_command("delete")

    assert selection.layers == ("flatten_1",)


def test_delete_removes_all_layers(view, document, selection):
    view.run_command("select_all")

    view.run_command("delete")

    assert names(document) == []
    assert selection.layers == ()


@pytest.mark.parametrize("command", ["delete", "cut", "copy", "duplicate", "move_down"])
def test_a_command_without_a_selection_does_nothing(view, document, clipboard, command):
    clipboard.setText("something else")

    view.run_command(command)

    assert document.project == CNN
    assert clipboard.text() == "something else"


def test_duplicate_puts_copies_below_and_selects_them(view, document, selection):
    document.edit("Filters", document.project.set_layer("conv2d_1", filters=7))
    selection.select_layers(("conv2d_1", "max_pool2d_1"))

    view.run_command("duplicate")

    assert names(document)[:4] == ["conv2d_1", "max_pool2d_1", "conv2d_3", "max_pool2d_3"]
    assert document.project.layer("conv2d_3").filters == 7
    assert selection.layers == ("conv2d_3", "max_pool2d_3")


@pytest.mark.parametrize(
    ("button", "result"),
    [
        ("move_up", ["max_pool2d_1", "conv2d_1"]),
        ("move_down", ["conv2d_1", "conv2d_2"]),
        ("duplicate", ["conv2d_1", "max_pool2d_1"]),
        ("delete", ["conv2d_1", "conv2d_2"]),
    ],
)
def test_a_cards_buttons_do_what_they_say(view, click, cards, document, qtbot, button, result):
    click("max_pool2d_1")

    qtbot.mouseClick(cards["max_pool2d_1"].tools.buttons[button], LEFT)

    assert names(document)[:2] == result


@pytest.mark.parametrize(
    ("name", "up", "down"),
    [("conv2d_1", False, True), ("conv2d_2", True, True), ("dense_1", True, False)],
)
def test_a_cards_buttons_do_not_move_it_beyond_the_ends(click, cards, name, up, down):
    click(name)

    buttons = cards[name].tools.buttons

    assert (buttons["move_up"].isEnabled(), buttons["move_down"].isEnabled()) == (up, down)


def test_copied_layers_are_pasted_below_the_selected_one(view, document, selection, click):
    selection.select_layers(("conv2d_1", "max_pool2d_1"))
    view.run_command("copy")
    click("flatten_1")

    view.run_command("paste")

    assert names(document)[5:7] == ["conv2d_3", "max_pool2d_3"]
    assert document.undo_stack.count() == 1


def test_layers_are_copied_from_one_document_to_another(view, selection, show):
    other = Document()
    other_view = show(NetworkView(other, Selection()), 340, 900)
    selection.select_layers(("conv2d_2",))
    view.run_command("copy")

    other_view.run_command("paste")

    assert other.project.layers[-1] == CNN.layer("conv2d_2").model_copy(update={"name": "conv2d_1"})


def test_cut_layers_are_gone_and_can_be_pasted(view, document, click):
    click("conv2d_1")

    view.run_command("cut")
    assert names(document) == NAMES[1:]
    view.run_command("paste")

    assert sorted(names(document)) == sorted(NAMES)


def test_cutting_is_one_step(view, document, click):
    click("conv2d_1")
    view.run_command("cut")

    document.undo_stack.undo()

    assert document.project == CNN


def test_copied_layers_are_text_for_other_programs(view, click, clipboard):
    click("flatten_1")

    view.run_command("copy")

    assert json.loads(clipboard.text()) == [{"type": "flatten", "name": "flatten_1"}]
    assert clipboard.mimeData().hasFormat(LAYERS_MIME)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "some words",
        "[]",
        "null",
        '{"type": "dense"}',
        '[{"type": "dens"}]',
        '[{"type": "dense", "units": 0}]',
        '[{"type": "dense", "name": "../../etc"}]',
        "[" * 100_000,
        "9" * 5_000,
        dumps(CNN),
    ],
    ids=lambda text: text[:12],
)
def test_foreign_text_on_the_clipboard_is_not_pasted(view, document, clipboard, text):
    clipboard.setText(text)

    view.run_command("paste")

    assert document.project == CNN


def test_a_picture_on_the_clipboard_is_not_pasted(view, document, clipboard, qtbot):
    clipboard.setImage(view.grab().toImage())

    view.run_command("paste")

    assert document.project == CNN


def test_too_many_pasted_layers_are_refused_with_a_sentence(view, document, clipboard, qtbot):
    clipboard.setText(json.dumps([{"type": "flatten"}] * MAX_LAYERS))

    with qtbot.waitSignal(view.refused):
        view.run_command("paste")

    assert document.project == CNN


def test_dropped_layers_are_moved_between_two_others(view, document, click, cards):
    click("dense_1")

    assert drop(view, below(view, cards["conv2d_1"]), moved())

    assert names(document)[:3] == ["conv2d_1", "dense_1", "max_pool2d_1"]


def test_several_dropped_layers_are_moved_together(view, document, selection, cards):
    selection.select_layers(("conv2d_1", "conv2d_2"))

    drop(view, below(view, cards["dense_1"]), moved())

    assert names(document)[-2:] == ["conv2d_1", "conv2d_2"]


def test_a_drop_where_the_layer_is_changes_nothing(view, document, click, cards):
    click("conv2d_2")

    drop(view, below(view, cards["conv2d_2"]), moved())

    assert document.undo_stack.count() == 0


def test_a_drop_above_the_input_puts_the_layer_first(view, document, click):
    click("dense_1")

    drop(view, 0, moved())

    assert names(document)[0] == "dense_1"


def test_a_foreign_drop_changes_nothing(view, document, click):
    click("dense_1")
    content = QMimeData()
    content.setText("some words")

    assert not drop(view, 0, content)

    assert document.project == CNN


def test_a_mark_shows_where_a_dragged_layer_would_go(view, click, cards):
    click("dense_1")

    drag(view, below(view, cards["conv2d_1"]), moved())

    mark = view.column.mark
    assert mark.isVisible()
    assert top(view, cards["conv2d_1"]) < mark.y() <= top(view, cards["max_pool2d_1"])


def test_the_mark_goes_with_the_drop(view, click):
    click("dense_1")

    drop(view, 0, moved())

    assert not view.column.mark.isVisible()


def test_the_mark_goes_when_the_drag_leaves(view, click):
    click("dense_1")
    drag(view, 100, moved())

    QApplication.sendEvent(view.column, QDragLeaveEvent())

    assert not view.column.mark.isVisible()


def test_a_card_is_dragged_by_moving_the_pressed_mouse(view, cards, monkeypatch):
    dragged = []
    monkeypatch.setattr(view.column, "_drag", dragged.append)
    card = cards["conv2d_1"]
    for kind, x in (
        (QEvent.Type.MouseButtonPress, 60),
        (QEvent.Type.MouseMove, 63),
        (QEvent.Type.MouseMove, 90),
    ):
        place = QPointF(x, 12)
        event = QMouseEvent(kind, place, card.mapToGlobal(place), LEFT, LEFT, NO_KEYS)
        QApplication.sendEvent(card, event)
        assert dragged == (["conv2d_1"] if x == 90 else [])


def test_a_wrong_layer_says_what_is_wrong_and_how_to_mend_it(view, document, cards):
    document.edit("Remove", document.project.remove(["flatten_1"]))
    card = cards["dense_1"]

    assert card.property("wrong")
    assert card.problem.isVisible()
    assert card.problem.sentence.text() == (
        "Dense needs a row of numbers, but gets 64×5×5. Add Flatten before it."
    )
    assert card.problem.button.text() == "Add Flatten before it"


def test_cards_above_a_wrong_layer_still_show_their_shapes(view, document, cards):
    document.edit("Remove", document.project.remove(["flatten_1"]))

    assert "64×5×5" in text_of(cards["max_pool2d_2"])
    assert not cards["max_pool2d_2"].problem.isVisible()


def test_the_mend_button_mends(view, document, cards, qtbot):
    document.edit("Remove", document.project.remove(["flatten_1"]))

    qtbot.mouseClick(cards["dense_1"].problem.button, LEFT)

    assert document.problems == ()
    assert not cards["dense_1"].problem.isVisible()
    assert not cards["dense_1"].property("wrong")


def test_mending_is_one_step(view, document, cards, qtbot):
    document.edit("Remove", document.project.remove(["flatten_1"]))
    before = document.project
    qtbot.mouseClick(cards["dense_1"].problem.button, LEFT)

    document.undo_stack.undo()

    assert document.project == before


def test_an_empty_network_says_so_at_the_output_and_can_be_mended(view, document, qtbot):
    document.edit("Remove", document.project.remove(NAMES))
    problem = view.column.output.problem
    assert "no layers yet" in problem.sentence.text()

    qtbot.mouseClick(problem.button, LEFT)

    assert document.problems == ()


def test_the_output_follows_the_classes_of_the_data(view, document, project_of):
    assert "10 classes · softmax" in text_of(view.column.output)

    source = project_of(3, (1, 28, 28)).data.source
    document.edit("Data", document.project.set_data(source=source))

    assert "3 classes · softmax" in text_of(view.column.output)
    assert "387" in text_of(view.column.output)  # (128 + 1) · 3


def test_the_input_follows_the_data(view, document):
    assert {"MNIST", "1×28×28"} <= set(text_of(view.column.input))

    document.edit("Data", document.project.set_data(source=preset("digits-mlp").data.source))

    assert {"Digits 8×8", "1×8×8"} <= set(text_of(view.column.input))


def test_the_input_asks_for_other_data(view, qtbot):
    with qtbot.waitSignal(view.data_wanted):
        qtbot.mouseClick(view.column.input.button, LEFT)


def test_a_click_on_the_output_selects_nothing(view, click, selection, qtbot):
    click("dense_1")

    qtbot.mouseClick(view.column.output, LEFT, pos=QPoint(60, 12))

    assert selection.layers == ()


def test_the_preset_menu_lists_all_presets(view):
    titles = [action.text() for action in view.preset_button.menu().actions()]

    for name, project in presets().items():
        assert f"{name} – {project.title}" in titles


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("digits-mlp", "Dense layers"),
        ("cnn-two", "Convolutions"),
        ("resnet-small", "Blocks of layers"),
        ("lstm-rows", "Sequences"),
    ],
)
def test_the_preset_menu_is_ordered_by_what_the_networks_are_made_of(view, name, title):
    under = ""
    for action in view.preset_button.menu().actions():
        if action.text().startswith(f"{name} "):
            break
        if not action.isEnabled():
            under = action.text()

    assert under == title


def test_first_lessons_stand_first_in_the_preset_menu(view):
    texts = [action.text() for action in view.preset_button.menu().actions()]
    names = [text.split(" – ")[0] for text in texts]

    for first, second in (
        ("digits-mlp", "mlp-128-64"),
        ("cnn-small", "cnn-two"),
        ("cnn-two", "best"),
    ):
        assert names.index(first) < names.index(second)


@pytest.mark.parametrize("name", presets())
def test_a_preset_replaces_the_network_and_is_undone(view, document, name):
    document.replace(Project(layers=(Conv2d(),), data={"source": Mnist()}), None)
    before = document.project

    menu = view.preset_button.menu()
    next(a for a in menu.actions() if a.text().startswith(f"{name} ")).trigger()
    assert document.project == preset(name)
    document.undo_stack.undo()

    assert document.project == before
    assert list(view.column.cards) == ["conv2d_1"]


def test_a_preset_forgets_the_selection(view, click, selection):
    click("dense_1")

    view.choose_preset("mlp-128")

    assert selection.layers == ()


def test_what_is_gone_is_selected_no_more(click, document, selection):
    click("dense_1")

    document.edit("Remove", document.project.remove(["dense_1"]))

    assert selection.layers == ()


def test_cards_of_removed_layers_are_deleted(view, document, cards, qtbot):
    card = cards["dense_1"]

    document.edit("Remove", document.project.remove(["dense_1"]))

    qtbot.waitUntil(lambda: not isValid(card))


def test_the_context_menu_offers_the_layer_commands(window, monkeypatch):
    shown = []

    class Menu(QMenu):
        def popup(self, _):
            shown.extend(self.actions())

    monkeypatch.setattr("gui.widgets.network.column.QMenu", Menu)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, QPoint(5, 5), QPoint(5, 5))

    QApplication.sendEvent(window.network.column, event)

    assert shown == window.network.column.actions()
    assert {"delete", "paste", "move_up"} <= {action.objectName() for action in shown}


def test_icons_follow_the_theme(view, cards):
    pictures = []
    for theme in (LIGHT, DARK):
        view.set_theme(theme)
        pictures.append(cards["conv2d_1"]._icon.pixmap().toImage())

    assert pictures[0] != pictures[1]


def test_a_card_made_later_has_its_icon(view):
    view.add(Dropout)

    assert not view.column.cards["dropout_1"]._icon.pixmap().isNull()


def test_what_a_project_teaches_is_told(view, document):
    assert view.about.text() == CNN.about
    assert view.about.isVisible()

    document.replace(Project(), None)

    assert not view.about.isVisible()


def test_a_card_is_in_sight_once_its_layer_is_selected_elsewhere(view, document, selection):
    document.replace(Project().insert(0, Flatten(), *[Dense(units=9)] * 40), None)

    selection.select_layers(("dense_40",))

    assert not view.column.cards["dense_40"].title.visibleRegion().isEmpty()


@pytest.mark.parametrize(
    ("selected", "able"),
    [
        ((), {"paste", "select_all"}),
        (("residual_1",), {"unwrap", "delete", "copy", "wrap", "move_down"}),
        (("conv2d_1",), {"delete", "move_up", "move_down"}),
        (("flatten_1",), {"cut", "duplicate", "move_up", "wrap_parallel"}),
    ],
)
def test_it_tells_which_commands_find_something_to_do(view, document, selection, selected, able):
    block = Residual(layers=(Conv2d(padding="same"),))
    document.replace(Project().insert(0, block, Flatten()), None)
    unable = {"unwrap"} if "residual_1" not in selected else {"move_up"}
    unable |= {"delete", "copy", "wrap", "move_up", "move_down"} if not selected else set()

    selection.select_layers(selected)

    assert {name for name in able | unable if view.can(name)} == able
