"""Cards that hold cards: what the keys, the palette and the buttons do in a tree of layers."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from shiboken6 import isValid

from engine.project.layers import Conv2d, Dense, Dropout, Flatten, Parallel, Residual
from engine.project.layers.blocks import MOST_BRANCHES
from engine.project.project import MAX_DEPTH, Place, Project, walk
from gui.widgets.network.block_card import BlockCard

LEFT = Qt.MouseButton.LeftButton
SHIFT = Qt.KeyboardModifier.ShiftModifier
NAMES = [
    *("conv2d_1", "residual_1", "conv2d_2", "batch_norm_1"),
    *("parallel_1", "conv2d_3", "flatten_1", "dense_1"),
]
UP, DOWN = Qt.Key.Key_Up, Qt.Key.Key_Down


def names(document):
    return [layer.name for layer in walk(document.project.layers)]


def shown_order(branch):
    """Read the cards as they stand in the layouts, one in the other."""
    held = [branch.layout().itemAt(i).widget() for i in range(branch.layout().count())]
    for card in (each for each in held if each in branch.cards):
        assert card.parentWidget() is branch
        yield card.name
        if isinstance(card, BlockCard):
            for inner in card.branches:
                yield from shown_order(inner)


def test_a_block_holds_the_cards_of_its_layers(column, cards):
    assert list(cards) == NAMES
    assert list(shown_order(column.root)) == NAMES
    assert [card.name for card in cards["residual_1"].branches[0].cards] == NAMES[2:4]


def test_inner_cards_stand_within_their_block_on_the_screen(column, cards, qtbot):
    outer = cards["residual_1"]

    for name in ("conv2d_2", "batch_norm_1"):
        top = cards[name].mapTo(outer, QPoint()).y()
        assert 0 < top < top + cards[name].height() < outer.height()


def test_inner_cards_show_their_shapes(cards):
    assert cards["conv2d_2"]._shape.text() == "2×28×28"


def test_an_inner_problem_stands_on_the_inner_card(document, column):
    document.edit("Add", document.project.insert(Place(1, "residual_1"), Dense()))

    assert column.cards["dense_2"].property("wrong")
    assert not column.cards["residual_1"].property("wrong")


def test_a_blocks_own_problem_stands_on_the_block(document, cards):
    document.edit("Add", document.project.insert(Place(1, "residual_1"), Flatten(), Dense()))

    assert cards["residual_1"].property("wrong")
    assert not cards["conv2d_2"].property("wrong")


def test_cards_stay_the_same_when_they_change_their_block(document, column):
    before = dict(column.cards)

    document.edit("Move", document.project.move(["conv2d_2"], Place(0, "parallel_1", 1)))
    document.edit("Unwrap", document.project.unwrap("parallel_1"))

    assert all(column.cards[name] is before[name] for name in ("conv2d_2", "conv2d_3"))
    assert list(shown_order(column.root)) == names(document)


def test_the_card_of_an_unwrapped_block_is_deleted(document, column, qtbot):
    block = column.cards["residual_1"]
    inner = column.cards["conv2d_2"]

    document.edit("Unwrap", document.project.unwrap("residual_1"))

    qtbot.waitUntil(lambda: not isValid(block))
    assert isValid(inner)
    assert inner.isVisible()


def test_an_added_layer_goes_below_the_selected_one_in_its_branch(view, document, click):
    click("conv2d_3")

    view.add(Dropout)

    assert document.project.place("dropout_1") == Place(1, "parallel_1", 0)


def test_an_added_layer_goes_into_an_empty_block_that_is_selected(view, document):
    view.add(Residual)

    view.add(Dropout)

    assert document.project.place("dropout_1") == Place(0, "residual_2")


def test_an_added_layer_goes_below_a_block_that_holds_some(view, document, click):
    click("residual_1")

    view.add(Dropout)

    assert document.project.place("dropout_1") == Place(2)


def test_a_click_on_an_empty_branch_makes_the_next_layer_go_there(view, document, cards, qtbot):
    zone = cards["parallel_1"].branches[1].zone
    qtbot.mouseClick(zone, LEFT)
    assert zone.property("selected")

    view.add(Dropout)

    assert document.project.place("dropout_1") == Place(0, "parallel_1", 1)
    assert not zone.isVisible()


def test_an_empty_branch_is_forgotten_when_a_layer_is_selected(view, document, cards, click, qtbot):
    zone = cards["parallel_1"].branches[1].zone
    qtbot.mouseClick(zone, LEFT)
    click("conv2d_1")
    assert not zone.property("selected")

    view.add(Dropout)

    assert document.project.place("dropout_1") == Place(1)


def test_an_empty_branch_that_is_gone_takes_no_layer(view, document, cards, qtbot):
    qtbot.mouseClick(cards["parallel_1"].branches[1].zone, LEFT)
    document.edit("Remove", document.project.remove(["parallel_1"]))

    view.add(Dropout)

    assert document.project.place("dropout_1") == Place(4)


def test_the_arrows_walk_the_tree_and_the_empty_branches(column, selection, qtbot):
    walked = []
    for _ in range(len(NAMES) + 2):
        qtbot.keyClick(column, DOWN)
        walked.append(selection.layers[0] if selection.layers else column.edits.target)

    assert walked == [*NAMES[:6], Place(0, "parallel_1", 1), *NAMES[6:], "dense_1"]


def test_the_arrows_walk_back(column, selection, qtbot):
    selection.select_layers(("flatten_1",))

    qtbot.keyClick(column, UP)
    assert column.edits.target == Place(0, "parallel_1", 1)
    qtbot.keyClick(column, UP)

    assert selection.layers == ("conv2d_3",)


def test_left_folds_a_block_up_and_right_unfolds_it(column, cards, selection, qtbot):
    selection.select_layers(("residual_1",))

    qtbot.keyClick(column, Qt.Key.Key_Left)
    assert not cards["conv2d_2"].isVisible()
    qtbot.keyClick(column, Qt.Key.Key_Right)

    assert cards["conv2d_2"].isVisible()


def test_left_goes_out_of_a_block_and_right_into_it(column, selection, qtbot):
    selection.select_layers(("batch_norm_1",))
    qtbot.keyClick(column, Qt.Key.Key_Left)
    assert selection.layers == ("residual_1",)

    qtbot.keyClick(column, Qt.Key.Key_Right)

    assert selection.layers == ("conv2d_2",)


def test_left_goes_from_an_empty_branch_to_its_block(column, cards, selection, qtbot):
    qtbot.mouseClick(cards["parallel_1"].branches[1].zone, LEFT)

    qtbot.keyClick(column, Qt.Key.Key_Left)

    assert selection.layers == ("parallel_1",)


def test_a_folded_block_says_in_a_line_what_it_holds(cards):
    block = cards["residual_1"]

    block.fold(True)

    assert block.held.isVisible()
    assert block.held.text() == "2 inside: Conv 2D, Batch norm"


def test_a_folded_block_says_that_something_inside_is_wrong(document, cards):
    document.edit("Add", document.project.insert(Place(0, "residual_1"), Dense()))

    assert cards["residual_1"].held.text() == "3 inside, one is wrong"


def test_folding_is_no_edit(document, cards):
    cards["residual_1"].fold(True)

    assert document.undo_stack.count() == 0


def test_the_arrows_pass_over_what_is_folded_up(column, cards, selection, qtbot):
    cards["residual_1"].fold(True)
    selection.select_layers(("residual_1",))

    qtbot.keyClick(column, DOWN)

    assert selection.layers == ("parallel_1",)


def test_a_block_that_is_folded_up_over_the_selection_is_selected(cards, selection):
    selection.select_layers(("conv2d_2",))

    cards["residual_1"].fold(True)

    assert selection.layers == ("residual_1",)


def test_a_layer_that_is_selected_elsewhere_is_unfolded(cards, selection):
    cards["residual_1"].fold(True)

    selection.select_layers(("conv2d_2",))

    assert cards["conv2d_2"].isVisible()


def test_a_click_on_the_chevron_folds(cards, qtbot):
    qtbot.mouseClick(cards["residual_1"].chevron, LEFT)

    assert not cards["conv2d_2"].isVisible()
    assert cards["residual_1"].chevron.accessibleName().startswith("Unfold")


def test_a_range_goes_into_a_block(click, selection):
    click("conv2d_1")
    click("conv2d_2", SHIFT)

    assert selection.layers == ("conv2d_1", "residual_1", "conv2d_2")


def test_moving_beyond_a_branchs_edge_goes_out_of_the_block(view, document, click):
    click("batch_norm_1")

    view.run_command("move_down")
    assert document.project.place("batch_norm_1") == Place(2)
    view.run_command("move_up")

    assert document.project.place("batch_norm_1") == Place(1)


def test_copying_a_block_and_its_layer_copies_the_block_once(view, document, selection):
    selection.select_layers(("residual_1", "conv2d_2"))
    view.run_command("copy")
    selection.select_layers(("dense_1",))

    view.run_command("paste")

    assert names(document)[-3:] == ["residual_2", "conv2d_4", "batch_norm_2"]
    assert QGuiApplication.clipboard().text().count('"residual"') == 1
    QGuiApplication.clipboard().clear()


def test_a_duplicated_empty_block_stands_below(view, document):
    view.add(Residual)

    view.run_command("duplicate")

    assert document.project.place("residual_3") == Place(6)


def test_deleting_the_last_of_a_branch_selects_its_block(view, click, selection):
    click("conv2d_3")

    view.run_command("delete")

    assert selection.layers == ("parallel_1",)


def test_layers_are_put_into_a_residual_block(view, document, selection):
    selection.select_layers(("flatten_1", "dense_1"))

    view.run_command("wrap")

    assert names(document)[-3:] == ["residual_2", "flatten_1", "dense_1"]
    assert selection.layers == ("residual_2",)


def test_layers_are_put_into_a_parallel_block(view, document, click):
    click("conv2d_1")

    view.run_command("wrap_parallel")

    assert document.project.place("conv2d_1") == Place(0, "parallel_2")


def test_layers_apart_are_not_wrapped_and_a_sentence_says_so(view, document, selection, qtbot):
    selection.select_layers(("conv2d_1", "flatten_1"))

    with qtbot.waitSignal(view.refused):
        view.run_command("wrap")

    assert document.undo_stack.count() == 0


def test_unwrapping_leaves_the_layers_selected(view, document, click, selection):
    click("residual_1")

    view.run_command("unwrap")

    assert "residual_1" not in names(document)
    assert selection.layers == ("conv2d_2", "batch_norm_1")


def test_what_is_no_block_is_not_unwrapped_and_a_sentence_says_so(view, document, click, qtbot):
    click("conv2d_1")

    with qtbot.waitSignal(view.refused):
        view.run_command("unwrap")

    assert document.undo_stack.count() == 0


def test_a_blocks_button_unwraps_it(document, cards, click, qtbot):
    click("residual_1")

    qtbot.mouseClick(cards["residual_1"].tools.buttons["unwrap"], LEFT)

    assert "residual_1" not in names(document)


def test_a_block_that_would_stand_too_deep_is_refused_with_a_sentence(view, document, qtbot):
    for _ in range(MAX_DEPTH):
        view.run_command("wrap") if view.selection.layers else view.add(Residual)
    before = document.project

    with qtbot.waitSignal(view.refused):
        view.run_command("wrap")

    assert document.project is before


def test_a_branch_is_added_and_waits_for_layers(view, document, column, cards, qtbot):
    qtbot.mouseClick(cards["parallel_1"].more, LEFT)
    assert len(document.project.layer("parallel_1").inner) == 3

    view.add(Dropout)

    assert document.project.place("dropout_1") == Place(0, "parallel_1", 2)


def test_a_branch_is_removed_with_its_layers_and_comes_back(document, column, qtbot):
    before = document.project

    qtbot.mouseClick(column.cards["parallel_1"].branches[0].header.remove, LEFT)
    assert document.project.layer("parallel_1").inner == ((),)
    document.undo_stack.undo()

    assert document.project == before
    assert list(shown_order(column.root)) == NAMES


def test_the_last_branch_stays(document, cards):
    document.edit("Branches", document.project.set_layer("parallel_1", branches=((),)))

    assert not cards["parallel_1"].branches[0].header.remove.isEnabled()


def test_there_are_no_more_branches_than_a_block_may_have(document, cards):
    branches = ((),) * MOST_BRANCHES

    document.edit("Branches", document.project.set_layer("parallel_1", branches=branches))

    assert not cards["parallel_1"].more.isEnabled()


def test_each_branch_has_a_number_and_its_shape(cards):
    header = cards["parallel_1"].branches[0].header

    assert header.shape.text() == "2×28×28"
    assert header.remove.accessibleName() == "Remove branch 1 and its layers"


def test_names_are_shown_where_there_are_several_of_a_kind(cards):
    assert cards["conv2d_2"].title.name == "conv2d_2"
    assert cards["dense_1"].title.name == ""


def test_an_unfolded_card_always_shows_its_name(cards, click):
    click("dense_1")
    assert cards["dense_1"].title.name == "dense_1"

    click("conv2d_1")

    assert cards["dense_1"].title.name == ""


def test_a_frozen_layer_is_marked(document, cards):
    assert cards["dense_1"]._frozen.isHidden()

    document.edit("Freeze", document.project.set_layer("dense_1", frozen=True))

    assert not cards["dense_1"]._frozen.isHidden()
    assert "frozen" in cards["dense_1"].toolTip()


def test_nothing_unfolds_while_the_mouse_is_down(cards, qtbot):
    qtbot.mousePress(cards["dense_1"], LEFT, pos=QPoint(60, 12))
    assert cards["dense_1"].property("selected")
    assert not cards["dense_1"].unfolded

    qtbot.mouseRelease(cards["dense_1"], LEFT, pos=QPoint(60, 12))

    assert cards["dense_1"].unfolded


KINDS = (Flatten, Dropout, Conv2d, Residual, Parallel)
EDITS = ("insert", "move", "remove", "wrap", "unwrap", "branches", "undo", "redo", "command")


def some_place(data, project):
    """Draw a place anywhere in the tree."""
    blocks = [layer for layer in walk(project.layers) if layer.inner]
    block = data.draw(st.sampled_from([None, *blocks]), "block")
    if block is None:
        return Place(data.draw(st.integers(0, len(project.layers)), "index"))
    branch = data.draw(st.integers(0, len(block.inner) - 1), "branch")
    index = data.draw(st.integers(0, len(block.inner[branch])), "index")
    return Place(index, block.name, branch)


def some_edit(data, column):
    document, edits, selection = column.document, column.edits, column.selection
    project = document.project
    chosen = [layer.name for layer in walk(project.layers)]
    if chosen:
        picked = data.draw(st.sets(st.sampled_from(chosen), max_size=3), "selected")
        selection.select_layers(tuple(name for name in chosen if name in picked))
    match data.draw(st.sampled_from(EDITS), "edit"):
        case "insert":
            kind = data.draw(st.sampled_from(KINDS), "kind")
            edits.insert("Add", (kind(),), some_place(data, project))
        case "move" if selection.layers:
            edits.move_to(some_place(data, project))
        case "remove":
            edits.run("delete")
        case "wrap":
            edits.run(data.draw(st.sampled_from(["wrap", "wrap_parallel"])))
        case "unwrap":
            edits.run("unwrap")
        case "branches":
            for layer in [each for each in walk(project.layers) if isinstance(each, Parallel)][:1]:
                if len(layer.inner) < 3:
                    edits.add_branch(layer.name)
                else:
                    edits.remove_branch(layer.name, data.draw(st.integers(0, 2)))
        case "undo":
            document.undo_stack.undo()
        case "redo":
            document.undo_stack.redo()
        case "command":
            edits.run(data.draw(st.sampled_from(["move_up", "move_down", "duplicate"])))


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_the_cards_stand_as_the_layers_do_after_any_edits(column, data):
    column.document.replace(Project().insert(0, Flatten(), Residual(), Parallel()), None)
    for _ in range(data.draw(st.integers(1, 12), "edits")):
        if len(column.cards) < 30:
            some_edit(data, column)
        expected = [row.layer.name for row in column.document.project.walk()]
        assert [*shown_order(column.root), "output"] == expected
        assert [*column.cards, "output"] == expected
        assert set(column.selection.layers) <= set(expected)
