from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from engine.training.events import EpochDone
from gui.theme import DARK, LIGHT
from gui.views.timeline import PLAY_STEPS, TimelineView

EVALUATION = frozenset({"evaluation"})
STARTED = frozenset({"started"})


@pytest.fixture
def view(selection, show):
    view = TimelineView(selection)
    view.set_theme(LIGHT)
    return show(view, 700, 40)


@pytest.fixture
def told(view, trained):
    view.show_run(trained, EVALUATION)
    return view


def evaluations(answers, epochs, of="validation"):
    return [
        answers(np.arange(10), np.arange(10), epoch=epoch, of=of) for epoch in range(1, epochs + 1)
    ]


def test_before_a_run_nothing_can_be_chosen(view):
    assert not view.slider.isEnabled()
    assert not view.play.isEnabled()
    assert not view.live.isEnabled()
    assert view.words.text() == "No evaluation yet"


def test_there_is_a_place_for_each_evaluation(told):
    assert (told.slider.minimum(), told.slider.maximum()) == (0, 2)
    assert told.slider.isEnabled()


def test_it_begins_live_at_its_right_end(told, selection):
    assert selection.step is None
    assert told.live.isChecked()
    assert told.slider.value() == 2
    assert told.words.text() == "epoch 3.00, step 60: 10.00 %"


def test_moving_it_shows_an_earlier_evaluation(told, selection):
    told.slider.setValue(0)

    assert selection.step == 20
    assert not told.live.isChecked()
    assert told.words.text() == "epoch 1.00, step 20: 10.00 %"


def test_the_arrow_keys_move_it(told, selection, qtbot):
    qtbot.keyClick(told.slider, Qt.Key.Key_Left)
    assert selection.step == 40

    qtbot.keyClick(told.slider, Qt.Key.Key_Home)
    assert selection.step == 20


def test_its_right_end_is_live(told, selection):
    told.slider.setValue(0)
    told.slider.setValue(2)

    assert selection.step is None


def test_live_goes_back_to_the_newest(told, selection, qtbot):
    told.slider.setValue(0)
    qtbot.mouseClick(told.live, Qt.MouseButton.LeftButton)

    assert selection.step is None
    assert told.live.isChecked()


def test_live_stays_pressed_when_it_is_pressed_again(told, qtbot):
    qtbot.mouseClick(told.live, Qt.MouseButton.LeftButton)

    assert told.live.isChecked()


def test_while_it_is_live_it_follows_the_newest(view, run_of, answers):
    first, second, third = evaluations(answers, 3)
    run = run_of(first, second)
    view.show_run(run, EVALUATION)

    run.apply(third, 9.0)
    view.show_run(run, EVALUATION)

    assert view.slider.value() == view.slider.maximum() == 2


def test_an_evaluation_that_was_chosen_stays_chosen_as_others_come(
    view, selection, run_of, answers
):
    first, second, third = evaluations(answers, 3)
    run = run_of(first, second)
    view.show_run(run, EVALUATION)
    view.slider.setValue(0)

    run.apply(third, 9.0)
    view.show_run(run, EVALUATION)

    assert (selection.step, view.slider.value(), view.slider.maximum()) == (20, 0, 2)


def test_another_view_moves_it(told, selection):
    selection.select_step(40)

    assert told.slider.value() == 1


def test_a_step_between_two_evaluations_shows_the_one_before(told, selection):
    selection.select_step(59)

    assert told.slider.value() == 1


def test_another_set_has_evaluations_of_its_own(told, selection, trained, answers):
    trained.apply(answers([1], [2], epoch=3, of="test"), 99.0)

    selection.select_set("test")

    assert told.slider.maximum() == 0
    assert not told.slider.isEnabled()
    assert told.words.text() == "epoch 3.00, step 60: 0.00 %"


@pytest.mark.parametrize(
    ("of", "words"),
    [
        ("test", "The test set is used at the end"),
        ("training", "Training's answers come with each epoch"),
    ],
)
def test_it_says_why_a_set_has_no_evaluation_yet(told, selection, of, words):
    selection.select_set(of)

    assert told.words.text() == words


def test_playing_shows_one_after_the_other_from_the_start_and_ends_live(told, selection, qtbot):
    seen = []
    selection.step_changed.connect(seen.append)

    qtbot.mouseClick(told.play, Qt.MouseButton.LeftButton)
    assert told.play.accessibleName() == "Stop playing"
    qtbot.waitUntil(lambda: not told.play.isChecked())

    assert seen == [20, 40, None]
    assert told.play.accessibleName() == "Play the run from here"


def test_playing_begins_where_the_slider_stands(told, selection, qtbot):
    told.slider.setValue(1)
    seen = []
    selection.step_changed.connect(seen.append)

    qtbot.mouseClick(told.play, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not told.play.isChecked())

    assert seen == [None]


def test_moving_the_slider_ends_the_playing(told, selection, qtbot):
    qtbot.mouseClick(told.play, Qt.MouseButton.LeftButton)

    told.slider.setValue(1)

    assert not told.play.isChecked()
    assert selection.step == 40


def test_a_new_run_ends_the_playing(told, run_of, qtbot):
    qtbot.mouseClick(told.play, Qt.MouseButton.LeftButton)

    told.show_run(run_of(), STARTED)

    assert not told.play.isChecked()


def test_a_long_run_is_played_back_in_a_bounded_number_of_steps(view, selection, run_of, answers):
    run = run_of(*evaluations(answers, 5 * PLAY_STEPS))
    view.show_run(run, EVALUATION)
    seen = []
    selection.step_changed.connect(seen.append)

    view._toggle_play(on=True)
    while view._timer.isActive():
        view._play_on()

    assert len(seen) <= PLAY_STEPS + 1
    assert seen[-1] is None


def test_it_says_how_many_evaluations_are_kept(told):
    assert "All 3 evaluations are kept." in told.slider.toolTip()


def test_other_events_do_not_move_it(told, trained):
    told.show_run(trained, frozenset({"progress"}))
    trained.apply(EpochDone(80, 4, 0.5, 0.8, 0.4, 0.8, best=False), 99.0)
    told.show_run(trained, frozenset({"epoch"}))

    assert told.slider.maximum() == 2


def test_it_follows_the_theme(told):
    light = told.grab().toImage()

    told.set_theme(DARK)

    assert told.grab().toImage() != light
