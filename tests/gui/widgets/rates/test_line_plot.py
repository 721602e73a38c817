from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication

from gui.theme import DARK
from gui.widgets.rates.line_plot import Line, LinePlot, pieces, spread, standing_out, thinned

X = np.linspace(0.0, 1.0, 11)


@pytest.fixture
def plot(show):
    plot = show(LinePlot("rates", labels=True), 400, 300)
    lines = [Line(0, "low", X, X * 0.2), Line(1, "high", X, 1 - X * 0.1)]
    plot.show_lines(lines, frozenset())
    painted(plot)
    return plot


def painted(plot):
    plot.grab()
    QApplication.processEvents()


def place_of(plot, x, y):
    box = plot.canvas.getViewBox()
    return plot.canvas.mapFromScene(box.mapViewToScene(QPointF(x, y)))


@given(st.lists(st.floats(0, 100), min_size=1, max_size=99), st.floats(0.01, 10))
def test_thinning_keeps_the_ends_and_the_extremes_of_a_line(values, step):
    y = np.resize(np.array(values), 1000)
    x = np.arange(1000) * step

    thin_x, thin_y = thinned(x, y)

    assert len(thin_x) == len(thin_y) <= 1000
    assert (thin_y.min(), thin_y.max()) == (y.min(), y.max())
    assert (thin_x[0], thin_y[0]) == (x[0], y[0])
    assert (thin_x[-1], thin_y[-1]) == (x[-1], y[-1])


def test_a_long_line_is_thinned_to_a_few_points_a_pixel():
    x, _ = thinned(np.linspace(0, 300, 100_000), np.random.default_rng(0).random(100_000))

    assert len(x) <= 2 * 101 + 2


def test_a_line_is_cut_into_its_straight_pieces():
    cut = pieces(np.array([0.0, 3.0, 3.0]), np.array([0.0, 0.0, 4.0]), ())

    assert cut.tolist() == [[0, 0, 3, 0], [3, 0, 3, 4]]


def test_dashes_go_around_corners():
    cut = pieces(np.array([0.0, 3.0, 3.0]), np.array([0.0, 0.0, 6.0]), (4, 2))

    assert cut.tolist() == [[0, 0, 3, 0], [3, 0, 3, 1], [3, 3, 3, 6]]


@given(st.lists(st.floats(0, 50), min_size=2, max_size=30), st.sampled_from([(4, 2), (6, 2, 1, 2)]))
def test_dashes_are_as_long_together_as_the_pattern_says(values, pattern):
    y = np.array(values)
    x = np.arange(len(y)) * 3.0
    whole = np.hypot(np.diff(x), np.diff(y)).sum()

    cut = pieces(x, y, pattern)

    drawn = np.hypot(cut[:, 2] - cut[:, 0], cut[:, 3] - cut[:, 1]).sum()
    assert abs(drawn - whole * sum(pattern[::2]) / sum(pattern)) <= sum(pattern)


def test_a_line_may_run_from_right_to_left():
    x, _ = thinned(np.linspace(300, 0, 100_000), np.zeros(100_000))

    assert x[0] == 300
    assert x[-1] == 0


@given(st.lists(st.floats(-50, 250), max_size=12))
def test_labels_are_spread_without_overlap(wanted):
    tops = spread(sorted(wanted), 15, 0, 200)

    assert all(after - before >= 15 - 1e-9 for before, after in pairwise(tops))
    assert not tops or (tops[0] >= 0 and tops[-1] <= 185 + 1e-9)


def test_labels_that_have_room_stay():
    assert spread([10, 50, 90], 15, 0, 200) == [10, 50, 90]


def test_of_many_lines_the_lowest_stand_out_until_some_are_selected():
    values = {number: float(number) for number in range(20)}

    assert standing_out(frozenset(), values) == {0, 1, 2}
    assert standing_out(frozenset({9}), values) == {9}


def test_of_few_lines_all_stand_out(plot):
    assert standing_out(frozenset(), {0: 1.0, 1: 2.0}) == frozenset()
    assert plot.is_strong(0)
    assert plot.is_strong(1)


def test_only_what_stands_out_has_a_label(plot):
    assert {line.name for _, line in plot.labels} == {"low", "high"}

    plot.show_strong(frozenset({1}))
    painted(plot)

    assert [line.name for _, line in plot.labels] == ["high"]


def test_labels_stand_at_the_height_of_their_lines_ends(plot):
    tops = {line.name: place.center().y() for place, line in plot.labels}

    assert tops["low"] == pytest.approx(place_of(plot, 1, 0.2).y(), abs=2)
    assert tops["high"] == pytest.approx(place_of(plot, 1, 0.9).y(), abs=2)


def test_where_labels_have_no_room_the_lowest_lines_have_theirs(show):
    plot = show(LinePlot("rates", labels=True), 300, 100)
    plot.show_lines([Line(n, str(n), X, X * n / 40) for n in range(40)], frozenset(range(40)))
    painted(plot)

    names = {line.name for _, line in plot.labels}
    assert "0" in names
    assert "39" not in names


@pytest.mark.qt_log_ignore(
    "raise", "propagateSizeHints"
)  # the offscreen platform cannot raise a tooltip
def test_the_mouse_points_at_the_nearest_line(plot, qtbot):
    with qtbot.waitSignal(plot.pointed) as pointed:
        plot._moved(plot.canvas.mapToScene(place_of(plot, 0.5, 0.11)))
    assert pointed.args == [0]

    plot._moved(plot.canvas.mapToScene(place_of(plot, 0.5, 0.5)))
    assert plot.under_mouse is None


def test_a_click_tells_its_place(plot, qtbot):
    with qtbot.waitSignal(plot.clicked) as clicked:
        qtbot.mouseClick(
            plot.canvas.viewport(), Qt.MouseButton.LeftButton, pos=place_of(plot, 0.3, 0.5)
        )

    assert clicked.args[0] == pytest.approx(0.3, abs=0.01)


def test_a_click_on_a_label_tells_its_line(plot, qtbot):
    place, line = plot.labels[0]

    with qtbot.waitSignal(plot.label_clicked) as clicked:
        qtbot.mouseClick(
            plot.canvas.viewport(),
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.ControlModifier,
            QPoint(int(place.left()) + 3, int(place.center().y())),
        )

    assert clicked.args == [line.number, True]


def test_a_part_that_the_person_looks_at_stays_while_the_lines_grow(plot):
    plot.enlarge(2, 0, 1)
    before = plot.canvas.getViewBox().viewRange()

    plot.show_range((0, 2), (0, 1))
    assert plot.canvas.getViewBox().viewRange() == before

    plot.show_whole()
    assert plot.canvas.getViewBox().viewRange()[0] == [0, 2]


def test_the_whole_follows_the_lines(plot):
    plot.show_range((0, 3), (0.5, 1))

    assert plot.canvas.getViewBox().viewRange() == [[0, 3], [0.5, 1]]


def test_gaps_single_points_and_nothing_can_be_drawn(plot):
    nan = np.full(11, np.nan)
    plot.set_theme(DARK)
    plot.show_lines([Line(0, "none", X, nan), Line(1, "one", X[:1], X[:1])], frozenset({1}))
    painted(plot)
    assert [line.name for _, line in plot.labels] == ["one"]

    plot.show_lines([], frozenset())
    painted(plot)
    assert plot.labels == []
