from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

from engine.training.events import EpochDone, Failed, Finished, Loading, Progress, Started
from engine.training.history import Run
from gui.session import State
from gui.views.status import StatusView, clock

PROGRESS = frozenset({"progress"})
START = Started("", 100, 640, 160, 100, epochs=3, steps_per_epoch=20, device="cpu", threads=1)
DONE = EpochDone(20, 1, 0.5, 0.8, 0.4, 0.9, True)


class Paints(QObject):
    """Counts how often a widget is painted."""

    def __init__(self, watched):
        super().__init__(watched)
        self.times = 0
        watched.installEventFilter(self)

    def eventFilter(self, watched, event):
        self.times += event.type() == QEvent.Type.Paint
        return False


@pytest.fixture
def view(show):
    return show(StatusView(), 900, 40)


@pytest.fixture
def run(project_of):
    return Run(project_of().set_training(epochs=3))


@pytest.fixture
def running(view, run):
    """Half way through the first of three epochs, after ten seconds."""
    view.show_state(State.PREPARING)
    run.apply(START, 0.0)
    view.show_state(State.RUNNING)
    run.apply(Progress(5, 0.5, 0.8), 5.0)
    run.apply(Progress(10, 0.5, 0.8), 10.0)
    view.show_run(run, frozenset({"started"}))
    return run


def end(view, run, event):
    run.apply(event, 20.0)
    view.show_state(State.IDLE)
    view.show_run(run, frozenset({"end"}))


def texts(view):
    return [label.text() for label in (view.epoch, view.time, view.speed, view.result)]


def test_nothing_is_said_at_first(view):
    assert not any(texts(view))
    assert not view.bar.isVisible()


def test_preparing_is_told_with_a_bar_that_has_no_end(view, run):
    view.show_state(State.PREPARING)
    view.show_run(run, frozenset({"started"}))

    assert view.epoch.text() == "Preparing…"
    assert view.bar.isVisible()
    assert view.bar.maximum() == 0


@pytest.mark.parametrize(("done", "total"), [(1, 2), (3, 4), (3_000_000_000, 6_000_000_000)])
def test_reading_images_moves_the_bar(view, run, done, total):
    view.show_state(State.PREPARING)
    run.apply(Loading(done, total), 0.0)

    view.show_run(run, frozenset({"loading"}))

    assert view.bar.value() / view.bar.maximum() == pytest.approx(done / total)


def test_reading_an_unknown_amount_has_a_bar_without_an_end(view, run):
    view.show_state(State.PREPARING)
    run.apply(Loading(7, 0), 0.0)

    view.show_run(run, frozenset({"loading"}))

    assert view.bar.maximum() == 0


@pytest.mark.usefixtures("running")
def test_the_epoch_the_time_left_and_the_speed_are_told(view):
    assert texts(view) == ["epoch 1 of 3", "0:50 left", "32 images/s", ""]


@pytest.mark.usefixtures("running")
def test_the_bar_shows_the_share_of_all_steps(view):
    assert view.bar.value() / view.bar.maximum() == pytest.approx(10 / 60, abs=0.001)


def test_the_next_epoch_is_told_with_the_last_ones_accuracy(view, running):
    running.apply(Progress(20, 0.5, 0.8), 20.0)
    running.apply(DONE, 20.0)

    view.show_run(running, frozenset({"epoch"}))

    assert view.epoch.text() == "epoch 2 of 3"
    assert view.result.text() == "validation 90.00 %"


def test_numbers_change_slowly_and_the_bar_at_once(view, running, monkeypatch):
    now = [1e9]
    monkeypatch.setattr("gui.views.status.monotonic", lambda: now[0])
    view.show_run(running, PROGRESS)
    before, value = texts(view), view.bar.value()
    running.apply(Progress(50, 0.5, 0.8), 12.0)

    now[0] += 0.1
    view.show_run(running, PROGRESS)
    assert texts(view) == before
    assert view.bar.value() > value

    now[0] += 0.5
    view.show_run(running, PROGRESS)
    assert texts(view) != before


def test_stopping_is_told_until_it_has_stopped(view, running):
    view.show_state(State.STOPPING)
    view.show_run(running, frozenset({"progress", "epoch"}))
    assert view.epoch.text() == "Stopping…"

    end(view, running, Finished("stopped", 10, 0))

    assert view.epoch.text().startswith("Stopped")


def test_a_finished_run_tells_its_results(view, running):
    running.apply(Progress(60, 0.5, 0.8), 15.0)
    running.apply(DONE, 15.0)

    end(view, running, Finished("completed", 60, 3, 0.1, 0.925))

    assert texts(view) == [
        "Finished epoch 3 of 3",
        "",
        "",
        "test 92.50 %   validation 90.00 %",
    ]
    assert not view.bar.isVisible()


def test_a_stopped_run_tells_how_far_it_came(view, running):
    running.apply(Progress(21, 0.5, 0.8), 15.0)

    end(view, running, Finished("stopped", 21, 1))

    assert texts(view) == ["Stopped in epoch 2 of 3", "", "", ""]


def test_a_run_that_was_stopped_before_it_began_is_told(view, run):
    end(view, run, Finished("stopped", 0, 0))

    assert texts(view) == ["Stopped", "", "", ""]


def test_a_failed_run_is_told(view, running):
    end(view, running, Failed("Alas"))

    assert texts(view) == ["Failed", "", "", ""]


def test_a_new_run_forgets_the_last_ones_result(view, running, project_of):
    running.apply(DONE, 15.0)
    end(view, running, Finished("completed", 60, 3, 0.1, 0.925))

    view.show_state(State.PREPARING)
    view.show_run(Run(project_of()), frozenset({"started"}))

    assert texts(view) == ["Preparing…", "", "", ""]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (23.4, "0:23"), (59.6, "1:00"), (600, "10:00"), (3723, "1:02:03")],
)
def test_a_time_is_written_as_on_a_clock(seconds, text):
    assert clock(seconds) == text


def test_edits_while_training_are_said_to_be_for_the_next_run(view):
    view.show_edited(True)
    assert view.note.text() == "Your edits are not in this run"

    view.show_edited(False)

    assert view.note.text() == ""


def test_without_room_the_less_important_numbers_go(view, running):
    view.show_edited(True)
    assert view.speed.isVisible()
    assert view.note.isVisible()

    view.resize(330, 40)

    assert not view.speed.isVisible()
    assert not view.note.isVisible()
    assert view.epoch.isVisible()
    assert view.bar.isVisible()


def test_a_toolbar_never_hides_it_for_want_of_room(view, running):
    assert view.minimumSizeHint().width() == view.sizeHint().width() == 0


def test_a_run_that_stopped_by_itself_tells_its_last_epoch(view, running):
    running.apply(DONE, 20.0)

    end(view, running, Finished("early", 20, 1))

    assert view.epoch.text() == "Stopped by itself after epoch 1: no longer better"


def test_a_run_that_was_cut_off_is_told_and_has_no_time_left(view, running):
    view.show_state(State.IDLE)

    view.show_run(running, frozenset({"started"}))

    assert texts(view)[:3] == ["Cut off in epoch 1 of 3", "", ""]


def test_the_bar_is_painted_with_all_else_not_by_itself(view, running):
    QApplication.processEvents()
    before, paints = view.bar.value(), Paints(view.bar)
    running.apply(Progress(15, 0.4, 0.9), 15.0)

    view.show_run(running, PROGRESS)

    assert view.bar.value() > before
    assert paints.times == 0
    QApplication.processEvents()
    assert paints.times == 1


def test_where_there_is_little_room_the_result_of_the_test_is_said_alone(view, running):
    running.apply(DONE, 20.0)
    end(view, running, Finished("completed", 20, 1, test_accuracy=0.9472))
    assert view.result.text() == "test 94.72 %   validation 90.00 %"

    view.resize(330, 40)

    assert view.result.text() == "test 94.72 %"
    assert view.result.toolTip() == "test 94.72 %   validation 90.00 %"


def test_a_training_that_waits_says_in_which_epoch(view, running):
    view.show_state(State.PAUSED)

    assert view.epoch.text() == "Paused in epoch 1 of 3"


def test_a_step_into_the_next_epoch_is_said_while_the_training_waits(view, running):
    view.show_state(State.PAUSED)
    running.apply(Progress(21, 0.5, 0.8), 12.0)

    view.show_run(running, frozenset({"epoch"}))

    assert view.epoch.text() == "Paused in epoch 2 of 3"
