from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.training.events import (
    Branched,
    Changed,
    Continued,
    EpochDone,
    Paused,
    Progress,
    Resumed,
)
from gui.theme import DARK, LIGHT
from gui.views.curves import CurvesView
from gui.widgets.curve_plot import SMOOTH_POINTS

PROGRESS = frozenset({"progress"})
STARTED = frozenset({"started"})
TURNS = frozenset({"change", "pause"})
FASTER = Changed(30, "optimizer.learning_rate", 0.001, 0.01, 10, 20)


@pytest.fixture
def view(selection, show):
    view = CurvesView(selection)
    view.set_theme(LIGHT)
    return show(view, 700, 500)


@pytest.fixture
def drawn(view, trained):
    view.show_run(trained, PROGRESS)
    return view


def give_room(view):
    """Let the reading say everything in all words."""
    view.resize(1300, 500)
    QApplication.processEvents()


def points(drawn):
    x, y = drawn
    return x.tolist(), y.tolist()


def wheel(plot):
    """Turn the wheel over the middle of a plot."""
    place = QPointF(plot.viewport().rect().center())
    event = QWheelEvent(
        place,
        QPointF(plot.viewport().mapToGlobal(place.toPoint())),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(plot.viewport(), event)


def colors(widget):
    """Give the colours that a widget shows."""
    picture = widget.grab().toImage()
    return {
        picture.pixelColor(x, y).name()
        for x in range(picture.width())
        for y in range(picture.height())
    }


def test_before_a_run_it_says_what_will_be_here(view):
    assert view._stack.currentWidget().text().startswith("The curves of loss and accuracy grow")


def test_a_run_that_has_not_begun_shows_the_same(view, run_of):
    view.show_run(run_of(), STARTED)

    assert view._stack.currentIndex() == 0


def test_the_training_curve_is_drawn_over_epochs(drawn, trained):
    x, y = points(drawn.loss.raw)

    assert x == pytest.approx(trained.progress.column(0))
    assert y == pytest.approx(trained.progress.column(1))
    assert points(drawn.accuracy.raw)[1] == pytest.approx(100 * trained.progress.column(2))


def test_validation_has_a_dot_an_epoch(drawn):
    assert points(drawn.loss.dots) == ([1, 2, 3], [0.4, 0.4, 0.4])
    assert points(drawn.accuracy.dots) == ([1, 2, 3], [70, 90, 80])


def test_the_star_is_at_the_best_epoch(drawn):
    assert points(drawn.loss.star) == ([2], [0.4])
    assert points(drawn.accuracy.star) == ([2], [90])


def test_there_is_no_star_before_the_first_epoch_is_done(view, run_of):
    view.show_run(run_of(Progress(1, 2.0, 0.1)), PROGRESS)

    assert points(view.loss.star) == ([], [])


def test_the_star_moves_to_a_better_epoch(drawn, trained):
    trained.apply(EpochDone(80, 4, 0.3, 0.9, 0.3, 0.95, True), 99.0)

    drawn.show_run(trained, frozenset({"epoch"}))

    assert points(drawn.accuracy.star) == ([4], [95])


def test_a_new_point_does_not_paint_the_axes_anew(view, run_of, monkeypatch):
    run = run_of(*(Progress(step, 1 / step, 0.5) for step in range(1, 33)))
    view.show_run(run, PROGRESS)
    view.grab()
    painted = []
    paint = view.loss.plot._painted_axes
    monkeypatch.setattr(view.loss.plot, "_painted_axes", lambda: painted.append(1) or paint())
    run.apply(Progress(33, 1 / 33, 0.5), 99.0)

    view.show_run(run, PROGRESS)
    view.grab()

    assert points(view.loss.raw)[0][-1] == 33 / 20
    assert not painted


def test_axes_are_painted_anew_for_another_range(drawn, monkeypatch):
    drawn.grab()
    painted = []
    paint = drawn.loss.plot._painted_axes
    monkeypatch.setattr(drawn.loss.plot, "_painted_axes", lambda: painted.append(1) or paint())

    wheel(drawn.loss.plot)
    drawn.grab()

    assert painted


def test_the_first_point_can_be_seen(view, run_of):
    view.show_run(run_of(Progress(1, 2.0, 0.1)), PROGRESS)

    assert LIGHT.training in colors(view.loss.plot)


def test_zoomed_in_a_long_curve_shows_its_points(view, run_of):
    run = run_of(*(Progress(step, 1.0 + step % 7, 0.5) for step in range(1, 20_001)))
    view.show_run(run, PROGRESS)

    view.follow.setChecked(False)
    view.loss.plot.setXRange(100, 101, padding=0)

    x = points(view.loss.raw)[0]
    assert [place for place in x if 100 <= place <= 101] == [
        step / 20 for step in range(2000, 2021)
    ]


def test_the_x_axis_moves_seldom_as_the_curve_grows(drawn, trained):
    ends = set()
    for step in range(61, 200):
        trained.apply(Progress(step, 0.1, 0.9), 99.0)
        drawn.show_run(trained, PROGRESS)
        high = drawn.loss.plot.getViewBox().viewRange()[0][1]
        assert high >= step / 20
        ends.add(round(high, 3))

    assert len(ends) <= 9


def test_a_long_curve_is_drawn_with_as_many_points_as_can_be_seen(view, run_of):
    events = [Progress(step, 1.0 + step % 7, 0.5) for step in range(1, 20_001)]

    view.show_run(run_of(*events), PROGRESS)

    assert len(points(view.loss.raw)[0]) <= 2 * view.loss.plot.width()
    assert len(points(view.loss.smooth)[0]) <= SMOOTH_POINTS + 1


@pytest.mark.parametrize("loss", [np.nan, np.inf, -np.inf, 0.0, -1.0])
@pytest.mark.parametrize("log", [False, True])
def test_odd_losses_are_drawn_without_an_error(view, run_of, loss, log):
    view.log.setChecked(log)
    events = [Progress(step, loss, 0.1) for step in range(1, 2000)]
    run = run_of(*events, EpochDone(2000, 1, loss, 0.1, loss, 0.1, True))

    view.show_run(run, frozenset({"progress", "epoch"}))
    view.grab()

    assert np.isfinite(points(view.loss.raw)[1]).all()
    assert len(points(view.accuracy.raw)[0]) > 0


def test_a_curve_with_gaps_shows_what_is_finite(view, run_of):
    losses = [1.0, np.nan, 3.0, np.inf]
    events = [Progress(step, loss, 0.5) for step, loss in enumerate(losses, 1)]

    view.show_run(run_of(*events), PROGRESS)

    assert points(view.loss.raw)[1] == [1.0, 3.0]


def test_a_log_axis_draws_powers_of_ten(drawn, trained):
    drawn.log.setChecked(True)

    assert points(drawn.loss.raw)[1] == pytest.approx(np.log10(trained.progress.column(1)))
    assert drawn.loss.plot.getAxis("left").tickStrings([-2, 0, 1], 1, 1) == ["0.01", "1", "10"]
    assert points(drawn.accuracy.raw)[1] == pytest.approx(100 * trained.progress.column(2))


def test_the_log_axis_can_be_switched_off_again(drawn, trained):
    drawn.log.setChecked(True)
    drawn.log.setChecked(False)

    assert points(drawn.loss.raw)[1] == pytest.approx(trained.progress.column(1))
    assert drawn.loss.plot.getAxis("left").tickStrings([0.5, 1], 1, 0.5) == ["0.5", "1.0"]


def test_smoothing_can_be_set(drawn):
    before = points(drawn.loss.smooth)

    drawn.smoothing.setValue(20)

    assert points(drawn.loss.smooth) != before


def test_follow_keeps_the_whole_run_in_sight(drawn, trained):
    low, high = drawn.loss.plot.getViewBox().viewRange()[0]
    assert low <= 0
    assert high >= 3

    trained.apply(Progress(200, 0.1, 0.9), 99.0)
    drawn.show_run(trained, PROGRESS)

    assert drawn.loss.plot.getViewBox().viewRange()[0][1] >= 10


def test_the_x_axis_ends_at_the_last_epoch(drawn):
    assert drawn.loss.plot.getViewBox().viewRange()[0][1] == pytest.approx(3, rel=0.03)


def test_both_plots_show_the_same_epochs(drawn):
    drawn.loss.plot.setXRange(1, 2, padding=0)

    assert drawn.accuracy.plot.getViewBox().viewRange()[0] == pytest.approx([1, 2], abs=0.05)


@pytest.mark.parametrize("part", ["loss", "accuracy"])
def test_zooming_with_the_wheel_switches_follow_off(drawn, trained, part):
    wheel(getattr(drawn, part).plot)
    assert not drawn.follow.isChecked()
    zoomed = drawn.loss.plot.getViewBox().viewRange()[0]

    trained.apply(Progress(200, 0.1, 0.9), 99.0)
    drawn.show_run(trained, PROGRESS)

    assert drawn.loss.plot.getViewBox().viewRange()[0] == zoomed


def test_following_by_itself_does_not_switch_follow_off(drawn, trained):
    trained.apply(Progress(200, 0.1, 0.9), 99.0)
    drawn.show_run(trained, PROGRESS)

    assert drawn.follow.isChecked()


def test_follow_switched_on_again_shows_everything(drawn):
    wheel(drawn.loss.plot)

    drawn.follow.setChecked(True)

    low, high = drawn.loss.plot.getViewBox().viewRange()[0]
    assert low <= 0
    assert high >= 3


def test_a_new_run_is_followed(drawn, run_of):
    wheel(drawn.loss.plot)

    drawn.show_run(run_of(Progress(1, 1.0, 0.5)), STARTED)

    assert drawn.follow.isChecked()


def test_a_new_run_hides_the_last_ones_curves(drawn, run_of):
    drawn.show_run(run_of(), STARTED)

    assert drawn._stack.currentIndex() == 0


def test_a_hidden_view_draws_when_it_is_shown(view, trained):
    view.hide()
    view.show_run(trained, PROGRESS)
    assert points(view.loss.raw) == ([], [])

    view.show()

    assert len(points(view.loss.raw)[0]) == 60


def test_the_cursor_reads_the_values_under_it(drawn, trained):
    give_room(drawn)
    box = drawn.loss.plot.getViewBox()

    drawn.loss.moved(box.mapViewToScene(QPointF(1.98, 0.5)))

    assert drawn.reading.text() == (
        "epoch 2.00: training loss 0.0500, accuracy 97.50 %"
        "; validation loss 0.4000, accuracy 90.00 %"
    )
    assert drawn.accuracy.cursor == drawn.loss.cursor == pytest.approx(1.98, abs=0.01)


def test_what_the_cursor_reads_does_not_widen_the_view(drawn):
    before = drawn.minimumSizeHint().width()

    drawn._read(2.0)

    assert drawn.minimumSizeHint().width() == before


def test_the_mouse_moves_the_cursor(drawn, qtbot):
    viewport = drawn.loss.plot.viewport()

    qtbot.mouseMove(viewport, viewport.rect().center())

    qtbot.waitUntil(lambda: drawn.reading.text().startswith("epoch"))


def test_without_a_cursor_the_legend_is_shown(drawn):
    drawn.loss.moved(drawn.loss.plot.getViewBox().mapViewToScene(QPointF(2.0, 0.5)))

    drawn.leaveEvent(None)

    assert "best epoch" in drawn.reading.text()
    assert drawn.loss.cursor is None


def test_the_cursor_over_an_empty_plot_reads_nothing(view, run_of):
    view.show_run(run_of(), STARTED)

    view._read(1.0)

    assert "best epoch" in view.reading.text()


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_curves_are_drawn_in_the_themes_colours(drawn, theme):
    drawn.set_theme(theme)

    seen = colors(drawn.loss.plot)
    assert {theme.panel, theme.training, theme.training_raw, theme.validation} <= seen
    assert theme.training in drawn.reading.text()


def test_plots_have_names_for_a_screen_reader(view):
    assert view.loss.plot.accessibleName() == "Loss"
    assert view.accuracy.plot.accessibleName() == "Accuracy"
    assert view.smoothing.accessibleName() == "Smoothing"


def click(part, x, button=Qt.MouseButton.LeftButton):
    """Click on a plot at a place of its x axis, as the mouse does."""
    box = part.plot.getViewBox()
    scene = box.mapViewToScene(QPointF(x, box.viewRect().center().y()))
    QTest.mouseClick(part.plot.viewport(), button, pos=part.plot.mapFromScene(scene))


def test_a_click_shows_the_evaluation_next_to_it(drawn, selection):
    click(drawn.accuracy, 1.2)

    assert selection.step == 20
    assert drawn.loss.mark == drawn.accuracy.mark == 1


def test_a_click_next_to_the_newest_evaluation_goes_back_to_live(drawn, selection):
    selection.select_step(20)

    click(drawn.loss, 2.9)

    assert selection.step is None
    assert drawn.loss.mark is None


def test_the_moment_that_another_view_selects_is_marked(drawn, selection):
    selection.select_step(40)

    assert drawn.loss.mark == drawn.accuracy.mark == 2


def test_another_button_of_the_mouse_selects_nothing(drawn, selection):
    click(drawn.loss, 1.2, Qt.MouseButton.MiddleButton)

    assert selection.step is None


def test_a_click_before_the_first_evaluation_selects_nothing(view, run_of, selection):
    view.show_run(run_of(Progress(10, 1.0, 0.5)), PROGRESS)

    click(view.loss, 0.5)

    assert selection.step is None


def signs(part):
    """Paint a plot, and give what its marks look like and where they are."""
    part.plot.grab()
    return [(group.sign, group.x) for group in part.groups]


def happen(view, run, *events):
    for event in events:
        run.apply(event, 99.0)
    view.show_run(run, TURNS)


def test_what_happened_to_the_run_is_marked_in_both_plots(drawn, trained):
    happen(
        drawn, trained, FASTER, Paused(10), Continued(10), Resumed(50), Branched(20, "a", 3, 0, 20)
    )

    expected = [("pause", 0.5), ("branch", 1.0), ("change", 1.5), ("resume", 2.5)]
    assert signs(drawn.loss) == signs(drawn.accuracy) == expected


def test_a_new_run_has_its_own_marks(drawn, trained, run_of):
    happen(drawn, trained, FASTER)

    drawn.show_run(run_of(Progress(1, 1.0, 0.5)), PROGRESS)

    assert signs(drawn.loss) == []


def test_the_cursor_near_a_mark_tells_it(drawn, trained):
    give_room(drawn)
    happen(drawn, trained, FASTER)
    drawn.grab()

    drawn._read(1.501)

    assert drawn.reading.text().startswith("<b>Learning rate 0.001 → 0.01</b> &nbsp; epoch 1.5")
    assert drawn.loss.plot.getViewBox().toolTip() == "Learning rate 0.001 → 0.01"


@pytest.mark.parametrize("width", [380, 700, 1100])
def test_a_long_reading_is_cut_in_what_happened_alone(drawn, trained, width):
    drawn.resize(width, 450)
    turns = [Changed(30, f"optimizer.beta{n}", 0.1234567, 0.9876543, 10, 20) for n in (1, 2)]
    happen(drawn, trained, *turns)
    QApplication.processEvents()
    drawn.grab()

    drawn._read(1.501)

    reading = drawn.reading
    assert reading.sizeHint().width() <= reading.width()
    assert "epoch 1.5" in reading.text()
    assert drawn.loss.plot.getViewBox().toolTip().count("0.987654") == 2


def test_a_reading_with_room_is_said_in_all_words(drawn):
    give_room(drawn)

    drawn._read(1.5)

    assert "training loss" in drawn.reading.text()
    assert "validation loss" in drawn.reading.text()


def test_the_cursor_away_from_a_mark_reads_values_alone(drawn, trained):
    happen(drawn, trained, FASTER)
    drawn.grab()
    drawn._read(1.5)

    drawn._read(2.0)

    assert drawn.reading.text().startswith("epoch 2.00")
    assert drawn.loss.plot.getViewBox().toolTip() == ""


def test_a_parents_name_is_no_markup(drawn, trained):
    happen(drawn, trained, Branched(20, "<b>x</b>", 3, 0, 20))
    drawn.grab()

    drawn._read(1.0)

    assert "&lt;b&gt;x&lt;/b&gt;" in drawn.reading.text()


def test_a_screen_reader_is_told_the_marks(drawn, trained):
    happen(drawn, trained, FASTER)

    assert drawn.loss.plot.accessibleDescription() == "Epoch 1.50: Learning rate 0.001 → 0.01."


def test_a_hundred_single_steps_leave_a_few_marks(view, run_of):
    events = [Progress(step, 1.0, 0.5) for step in range(1, 61)]
    view.show_run(run_of(*events, *(Paused(step) for step in range(1, 61))), PROGRESS)

    groups = signs(view.loss)

    assert 1 < len(groups) <= view.loss.plot.width() / 20
    assert sum(len(group.marks) for group in view.loss.groups) == 60


def test_marks_are_not_painted_anew_with_each_point(drawn, trained, monkeypatch):
    happen(drawn, trained, FASTER)
    drawn.grab()
    painted = []
    monkeypatch.setattr(drawn.loss.plot, "_paint_ground", lambda *_: painted.append(1))
    trained.apply(Progress(60, 0.1, 0.9), 99.0)

    drawn.show_run(trained, PROGRESS)
    drawn.grab()

    assert not painted


def test_a_mark_outside_the_range_is_not_drawn(drawn, trained):
    happen(drawn, trained, FASTER)

    drawn.loss.plot.setXRange(2, 3, padding=0)

    assert signs(drawn.loss) == []


@pytest.fixture
def parent(run_of):
    return run_of(
        *(Progress(step, 5.0, 0.25) for step in range(1, 81)),
        EpochDone(20, 1, 5.0, 0.2, 6.0, 0.2, True),
    )


def test_another_run_is_drawn_behind(drawn, parent):
    drawn.compare(parent, "first try")

    assert set(points(drawn.loss.before)[1]) == {5.0}
    assert points(drawn.loss.before_dots) == ([1], [6.0])
    assert points(drawn.accuracy.before_dots) == ([1], [20.0])
    assert "before: first try" in drawn.reading.text()


def test_the_ranges_hold_the_run_behind(drawn, parent):
    drawn.compare(parent)

    (_, right), (_, top) = drawn.loss.plot.getViewBox().viewRange()
    assert right >= 4
    assert top >= 6


def test_the_run_behind_goes_again(drawn, parent):
    ranges = drawn.loss.plot.getViewBox().viewRange()
    drawn.compare(parent, "first try")

    drawn.compare(None)

    assert points(drawn.loss.before) == points(drawn.loss.before_dots) == ([], [])
    assert drawn.loss.plot.getViewBox().viewRange() == ranges
    assert "before" not in drawn.reading.text()


def test_a_new_run_keeps_the_run_behind(drawn, parent, run_of):
    drawn.compare(parent)

    drawn.show_run(run_of(Progress(1, 1.0, 0.5)), PROGRESS)

    assert len(points(drawn.loss.before)[0])


def test_the_run_behind_is_on_the_log_axis_too(drawn, parent):
    drawn.compare(parent)

    drawn.log.setChecked(True)

    assert points(drawn.loss.before)[1] == pytest.approx([np.log10(5.0)] * 80)


def test_the_cursor_reads_the_run_behind(drawn, parent):
    give_room(drawn)
    drawn.compare(parent)

    drawn._read(2.0)

    assert drawn.reading.text().endswith("; before: loss 5.0000, accuracy 25.00 %")


def test_a_run_behind_without_points_is_no_error(drawn, run_of):
    drawn.compare(run_of(), "nothing yet")
    drawn._read(2.0)
    drawn.grab()

    assert points(drawn.loss.before) == ([], [])


def test_a_title_is_no_markup(drawn, parent):
    drawn.compare(parent, "<b>a</b>")

    assert "&lt;b&gt;a&lt;/b&gt;" in drawn.reading.text()


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_the_run_behind_and_marks_have_the_themes_colours(drawn, trained, parent, theme):
    drawn.set_theme(theme)
    happen(drawn, trained, Branched(20, "a", 3, 0, 20))
    drawn.compare(parent)

    assert {theme.before, theme.accent} <= colors(drawn.loss.plot)


def test_in_a_narrow_view_the_reading_has_a_line_of_its_own(drawn, qtbot):
    assert drawn.reading.geometry().bottom() > drawn.follow.geometry().top()

    drawn.resize(420, 300)

    qtbot.waitUntil(lambda: drawn.reading.geometry().bottom() < drawn.follow.geometry().top())
    assert drawn.reading.width() > 380


def test_beside_a_run_behind_the_reading_has_a_line_of_its_own(drawn, parent, qtbot):
    drawn.compare(parent)

    qtbot.waitUntil(lambda: drawn.reading.geometry().bottom() < drawn.follow.geometry().top())


def test_it_tells_which_epochs_are_zoomed_in_on(drawn):
    told = []
    drawn.zoomed.connect(told.append)

    drawn.follow.setChecked(False)
    drawn.loss.plot.setXRange(0.2, 0.6, padding=0)
    assert told[-1] == pytest.approx((0.2, 0.6))

    drawn.follow.setChecked(True)
    assert told[-1] is None


@pytest.mark.parametrize(("height", "beside"), [(400, False), (150, True), (1, True)])
@pytest.mark.parametrize("branched", [False, True])
def test_in_little_height_the_plots_stand_beside_each_other(
    view, trained, run_of, height, beside, branched
):
    view.show_run(trained, PROGRESS)
    view.compare(run_of() if branched else None, "before")
    view.resize(560, height)
    QApplication.processEvents()

    loss, accuracy = view.loss.plot.geometry(), view.accuracy.plot.geometry()
    assert (loss.top() == accuracy.top()) is beside
    assert (loss.left() == accuracy.left()) is not beside
    for part in (view.loss, view.accuracy):
        axis = part.plot.getAxis("left")
        assert axis.label.boundingRect().width() <= axis.height()
