from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor

from gui.theme import LIGHT
from gui.widgets.lens.learned_chart import Change, LearnedChart

CHANGES = (
    Change(20, 0.0, 1.0, 900, 0),
    Change(40, 1.0, 2.0, 41, 12),
    Change(60, 2.0, 3.0, 8, 20),
)


@pytest.fixture
def chart(show):
    chart = show(LearnedChart(), 400, 160)
    chart.set_theme(LIGHT)
    chart.show_changes(CHANGES)
    chart.set_range(0, 3.5)
    return chart


def middle(chart, place):
    return round(chart.x_of((CHANGES[place].start + CHANGES[place].end) / 2))


def colors(chart, place):
    picture = chart.grab().toImage()
    x = middle(chart, place)
    return {picture.pixelColor(x, y).name() for y in range(picture.height())}


def test_words_say_what_an_epoch_brought(chart):
    assert chart.words_of(1) == "In epoch 2: ▲ 41 learned, ▼ 12 forgotten"


def test_words_say_several_epochs_where_evaluations_between_are_not_kept(chart):
    chart.show_changes([Change(20, 0.0, 1.0, 5, 0), Change(80, 1.0, 4.0, 2000, 1)])

    assert chart.words_of(1) == "In epochs 2 to 4: ▲ 2,000 learned, ▼ 1 forgotten"


def test_a_click_on_a_bar_chooses_its_step(chart, qtbot):
    with qtbot.waitSignal(chart.step_chosen) as chosen:
        qtbot.mouseClick(chart, Qt.MouseButton.LeftButton, pos=QPoint(middle(chart, 1), 50))

    assert chosen.args == [40]


def test_no_bar_is_where_the_run_has_not_been_evaluated_yet(chart):
    assert chart.place_at(chart.x_of(3.2)) is None
    assert chart.place_at(0) is None


def test_bars_have_the_colours_of_right_and_wrong(chart):
    learned, forgotten = QColor(LIGHT.right[1]).name(), QColor(LIGHT.wrong[1]).name()

    assert {learned, forgotten} <= colors(chart, 1)
    assert forgotten not in colors(chart, 0)


def test_a_first_bar_above_all_others_leaves_them_their_height(chart):
    picture = chart.grab().toImage()
    forgotten = QColor(LIGHT.wrong[1])
    high = [
        y for y in range(160) if picture.pixelColor(middle(chart, 2), y) == forgotten
    ]  # 20 of 41 + 20

    assert len(high) == pytest.approx(chart.area().height() * 20 / 61, abs=3)


@pytest.mark.parametrize("changes", [(), (Change(20, 0.0, 1.0, 0, 0),) * 2])
def test_nothing_learned_can_be_drawn(chart, changes):
    chart.show_changes(changes)

    assert not chart.grab().isNull()
