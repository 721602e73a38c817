from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage

from engine.problems import ProblemError
from engine.project.layers import Gru, Rows, SelfAttention
from engine.training.events import Finished
from engine.training.history import Run
from engine.training.reading import Reading
from gui.background import Task
from gui.theme import DARK, LIGHT
from gui.views import rows
from gui.views.rows import RowsView
from gui.widgets.rows.chart import RowsChart, Shown
from gui.widgets.rows.heat import diverging, rising

EVALUATION = frozenset({"evaluation"})
BEST = "best.safetensors"
CLASSES = np.full((8, 2), 0.5, np.float32), ("0", "1"), 0  # shares, names, the true one


class Reader:
    """Stands for the one that computes: after row t it says class t, and one unit is lit."""

    step = 40
    problems: ClassVar[dict[str, str]] = {}  # by which weights are asked for
    asked: list[object]

    def __init__(self, project, folder):
        Reader.asked = []

    def read(self, key, image, *, running, which):
        Reader.asked.append((key, running, which))
        if which in Reader.problems:
            raise ProblemError(Reader.problems[which])
        probabilities = np.full((8, 10), 0.02, np.float32)
        probabilities[np.arange(8), np.arange(8)] = 0.82
        states = {"gru_1": np.eye(8, 4, dtype=np.float32), "self_attention_1": -np.eye(8, 6)}
        step = Reader.step if which == "last" else 20
        return Reading(states, probabilities.astype(np.float32), True, step, 2)


@pytest.fixture(autouse=True)
def _reader(monkeypatch):
    monkeypatch.setattr(rows, "RowReader", Reader)
    monkeypatch.setattr(Reader, "problems", {})


@pytest.fixture
def run(run_of, project_of, answers):
    project = project_of()
    project = project.remove([layer.name for layer in project.layers])
    project = project.insert(0, Rows(), SelfAttention(), Gru(units=4))
    return run_of(answers(np.arange(20) % 10, np.zeros(20, int)), project=project)


@pytest.fixture
def folder(tmp_path):
    """The run's folder; it has kept no weights yet."""
    return tmp_path


@pytest.fixture
def view(selection, show, folder):
    return show(RowsView(selection, lambda: folder), 700, 450)


@pytest.fixture
def drawn(view, run, selection, qtbot):
    selection.select_image(3)
    view.show_run(run, EVALUATION)
    qtbot.waitUntil(lambda: view.chart.isVisible())
    return view


@pytest.fixture
def chosen(drawn, run, folder, qtbot):
    """The best weights are kept and chosen."""
    (folder / BEST).touch()
    drawn.show_run(run, EVALUATION)
    qtbot.keyClick(drawn.which, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: "best weights" in drawn.weights.text())
    return drawn


def until_read(qtbot, view):
    qtbot.waitUntil(lambda: not any(task.running for task in view.findChildren(Task)))


def test_it_begins_after_the_last_row(drawn):
    assert drawn.said.text() == "After row 8 of 8: class 7 with 82.0 %"
    assert drawn.weights.text() == "It is class 3. Weights of the newest checkpoint, after step 40."


@pytest.mark.parametrize(
    ("key", "row"),
    [
        (Qt.Key.Key_Up, 7),
        (Qt.Key.Key_PageUp, 3),
        (Qt.Key.Key_Home, 1),
        (Qt.Key.Key_End, 8),
        (Qt.Key.Key_Down, 8),
    ],
)
def test_keys_go_through_the_rows(drawn, qtbot, key, row):
    qtbot.keyClick(drawn.chart, key)

    assert drawn.said.text().startswith(f"After row {row} of 8: class {row - 1} with")
    assert drawn.slider.value() == row - 1
    assert drawn.chart.accessibleDescription() == drawn.said.text()


def test_a_click_and_the_slider_choose_a_row(drawn, qtbot):
    picture, states, _ = drawn.chart.areas()
    place = QPointF(states.center().x(), picture.top() + 2.5 / 8 * picture.height())

    qtbot.mouseClick(drawn.chart, Qt.MouseButton.LeftButton, pos=place.toPoint())
    assert drawn.said.text().startswith("After row 3 of 8")

    drawn.slider.setValue(5)
    assert drawn.said.text().startswith("After row 6 of 8")


def test_words_under_the_mouse_tell_the_numbers(drawn):
    picture, states, shares = drawn.chart.areas()
    y = picture.top() + 1.5 / 8 * picture.height()
    second = states.left() + 1.5 / 6 * states.width()
    last = shares.right() - 2

    assert drawn.chart.words_under(second, y) == "After row 2, unit 2: -1.000"
    assert drawn.chart.words_under(last, y) == "After row 2: class 9 has 2.0 %"
    assert drawn.chart.words_under(picture.left() + 2, y).startswith("After row 2 of 8: class 1")


def test_another_layer_shows_its_states(drawn):
    assert [drawn.layer.itemText(place) for place in range(2)] == [
        "Self-attention · self_attention_1",
        "GRU · gru_1",
    ]

    drawn.layer.setCurrentIndex(1)

    assert drawn.chart.shown.states.shape == (8, 4)


def test_another_image_is_read_when_it_is_selected(drawn, selection, qtbot):
    selection.select_image(5)

    qtbot.waitUntil(lambda: "class 5" in drawn.weights.text())
    assert Reader.asked == [(("validation", row), True, "last") for row in (3, 5)]


def test_the_row_stays_while_the_training_goes_on(drawn, run, qtbot, monkeypatch):
    drawn.slider.setValue(2)
    monkeypatch.setattr(Reader, "step", 1234)

    drawn.show_run(run, EVALUATION)

    qtbot.waitUntil(lambda: "step 1,234" in drawn.weights.text())
    assert drawn.said.text().startswith("After row 3 of 8")


def test_weights_that_are_missing_are_said(view, run, selection, qtbot, monkeypatch):
    monkeypatch.setattr(Reader, "problems", {"last": "The weights are not saved yet."})
    selection.select_image(3)
    view.show_run(run, EVALUATION)

    qtbot.waitUntil(lambda: view.empty.text() == "The weights are not saved yet.")
    assert view.empty.isVisible()


def test_best_weights_are_offered_once_the_run_has_kept_some(drawn, run, folder, qtbot):
    assert not drawn.which.isVisible()
    (folder / BEST).touch()

    drawn.show_run(run, EVALUATION)
    until_read(qtbot, drawn)

    assert drawn.which.isVisible()
    assert drawn.which.currentText() == "Newest weights"


def test_the_best_weights_read_the_image_when_they_are_chosen(chosen, qtbot):
    words = "It is class 3. The best weights so far, after step 20."
    qtbot.waitUntil(lambda: chosen.weights.text() == words)
    assert Reader.asked[-1] == (("validation", 3), True, "best")

    qtbot.keyClick(chosen.which, Qt.Key.Key_Up)

    qtbot.waitUntil(lambda: "newest checkpoint, after step 40" in chosen.weights.text())


def test_the_best_weights_of_a_run_that_is_over_are_the_best_of_all(chosen, run, qtbot):
    run.apply(Finished("completed", 60, 3), 9.0)

    chosen.show_run(run, frozenset({"end"}))

    words = "It is class 3. The best weights, after step 20."
    qtbot.waitUntil(lambda: chosen.weights.text() == words)


def test_a_run_without_best_weights_is_read_with_its_newest(chosen, run, folder, qtbot):
    (folder / BEST).unlink()

    chosen.show_run(run, EVALUATION)

    qtbot.waitUntil(lambda: "newest checkpoint" in chosen.weights.text())
    assert not chosen.which.isVisible()


def test_best_weights_that_can_not_be_read_leave_the_way_back(chosen, run, qtbot, monkeypatch):
    monkeypatch.setattr(Reader, "problems", {"best": "They are damaged."})
    chosen.show_run(run, EVALUATION)
    qtbot.waitUntil(lambda: chosen.empty.text() == "They are damaged.")
    assert chosen.which.isEnabled()
    assert not chosen.slider.isEnabled()
    assert not chosen.layer.isEnabled()

    qtbot.keyClick(chosen.which, Qt.Key.Key_Up)

    qtbot.waitUntil(lambda: chosen.chart.isVisible())
    assert chosen.slider.isEnabled()
    assert chosen.layer.isEnabled()


def test_every_control_has_words(chosen):
    for control in (chosen.layer, chosen.which, chosen.slider):
        assert control.accessibleName()
        assert control.toolTip()


def test_empty_states_say_how_to_get_there(view, run, run_of, selection):
    assert "Train" in view.empty.text()

    view.show_run(run_of(), EVALUATION)
    assert view.empty.text().startswith("The network of this run sees the whole image at once.")

    view.show_run(run, EVALUATION)
    assert view.empty.text() == "Choose a digit in Mistakes to see how it is read row by row."

    selection.select_image(1000)
    assert "not among those" in view.empty.text()

    view.show_run(Run(run.project), EVALUATION)
    assert "not loaded" in view.empty.text()
    assert Reader is rows.RowReader


def test_a_hidden_view_reads_nothing(view, run, selection, qtbot):
    view.hide()
    selection.select_image(3)
    view.show_run(run, EVALUATION)
    assert view.said.text() == ""

    view.show()

    qtbot.waitUntil(lambda: view.said.text() != "")


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_states_are_blue_above_zero_and_orange_below(theme):
    picture = diverging(np.array([[1.0, 0.0, -1.0]], np.float32), 1.0, theme)

    colors = [picture.pixelColor(column, 0) for column in range(3)]
    assert colors == [QColor(each) for each in (theme.right[1], theme.panel, theme.wrong[1])]


def test_what_is_no_number_is_drawn_as_nothing():
    nan = np.array([[np.nan, 1.0]], np.float32)

    assert rising(nan, LIGHT).pixelColor(0, 0) == QColor(LIGHT.panel)
    assert diverging(nan, 0.0, LIGHT).pixelColor(0, 0) == QColor(LIGHT.panel)


@pytest.mark.parametrize(
    ("most", "width", "written"),
    [
        (0.4812, 200, ("■ −0.48", "0.48 ■")),
        (137.0, 200, ("■ −140", "140 ■")),
        (1.4e8, 100, ("■", "± 1.4e+08 ■")),
    ],
)
def test_the_reach_of_the_colours_fits_under_the_states(show, most, width, written):
    chart = show(RowsChart(), 600, 300)
    shown = Shown(QImage(8, 8, QImage.Format.Format_Grayscale8), np.full((8, 4), most), *CLASSES)
    chart.show_reading(shown)

    assert chart.reach(width) == written
    assert chart.fontMetrics().horizontalAdvance(" ".join(written)) <= width


@pytest.mark.parametrize("size", [(380, 230), (700, 450)])
def test_the_panels_share_their_rows_and_stay_inside(drawn, size):
    drawn.resize(*size)

    picture, states, shares = drawn.chart.areas()

    assert picture.top() == states.top() == shares.top()
    assert picture.height() == states.height() == shares.height()
    assert picture.right() < states.left() < states.right() < shares.left()
    assert shares.right() <= drawn.chart.width()
    assert drawn.minimumSizeHint().width() <= 380
    assert picture.width() == pytest.approx(picture.height())
