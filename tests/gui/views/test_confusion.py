from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter
from PySide6.QtWidgets import QApplication, QToolTip
from sklearn.metrics import confusion_matrix

from gui.selection import Cell
from gui.theme import DARK, LIGHT, between
from gui.views.confusion import OF_PREDICTED, OF_TRUE, ConfusionView

EVALUATION = frozenset({"evaluation"})
RNG = np.random.default_rng(2)
LABELS = RNG.integers(0, 10, 1000)
PREDICTED = np.where(RNG.random(1000) < 0.8, LABELS, RNG.integers(0, 10, 1000))
NO_KEYS = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def view(selection, show):
    return show(ConfusionView(selection))


@pytest.fixture
def run(run_of, answers):
    return run_of(answers(LABELS, PREDICTED))


@pytest.fixture
def drawn(view, run):
    view.show_run(run, EVALUATION)
    return view


@pytest.fixture
def click(drawn, qtbot):
    def click(point):
        qtbot.mouseClick(drawn.canvas.viewport(), Qt.MouseButton.LeftButton, pos=point)

    return click


@pytest.fixture
def texts(monkeypatch):
    """What is written while painting: where, and which words."""
    written = []

    class Painter(QPainter):
        def drawText(self, *arguments):
            written.append((arguments[0], arguments[-1]))
            super().drawText(*arguments)

    def paint(matrix):
        written.clear()
        picture = QImage(matrix.boundingRect().size().toSize(), QImage.Format.Format_RGB32)
        painter = Painter(picture)
        matrix.paint(painter)
        painter.end()
        return {words: area for area, words in written}

    return paint


def middle(matrix, true, predicted) -> QPoint:
    """Find the middle of a cell; -1 stands for the labels beside the cells."""
    grid, size = matrix.grid(), len(matrix.counts)
    x = grid.left() + (predicted + 0.5) * grid.width() / size
    y = grid.top() + (true + 0.5) * grid.height() / size
    return QPointF(
        x if predicted >= 0 else grid.left() - 8, y if true >= 0 else grid.top() - 8
    ).toPoint()


def painted(view) -> QImage:
    return view.canvas.viewport().grab().toImage()


def corner(matrix, true, predicted) -> QPoint:
    """Find a point of a cell that no number covers."""
    grid, size = matrix.grid(), len(matrix.counts)
    return QPointF(
        grid.left() + (predicted + 0.12) * grid.width() / size,
        grid.top() + (true + 0.12) * grid.height() / size,
    ).toPoint()


def colors_of_cell(picture, matrix, true, predicted):
    grid, size = matrix.grid(), len(matrix.counts)
    width, height = grid.width() / size, grid.height() / size
    area = QRectF(grid.left() + predicted * width, grid.top() + true * height, width, height)
    pixels = area.toAlignedRect().intersected(picture.rect())
    return {
        picture.pixelColor(x, y).name()
        for x in range(pixels.left(), pixels.right() + 1)
        for y in range(pixels.top(), pixels.bottom() + 1)
    }


def test_the_counts_are_scikit_learns(drawn):
    np.testing.assert_array_equal(drawn.matrix.counts, confusion_matrix(LABELS, PREDICTED))


def test_the_numbers_are_painted_in_their_cells(view, run_of, answers, texts):
    run = run_of(answers([0, 0, 0, 1, 2, 2], [1, 1, 1, 1, 2, 2]))
    view.show_run(run, EVALUATION)

    written = texts(view.matrix)

    for words, (true, predicted) in {"3": (0, 1), "1": (1, 1), "2": (2, 2)}.items():
        assert written[words].contains(QPointF(middle(view.matrix, true, predicted)))


@pytest.mark.parametrize(("shown_as", "percent"), [(OF_TRUE, "75.0"), (OF_PREDICTED, "60.0")])
def test_shares_are_painted_as_percent(view, run_of, answers, texts, shown_as, percent):
    view.show_run(run_of(answers([0, 0, 0, 0, 1, 1], [1, 1, 1, 0, 1, 1])), EVALUATION)

    view.shown_as.setCurrentIndex(view.shown_as.findData(shown_as))
    view.shown_as.activated.emit(view.shown_as.currentIndex())

    assert texts(view.matrix)[percent].contains(QPointF(middle(view.matrix, 0, 1)))


def test_rows_and_columns_are_named(drawn, texts):
    written = texts(drawn.matrix)

    assert {"true", "predicted"} <= set(written)
    assert [words for words in written if words.startswith("cl")]


def test_each_cell_has_the_colour_of_its_count(drawn):
    picture, matrix = painted(drawn), drawn.matrix
    counts = matrix.counts
    errors = counts - np.diag(np.diagonal(counts))
    for true in range(10):
        for predicted in range(10):
            count = counts[true, predicted]
            right = true == predicted
            scale = LIGHT.right if right else LIGHT.wrong
            top = np.diagonal(counts).max() if right else errors.max()
            color = between(scale, count / top) if count else QColor(LIGHT.panel)
            seen = picture.pixelColor(corner(matrix, true, predicted))
            assert seen.getRgb() == pytest.approx(color.getRgb(), abs=1)  # of 255 shades


def test_a_single_error_shows_beside_thousands_of_right_answers(view, run_of, answers):
    labels = np.zeros(5001, int)
    predicted = labels.copy()
    predicted[0] = 3
    view.show_run(run_of(answers(labels, predicted)), EVALUATION)

    assert painted(view).pixelColor(corner(view.matrix, 0, 3)).name() == LIGHT.wrong[1]


def test_cells_are_painted_in_the_themes_colours(drawn):
    drawn.set_theme(DARK)

    counts = drawn.matrix.counts
    most = int(np.diagonal(counts).argmax())
    picture = painted(drawn)
    assert picture.pixelColor(corner(drawn.matrix, most, most)).name() == DARK.right[1]
    assert picture.pixelColor(1, 1).name() == DARK.panel


@pytest.mark.parametrize("cell", [(0, 0), (3, 7), (9, 0), (9, 9)])
def test_a_click_selects_the_cell_under_it(drawn, click, selection, cell):
    click(middle(drawn.matrix, *cell))

    assert selection.cell == Cell(*cell)


def test_a_second_click_takes_the_selection_away(drawn, click, selection):
    click(middle(drawn.matrix, 3, 7))
    click(middle(drawn.matrix, 3, 7))

    assert selection.cell is None


def test_a_click_on_a_rows_label_selects_the_true_class(drawn, click, selection):
    click(middle(drawn.matrix, 4, -1))

    assert selection.cell == Cell(true=4)


def test_a_click_on_a_columns_label_selects_the_predicted_class(drawn, click, selection):
    click(middle(drawn.matrix, -1, 4))

    assert selection.cell == Cell(predicted=4)


def test_a_click_beside_the_matrix_selects_nothing(drawn, click, selection):
    click(middle(drawn.matrix, 3, 7))

    click(QPoint(2, 2))

    assert selection.cell is None


def test_every_point_of_the_canvas_is_a_cell_a_label_or_nothing(drawn):
    matrix, size = drawn.matrix, len(drawn.matrix.counts)
    grid = matrix.grid()
    xs = [*np.linspace(0, drawn.canvas.width(), 60), grid.left(), grid.right()]
    ys = [*np.linspace(0, drawn.canvas.height(), 60), grid.top(), grid.bottom()]
    for x in xs:
        for y in ys:
            cell = matrix.at(QPointF(x, y))
            if cell is not None:
                assert cell.true in (None, *range(size))
                assert cell.predicted in (None, *range(size))


def test_a_right_click_selects_nothing(drawn, selection, qtbot):
    place = middle(drawn.matrix, 3, 7)

    qtbot.mouseClick(drawn.canvas.viewport(), Qt.MouseButton.RightButton, pos=place)

    assert selection.cell is None


def test_the_first_arrow_key_selects_the_first_cell(drawn, selection, qtbot):
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down):
        selection.select_cell(None)
        qtbot.keyClick(drawn.canvas, key)
        assert selection.cell == Cell(0, 0)


@pytest.mark.parametrize(
    ("start", "key", "end"),
    [
        ((3, 7), Qt.Key.Key_Left, (3, 6)),
        ((3, 7), Qt.Key.Key_Right, (3, 8)),
        ((3, 7), Qt.Key.Key_Up, (2, 7)),
        ((3, 7), Qt.Key.Key_Down, (4, 7)),
        ((0, 0), Qt.Key.Key_Left, (0, 0)),
        ((0, 0), Qt.Key.Key_Up, (0, 0)),
        ((9, 9), Qt.Key.Key_Right, (9, 9)),
        ((9, 9), Qt.Key.Key_Down, (9, 9)),
        ((4, None), Qt.Key.Key_Right, (4, 1)),
        ((None, 4), Qt.Key.Key_Down, (1, 4)),
    ],
)
def test_arrow_keys_walk_over_the_cells(drawn, selection, qtbot, start, key, end):
    selection.select_cell(Cell(*start))

    qtbot.keyClick(drawn.canvas, key)

    assert selection.cell == Cell(*end)


def test_escape_takes_the_selection_away(drawn, selection, qtbot):
    selection.select_cell(Cell(3, 7))

    qtbot.keyClick(drawn.canvas, Qt.Key.Key_Escape)

    assert selection.cell is None


def test_arrow_keys_over_an_empty_matrix_do_nothing(view, selection, qtbot):
    qtbot.keyClick(view.canvas, Qt.Key.Key_Right)

    assert selection.cell is None


@pytest.mark.parametrize(
    ("cell", "inside", "outside"),
    [
        (Cell(3, 7), (3, 7), (3, 6)),
        (Cell(true=3), (3, 0), (5, 0)),
        (Cell(predicted=7), (0, 7), (0, 9)),
    ],
)
def test_the_selection_is_framed(drawn, selection, cell, inside, outside):
    before = painted(drawn)

    selection.select_cell(cell)

    after, matrix = painted(drawn), drawn.matrix
    grid = matrix.grid()
    width, height = grid.width() / 10, grid.height() / 10
    for (true, predicted), framed in ((inside, True), (outside, False)):
        edge = QPointF(grid.left() + predicted * width, grid.top() + true * height)
        changed = [
            before.pixel(x, y) != after.pixel(x, y)
            for x in range(round(edge.x()) + 2, round(edge.x() + width) - 2)
            for y in range(round(edge.y()) + 2, round(edge.y() + height) - 2)
        ]
        assert not any(changed)  # a frame covers nothing of the cells
        upper_left = QPoint(round(edge.x()), round(edge.y()))
        is_framed = after.pixelColor(upper_left).name() == LIGHT.text
        assert is_framed == framed


@pytest.mark.parametrize(
    ("labels", "predicted", "classes"),
    [
        ([0, 1, 2], [0, 0, 0], 3),  # classes never predicted
        ([0, 0, 0], [0, 1, 2], 3),  # classes without an image
        ([1], [1], 2),
        (range(62), range(62), 62),
        ([61] * 5, [0] * 5, 62),
        ([], [], 10),
    ],
)
@pytest.mark.parametrize("size", [(600, 450), (180, 160)])
def test_any_answers_are_painted(
    selection, show, run_of, answers, project_of, labels, predicted, classes, size
):
    view = show(ConfusionView(selection), *size)
    evaluation = answers(np.array(labels, int), np.array(predicted, int), classes=classes)
    selection.select_cell(Cell(0, 1))

    view.show_run(run_of(evaluation, project=project_of(classes)), EVALUATION)
    for index in range(3):
        view.shown_as.setCurrentIndex(index)
        view.shown_as.activated.emit(index)
        picture = painted(view)

    if len(labels):
        true, answered = int(labels[0]), int(predicted[0])
        most = LIGHT.right[1] if true == answered else LIGHT.wrong[1]
        assert most in colors_of_cell(picture, view.matrix, true, answered)


def test_answers_without_a_probability_are_counted(view, run_of, answers):
    nothing = np.full((2, 10), np.nan)

    view.show_run(run_of(answers([1, 2], [0, 0], probabilities=nothing)), EVALUATION)

    assert view.matrix.counts[1, 0] == view.matrix.counts[2, 0] == 1


@pytest.mark.parametrize("classes", [2, 10, 62])
def test_titles_can_be_read_however_many_classes_there_are(
    view, run_of, answers, project_of, monkeypatch, classes
):
    sizes = {}

    class Painter(QPainter):
        def drawText(self, *arguments):
            sizes[arguments[-1]] = self.font().pixelSize()
            super().drawText(*arguments)

    evaluation = answers([0], [1], classes=classes)
    view.show_run(run_of(evaluation, project=project_of(classes)), EVALUATION)
    picture = QImage(600, 450, QImage.Format.Format_RGB32)
    painter = Painter(picture)
    view.matrix.paint(painter)
    painter.end()

    assert min(sizes["true"], sizes["predicted"]) >= 10


def test_it_fills_its_room_but_stays_near_a_square(drawn):
    for width, height in ((1600, 300), (300, 900), (500, 500)):
        drawn.matrix.set_rect(QRectF(0, 0, width, height))
        grid = drawn.matrix.grid()
        assert 0.99 <= grid.width() / grid.height() <= 1.81
        assert grid.right() <= width
        assert grid.bottom() <= height


def test_before_an_evaluation_it_says_what_will_be_here(view):
    assert "which digit is read as which" in view._stack.currentWidget().text()


def test_a_new_run_begins_empty(drawn, run_of):
    drawn.show_run(run_of(), frozenset({"started"}))

    assert drawn._stack.currentIndex() == 0


@pytest.mark.parametrize(
    ("whole", "words"),
    [
        (True, "1,000 images, epoch 3"),
        (False, "sample of 1,000, epoch 3"),
    ],
)
def test_it_says_what_is_counted(view, run_of, answers, whole, words):
    view.show_run(run_of(answers(LABELS, PREDICTED, epoch=3, whole=whole)), EVALUATION)

    assert view.said.text() == words


def test_it_follows_the_run(drawn, run, answers):
    run.apply(answers([1], [2]), 9.0)

    drawn.show_run(run, EVALUATION)

    assert drawn.matrix.counts.sum() == 1
    assert drawn.matrix.counts[1, 2] == 1


def test_the_matrix_is_one_item_for_its_whole_life(drawn, run, answers):
    before = drawn.canvas.scene().items()
    run.apply(answers([1], [2]), 9.0)

    drawn.show_run(run, EVALUATION)

    assert drawn.canvas.scene().items() == before == [drawn.matrix]


def test_the_same_evaluation_is_counted_once(drawn, run, monkeypatch):
    monkeypatch.setattr("gui.views.confusion.confusion_matrix", lambda *_: 1 / 0)

    drawn.show_run(run, frozenset({"progress"}))


def test_a_hidden_matrix_counts_when_it_is_shown(view, run):
    view.hide()
    view.show_run(run, EVALUATION)
    assert len(view.matrix.counts) == 0

    view.show()

    assert view.matrix.counts.sum() == 1000


def test_a_tooltip_says_a_cell_in_words(drawn, monkeypatch):
    said = []
    monkeypatch.setattr(QToolTip, "showText", lambda _, words, __: said.append(words))
    place = QPointF(middle(drawn.matrix, 0, 0))
    event = QMouseEvent(
        QEvent.Type.MouseMove, place, place, Qt.MouseButton.NoButton, Qt.MouseButton.NoButton,
        NO_KEYS,
    )  # fmt: skip

    QApplication.sendEvent(drawn.canvas.viewport(), event)

    right, total = drawn.matrix.counts[0, 0], drawn.matrix.counts[0].sum()
    share = 100 * right / total
    assert said == [f"true class 0, predicted class 0: {right} of {total} ({share:.1f} %)"]


def test_a_row_without_images_is_said_in_words(view, run_of, answers):
    view.show_run(run_of(answers([0], [0])), EVALUATION)

    assert "0 of 0 (0.0 %)" in view.matrix.words(Cell(5, 5))


def test_controls_have_names_for_a_screen_reader(view):
    assert view.canvas.accessibleName() == "Confusion matrix"
    assert view.shown_as.accessibleName() == "What a cell shows"


def test_the_test_set_can_not_be_chosen_before_it_is_used(drawn):
    assert not drawn.of.isEnabled()
    assert "when the last epoch is done" in drawn.of.toolTip()


def test_the_test_set_can_be_looked_at_once_it_is_used(drawn, run, answers, selection):
    run.apply(answers([3, 3], [5, 5], of="test"), 9.0)
    drawn.show_run(run, EVALUATION)
    assert drawn.matrix.counts.sum() == 1000

    drawn.of.setCurrentIndex(drawn.of.findData("test"))
    drawn.of.activated.emit(drawn.of.currentIndex())

    assert selection.of == "test"
    assert drawn.matrix.counts[3, 5] == drawn.matrix.counts.sum() == 2


def test_the_set_that_another_view_chose_is_shown(drawn, run, answers, selection):
    run.apply(answers([3], [5], of="test"), 9.0)
    drawn.show_run(run, EVALUATION)

    selection.select_set("test")

    assert drawn.of.currentText() == "Test"
    assert drawn.matrix.counts.sum() == 1
