from __future__ import annotations

import threading
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from engine.project.presets import FIRST, preset
from engine.store.runs import read_arrays, read_log
from engine.training import judge, trainer, tuning
from engine.training.control import Control
from engine.training.events import (
    EpochDone,
    Failed,
    Finished,
    Loading,
    Progress,
    Started,
    Warned,
)
from engine.training.history import Run
from engine.training.run import run as run_project
from gui.session import (
    FRAME_SECONDS,
    PAINT_BUDGET,
    PICTURE_SECONDS,
    SAVINGS,
    SLOWEST_FRAME_SECONDS,
    Pace,
    Session,
    State,
    left_of,
)
from gui.session import newest_of as newest_of_event

PROJECT = preset(FIRST).set_training(epochs=2, batch_size=128)
ENDLESS = PROJECT.set_training(epochs=100_000)
PATIENCE = 60_000  # milliseconds; a busy machine loads torch for long


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    """Choose the thread count without measuring, so that two runs have the same."""
    monkeypatch.setattr(tuning, "cores", lambda: 1)


@pytest.fixture
def session(qtbot):
    session = Session()
    session.states = []
    session.state_changed.connect(session.states.append)
    yield session
    assert session.close()


@pytest.fixture
def start(session, qtbot):
    """Start a training and wait until it takes steps."""

    def start(project=ENDLESS):
        session.start(project)
        qtbot.waitUntil(lambda: session.run.step > 0, timeout=PATIENCE)

    return start


@pytest.fixture
def train(session, qtbot):
    """Train to the end, however it ends."""

    def train(project=PROJECT):
        session.start(project)
        qtbot.waitUntil(lambda: session.state is State.IDLE, timeout=PATIENCE)
        return session.run

    return train


@pytest.fixture
def hold(monkeypatch):
    """Hold the worker where it calls a function, until it is asked to stop."""

    def hold(place, stopped):
        reached = threading.Event()
        module, name = place
        original = getattr(module, name)

        def held(*arguments):
            reached.set()
            while not stopped(*arguments):
                threading.Event().wait(0.001)
            return original(*arguments)

        monkeypatch.setattr(module, name, held)
        return reached

    return hold


def test_it_is_idle_at_first(session):
    assert session.state is State.IDLE
    assert session.run is None


def test_a_training_prepares_runs_and_is_idle_again(session, train):
    run = train()

    assert session.states == [State.PREPARING, State.RUNNING, State.IDLE]
    assert run.end.reason == "completed"
    assert len(run.epochs) == 2


def test_the_window_sees_the_same_numbers_as_the_command_line(session, train):
    seen, told = train(), Run(PROJECT)
    for now, event in enumerate(run_project(PROJECT, Control(), threads=1)):
        told.apply(event, now)

    for column in range(3):
        np.testing.assert_array_equal(seen.progress.column(column), told.progress.column(column))
    assert seen.epochs == told.epochs
    assert seen.end == told.end
    np.testing.assert_array_equal(
        seen.evaluation("test").probabilities, told.evaluation("test").probabilities
    )
    np.testing.assert_array_equal(
        seen.evaluation("validation").predicted, told.evaluation("validation").predicted
    )


def test_stop_ends_a_running_training_and_keeps_what_was_drawn(session, start, qtbot):
    start()
    session.stop()
    assert session.state is State.STOPPING

    qtbot.waitUntil(lambda: session.state is State.IDLE, timeout=PATIENCE)

    assert session.run.end.reason == "stopped"
    assert session.run.end.step >= session.run.step > 0


def test_stop_ends_a_training_that_still_reads_its_images(session, qtbot, monkeypatch):
    def endless(data, seed, folder, progress):
        while True:
            progress(1, 2)
            threading.Event().wait(0.001)

    monkeypatch.setattr("engine.training.run.load", endless)
    session.start(PROJECT)
    qtbot.waitUntil(lambda: session.run.loading is not None, timeout=PATIENCE)

    session.stop()
    qtbot.waitUntil(lambda: session.state is State.IDLE, timeout=PATIENCE)

    assert session.states == [State.PREPARING, State.STOPPING, State.IDLE]
    assert session.run.end == Finished("stopped", step=0, epoch=0)


def test_stop_ends_a_training_that_is_evaluating(session, qtbot, hold):
    evaluating = hold((judge, "answers"), lambda network, images, rows, stopped: stopped())
    session.start(ENDLESS)
    qtbot.waitUntil(evaluating.is_set, timeout=PATIENCE)

    session.stop()
    qtbot.waitUntil(lambda: session.state is State.IDLE, timeout=PATIENCE)

    assert session.run.end.reason == "stopped"
    assert session.run.evaluation("validation") is None


def test_stop_is_asked_for_once(session, start):
    start()
    session.stop()
    session.stop()

    assert session.states.count(State.STOPPING) == 1


def test_a_training_that_begins_with_single_steps_is_paused_after_them(session, qtbot):
    session.start(ENDLESS, steps=2)

    qtbot.waitUntil(lambda: session.state is State.PAUSED, timeout=PATIENCE)
    # Its last event may come a frame later, where it begins to wait while a frame is at work.
    qtbot.waitUntil(
        lambda: session.run.stepped is not None and session.run.stepped.step == 2, timeout=PATIENCE
    )


def test_stop_of_nothing_does_nothing(session):
    session.stop()

    assert session.states == []


def test_a_second_start_is_ignored_while_one_runs(session, start):
    start()
    run, folder = session.run, session.folder

    session.start(PROJECT)

    assert session.run is run
    assert session.folder == folder


def test_it_trains_again_after_the_end(session, train):
    first = train()
    second = train(PROJECT.set_training(epochs=1))

    assert second is not first
    assert len(second.epochs) == 1


def test_close_ends_the_thread(session, start):
    start()

    assert session.close()

    assert not [thread for thread in threading.enumerate() if thread.name == "training"]
    assert session.state is State.IDLE


def test_close_gives_a_worker_that_hangs_up(session, qtbot, monkeypatch):
    go_on = threading.Event()
    monkeypatch.setattr("gui.session.CLOSE_SECONDS", 0.01)
    monkeypatch.setattr("engine.training.run.run", lambda *_, **__: iter(go_on.wait, True))
    session.start(PROJECT)

    assert not session.close()

    go_on.set()
    session._worker.join()


def test_an_error_of_the_worker_is_told_with_its_details(session, train, monkeypatch):
    def broken(*_, **__):
        raise OSError("the cat sat on the keyboard")
        yield

    with monkeypatch.context() as patch:
        patch.setattr("engine.training.run.run", broken)
        run = train()

    assert isinstance(run.end, Failed)
    assert "the cat sat on the keyboard" in run.end.message
    assert "Traceback" in run.end.details
    assert isinstance(train().end, Finished)


def test_an_error_of_the_training_is_told_with_its_details(train, monkeypatch):
    monkeypatch.setattr(trainer, "build", lambda _: 1 / 0)

    run = train()

    assert "ZeroDivisionError" in run.end.message
    assert "Traceback" in run.end.details


def test_the_run_is_kept_in_its_folder(session, train, own_home):
    run = train()

    folder = session.folder
    assert folder.parent == own_home / "runs"
    assert [line["event"] for line in read_log(folder)][-1] == "Finished"
    assert (folder / "best.safetensors").exists()
    kept = read_arrays(folder / "evaluation.npz")
    np.testing.assert_array_equal(kept["predicted"], run.evaluation("validation").predicted)


def test_a_run_that_can_not_be_kept_goes_on_with_a_warning(session, train, own_home):
    (own_home / "runs").write_text("a file where a folder should be")

    run = train()

    assert len(run.warnings) == 1
    assert "no longer kept" in run.warnings[0]
    assert run.end.reason == "completed"


def test_a_run_is_told_at_once_when_it_starts(session, qtbot):
    with qtbot.waitSignal(session.run_changed) as changed:
        session.start(PROJECT)

    run, kinds = changed.args
    assert run.project is PROJECT
    assert kinds == {"started"}


def test_a_run_is_told_at_most_once_a_frame(session, train, monkeypatch):
    frames, told = [0], []
    frame = session._frame

    def counted():
        frames[0] += 1
        frame()

    session._timer.timeout.disconnect()
    session._timer.timeout.connect(counted)
    session.run_changed.connect(lambda *_: told.append(frames[0]))
    train()

    assert told[0] == 0  # as it starts
    assert all(before < after for before, after in pairwise(told))


def test_nothing_ticks_while_nothing_runs(session, train):
    train()

    assert not session._timer.isActive()


def test_evaluations_of_one_set_and_loading_follow_each_other(answers):
    validation = answers([1], [2])

    assert newest_of_event(validation) is not None
    assert newest_of_event(validation) == newest_of_event(answers([3], [3]))
    for other in ({"of": "test"}, {"whole": False}):
        assert newest_of_event(validation) != newest_of_event(replace(validation, **other))
    assert newest_of_event(Loading(1, 2)) == newest_of_event(Loading(2, 2)) is not None


def test_of_an_older_evaluation_the_answers_are_left(answers):
    left = left_of(answers([1], [2]))

    assert left.probabilities is None
    assert left.predicted.tolist() == [2]


def test_nothing_is_left_of_older_loading():
    assert left_of(Loading(1, 2)) is None


def test_every_evaluation_between_two_frames_reaches_the_run(told, answers, session):
    evaluations = [answers([1], [2], epoch=epoch) for epoch in (1, 2, 3)]

    told(100.0, *evaluations)

    kept = session.run.evaluations["validation"]
    assert [one.epoch for one in kept] == [1, 2, 3]
    assert [one.probabilities is None for one in kept] == [True, True, False]


@pytest.mark.parametrize(
    "event",
    [
        Progress(1, 0.5, 0.5),
        EpochDone(1, 1, 0.5, 0.5, 0.5, 0.5, True),
        Started("", 1, 1, 1, 1, 1, 1, "cpu", 1),
        Warned("Look out"),
        Finished("completed", 1, 1),
        Failed("Alas"),
    ],
)
def test_small_events_are_all_kept(event):
    assert newest_of_event(event) is None


def paced(pace, costs):
    """Feed frames of these costs (processor seconds), each when it is due; give the intervals."""
    now, spent, intervals = 0.0, 0.0, [pace.interval(0.0, 0.0)]
    for cost in costs:
        now += intervals[-1]
        spent += cost
        intervals.append(pace.interval(now, spent))
    return intervals


def test_cheap_frames_come_at_the_full_rate():
    assert paced(Pace(), [0.0001] * 100)[-1] == pytest.approx(FRAME_SECONDS)


@pytest.mark.parametrize("cost", [0.002, 0.004, 0.007])
def test_dear_frames_come_so_seldom_that_they_take_their_share(cost):
    intervals = paced(Pace(), [cost] * 500)

    assert 250 * cost / sum(intervals[-250:]) == pytest.approx(PAINT_BUDGET, rel=0.05)


def test_a_training_begins_with_frames_at_the_full_rate():
    intervals = paced(Pace(), [0.004] * 100)

    full = intervals.index(next(wait for wait in intervals if wait > FRAME_SECONDS))
    assert full >= SAVINGS / 0.004


def test_frames_never_come_slower_than_the_slowest():
    assert max(paced(Pace(), [3.0] * 100)) == pytest.approx(SLOWEST_FRAME_SECONDS)


def test_the_rate_comes_back_when_frames_get_cheap():
    assert paced(Pace(), [0.01] * 50 + [0.0001] * 50)[-1] == pytest.approx(FRAME_SECONDS)


def test_one_dear_frame_slows_for_a_second_at_most():
    pace = Pace()
    paced(pace, [0.01] * 100)  # nothing is saved up

    intervals = paced(pace, [5.0, *[0.0001] * 12])  # a menu was open

    assert sum(wait for wait in intervals if wait > FRAME_SECONDS) <= 1.0


@pytest.fixture
def told(session, answers, monkeypatch):
    """Post evaluations at given times and note which kinds are told with the frame after each."""
    clock, kinds = [0.0], []
    monkeypatch.setattr("gui.session.monotonic", lambda: clock[0])
    session.run = Run(PROJECT)
    session.run_changed.connect(lambda _, new: kinds.append(new))

    def tell(now, *events):
        kinds.clear()
        clock[0] = now
        for event in events:
            session._mailbox.post(event)
        session._frame()
        return kinds[0] if kinds else frozenset()

    return tell


def test_evaluations_follow_each_other_at_some_distance(told, answers):
    soon, due = 100 + PICTURE_SECONDS / 2, 100 + PICTURE_SECONDS

    assert told(100.0, answers([1], [2])) == {"evaluation"}
    assert told(soon, answers([1], [2]), Progress(1, 0.5, 0.5)) == {"progress"}
    assert told(due) == {"evaluation"}
    assert told(due + 1) == frozenset()


def test_an_evaluation_has_a_frame_of_its_own(told, answers, session):
    assert told(100.0, answers([1], [2]), Progress(1, 0.5, 0.5)) == {"progress"}
    assert session._timer.interval() == round(1000 * FRAME_SECONDS)
    assert told(100.04, Progress(2, 0.5, 0.5)) == {"evaluation"}
    assert told(100.08) == {"progress"}


def test_the_last_evaluation_is_told_at_once_with_the_end(told, answers):
    told(100.0, answers([1], [2]))

    assert told(100.01, answers([1], [2]), Finished("stopped", 1, 0)) == {"evaluation", "end"}


def test_a_second_training_begins_at_the_full_rate(session, train, start, monkeypatch):
    train()
    monkeypatch.setattr("gui.session.thread_time", lambda: 1000.0)  # much editing in between

    start()

    assert session._timer.interval() == round(1000 * FRAME_SECONDS)
