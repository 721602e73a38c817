"""A run trained again from its log is the same; what is not the same is found where it begins."""

from __future__ import annotations

import json
import shutil
from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import from_json

from engine.data.dataset import Cancelled
from engine.problems import ProblemError
from engine.project.augmentation import Augmentation
from engine.project.layers import BatchNorm, Conv2d, Dense, Dropout, Flatten
from engine.project.optimizers import Adam, Sgd
from engine.project.schedules import ReduceOnPlateau
from engine.project.stopping import EarlyStopping
from engine.store.lock import RunLock
from engine.store.projects import load_project, save_project
from engine.store.runs import LOG, PROJECT, read_log
from engine.training import run as run_module
from engine.training import tuning, verify
from engine.training.control import Control
from engine.training.events import Evaluated, Failed, Progress, ThreadsChanged
from engine.training.resume import branch, resume
from engine.training.run import run
from engine.training.verify import Difference

LAYERS = (Conv2d(filters=3), BatchNorm(), Flatten(), Dropout(rate=0.3), Dense(units=5))
CHANGING = Augmentation(shift=0.1, rotate=10.0)
CHANGES = {
    2: [("optimizer.learning_rate", 0.003), ("optimizer.momentum", 0.8)],
    4: [("batch_size", 11)],
    7: [("optimizer.weight_decay", 0.01)],
}


class Person(Control):
    """Changes something after some steps, stops after others."""

    def __init__(self, changes=None, stop=None):
        super().__init__()
        self.changes, self.stop_at = changes or {}, stop

    def take_changes(self, step):
        if step == self.stop_at:
            self.stop()
        return self.changes.get(step, [])


@pytest.fixture(autouse=True)
def tiny(monkeypatch, dataset):
    """Give the tiny dataset for whatever is asked."""
    for module in (run_module, verify):
        monkeypatch.setattr(module, "load", lambda *_: dataset)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "run"


@pytest.fixture
def keep(folder):
    """Train and keep the run; gives its events."""

    def train(project, control=None, threads=1, **options):
        place = {"folder": folder} | options
        events = list(run(project, control or Person(), threads=threads, **place))
        assert not isinstance(events[-1], Failed), events[-1]
        return events

    return train


@pytest.fixture
def again(tmp_path, folder):
    def repeat(place=folder, **options):
        return verify.verify(place, tmp_path, **options)

    return repeat


@pytest.fixture
def tamper(folder):
    """Edit the lines of the log: `edit` gives a line again, another one, or None."""

    def write(edit, place=folder):
        lines = [edit(line) for line in read_log(place)]
        content = "".join(json.dumps(line) + "\n" for line in lines if line)
        (place / LOG).write_text(content)

    return write


def log(folder):
    return [line["event"] for line in read_log(folder)]


def check_equal(verdict):
    assert verdict.equal, str(verdict.words)
    assert verdict.compared > 100
    assert "are equal" in str(verdict.words)
    assert not verdict.notes


# ---- what is equal


@pytest.mark.parametrize("layers", [(), LAYERS], ids=["mlp", "everything"])
def test_a_run_is_equal(layers, make_project, keep, again):
    keep(make_project(*layers, augmentation=CHANGING))

    check_equal(again())


def test_changes_are_made_again(make_project, keep, again, folder):
    project = make_project(*LAYERS, optimizer=Sgd(), augmentation=CHANGING, epochs=2)
    keep(project, Person(CHANGES))

    assert log(folder).count("Changed") == 4
    check_equal(again())


def test_early_stopping_comes_again(make_project, keep, again, folder):
    keep(
        make_project(
            optimizer=Adam(learning_rate=0.05),
            schedule=ReduceOnPlateau(patience=1),
            early_stopping=EarlyStopping(on=True, patience=2),
            clip_norm=0.5,
            epochs=30,
        )
    )

    assert list(read_log(folder))[-1]["reason"] == "early"
    check_equal(again())


@pytest.mark.parametrize("step", range(16))
def test_a_stopped_run_is_equal_up_to_its_stop(step, make_project, keep, again, folder):
    keep(make_project(*LAYERS), Person(stop=step))

    verdict = again()

    assert verdict.equal, str(verdict.words)
    assert list(read_log(folder))[-1]["step"] == verdict.step == min(step, 15)


class StoppedWhileJudged(Control):
    """Is stopped when the network is judged for the nth time."""

    def __init__(self, number):
        super().__init__()
        self.left = number

    @property
    def interrupted(self):
        self.left -= 1
        if self.left == 0:
            self.stop()
        return super().interrupted


@pytest.mark.parametrize("number", range(1, 17))
def test_a_stop_while_the_network_is_judged_comes_again(number, project, keep, again, folder):
    keep(project, StoppedWhileJudged(number))

    assert list(read_log(folder))[-1]["reason"] == "stopped"
    verdict = again()
    assert verdict.equal, str(verdict.words)


def test_a_pause_and_single_steps_change_nothing(make_project, keep, again):
    control = Control(paused=True)
    control.step(10**6)
    keep(make_project(*LAYERS), control)

    check_equal(again())


@pytest.mark.parametrize("lines", [1, 2, 5, 12, 20])
def test_a_log_that_breaks_off_is_equal_as_far_as_it_goes(lines, project, keep, again, folder):
    keep(project)
    whole = (folder / LOG).read_bytes().splitlines(keepends=True)
    (folder / LOG).write_bytes(b"".join(whole[:lines]) + whole[lines][:9])

    verdict = again()

    assert verdict.equal
    assert "breaks off" in str(verdict.notes[-1])


@pytest.fixture
def snapshots_often(monkeypatch):
    """Let checkpoints be due at every moment."""
    monkeypatch.setattr("engine.training.record.SavePace.due", lambda *_: True)


@pytest.mark.parametrize("stop", [1, 6, 10, 14])
def test_a_resumed_run_is_compared_from_its_start(
    stop, snapshots_often, make_project, keep, again, folder
):
    changes = {stop: [("batch_size", 9)], stop + 1: [("optimizer.learning_rate", 0.02)]}
    keep(make_project(*LAYERS, augmentation=CHANGING), Person(changes, stop=stop))
    going_on = resume(folder)
    keep(None, Person(changes), going_on=going_on)

    assert "Resumed" in log(folder)
    check_equal(again())


def test_a_branch_is_compared_from_where_it_left(
    snapshots_often, make_project, keep, again, tmp_path
):
    project = make_project(*LAYERS, optimizer=Sgd(), augmentation=CHANGING)
    keep(project, Person({3: [("optimizer.momentum", 0.5)], 10: [("batch_size", 9)]}))
    other = project.set_optimizer(learning_rate=0.002).set_training(batch_size=4, epochs=5)
    keep(None, going_on=branch(tmp_path / "run", 10, other, tmp_path / "branch"))

    twig = other.set_training(epochs=6)
    going_on = branch(tmp_path / "branch", 30, twig, tmp_path / "twig")
    keep(None, Person({30: [("batch_size", 12)]}), going_on=going_on)

    assert log(tmp_path / "twig").count("Branched") == 2
    for name in ("run", "branch", "twig"):
        check_equal(again(tmp_path / name))


def test_thread_counts_are_taken_again(make_project, keep, again, folder, monkeypatch):
    def turns(_counts):
        counts = [1, 2, 2, 1]
        while True:
            yield counts[0]
            counts.append(counts.pop(0))

    monkeypatch.setattr(tuning, "tuning", turns)
    events = keep(make_project(*LAYERS), threads=None)
    used, before = [], torch.get_num_threads()
    real = verify.ReplayedThreads._use
    monkeypatch.setattr(
        verify.ReplayedThreads, "_use", lambda self, n: (used.append((self.step, n)), real(self, n))
    )

    check_equal(again())

    told = {event.step: event.threads for event in events if isinstance(event, ThreadsChanged)}
    count, expected = 1, {}
    for step in range(16):
        count = expected[step] = told.get(step, count)
    assert dict(used) == expected  # after each step the last count is the log's
    assert torch.get_num_threads() == before


def test_nothing_is_written(project, keep, again, folder):
    keep(project)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    again()

    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_run_that_diverges_diverges_again(make_project, keep, again, folder):
    layers = Flatten(), *(Dense(units=30) for _ in range(8))
    keep(make_project(*layers, optimizer=Sgd(learning_rate=100.0, momentum=0.9), epochs=9))

    told = list(read_log(folder))
    assert told[-1]["reason"] == "diverged" or any(line.get("loss", 0) is None for line in told)
    assert again().equal


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_log_holds_a_number_to_its_last_bit(number):
    assert from_json(json.dumps(number)) == number


# ---- what is not


def test_another_number_is_found(project, keep, again, tamper):
    events = keep(project)
    told = next(event for event in events if isinstance(event, Progress) and event.step == 6)
    other = float(np.nextafter(told.loss, 1))

    def edit(line):
        right = (line["event"], line.get("step")) == ("Progress", 6)
        return {**line, "loss": other} if right else line

    tamper(edit)
    verdict = again()

    assert verdict.difference == Difference(6, "Progress", "loss", other, told.loss)
    assert f"step 6, in the training loss and accuracy. Loss was {other!r}" in str(verdict.words)
    assert not verdict.notes


def test_a_difference_between_versions_is_told_with_both(project, keep, again, tamper):
    keep(project)

    def edit(line):
        edited = {"torch": "1.0", "loss": 0.5} if line["event"] in ("Started", "Progress") else {}
        return {**line, **{name: value for name, value in edited.items() if name in line}}

    tamper(edit)
    verdict = again()

    assert "trained with PyTorch 1.0 on" in str(verdict.notes[0])


def test_another_change_is_found_by_what_it_does(project, keep, again, tamper):
    keep(project, Person({4: [("optimizer.learning_rate", 0.02)]}))

    tamper(lambda line: {**line, "new": 0.03} if line["event"] == "Changed" else line)

    difference = again().difference
    assert (difference.step, difference.event) == (5, "Evaluated")  # Progress 5 is from before


def test_a_change_that_can_not_be_made_is_found(project, keep, again, tamper):
    keep(project, Person({4: [("optimizer.learning_rate", 0.02)]}))

    tamper(lambda line: {**line, "new": -1} if line["event"] == "Changed" else line)

    assert again().difference == Difference(4, "Changed", "event", "Changed", "Progress")


@pytest.mark.parametrize("event", ["Progress", "Evaluated", "EpochDone", "Weights", "Changed"])
def test_a_missing_line_is_found(event, project, keep, again, tamper, folder):
    keep(project, Person({4: [("optimizer.learning_rate", 0.02)]}))
    lines = list(read_log(folder))
    place = next(place for place, line in enumerate(lines) if line["event"] == event)

    tamper(lambda line: None if line == lines[place] else line)

    difference = again().difference
    after = lines[place + 1]
    assert difference.step in (after["step"], after["step"] + 1)


def test_a_training_that_ends_before_its_log_is_found(project, keep, again, monkeypatch):
    keep(project)
    real = verify.train
    monkeypatch.setattr(verify, "train", lambda *a, **o: islice(real(*a, **o), 3))

    difference = again().difference

    assert (difference.field, difference.found) == ("event", "")


def test_another_seed_is_found_at_the_first_number(project, keep, again, folder):
    keep(project)
    save_project(folder / PROJECT, load_project(folder / PROJECT).set_training(seed=7))

    difference = again().difference

    assert (difference.step, difference.event, difference.field) == (1, "Progress", "loss")


def test_another_answer_is_found(project, keep, again, folder):
    keep(project)
    path = next((folder / "evaluations").glob("test-*[0-9].npz"))
    arrays = dict(np.load(path))
    arrays["confidence"][0, 4] = 0.5
    np.savez(path, **arrays)

    difference = again().difference

    assert (difference.event, difference.field) == ("Evaluated", "confidence[4]")
    assert difference.expected == 0.5


@pytest.mark.parametrize("kind", ["best", "last"])
def test_another_weight_is_found(kind, make_project, keep, again, folder):
    from safetensors import safe_open
    from safetensors.numpy import load_file, save_file

    keep(make_project(*LAYERS))
    path = folder / f"{kind}.safetensors"
    with safe_open(path, "numpy") as file:
        about = file.metadata()
    tensors = load_file(path)
    name = next(name for name, tensor in tensors.items() if tensor.ndim == 2)
    tensors[name][1, 2] = 3.0
    save_file(tensors, path, about)

    difference = again().difference

    assert (difference.step, difference.event) == (int(about["step"]), "Weights")
    assert (difference.field, difference.expected) == (f"{name}[1, 2]", 3.0)


def test_damaged_weights_are_told(project, keep, again, folder):
    keep(project)
    (folder / "last.safetensors").write_bytes(b"nonsense")

    verdict = again()

    assert verdict.equal
    assert "last.safetensors can't be read" in str(verdict.notes[0])


def test_another_device_promises_nothing(project, keep, again, tamper):
    keep(project)

    tamper(lambda line: {**line, "device": "mps"} if line["event"] == "Started" else line)

    assert "trained on mps and repeated on cpu" in str(again().notes[0])


# ---- what can't be repeated


def test_a_folder_without_a_run_is_refused(again, tmp_path):
    with pytest.raises(ProblemError, match="can't be opened"):
        again(tmp_path / "nowhere")


def test_a_project_without_a_log_is_refused(project, again, folder):
    folder.mkdir()
    save_project(folder / PROJECT, project)

    with pytest.raises(ProblemError, match="does not exist"):
        again()


@pytest.mark.parametrize(
    "content", ["nonsense\n", '{"event": "Progress"}\n', '{"event": "Started"}\n[1]\n']
)
def test_a_foreign_log_is_refused(content, project, again, folder):
    folder.mkdir()
    save_project(folder / PROJECT, project)
    (folder / LOG).write_text(content)

    with pytest.raises(ProblemError, match="does not begin as the log of a run"):
        again()


STRANGE = ({"event": 3}, {"event": "Progress", "step": "x"}, {"event": "Branched"}, {})


def test_lines_of_any_content_are_differences(project, keep, again, folder):
    keep(project)
    lines = list(read_log(folder))
    for strange in STRANGE:
        (folder / LOG).write_text("".join(json.dumps(each) + "\n" for each in [lines[0], strange]))

        assert not again().equal


def test_a_run_that_still_goes_on_is_refused(project, keep, again, folder):
    keep(project)

    with RunLock.acquire(folder), pytest.raises(ProblemError, match="still going on"):
        again()


def test_other_images_are_refused(project, keep, again, make_dataset, monkeypatch):
    keep(project)
    monkeypatch.setattr(verify, "load", lambda *_: make_dataset(validation_seed=5))

    with pytest.raises(ProblemError, match="images, or how they are split, are not those"):
        again()


def test_missing_images_are_refused(project, keep, again, monkeypatch):
    keep(project)

    def load(*_):
        raise ProblemError("tiny.npz does not exist.")

    monkeypatch.setattr(verify, "load", load)

    with pytest.raises(ProblemError, match="does not exist"):
        again()


def test_a_branch_without_its_checkpoint_is_refused(
    snapshots_often, project, keep, again, tmp_path
):
    keep(project)
    keep(None, going_on=branch(tmp_path / "run", 5, project, tmp_path / "branch"))
    shutil.rmtree(tmp_path / "branch" / "checkpoints")

    with pytest.raises(ProblemError, match="no checkpoint of step 5"):
        again(tmp_path / "branch")


# ---- on the way


def test_it_tells_how_far_it_is(project, keep, again):
    keep(project)
    told = []

    again(progress=lambda done, total: told.append((done, total)))

    steps = [done for done, total in told if total == 15]
    assert steps == sorted(steps)
    assert set(steps) == set(range(16))


@pytest.mark.parametrize("calls", [1, 3, 12, 30])
def test_it_can_be_cancelled_at_any_moment(calls, project, keep, again):
    keep(project)
    control, told = Control(), []

    def progress(*_):
        told.append(1)
        if len(told) == calls:
            control.stop()

    with pytest.raises(Cancelled):
        again(progress=progress, control=control)
    assert len(told) == calls


def test_an_evaluation_is_compared_where_its_answers_are_kept(project, keep, again):
    events = keep(project)
    answers = sum(event.predicted.size for event in events if isinstance(event, Evaluated))

    assert again().compared > answers
