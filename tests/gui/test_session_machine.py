"""Whatever a person does with a training, in whatever order: nothing hangs, nothing is lost."""

from __future__ import annotations

import threading
from functools import wraps
from itertools import count
from time import monotonic

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from PySide6.QtTest import QTest

from engine.data.load import inspect
from engine.project.layers import Dense, Dropout, Flatten
from engine.project.presets import FIRST, preset
from engine.project.project import Project
from engine.project.sources import NpzFile
from engine.store.checkpoints import Checkpoints
from engine.store.lock import in_use
from engine.store.runs import LOG, runs_folder
from engine.training import trainer, tuning
from engine.training.reopen import reopen
from engine.training.resume import branch, resume
from gui.app import load_training
from gui.session import Session, State

PATIENCE = 30.0  # seconds; what takes longer hangs
ENDLESS = 100_000  # epochs
IDLE, PREPARING, RUNNING = State.IDLE, State.PREPARING, State.RUNNING
PAUSING, PAUSED, STOPPING = State.PAUSING, State.PAUSED, State.STOPPING
DIAGRAM = {
    IDLE: {PREPARING, PAUSING},  # the latter where so many steps are asked for
    PREPARING: {RUNNING, PAUSING, STOPPING, IDLE},
    RUNNING: {PAUSING, STOPPING, IDLE},
    PAUSING: {PAUSED, RUNNING, PREPARING, STOPPING, IDLE},
    PAUSED: {RUNNING, PREPARING, PAUSING, STOPPING},
    STOPPING: {IDLE},
}
CHANGES = st.one_of(
    st.tuples(st.just("optimizer.learning_rate"), st.sampled_from([0.001, 0.003, 0.01, -1.0])),
    st.tuples(st.just("batch_size"), st.sampled_from([4, 8, 30])),
    st.tuples(st.just("layers.dropout_1.rate"), st.sampled_from([0.1, 0.6])),
)
MORE = st.sampled_from([0, 1, 10, 60])  # steps that a training takes before anything else is done


def where(holds):
    """Let an act do nothing where it can't be. As a precondition it would decide what is drawn
    next, and hypothesis wants that to be the same again, which a thread is not.
    """

    def decorate(act):
        @wraps(act)
        def guarded(machine, **drawn):
            if holds(machine):
                act(machine, **drawn)

        return guarded

    return decorate


busy = where(lambda machine: machine.session.state.busy)
idle = where(lambda machine: not machine.session.state.busy)
kept = where(lambda machine: not machine.session.state.busy and machine.is_kept())


class Machine(RuleBasedStateMachine):
    """Drives a real session as the window does, and holds each run against its folder."""

    project: Project  # of a few tiny images
    numbers = count(1)

    def __init__(self):
        super().__init__()
        self.wrong = []  # moves that the diagram does not have; a slot can't raise
        self.will_wait = False  # the training waits sooner or later, if it does not end
        self.open()

    def open(self):
        self.session = Session()
        self.state = IDLE
        self.session.state_changed.connect(self.follow)

    def follow(self, state):
        if state is not self.state and state not in DIAGRAM[self.state]:
            self.wrong.append((self.state, state))
        self.state = state

    # ---- what a person does

    @rule(
        steps=st.sampled_from([None, None, 1, 3]),
        epochs=st.sampled_from([2, ENDLESS, ENDLESS]),
        more=MORE,
    )
    @idle
    def start(self, steps, epochs, more):
        self.check_folder()
        project = self.project.set_training(epochs=epochs)
        self.session.start(project, steps=steps)
        self.will_wait = steps is not None
        self.train(more)

    @rule()
    def pause(self):
        self.will_wait |= self.session.state in (PREPARING, RUNNING)
        self.session.pause()

    @rule()
    def run_on(self):
        self.will_wait &= self.session.state not in (PAUSING, PAUSED)
        self.session.run_on()

    @rule(steps=st.integers(1, 3))
    def step(self, steps):
        self.will_wait |= self.session.state.busy
        self.session.step(steps)

    @rule(change=CHANGES)
    def change(self, change):
        self.session.change(*change)

    @rule()
    def stop(self):
        self.session.stop()

    @rule(milliseconds=st.integers(1, 15))
    def live(self, milliseconds):
        QTest.qWait(milliseconds)

    @rule()
    @busy
    def wait(self):
        """What was asked for comes."""
        before = self.session.run.step
        self.until(lambda: self.session.state is not STOPPING)
        if self.will_wait:
            self.until(lambda: self.session.state in (PAUSED, IDLE))
        elif self.session.state.busy:
            self.until(lambda: not self.session.state.busy or self.session.run.step != before)

    @rule()
    def close(self):
        """The window closes, and is opened again."""
        run, folder = self.session.run, self.session.folder
        assert self.session.close()
        assert self.session.state is IDLE
        self.check_folder()
        self.open()
        if run is not None:
            self.session.run, self.session.folder = run, folder

    @rule()
    @kept
    def show(self):
        self.check_folder()
        folder = self.session.folder
        self.session.show(reopen(folder), folder)

    @rule(more=MORE)
    @kept
    def resume(self, more):
        self.check_folder()
        self.session.go_on(resume(self.session.folder))
        self.will_wait = False
        self.train(more)

    @rule(rate=st.sampled_from([0.002, 0.01]), choice=st.floats(0, 1), more=MORE)
    @kept
    def branch(self, rate, choice, more):
        self.check_folder()
        folder = self.session.folder
        steps = [one.step for one in Checkpoints(folder).kept()]
        step = steps[round(choice * (len(steps) - 1))]
        project = self.session.run.project.set_optimizer(learning_rate=rate)
        target = runs_folder() / f"branch {next(self.numbers)}"
        self.session.go_on(branch(folder, step, project, target))
        self.will_wait = False
        self.train(more)

    @rule()
    @busy
    def go_on_with_another(self):
        """It is refused while one runs, and its folder is free again."""
        run = self.session.run
        others = [folder for folder in runs_folder().glob("*") if (folder / LOG).exists()]
        others = [folder for folder in others if folder != self.session.folder]
        if others:
            self.session.go_on(resume(others[0]))
            assert self.session.run is run
            assert not in_use(others[0])

    # ---- what holds

    @invariant()
    def the_diagram_is_kept(self):
        assert not self.wrong
        assert self.session.state is self.state

    @invariant()
    def one_worker_at_most(self):
        assert len(workers()) <= 1

    def teardown(self):
        assert self.session.close(), "the worker hangs"
        self.check_folder()
        assert self.session.state is IDLE
        assert not self.wrong

    def is_kept(self):
        self.until(lambda: not workers())  # the folder's lock goes after the last event
        return self.session.folder is not None and (self.session.folder / LOG).exists()

    def check_folder(self):
        """The log tells what the window saw, and nobody holds it."""
        self.until(lambda: not workers())
        run, folder = self.session.run, self.session.folder
        if folder is None:
            return
        assert not in_use(folder)
        assert run.end is not None
        assert (run.started is not None) == (folder / LOG).exists()
        if run.started is not None:
            assert_alike(run, reopen(folder))

    def train(self, more):
        """Let the training take some steps, as far as it does not wait or end."""
        enough = self.session.run.step + more
        over = (PAUSED, IDLE)
        self.until(lambda: self.session.state in over or self.session.run.step >= enough)

    def until(self, condition):
        end = monotonic() + PATIENCE
        while not condition():
            assert monotonic() < end, f"waited in vain in {self.session.state}"
            QTest.qWait(1)


def workers():
    return [thread for thread in threading.enumerate() if thread.name == "training"]


def assert_alike(seen, told):
    """Compare a run as it was followed with the one that its folder tells of."""
    for column in range(4):
        np.testing.assert_array_equal(seen.progress.column(column), told.progress.column(column))
    for name in ("epochs", "changes", "pauses", "resumed", "branched", "course", "end", "warnings"):
        assert getattr(seen, name) == getattr(told, name), name
    for of, evaluations in seen.evaluations.items():
        others = told.evaluations[of]
        assert [one.step for one in evaluations] == [one.step for one in others]
        for one, other in zip(evaluations, others, strict=True):
            np.testing.assert_array_equal(one.predicted, other.predicted)


@pytest.fixture
def drive(qapp, tmp_path, own_home, monkeypatch):
    """Run so many examples of so many acts."""
    load_training(preset(FIRST))  # which takes longer than closing waits
    random = np.random.default_rng(0)
    images = random.integers(0, 255, (90, 4, 4), np.uint8)
    path = tmp_path / "tiny.npz"
    np.savez(
        path, x_train=images, y_train=np.arange(90) % 3, x_test=images, y_test=images[:, 0, 0] % 3
    )
    monkeypatch.setattr(Machine, "project", tiny_project(path), raising=False)
    monkeypatch.setattr(tuning, "cores", lambda: 1)  # so that no run measures
    monkeypatch.setattr(trainer, "CAPTURE_FROM", 10**9)  # recording takes longer than an example
    monkeypatch.setattr("gui.session.FRAME_SECONDS", 0.002)
    monkeypatch.setattr("gui.session.PAINT_BUDGET", 1.0)

    def drive(examples, acts, derandomize=True):
        phases = set(Phase) - {Phase.shrink, Phase.explain}  # threads don't do the same twice
        how = settings(
            max_examples=examples,
            stateful_step_count=acts,
            phases=phases,
            database=None,
            print_blob=False,
            derandomize=derandomize,
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(Machine, settings=how)

    return drive


def tiny_project(path):
    project = Project().set_data(source=inspect(NpzFile, path), validation=0.3)
    for place, layer in enumerate((Flatten(), Dense(units=8), Dropout(rate=0.3))):
        project = project.insert(place, layer)
    return project.set_training(batch_size=8, device="cpu")


def test_nothing_hangs_and_nothing_is_lost(drive):
    drive(examples=18, acts=30)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_nothing_hangs_and_nothing_is_lost_in_ten_thousand_acts(drive):
    drive(examples=100, acts=100, derandomize=False)
