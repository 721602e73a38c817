"""What a run folder holds after a training, and that training survives where it can't be kept."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from engine.problems import ProblemError
from engine.project.layers import BatchNorm, Conv2d, Dense, Flatten
from engine.project.optimizers import Sgd
from engine.store.checkpoints import Checkpoints
from engine.store.projects import load_project
from engine.store.runs import LOG, RunFolder, read_arrays, read_log
from engine.store.writer import Writer
from engine.training import record
from engine.training.control import Control
from engine.training.events import (
    EpochDone,
    Evaluated,
    Failed,
    Finished,
    Progress,
    Snapshot,
    Warned,
    Weights,
)
from engine.training.loop import train
from engine.training.network import build
from engine.training.record import ARRAYS, Recorder, SavePace, as_line


@pytest.fixture
def kept(dataset):
    """Train and keep the run in a folder; give the events and the warnings."""

    def keep(project, folder, control=None):
        recorder = Recorder(folder, project)
        events, warnings = [], []
        for event in train(project, dataset, control or Control(), threads=1, run=folder.name):
            events.append(event)
            warning = recorder.keep(event)
            warnings += [warning] if warning else []
        recorder.close()
        return events, warnings

    return keep


def test_the_project_is_kept(make_project, kept, tmp_path):
    project = make_project()
    kept(project, tmp_path / "run")

    assert load_project(tmp_path / "run" / "project.json") == project


def test_the_log_tells_every_event_in_order(project, kept, tmp_path):
    events, warnings = kept(project, tmp_path / "run")

    lines = list(read_log(tmp_path / "run"))

    assert not warnings
    assert [line["event"] for line in lines] == [type(event).__name__ for event in events]
    for line, event in zip(lines, events, strict=True):
        assert {**line, **as_line(event)} == line
    assert {"torch", "machine"} <= lines[0].keys()
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)


def test_two_runs_of_a_seed_keep_equal_logs_but_for_the_clock(project, kept, tmp_path):
    logs = []
    for _ in range(2):
        folder = tmp_path / str(len(logs)) / "run"
        kept(project, folder)
        logs.append([{**line, "at": None} for line in read_log(folder)])

    assert logs[0] == logs[1]


@pytest.mark.parametrize("kind", ["best", "last"])
def test_kept_weights_fit_into_the_network(make_project, kept, tmp_path, kind):
    project = make_project(Conv2d(filters=4), BatchNorm(), Flatten(), Dense(units=8))
    events, _ = kept(project, tmp_path / "run")
    told = [event for event in events if isinstance(event, Weights) and event.kind == kind][-1]

    network = build(project)
    network.load_state_dict(load_file(tmp_path / "run" / f"{kind}.safetensors"))

    for name, value in network.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), told.tensors[name])


def test_the_last_weights_give_the_test_result(project, dataset, kept, tmp_path):
    events, _ = kept(project, tmp_path / "run")
    network = build(project)
    network.load_state_dict(load_file(tmp_path / "run" / "last.safetensors"))

    with torch.no_grad():
        predicted = network.eval()(torch.from_numpy(dataset.test.images)).argmax(1).numpy()

    assert (predicted == dataset.test.labels).mean() == events[-1].test_accuracy


@pytest.mark.parametrize(("name", "of"), [("evaluation", "validation"), ("test", "test")])
def test_the_last_evaluation_of_each_set_is_kept(project, kept, tmp_path, name, of):
    events, _ = kept(project, tmp_path / "run")
    told = [event for event in events if isinstance(event, Evaluated) and event.of == of][-1]

    arrays = read_arrays(tmp_path / "run" / f"{name}.npz")

    assert set(arrays) == set(ARRAYS)
    for field, values in arrays.items():
        np.testing.assert_array_equal(values, getattr(told, field))


def test_the_evaluation_of_a_sample_is_not_the_newest_of_the_set(project, make_dataset, tmp_path):
    recorder = Recorder(tmp_path / "run", project)
    events = train(project, make_dataset(validation=700), Control(), threads=1)
    sample = next(event for event in events if isinstance(event, Evaluated))
    recorder.keep(sample)
    recorder.close()

    assert not sample.whole
    assert not (tmp_path / "run" / "evaluation.npz").exists()


def test_nothing_is_kept_without_a_folder(project, own_home):
    recorder = Recorder(None, project)

    assert recorder.keep(Finished("completed", 1, 1)) is None
    assert list(own_home.iterdir()) == []


def test_the_folder_holds_nothing_else(project, kept, tmp_path):
    kept(project, tmp_path / "run")

    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [
        "best.safetensors",
        "evaluation.npz",
        "evaluations",
        "events.jsonl",
        "last.safetensors",
        "lock",
        "project.json",
        "test.npz",
    ]


def test_a_stopped_run_keeps_its_weights(project, kept, tmp_path):
    control = Control()
    control.stop()
    kept(project, tmp_path / "run", control)

    assert (tmp_path / "run" / "last.safetensors").exists()
    assert list(read_log(tmp_path / "run"))[-1]["reason"] == "stopped"


@pytest.mark.usefixtures("unguarded")
def test_numbers_that_overflow_are_null_in_the_log(make_project, kept, tmp_path):
    layers = [Flatten(), *[Dense()] * 6]
    kept(make_project(*layers, optimizer=Sgd(learning_rate=100), epochs=5), tmp_path / "run")

    lines = [
        json.loads(line, parse_constant=pytest.fail)
        for line in (tmp_path / "run" / LOG).read_text().splitlines()
    ]

    assert [line["loss"] for line in lines if line["event"] == "Progress"][-1] is None
    assert lines[-1]["test_loss"] is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_number_that_json_lacks_becomes_null(value):
    line = as_line(EpochDone(5, 1, value, 0.5, value, 0.25, best=True))

    assert line == {
        "event": "EpochDone",
        "step": 5,
        "epoch": 1,
        "loss": None,
        "accuracy": 0.5,
        "validation_loss": None,
        "validation_accuracy": 0.25,
        "best": True,
    }


# ---- where it can't be kept


def fails_with(number):
    def fail(*_, **__):
        raise OSError(number, os.strerror(number))

    return fail


def fill_log(monkeypatch):
    """Let the log reach a disk that is full, as the system itself reports it."""
    real_open = Path.open

    def open_full(path, *rest, **options):
        return real_open(Path("/dev/full") if path.name == LOG else path, *rest, **options)

    monkeypatch.setattr(Path, "open", open_full)
    monkeypatch.setattr("engine.store.runs.FLUSH_SECONDS", 0.0)


def fill_after(saves):
    """Let the disk be full after so many saved files."""

    def fill(monkeypatch):
        left = iter(range(saves))

        def sync(_):
            if next(left, None) is None:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "fsync", sync)

    return fill


FAILURES = {
    "full at the log": fill_log,
    "no folder": lambda patch: patch.setattr(Path, "mkdir", fails_with(errno.EROFS)),
    "full at the project": fill_after(0),
    "full at the first file": fill_after(1),
    "full at the third file": fill_after(3),
}


@pytest.mark.parametrize("fail", FAILURES.values(), ids=FAILURES)
def test_a_failure_to_write_is_told_once_and_training_completes(
    project, kept, tmp_path, monkeypatch, fail
):
    fail(monkeypatch)

    events, warnings = kept(project, tmp_path / "run")

    assert [type(warning) for warning in warnings] == [Warned]
    assert warnings[0].message.startswith("This run is no longer kept on disk; training goes on. ")
    assert "could not be saved" in warnings[0].message
    assert events[-1].reason == "completed"


def test_too_little_memory_for_the_files_does_not_end_the_training(
    project, kept, tmp_path, monkeypatch
):
    def refused(*_):
        raise MemoryError("Unable to allocate 1.2 GiB for an array")

    monkeypatch.setattr(np, "stack", refused)

    events, (warning,) = kept(project, tmp_path / "run")

    assert warning.message.endswith("training goes on. There is not enough memory.")
    assert events[-1].reason == "completed"


def test_after_a_failure_nothing_more_is_kept(project, kept, tmp_path, monkeypatch):
    """Whoever finds the folder finds the log end there, and no file without room."""
    syncs = []

    def sync(_):
        syncs.append(1)
        if len(syncs) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", sync)

    kept(project, tmp_path / "run")

    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [
        "evaluations",
        LOG,
        "lock",
        "project.json",
    ]


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_that_holds_a_run_is_left_alone(project, kept, tmp_path):
    kept(project, tmp_path / "run")
    before = contents(tmp_path / "run")

    events, warnings = kept(project, tmp_path / "run")

    assert "holds a run already" in warnings[0].message
    assert events[-1].reason == "completed"
    assert contents(tmp_path / "run") == before


def test_files_that_would_be_replaced_at_once_are_not_written(project, kept, tmp_path, monkeypatch):
    """An epoch of a small network is over sooner than its files are on the disk."""
    written = []
    monkeypatch.setattr(RunFolder, "write_tensors", lambda _, name, *rest: written.append(name))
    monkeypatch.setattr(
        RunFolder, "write_arrays", lambda _, name, *rest, **__: written.append(name)
    )

    kept(project, tmp_path / "run")

    newest = [name for name in written if "/" not in name]
    assert sorted(newest) == ["best", "evaluation", "last", "test"]
    assert len(written) == len(set(written)) == 4 + 2 * 3  # answers and probabilities of each set


def test_files_of_a_long_training_are_written_meanwhile(project, dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(record, "FILES_SECONDS", 0.0)
    monkeypatch.setattr(Writer, "write", lambda _, work: work())
    recorder = Recorder(tmp_path / "run", project)

    for event in train(project, dataset, Control(), threads=1):
        recorder.keep(event)
        if isinstance(event, Weights):
            break

    assert (tmp_path / "run" / "best.safetensors").exists()
    recorder.close()


@pytest.fixture
def slow_disk(monkeypatch):
    """Let checkpoints reach the disk when the test says so."""
    disk = Event()
    real_write = Checkpoints.write

    def write(checkpoints, checkpoint):
        assert disk.wait(60)
        real_write(checkpoints, checkpoint)

    monkeypatch.setattr(Checkpoints, "write", write)
    yield disk
    disk.set()


def test_training_goes_on_while_the_disk_takes_a_checkpoint(project, dataset, tmp_path, slow_disk):
    recorder = Recorder(tmp_path / "run", project)
    reported = 0
    for event in train(project, dataset, Control(), threads=1, due=lambda moment: moment == "best"):
        assert recorder.keep(event) is None
        reported += isinstance(event, Progress)
        if isinstance(event, Snapshot):
            assert not recorder.due("running")
            assert recorder.due("pause")
            break
    slow_disk.set()
    recorder.close()

    assert reported
    assert Checkpoints(tmp_path / "run").read(event.step).step == event.step


def test_the_log_tells_of_the_end_when_the_checkpoint_is_written(
    project, dataset, tmp_path, slow_disk
):
    recorder = Recorder(tmp_path / "run", project)
    *before, finished = train(
        project, dataset, Control(), threads=1, due=lambda moment: moment == "end"
    )
    for event in before:
        recorder.keep(event)
    ending = Thread(target=recorder.keep, args=(finished,))
    ending.start()
    ending.join(0.2)

    assert "Finished" not in [line["event"] for line in read_log(tmp_path / "run")]
    slow_disk.set()
    ending.join()
    recorder.close()
    assert [line["event"] for line in read_log(tmp_path / "run")][-1] == "Finished"


def test_a_checkpoint_that_could_not_be_written_is_told_at_the_next_event(
    project, dataset, tmp_path, monkeypatch
):
    def fail(*_):
        raise ProblemError("The disk is full.")

    monkeypatch.setattr(Checkpoints, "write", fail)
    recorder = Recorder(tmp_path / "run", project)
    told = [
        (event, recorder.keep(event))
        for event in train(
            project, dataset, Control(), threads=1, due=lambda moment: moment == "end"
        )
    ]
    recorder.close()

    warnings = [warning for _, warning in told if warning]
    assert [warning.message for warning in warnings] == [
        "This run is no longer kept on disk; training goes on. The disk is full."
    ]
    assert isinstance(told[-1][0], Finished)
    assert "Finished" not in [line["event"] for line in read_log(tmp_path / "run")]


def test_what_waits_is_written_when_the_consumer_leaves(project, dataset, tmp_path):
    recorder = Recorder(tmp_path / "run", project)
    for event in train(project, dataset, Control(), threads=1):
        recorder.keep(event)
        if isinstance(event, Weights):
            break
    recorder.close()

    assert (tmp_path / "run" / "best.safetensors").exists()


def test_what_waits_is_written_when_training_fails(project, dataset, tmp_path):
    recorder = Recorder(tmp_path / "run", project)
    for event in train(project, dataset, Control(), threads=1):
        recorder.keep(event)
        if isinstance(event, Weights):
            break

    recorder.keep(Failed("boom"))

    assert (tmp_path / "run" / "best.safetensors").exists()
    recorder.close()


# ---- the moments of checkpoints


@pytest.fixture
def pace(monkeypatch):
    """A pace whose clock is told the time, after a checkpoint at 100 s."""
    clock = {"now": 100.0}
    monkeypatch.setattr(record, "monotonic", lambda: clock["now"])
    writer = SimpleNamespace(busy=False, seconds=0.0)
    made = SavePace(writer)

    def due(moment, seconds_later, held=0.0, written=0.0, busy=False):
        clock["now"] = 100.0 - held
        made.due("pause")
        clock["now"] = 100.0
        made.saved()
        writer.busy, writer.seconds = busy, written
        clock["now"] = 100.0 + seconds_later
        return made.due(moment)

    return due


COSTS = [{"held": 1}, {"written": 1}, {"held": 0.5, "written": 0.5}]


def costs(seconds):
    """Share the cost of a checkpoint out, in every way."""
    return [{kind: share * seconds for kind, share in cost.items()} for cost in COSTS]


@pytest.mark.parametrize(("seconds", "early", "late"), [(0.001, 4.9, 5.1), (0.06, 5.9, 6.1)])
def test_within_an_epoch_they_take_a_hundredth_of_the_time_where_that_loses_little(
    pace, seconds, early, late
):
    for cost in costs(seconds):
        assert not pace("running", early, **cost)
        assert pace("running", late, **cost)


@pytest.mark.parametrize(
    ("cost", "early", "late"), [({"held": 9}, 7.9, 8.1), ({"written": 1.5}, 6.4, 6.6)]
)
def test_a_dear_one_is_written_before_much_is_lost(pace, cost, early, late):
    assert not pace("running", early, **cost)
    assert pace("running", late, **cost)


@pytest.mark.parametrize(("seconds", "early", "late"), [(0.01, 0.9, 1.1), (9, 1.9, 2.1)])
def test_an_epochs_end_is_kept_unless_epochs_follow_each_other_fast(pace, seconds, early, late):
    for cost in costs(seconds):
        assert not pace("epoch", early, **cost)
        assert pace("best", late, **cost)


@pytest.mark.parametrize("moment", ["first", "pause", "end"])
def test_where_it_may_end_there_always_is_one(pace, moment):
    assert pace(moment, 0.001, held=9, written=9, busy=True)


def test_a_busy_disk_is_waited_for_at_the_end_of_an_epoch_alone(pace):
    assert not pace("running", 99, busy=True)
    assert pace("epoch", 99, busy=True)
