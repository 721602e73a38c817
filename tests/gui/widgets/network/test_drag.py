from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from engine.project.layers import Dropout, Residual
from engine.project.project import Place
from gui.widgets.network.clipboard import MOVE_MIME, as_content
from gui.widgets.network.drag import place_at

LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def at(column, cards):
    """Give a point of the column: above ("<"), within ("=") or below (">") a card."""

    def at(name, where="="):
        card = cards[name]
        height = {"<": 2, "=": card.height() // 2, ">": card.height() - 2}[where]
        return card.mapTo(column, QPoint(card.width() // 2, height))

    return at


def moved():
    content = QMimeData()
    content.setData(MOVE_MIME, b"1")
    return content


def drag(column, point, content):
    where = point, Qt.DropAction.MoveAction, content, LEFT, NO_KEYS
    for event in (QDragEnterEvent(*where), QDragMoveEvent(*where)):
        event.ignore()
        QApplication.sendEvent(column, event)
    return event.isAccepted()


def drop(column, point, content):
    drag(column, point, content)
    event = QDropEvent(QPointF(point), Qt.DropAction.MoveAction, content, LEFT, NO_KEYS)
    QApplication.sendEvent(column, event)


@pytest.mark.parametrize(
    ("name", "where", "place"),
    [
        ("conv2d_1", "<", Place(0)),
        ("conv2d_1", ">", Place(1)),
        ("residual_1", "<", Place(1)),
        ("conv2d_2", "<", Place(0, "residual_1")),
        ("conv2d_2", ">", Place(1, "residual_1")),
        ("batch_norm_1", ">", Place(2, "residual_1")),
        ("residual_1", ">", Place(2)),
        ("conv2d_3", "<", Place(0, "parallel_1", 0)),
        ("conv2d_3", ">", Place(1, "parallel_1", 0)),
        ("parallel_1", ">", Place(3)),
        ("dense_1", ">", Place(5)),
    ],
)
def test_the_place_under_the_mouse_is_in_the_innermost_branch(column, at, name, where, place):
    assert place_at(column.root, column.mapToGlobal(at(name, where))) == place


def test_the_place_over_an_empty_branch_is_in_it(column, cards):
    zone = cards["parallel_1"].branches[1].zone

    assert place_at(column.root, zone.mapToGlobal(QPoint(5, 5))) == Place(0, "parallel_1", 1)


def test_a_folded_block_takes_nothing_in(column, cards, at):
    cards["residual_1"].fold(True)

    assert place_at(column.root, column.mapToGlobal(at("residual_1", ">"))) == Place(2)


def test_a_card_is_dropped_into_a_block(column, document, click, at):
    click("dense_1")

    drop(column, at("conv2d_2", ">"), moved())

    assert document.project.place("dense_1") == Place(1, "residual_1")


def test_a_card_is_dropped_out_of_a_block(column, document, click, at):
    click("batch_norm_1")

    drop(column, at("conv2d_1", "<"), moved())

    assert document.project.place("batch_norm_1") == Place(0)


def test_a_card_is_dropped_from_one_branch_into_another(column, document, cards, click):
    click("conv2d_3")
    zone = cards["parallel_1"].branches[1].zone

    drop(column, zone.mapTo(column, QPoint(5, 5)), moved())

    assert document.project.place("conv2d_3") == Place(0, "parallel_1", 1)


def test_a_block_can_not_be_dropped_into_itself_and_the_mark_says_so(column, document, click, at):
    click("residual_1")

    assert not drag(column, at("conv2d_2", ">"), moved())
    assert column.mark.property("wrong")
    drop(column, at("conv2d_2", ">"), moved())

    assert document.undo_stack.count() == 0


def test_a_mark_stands_in_the_gap_of_the_branch(column, cards, click, at):
    click("dense_1")

    assert drag(column, at("conv2d_2", ">"), moved())

    mark = column.mark
    assert mark.isVisible()
    assert not mark.property("wrong")
    assert mark.width() == cards["residual_1"].branches[0].width()
    assert at("conv2d_2").y() < mark.y() < at("batch_norm_1").y()


def test_a_layer_from_the_palette_is_dropped_where_it_is_let_go(column, document, at):
    drop(column, at("conv2d_2", ">"), as_content((Dropout(),)))

    assert document.project.place("dropout_1") == Place(1, "residual_1")


def test_a_block_with_layers_is_dropped_whole(column, document, at):
    drop(column, at("conv2d_1", "<"), as_content((Residual(layers=(Dropout(),)),)))

    assert document.project.place("dropout_1") == Place(0, "residual_2")


def test_a_drag_near_the_edge_scrolls(view, column, qtbot):
    view.resize(316, 360)
    bar = view.scroll_area.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    port = view.scroll_area.viewport()

    view.edge_scroll.drag(port.mapToGlobal(QPoint(50, port.height() - 5)))
    qtbot.waitUntil(lambda: bar.value() == bar.maximum())
    view.edge_scroll.drag(port.mapToGlobal(QPoint(50, 5)))

    qtbot.waitUntil(lambda: bar.value() == 0)
    view.edge_scroll.drag(None)


def test_the_mark_goes_to_what_scrolls_under_the_mouse(view, column, click, qtbot):
    click("conv2d_1")
    view.resize(316, 360)
    bar = view.scroll_area.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    port = view.scroll_area.viewport()
    point = column.mapFromGlobal(port.mapToGlobal(QPoint(50, port.height() - 5)))

    assert drag(column, point, moved())
    before = column.mark.y()
    qtbot.waitUntil(lambda: bar.value() == bar.maximum())

    assert column.mark.y() > before
    column._end_drag()


def test_a_drag_in_the_middle_does_not_scroll(view):
    port = view.scroll_area.viewport()

    view.edge_scroll.drag(port.mapToGlobal(QPoint(50, port.height() // 2)))

    assert not view.edge_scroll._timer.isActive()
