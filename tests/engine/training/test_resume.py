"""A training that goes on from any of its steps is the one that was never interrupted."""

from __future__ import annotations

import shutil
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from itertools import islice
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open

from engine.data.dataset import Cancelled
from engine.problems import ProblemError
from engine.project.augmentation import Augmentation
from engine.project.layers import BatchNorm, Conv2d, Dense, Dropout, Flatten
from engine.project.optimizers import OPTIMIZER_TYPES, Adam, Sgd
from engine.project.schedules import OneCycle, ReduceOnPlateau
from engine.project.stopping import EarlyStopping
from engine.store import checkpoints
from engine.store.checkpoints import Checkpoint, Checkpoints
from engine.store.runs import LOG, read_log
from engine.training import resume as resume_module
from engine.training import run as run_module
from engine.training import trainer
from engine.training.checkpoint_state import check_state
from engine.training.control import Control
from engine.training.events import (
    Branched,
    Changed,
    Continued,
    Evaluated,
    Failed,
    Finished,
    Paused,
    RateDropped,
    Resumed,
    Snapshot,
    Started,
    ThreadsChanged,
    Weights,
)
from engine.training.loop import Begin, train
from engine.training.record import SavePace
from engine.training.reopen import reopen
from engine.training.replay import read_script
from engine.training.resume import branch, resume
from engine.training.run import run

LAYERS = (Conv2d(filters=3), BatchNorm(), Flatten(), Dropout(rate=0.3), Dense(units=5))
CHANGING = Augmentation(shift=0.1, rotate=10.0)


class Changes(Control):
    """Asks for changes after some of the steps, as a person or a replayed log does."""

    def __init__(self, changes):
        super().__init__()
        self.changes = changes

    def take_changes(self, step):
        return self.changes.get(step, [])


def always(_moment):
    return True


def whole(project, dataset, control=None):
    return list(train(project, dataset, control or Control(), threads=1, due=always))


def checkpoint_of(snapshot, tmp_path):
    """Take a snapshot through the disk."""
    kept = Checkpoint(
        snapshot.step, snapshot.epoch, snapshot.kind, snapshot.tensors, snapshot.state
    )
    Checkpoints(tmp_path).write(kept)
    return Checkpoints(tmp_path).read(snapshot.step)


def resumed(project, dataset, checkpoint, control=None, parent=""):
    begin = Begin(checkpoint, parent)
    control = control or Control()
    return list(train(project, dataset, control, threads=1, begin=begin, due=always))


def told(events, content):
    """Give what a log would tell and more: all but that it was interrupted."""
    silent = (Snapshot, Started, Resumed, ThreadsChanged, Paused, Continued)
    return [content(event) for event in events if not isinstance(event, silent)]


def check_every_snapshot(project, dataset, content, tmp_path, changes=None, every=1):
    control = Changes(changes or {})
    events = whole(project, dataset, control)
    places = [place for place, event in enumerate(events) if isinstance(event, Snapshot)]
    assert len(places) > 5
    for place in places[::every]:
        checkpoint = checkpoint_of(events[place], tmp_path)
        left = {step: some for step, some in control.changes.items() if step >= checkpoint.step}
        after = resumed(project, dataset, checkpoint, Changes(left))
        assert told(after, content) == told(events[place + 1 :], content), checkpoint.step


@pytest.mark.parametrize("kind", OPTIMIZER_TYPES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("recorded", [False, True], ids=["plain", "recorded"])
def test_it_goes_on_to_the_last_bit_from_every_batch(
    kind, recorded, make_project, make_dataset, content, tmp_path, monkeypatch
):
    dataset = make_dataset(train=22)
    monkeypatch.setattr(trainer, "CAPTURE_FROM", 1 if recorded else 10**9)
    project = make_project(
        *LAYERS, optimizer=kind(), augmentation=CHANGING, schedule=OneCycle(), epochs=2
    )

    check_every_snapshot(project, dataset, content, tmp_path)


def test_a_step_is_recorded_for_whole_batches(project, dataset, monkeypatch):
    sizes = []
    monkeypatch.setattr(trainer, "CAPTURE_FROM", 1)
    monkeypatch.setattr(
        trainer, "captured", lambda plain, _, some, __: sizes.append(len(some)) or plain
    )

    whole(project, dataset, Changes({4: [("batch_size", 16)]}))  # 8 images are left in the epoch

    assert sizes == [8, 16]


@pytest.mark.parametrize("recorded", [False, True], ids=["plain", "recorded"])
def test_a_lone_last_image_that_joins_its_batch_is_part_of_it_again(
    recorded, make_project, make_dataset, content, tmp_path, monkeypatch
):
    monkeypatch.setattr(trainer, "CAPTURE_FROM", 1 if recorded else 10**9)
    project = make_project(*LAYERS, batch_size=16, epochs=8)

    check_every_snapshot(project, make_dataset(train=17), content, tmp_path)


@pytest.mark.parametrize("recorded", [False, True], ids=["plain", "recorded"])
def test_changes_on_the_way_stay_changed(
    recorded, make_project, make_dataset, content, tmp_path, monkeypatch
):
    dataset = make_dataset(train=30)
    monkeypatch.setattr(trainer, "CAPTURE_FROM", 1 if recorded else 10**9)
    project = make_project(*LAYERS, optimizer=Sgd(momentum=0.0), augmentation=CHANGING, epochs=2)
    name = project.layers[3].name
    changes = {
        2: [("optimizer.learning_rate", 0.003), ("optimizer.momentum", 0.8)],
        4: [("batch_size", 11)],
        7: [(f"layers.{name}.rate", 0.6), ("optimizer.weight_decay", 0.01)],
        9: [("batch_size", 3)],
    }

    check_every_snapshot(project, dataset, content, tmp_path, changes)


def test_plateaus_and_early_stopping_remember(make_project, dataset, content, tmp_path):
    project = make_project(
        optimizer=Adam(learning_rate=0.05),
        schedule=ReduceOnPlateau(patience=1),
        early_stopping=EarlyStopping(on=True, patience=2),
        clip_norm=0.5,
        epochs=30,
    )

    check_every_snapshot(project, dataset, content, tmp_path, every=4)

    assert whole(project, dataset)[-1].reason == "early"


def test_a_drop_on_a_plateau_is_told_and_kept(make_project, dataset, kept):
    schedule = ReduceOnPlateau(patience=0, threshold=0.99, drop=0.5)
    folder, events = kept(project=make_project(epochs=4, schedule=schedule))

    drops = [event for event in events if isinstance(event, RateDropped)]

    assert [(drop.step, drop.old, drop.new) for drop in drops] == [
        (10, 0.01, 0.005),
        (15, 0.005, 0.0025),
        (20, 0.0025, 0.00125),
    ]
    assert reopen(folder).drops == drops
    assert not read_script(folder, lambda: None).changes


def test_early_stopping_restores_the_best(make_project, dataset):
    project = make_project(
        optimizer=Adam(learning_rate=0.05),
        early_stopping=EarlyStopping(on=True, patience=2, watch="validation accuracy"),
        epochs=30,
    )

    events = whole(project, dataset)

    best, last = (
        [e for e in events if isinstance(e, Weights) and e.kind == k][-1] for k in ("best", "last")
    )
    for name, value in best.tensors.items():
        np.testing.assert_array_equal(value, last.tensors[name])


def test_a_branch_without_early_stopping_ends_with_its_own_weights(make_project, dataset, tmp_path):
    project = make_project(
        optimizer=Adam(learning_rate=0.05),
        early_stopping=EarlyStopping(on=True, patience=2),
        epochs=30,
    )
    end = next(e for e in whole(project, dataset) if isinstance(e, Snapshot) and e.kind == "end")
    other = project.set_training(early_stopping=EarlyStopping(), epochs=end.epoch + 2)

    after = resumed(other, dataset, checkpoint_of(end, tmp_path), parent="mother")

    last = next(event for event in after if isinstance(event, Weights) and event.kind == "last")
    best = {n: v for n, v in end.tensors.items() if n.startswith("best/")}
    assert any((last.tensors[n.removeprefix("best/")] != v).any() for n, v in best.items())


class Pausing(Control):
    """Pauses at a step, and is let go on from another thread's place."""

    def __init__(self, at):
        super().__init__()
        self.at, self.waited = at, 0

    def take_changes(self, step):
        if step == self.at:
            self.pause()
        return super().take_changes(step)

    def wait(self):
        self.waited += 1
        self.go_on()
        self.at = -1
        return super().wait()


def test_a_pause_changes_nothing(project, dataset, content):
    pausing = Pausing(4)

    events = whole(project, dataset, pausing)

    assert [event.step for event in events if isinstance(event, Paused)] == [4]
    assert pausing.waited == 1
    assert told(events, content) == told(whole(project, dataset), content)


@pytest.mark.parametrize("at", [2, 9, 30])
def test_a_pause_while_the_step_is_recorded_changes_nothing(
    at, project, dataset, content, monkeypatch
):
    """The recording is broken off, and begun again before the next step."""
    monkeypatch.setattr(trainer, "CAPTURE_FROM", 1)
    pausing = PausingAtLook(at)

    events = whole(project, dataset, pausing)

    assert [event.step for event in events if isinstance(event, Paused)] == [1]
    assert told(events, content) == told(whole(project, dataset), content)


class PausingAtLook(Control):
    """Pauses when it is asked for the n-th time whether something is to be broken off."""

    def __init__(self, at):
        super().__init__()
        self.at = at

    @property
    def interrupted(self):
        self.at -= 1
        if self.at == 0:
            self.pause()
        return super().interrupted

    def wait(self):
        self.go_on()
        return super().wait()


@pytest.mark.parametrize("at", [1, 2, 5, 6, 16])
def test_a_pause_while_the_network_is_judged_changes_nothing(at, project, dataset, content):
    events = whole(project, dataset, PausingAtLook(at))

    assert len([event for event in events if isinstance(event, Paused)]) == 1
    assert told(events, content) == told(whole(project, dataset), content)


def test_single_steps_learn_what_the_run_would_learn(make_project, dataset, content):
    project = make_project(*LAYERS)
    control = Control(paused=True)
    control.step(10**6)

    events = whole(project, dataset, control)

    looks = [event for event in events if type(event).__name__ == "Stepped"]
    assert len(looks) == 15
    others = [event for event in events if event not in looks]
    assert told(others, content) == told(whole(project, dataset), content)


def test_a_branch_goes_on_with_other_settings(project, dataset, tmp_path):
    events = whole(project, dataset)
    snapshot = next(event for event in events if isinstance(event, Snapshot) and event.step == 5)
    other = project.set_optimizer(learning_rate=0.002).set_training(batch_size=4, epochs=5)

    after = resumed(other, dataset, checkpoint_of(snapshot, tmp_path), parent="mother")

    assert after[0] == Branched(5, "mother", 5, 10, 10)
    assert after[-1] == replace(after[-1], reason="completed", step=45, epoch=5)


def test_a_branch_without_a_change_is_the_same_run(project, dataset, content, tmp_path):
    events = whole(project, dataset)
    place = next(p for p, e in enumerate(events) if isinstance(e, Snapshot) and e.step == 7)

    after = resumed(project, dataset, checkpoint_of(events[place], tmp_path), parent="mother")

    assert told(after[1:], content) == told(events[place + 1 :], content)


def test_a_branch_may_take_another_optimizer(project, dataset, tmp_path):
    snapshot = next(e for e in whole(project, dataset) if isinstance(e, Snapshot) and e.step == 5)

    other = project.set_training(optimizer=Sgd(learning_rate=0.1))
    after = resumed(other, dataset, checkpoint_of(snapshot, tmp_path), parent="mother")

    assert isinstance(after[-1], Finished)


@pytest.mark.parametrize("optimizer", [Adam(), Sgd(momentum=0.9)], ids=["adam", "sgd"])
def test_a_branch_may_freeze_layers_and_let_them_learn_again(
    make_project, dataset, tmp_path, optimizer, content
):
    layers = Flatten(), Dense(units=8), Dense(units=6)
    project = make_project(*layers, optimizer=optimizer, epochs=4)
    freezing = project.set_layer("dense_1", frozen=True).set_layer("dense_2", l2=0.1)
    snapshot = next(e for e in whole(project, dataset) if isinstance(e, Snapshot) and e.step == 5)
    frozen = resumed(freezing, dataset, checkpoint_of(snapshot, tmp_path / "a"), parent="mother")
    place = next(p for p, e in enumerate(frozen) if isinstance(e, Snapshot) and e.step == 12)
    thawed = resumed(
        project, dataset, checkpoint_of(frozen[place], tmp_path / "b"), parent="daughter"
    )

    def moved(events, name):
        last = [event for event in events if isinstance(event, Snapshot)][-1]
        before = frozen[place].tensors if events is thawed else snapshot.tensors
        return not np.array_equal(last.tensors[f"network/{name}"], before[f"network/{name}"])

    assert not moved(frozen, "dense_1.weight")
    assert moved(frozen, "dense_2.weight")
    assert moved(thawed, "dense_1.weight")
    again = resumed(freezing, dataset, checkpoint_of(frozen[place], tmp_path / "c"))
    assert told(again, content) == told(frozen[place + 1 :], content)


def test_a_branch_with_other_layers_is_refused(project, dataset, tmp_path):
    snapshot = next(e for e in whole(project, dataset) if isinstance(e, Snapshot))
    other = project.insert(1, Dense(units=4))

    with pytest.raises(ProblemError, match="layers differ"):
        resumed(other, dataset, checkpoint_of(snapshot, tmp_path), parent="mother")


def test_a_change_that_is_wrong_is_told_and_nothing_changes(project, dataset):
    events = whole(project, dataset, Changes({3: [("optimizer.learning_rate", -1.0)]}))

    assert not [event for event in events if isinstance(event, Changed)]
    assert "learning rate" in str(events).lower()
    assert isinstance(events[-1], Finished)


def test_a_larger_batch_makes_the_run_shorter(project, dataset):
    events = whole(project, dataset, Changes({5: [("batch_size", 20)]}))

    assert next(e for e in events if isinstance(e, Changed)) == Changed(
        5, "batch_size", 8, 20, steps_left=2, steps_per_epoch=2
    )
    assert events[-1].step == 5 + 2 + 2
    answered = [e for e in events if isinstance(e, Evaluated) and e.of == "training"]
    assert [len(event.rows) for event in answered] == [40, 40, 40]


# ---- in a folder


@pytest.fixture
def kept(tmp_path, project, dataset, monkeypatch):
    """Train into a folder, with a checkpoint at each step; or go on there."""
    monkeypatch.setattr(run_module, "load", lambda *_, **__: dataset)
    monkeypatch.setattr(SavePace, "due", lambda *_: True)

    def train_there(name="run", going_on=None, project=project):
        folder = tmp_path / name
        events = run(project, Control(), folder=folder, threads=1, going_on=going_on)
        return folder, list(events)

    return train_there


def lines_of(folder):
    silent = ("Resumed", "Branched")
    lines = [line for line in read_log(folder) if line["event"] not in silent]
    return [{name: value for name, value in line.items() if name != "at"} for line in lines]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 1.0])
def test_a_log_that_was_cut_off_anywhere_becomes_whole(kept, tmp_path, share):
    whole, _ = kept("whole")
    cut = tmp_path / "run"
    shutil.copytree(whole, cut)
    log = (cut / LOG).read_bytes()
    kept_bytes = int(share * len(log))
    (cut / LOG).write_bytes(log[:kept_bytes])
    for one in Checkpoints(cut).kept():
        if Checkpoints(cut).read(one.step).state["log_bytes"] > kept_bytes:
            Checkpoints(cut).drop_after(one.step - 1)
            break

    _, events = kept(going_on=resume(cut))

    assert isinstance(events[-1], Finished)
    assert [line | {"run": ""} for line in lines_of(cut)] == [
        line | {"run": ""} for line in lines_of(whole)
    ]
    assert reopen(cut).epochs == reopen(whole).epochs
    assert not reopen(cut).warnings


class StoppedAt(Control):
    """Is stopped in the middle of judging, when that asks for the nth time."""

    def __init__(self, count):
        super().__init__()
        self.count = count

    @property
    def interrupted(self):
        self.count -= 1
        if not self.count:
            self.stop()
        return super().interrupted


def test_a_stop_in_an_evaluation_loses_none(kept, tmp_path, project):
    whole, _ = kept("whole")
    folder, count = tmp_path / "run", 1
    list(run(project, StoppedAt(count), folder=folder, threads=1))
    while not isinstance(end := reopen(folder).end, Finished) or end.reason == "stopped":
        count = count % 3 + 1
        list(run(project, StoppedAt(count), folder=folder, threads=1, going_on=resume(folder)))

    assert [line | {"run": ""} for line in lines_of(folder)] == [
        line | {"run": ""} for line in lines_of(whole)
    ]


def test_a_stop_while_images_are_read_again_tells_where_the_run_stands(
    kept, tmp_path, project, monkeypatch
):
    folder, _ = kept()
    Checkpoints(folder).drop_after(14)
    monkeypatch.setattr(run_module, "load", cancelled)

    events = list(run(project, Control(), folder=folder, going_on=resume(folder)))

    assert events == [Finished("stopped", step=14, epoch=2)]


def cancelled(*_):
    raise Cancelled


def test_a_long_run_without_checkpoints_is_not_begun_anew(kept, tmp_path, monkeypatch):
    folder, _ = kept()
    shutil.rmtree(folder / "checkpoints")
    told_before = (folder / LOG).read_bytes()
    monkeypatch.setattr(resume_module, "MOST_LOST_SECONDS", 0.0)

    with pytest.raises(ProblemError, match="holds no checkpoint that can be read"):
        resume(folder)
    assert (folder / LOG).read_bytes() == told_before


def test_a_checkpoint_that_can_not_be_read_now_is_not_thrown_away(kept, tmp_path, monkeypatch):
    folder, _ = kept()
    told_before = (folder / LOG).read_bytes()
    monkeypatch.setattr(checkpoints.psutil, "virtual_memory", lambda: SimpleNamespace(available=9))

    with pytest.raises(ProblemError, match="Close other programs"):
        resume(folder)
    monkeypatch.undo()
    assert (folder / LOG).read_bytes() == told_before
    assert Checkpoints(folder).newest()[0].kind == "end"


def test_a_branch_begins_with_its_own_project(kept, tmp_path, project):
    folder = tmp_path / "run"
    list(run(project, Changes({3: [("optimizer.learning_rate", 0.5)]}), folder=folder, threads=1))
    other = project.set_optimizer(learning_rate=0.002)

    kept("branch", branch(folder, 14, other, tmp_path / "branch"))

    assert reopen(tmp_path / "branch").current == other


def test_a_branch_has_no_best_weights_of_later_steps(kept, tmp_path, project):
    folder, _ = kept()
    with safe_open(folder / "best.safetensors", framework="numpy") as file:
        assert int(file.metadata()["step"]) > 0

    branch(folder, 0, project, tmp_path / "branch").lock.release()

    assert not (tmp_path / "branch" / "best.safetensors").exists()


def test_a_branch_needs_epochs_that_are_left(kept, tmp_path, project):
    folder, _ = kept()

    with pytest.raises(ProblemError, match="in epoch 3 there, and the project ends after 2"):
        branch(folder, 14, project.set_training(epochs=2), tmp_path / "branch")
    assert not (tmp_path / "branch").exists()


HOSTILE = st.one_of(
    st.none(),
    st.integers(max_value=-1),
    st.integers(min_value=2**31),
    st.sampled_from([float("nan"), float("inf"), -float("inf"), -0.5, 1.5]),
    st.text(max_size=3),
    st.booleans(),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=1),
)
"""Values of which none can stand at the place of another in a state."""


def places_in(value, way=()):
    """List the ways to all values of a state, at any depth."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in inner:
        yield (*way, key)
        if isinstance(part, dict | list):
            yield from places_in(part, (*way, key))


def with_another(state, way, value):
    changed = deepcopy(state)
    place = changed
    for key in way[:-1]:
        place = place[key]
    place[way[-1]] = value
    return changed


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_checkpoint_whose_words_make_no_sense_is_trusted_by_nobody(data, project, dataset):
    """It is passed over, or what it says could be true and goes on, or ends with a sentence."""
    events = train(project, dataset, Control(), threads=1, due=always)
    snapshot = [event for event in islice(events, 40) if isinstance(event, Snapshot)][4]
    state = {**snapshot.state, "log_bytes": 10, "at": 1.0, "threads": 1}
    checkpoint = Checkpoint(snapshot.step, snapshot.epoch, "epoch", snapshot.tensors, state)
    check_state(checkpoint, project)
    ways = list(places_in(checkpoint.state))
    hostile = with_another(checkpoint.state, data.draw(st.sampled_from(ways)), data.draw(HOSTILE))
    doubtful = replace(checkpoint, state=hostile)

    with suppress(ProblemError):
        check_state(doubtful, project)
        next(train(project, dataset, Control(), threads=1, begin=Begin(doubtful)))


@pytest.mark.parametrize(
    "hostile",
    [
        {"at": None},
        {"at": float("nan")},
        {"threads": 10**9},
        {"log_bytes": -1},
        {"epoch": 10**30},
        {"position": "8"},
        {"best_accuracy": float("nan")},
        {"meter": {"count": 3}, "position": 8},
        {"course": [3, []]},
        {"course": [3, [[0, 0.0, 0.0]]]},
        {"project": "{}"},
    ],
    ids=str,
)
def test_the_checkpoint_before_one_that_makes_no_sense_stands_in(kept, hostile):
    folder, _ = kept()
    before, last = (one.step for one in Checkpoints(folder).kept()[-2:])
    checkpoint, _ = Checkpoints(folder).newest()
    Checkpoints(folder).write(replace(checkpoint, state={**checkpoint.state, **hostile}))

    going_on = resume(folder)
    going_on.lock.release()

    assert going_on.begin.checkpoint.step == before
    assert going_on.notes == (
        f"The checkpoint of step {last} tells what can't be true of a training. "
        "Go on from another one.",
    )


def test_where_no_checkpoint_can_be_used_nothing_old_stays_behind(kept, project):
    folder, _ = kept()
    for path in (folder / "checkpoints").iterdir():
        path.write_bytes(b"damaged")
    (folder / "note.txt").write_text("mine")

    going_on = resume(folder)
    going_on.take_over()

    assert going_on.notes[-1] == "None of its checkpoints can be used: the training begins anew."
    left = {path.name for path in folder.rglob("*") if path.is_file()}
    assert left - {"lock"} == {"project.json", "note.txt"}


def test_a_branch_that_was_cut_off_at_once_is_still_a_branch(kept, tmp_path, project):
    folder, _ = kept()
    other = project.set_optimizer(learning_rate=0.002)
    branch(folder, 5, other, tmp_path / "branch").lock.release()  # and nothing more: a kill

    going_on = resume(tmp_path / "branch")
    _, events = kept("branch", going_on)

    assert next(e for e in events if isinstance(e, Branched)).parent == folder.name
    assert reopen(tmp_path / "branch").project == other


def test_one_program_at_a_time(kept):
    folder, _ = kept()
    first = resume(folder)

    with pytest.raises(ProblemError, match="in use by another Layerscope"):
        resume(folder)
    first.lock.release()


def test_a_checkpoint_of_another_network_fails_with_a_sentence(kept, make_project):
    folder, _ = kept()
    going_on = resume(folder)
    checkpoint = going_on.begin.checkpoint
    wrong = replace(checkpoint, tensors={"network/nothing": np.zeros(1)})

    _, events = kept(going_on=replace(going_on, begin=Begin(wrong)))

    assert isinstance(events[-1], Failed)
    assert "checkpoint" in events[-1].message
