from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QPainter
from PySide6.QtWidgets import QApplication, QToolTip

from engine.analysis.mistakes import Cell
from gui.theme import DARK, LIGHT
from gui.widgets.matrix.drawing import LABELS, MatrixDrawing
from gui.widgets.matrix.matrix import Matrix
from gui.widgets.matrix.numbers import numbers_of

KEY, NO_KEYS = Qt.Key, Qt.KeyboardModifier.NoModifier
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
COUNTS = np.arange(16).reshape(4, 4)
NAMES = ("a", "b", "c", "d")
ORDER = np.array([2, 0, 3, 1])


@pytest.fixture
def matrix(show):
    matrix = show(Matrix(), 400, 320)
    matrix.show_numbers(numbers_of(COUNTS, NAMES, ""))
    return matrix


@pytest.fixture
def chosen(matrix):
    """What was chosen last; shown at once, as the selection does."""
    told = []
    matrix.chosen.connect(told.append)
    matrix.chosen.connect(matrix.show_cells)
    return told


@pytest.fixture
def toggled(matrix):
    told = []
    matrix.toggled.connect(told.append)
    return told


@pytest.fixture
def click(matrix, qtbot):
    def click(row, column, keys=NO_KEYS):
        qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, keys, middle(matrix, row, column))

    return click


@pytest.fixture
def press(matrix, qtbot):
    def press(*keys, held=NO_KEYS):
        for key in keys:
            qtbot.keyClick(matrix, key, held)

    return press


def middle(matrix, row, column):
    return matrix._drawn().part((row, column)).center().toPoint()


def texts(numbers, width=400, height=320):
    """What is written while painting, and where."""
    written = {}

    class Painter(QPainter):
        def drawText(self, *arguments):
            written[arguments[-1]] = arguments[0]
            super().drawText(*arguments)

    picture = QImage(width, height, QImage.Format.Format_RGB32)
    painter = Painter(picture)
    MatrixDrawing(numbers, LIGHT, QRectF(0, 0, width, height)).paint(painter)
    painter.end()
    return written


@pytest.mark.parametrize(
    ("row", "column", "cell"),
    [
        (1, 2, Cell(1, 2)),
        (2, 2, Cell(2, 2)),
        (1, LABELS, Cell(true=1)),
        (LABELS, 3, Cell(predicted=3)),
        (LABELS, LABELS, Cell()),
    ],
)
def test_a_click_selects_what_is_there(click, chosen, row, column, cell):
    click(row, column)

    assert chosen == [(cell,)]


def test_a_second_click_on_the_only_selected_cell_clears_it(click, chosen):
    click(1, 2)
    click(1, 2)

    assert chosen[-1] == ()


def test_a_click_beside_the_cells_clears(matrix, chosen, qtbot):
    outside = (matrix.grid().bottomRight() + QPointF(2, 2)).toPoint()

    qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=outside)

    assert chosen == [()]


def test_a_click_with_control_adds_or_takes_away(click, chosen, toggled):
    click(1, 2, CONTROL)

    assert toggled == [Cell(1, 2)]
    assert chosen == []


def test_a_click_with_shift_makes_a_rectangle(click, chosen):
    click(1, 2)
    click(2, 1, SHIFT)

    assert set(chosen[-1]) == {Cell(1, 1), Cell(1, 2), Cell(2, 1), Cell(2, 2)}


def test_dragging_makes_a_rectangle(matrix, chosen, qtbot):
    qtbot.mousePress(matrix, Qt.MouseButton.LeftButton, pos=middle(matrix, 0, 1))
    qtbot.mouseMove(matrix, middle(matrix, 1, 1))
    place = QPointF(middle(matrix, 1, 2))
    event = QMouseEvent(
        QEvent.Type.MouseMove, place, place, Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton,
        NO_KEYS,
    )  # fmt: skip
    QApplication.sendEvent(matrix, event)
    qtbot.mouseRelease(matrix, Qt.MouseButton.LeftButton, pos=middle(matrix, 1, 2))

    assert set(chosen[-1]) == {Cell(0, 1), Cell(0, 2), Cell(1, 1), Cell(1, 2)}


def test_a_hidden_diagonal_is_not_in_a_rectangle(matrix, click, chosen):
    matrix.show_numbers(replace(matrix.numbers, diagonal=False))
    click(0, 0)
    click(1, 1, SHIFT)

    assert set(chosen[-1]) == {Cell(0, 1), Cell(1, 0)}


def test_in_another_order_a_place_is_the_class_that_stands_there(matrix, click, chosen):
    matrix.show_numbers(replace(matrix.numbers, order=ORDER))

    click(0, 2)

    assert chosen == [(Cell(2, 3),)]


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        ((KEY.Key_Right,), (0, 1)),
        ((KEY.Key_Down, KEY.Key_Down), (2, 0)),
        ((KEY.Key_Left,), (0, LABELS)),
        ((KEY.Key_Up, KEY.Key_Left, KEY.Key_Left), (LABELS, LABELS)),
        ((KEY.Key_Right,) * 9, (0, 3)),
    ],
)
def test_arrows_move_the_current_place_and_select_nothing(matrix, press, chosen, keys, place):
    press(*keys)

    assert matrix.current == place
    assert chosen == []


def test_space_toggles_the_current_place(press, toggled):
    press(KEY.Key_Right, KEY.Key_Space, KEY.Key_Up, KEY.Key_Space)

    assert toggled == [Cell(0, 1), Cell(predicted=1)]


def test_enter_selects_the_current_place_alone(press, chosen):
    press(KEY.Key_Down, KEY.Key_Return)

    assert chosen == [(Cell(1, 0),)]


def test_arrows_with_shift_make_a_rectangle(press, chosen):
    press(KEY.Key_Right)
    press(KEY.Key_Right, KEY.Key_Down, held=SHIFT)

    assert set(chosen[-1]) == {Cell(0, 1), Cell(0, 2), Cell(1, 1), Cell(1, 2)}


@pytest.mark.parametrize(
    ("key", "cells"),
    [(KEY.Key_E, (Cell(),)), (KEY.Key_R, (Cell(right=True),)), (KEY.Key_Escape, ())],
)
def test_keys_select_all_errors_all_right_answers_or_nothing(matrix, press, chosen, key, cells):
    matrix.show_cells((Cell(1, 2),))

    press(key)

    assert chosen == [cells]


def test_keys_over_an_empty_matrix_do_nothing(show, qtbot):
    matrix, told = show(Matrix()), []
    matrix.chosen.connect(told.append)

    for key in (KEY.Key_Right, KEY.Key_Space, KEY.Key_E):
        qtbot.keyClick(matrix, key)

    assert told == []


def test_the_current_place_is_described_to_a_screen_reader(matrix, press):
    press(KEY.Key_Right)

    assert matrix.accessibleDescription() == "true a, predicted b: 1 of 6 (16.7 %)"


def test_the_place_with_the_keyboard_has_a_frame(matrix, press):
    before = matrix.grab().toImage()
    matrix.setFocus()
    press(KEY.Key_Right)

    after = matrix.grab().toImage()

    part = matrix._drawn().part((0, 1)).toAlignedRect()
    assert before.copy(part) != after.copy(part)


def test_the_selection_has_a_line_around_it(matrix):
    matrix.show_cells((Cell(true=1),))

    after = matrix.grab().toImage()

    for column, framed in ((0, True), (1, False), (2, True), (3, True)):  # 1 is right: no error
        part = matrix._drawn().part((1, column))
        above = QPointF(part.center().x(), part.top()).toPoint()
        assert (after.pixelColor(above).name() == LIGHT.text) == framed


def test_a_tooltip_says_a_cell_in_words(matrix, monkeypatch):
    said = []
    monkeypatch.setattr(QToolTip, "showText", lambda _, words, __: said.append(words))
    place = QPointF(middle(matrix, 1, 0))
    event = QMouseEvent(
        QEvent.Type.MouseMove, place, place, Qt.MouseButton.NoButton, Qt.MouseButton.NoButton,
        NO_KEYS,
    )  # fmt: skip

    QApplication.sendEvent(matrix, event)

    assert said == ["true b, predicted a: 4 of 22 (18.2 %)"]


def test_the_numbers_stand_in_their_cells():
    numbers = numbers_of(COUNTS, NAMES, "")
    drawing = MatrixDrawing(numbers, LIGHT, QRectF(0, 0, 400, 320))

    written = texts(numbers)

    for row, column in ((0, 1), (3, 0), (2, 2)):
        middle = drawing.part((row, column)).center()
        assert written[str(COUNTS[row, column])].contains(middle)


def test_rows_and_columns_stand_in_their_order():
    numbers = replace(numbers_of(COUNTS, NAMES, ""), order=ORDER)
    drawing = MatrixDrawing(numbers, LIGHT, QRectF(0, 0, 400, 320))

    written = texts(numbers)

    assert written[str(COUNTS[2, 3])].contains(drawing.part((0, 2)).center())


def test_a_single_error_shows_beside_thousands_of_right_answers(show):
    counts = np.diag([5000, 5000, 5000])
    counts[0, 2] = 1
    matrix = show(Matrix(), 400, 320)
    matrix.show_numbers(numbers_of(counts, NAMES[:3], ""))

    picture = matrix.grab().toImage()

    part = matrix._drawn().part((0, 2))
    corner = (part.topLeft() + QPointF(5, 5)).toPoint()
    assert picture.pixelColor(corner).name() == LIGHT.wrong[1]


def test_a_hidden_diagonal_has_no_numbers():
    assert "15" in texts(numbers_of(COUNTS, NAMES, ""))
    assert "15" not in texts(replace(numbers_of(COUNTS, NAMES, ""), diagonal=False))


@pytest.mark.parametrize("size", [(700, 450), (400, 250), (250, 140), (150, 100)])
@pytest.mark.parametrize("classes", [1, 2, 10, 62, 200])
@pytest.mark.parametrize("name", ["{}", "quite a long name of class {}"])
def test_any_number_of_classes_is_painted_inside_its_area(size, classes, name):
    counts = np.diag(np.arange(classes))
    names = tuple(name.format(number) for number in range(classes))
    numbers = numbers_of(counts, names, "")
    drawing = MatrixDrawing(numbers, LIGHT, QRectF(0, 0, *size))

    written = texts(numbers, *size)

    assert {"true", "predicted"} <= set(written)
    assert drawing.grid.right() <= size[0]
    assert drawing.grid.bottom() <= size[1]


def test_of_many_classes_as_many_are_named_as_can_be_read():
    names = tuple(f"{number:02}" for number in range(62))

    written = texts(numbers_of(np.eye(62, dtype=int), names, ""), 500, 400)

    assert 20 <= len([text for text in written if text in names]) < 62


def test_no_number_is_written_where_it_does_not_fit():
    counts = np.full((62, 62), 123456)

    assert "123456" not in texts(numbers_of(counts, tuple("x" * 62), ""))


def test_another_theme_paints_other_colours(matrix):
    before = matrix.grab().toImage()

    matrix.set_theme(DARK)

    assert matrix.grab().toImage() != before
