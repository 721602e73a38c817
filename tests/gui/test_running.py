"""What a person does with a training and its runs, in the whole window."""

from __future__ import annotations

import shutil

import pytest
from PySide6.QtWidgets import QPushButton

from engine.project.layers import Dense, Flatten
from engine.project.optimizers import Sgd
from engine.project.presets import FIRST, preset
from engine.store.checkpoints import Checkpoints
from engine.store.runs import LOG
from engine.training import tuning
from engine.training.reopen import reopen
from engine.training.resume import branch
from gui.running import newest_cut_off
from gui.session import State
from gui.views.rewind import RewindView
from gui.views.runs import RunsView

PATIENCE = 60_000  # milliseconds; a busy machine loads torch for long
SHORT = preset(FIRST).set_training(epochs=2, batch_size=128)
ENDLESS = SHORT.set_training(epochs=100_000)


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    monkeypatch.setattr(tuning, "cores", lambda: 1)


@pytest.fixture
def act(window, qtbot):
    """Trigger a command and wait for what it is to bring."""

    def act(name, until):
        window.actions_by_name[name].trigger()
        qtbot.waitUntil(until, timeout=PATIENCE)

    return act


@pytest.fixture
def state(window):
    def state(*wanted):
        return lambda: window.session.state in wanted

    return state


@pytest.fixture
def trained_run(window, act, state):
    """Train to the end; give the folder."""
    window.document.replace(SHORT, None)
    act("train", state(State.IDLE))
    return window.session.folder


def enabled(window, *names):
    return [name for name in names if window.actions_by_name[name].isEnabled()]


def offers(window):
    own = (window.banner.copy, window.banner.show_layer)
    return [
        button
        for button in window.banner.findChildren(QPushButton)
        if button.isVisible() and button not in own
    ]


def test_a_training_waits_and_goes_on(window, act, state):
    window.document.replace(ENDLESS, None)
    act("train", lambda: window.session.run.step > 0)

    act("pause", state(State.PAUSED))
    step = window.session.run.step
    assert window.actions_by_name["pause"].text() == "Go on"
    act("pause", lambda: window.session.run.step > step)

    assert window.actions_by_name["pause"].text() == "Pause"


def test_a_step_begins_a_training_and_shows_what_it_does(window, act, qtbot):
    window.document.replace(ENDLESS, None)

    act("step", lambda: window.session.run is not None and window.session.run.stepped is not None)
    act("step", lambda: window.session.run.stepped.step == 2)
    act("step_ten", lambda: window.session.run.stepped.step == 12)

    assert window.session.state in (State.PAUSING, State.PAUSED)
    qtbot.waitUntil(lambda: not window.step.visibleRegion().isEmpty(), timeout=PATIENCE)


def test_a_change_is_applied_to_the_run(window, act, state, qtbot):
    window.document.replace(ENDLESS, None)
    act("train", lambda: window.session.run.step > 0)
    window.document.edit("Rate", window.document.project.set_optimizer(learning_rate=0.0125))

    window.training.change_wanted.emit("optimizer.learning_rate", 0.0125)
    qtbot.waitUntil(lambda: bool(window.session.run.changes), timeout=PATIENCE)

    assert window.session.run.current == window.document.project
    # Told a frame later where an evaluation takes one for itself.
    qtbot.waitUntil(lambda: not window.status.note.text(), timeout=PATIENCE)


def test_a_run_that_diverged_offers_its_mend_as_an_edit(window, act, state, qtbot):
    deep = SHORT.insert(0, Flatten(), *[Dense(units=16)] * 8)
    project = deep.set_training(optimizer=Sgd(learning_rate=100), epochs=50)
    window.document.replace(project, None)

    act("train", state(State.IDLE))
    qtbot.waitUntil(window.banner.isVisible)
    offers(window)[0].click()

    assert window.session.run.end.reason == "diverged"
    assert window.document.project.training.optimizer.learning_rate < 100
    window.document.undo_stack.undo()
    assert window.document.project == project


def test_a_message_about_a_layer_selects_it(window):
    window.banner.say("A number in dense_1 is none.", layer="dense_1")

    window.banner.show_layer.click()

    assert window.selection.layers == ("dense_1",)
    assert window.banner.isVisible()
    window.banner.say("All is well.")
    assert not window.banner.show_layer.isVisible()


def test_a_stopped_run_goes_on_to_its_end(window, act, state, qtbot):
    window.document.replace(SHORT.set_training(epochs=300), None)
    act("train", lambda: window.session.run.step > 20)
    act("stop", state(State.IDLE))
    folder, step = window.session.folder, window.session.run.step

    window.running.resume(folder)
    qtbot.waitUntil(lambda: window.session.run.step > step, timeout=PATIENCE)
    act("stop", state(State.IDLE))

    assert window.session.folder == folder
    assert window.session.run.resumed
    assert reopen(folder).step >= step


def test_a_run_that_was_cut_off_is_offered(window, trained_run, qtbot):
    checkpoint = Checkpoints(trained_run).newest()[0]
    log = trained_run / LOG
    log.write_bytes(log.read_bytes()[: checkpoint.state["log_bytes"] + 20])
    assert newest_cut_off(trained_run.parent).folder == trained_run

    window.running.look_for_cut_off()
    qtbot.waitUntil(window.banner.isVisible)
    offers(window)[0].click()
    qtbot.waitUntil(
        lambda: bool(window.session.run.resumed and window.session.run.end), timeout=PATIENCE
    )

    assert window.session.run.end.reason == "completed"
    assert newest_cut_off(trained_run.parent) is None


def test_no_run_is_offered_where_none_is(tmp_path):
    assert newest_cut_off(tmp_path / "nothing") is None


def test_a_branch_goes_on_with_the_edited_project(window, trained_run, act, state, qtbot):
    act("rewind", lambda: window.findChild(RewindView) is not None)
    window.document.edit("Rate", window.document.project.set_training(epochs=3))

    window.running.branch(0)
    qtbot.waitUntil(lambda: window.session.folder != trained_run, timeout=PATIENCE)
    qtbot.waitUntil(state(State.IDLE), timeout=PATIENCE)

    run = window.session.run
    assert (run.branched.parent, run.branched.step) == (trained_run.name, 0)
    assert len(run.epochs) == 3
    assert window.document.project.training.epochs == 3
    assert reopen(window.session.folder).epochs == run.epochs


def test_a_branch_that_was_cut_off_at_once_goes_on_with_its_own_project(
    window, trained_run, act, state, qtbot
):
    other, target = SHORT.set_training(epochs=3), trained_run.parent / "branch"
    branch(trained_run, 0, other, target).lock.release()  # and nothing more: a kill
    window.document.replace(ENDLESS, None)
    told = []
    window.running.compared.connect(lambda run, _: told.append(run))

    window.running.resume(target)
    qtbot.waitUntil(lambda: window.session.folder == target, timeout=PATIENCE)
    qtbot.waitUntil(state(State.IDLE), timeout=PATIENCE)

    assert window.document.project == other
    assert len(window.session.run.epochs) == 3
    assert told == [None]


def test_a_branch_of_other_layers_says_why_not(window, trained_run, qtbot):
    window.document.edit("Dense", window.document.project.insert(1, Dense(units=3)))

    window.running.branch(0)
    qtbot.waitUntil(window.banner.isVisible, timeout=PATIENCE)

    assert "layers" in window.banner.sentence.text()


def test_a_run_is_verified(window, trained_run, act, qtbot):
    act("verify", window.banner.isVisible)

    assert "equal" in window.banner.sentence.text()


def test_what_can_be_done_follows_the_training(window, trained_run, act, state):
    names = ("train", "pause", "step", "stop", "resume", "rewind", "verify", "open_run")
    assert enabled(window, *names) == ["train", "step", "rewind", "verify", "open_run"]

    window.document.replace(ENDLESS, None)
    act("train", lambda: window.session.run.step > 0)

    assert enabled(window, *names) == ["pause", "step", "stop", "rewind"]


def test_the_list_of_runs_opens_once(window, trained_run, qtbot):
    window.actions_by_name["runs"].trigger()
    window.actions_by_name["runs"].trigger()

    (runs,) = window.findChildren(RunsView)
    qtbot.waitUntil(lambda: runs.model.rowCount() == 1, timeout=PATIENCE)


def test_a_run_that_is_gone_is_refused_with_a_sentence(window, trained_run, qtbot):
    shutil.rmtree(trained_run)

    window.running.resume(trained_run)
    qtbot.waitUntil(window.banner.isVisible, timeout=PATIENCE)

    assert str(trained_run) in window.banner.sentence.text()
