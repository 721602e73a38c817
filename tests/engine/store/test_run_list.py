from __future__ import annotations

import json
import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.project.format import dumps
from engine.project.layers import Activation, BatchNorm, Conv2d, Dense, Dropout, MaxPool2d
from engine.project.presets import preset
from engine.project.project import Project
from engine.project.sources import ImageFolder, Mnist
from engine.store.run_about import write_about
from engine.store.run_list import (
    data_title,
    folder_size,
    list_runs,
    network_line,
    read_summary,
)
from engine.store.runs import LOG
from engine.training.events import Finished
from engine.training.reopen import reopen

GOLDEN = Path(__file__).parent / "golden"
PROJECT = preset("digits-mlp")
STARTED = {"event": "Started", "parameters": 9610, "epochs": 30, "at": 0.0}
EPOCH = {"event": "EpochDone", "epoch": 1, "validation_accuracy": 0.75, "at": 2.0}


@pytest.fixture
def runs(tmp_path):
    return tmp_path / "runs"


@pytest.fixture
def add(runs):
    """Add a run with these lines in its log."""

    def add(*lines: dict[str, Any], name: str = "2026-01-02 03.04.05 Digits") -> Path:
        folder = runs / name
        folder.mkdir(parents=True)
        (folder / "project.json").write_text(dumps(PROJECT))
        (folder / LOG).write_text("".join(json.dumps(line) + "\n" for line in lines))
        return folder

    return add


@pytest.fixture
def busy(monkeypatch):
    """Let folders look as if a program wrote to them."""
    folders: set[Path] = set()
    monkeypatch.setattr("engine.store.run_list.in_use", lambda folder: folder in folders)
    return folders


def finished(reason: str, test: float | None = None) -> dict[str, Any]:
    return {"event": "Finished", "reason": reason, "test_accuracy": test, "at": 3.5}


def test_a_run_is_told_in_a_line(add):
    folder = add(STARTED, EPOCH, finished("completed", 0.5))

    run = read_summary(folder)

    assert run is not None
    assert run.folder == folder
    assert (run.name, run.note, run.parent, run.trouble) == ("Digits", "", "", "")
    assert (run.network, run.data) == ("Dense 128", "Digits 8×8")
    assert (run.best_validation, run.test) == (0.75, 0.5)
    assert (run.epochs_done, run.epochs, run.seconds) == (1, PROJECT.training.epochs, 3.5)
    assert run.parameters == PROJECT.parameters
    assert run.started == datetime(2026, 1, 2, 3, 4, 5)
    assert run.state == "finished"


@pytest.mark.parametrize(
    ("line", "state"),
    [
        (finished("completed"), "finished"),
        (finished("stopped"), "stopped"),
        (finished("early"), "early"),
        (finished("diverged"), "diverged"),
        ({"event": "Failed", "message": "Too large."}, "failed"),
        (EPOCH, "crashed"),
    ],
)
def test_the_last_line_tells_the_state(add, line, state):
    run = read_summary(add(STARTED, line))

    assert run is not None
    assert run.state == state


def test_a_run_that_is_written_to_is_running(add, busy):
    folder = add(STARTED, finished("stopped"))
    busy.add(folder)

    run = read_summary(folder)

    assert run is not None
    assert run.state == "running"


def test_what_a_run_began_with_is_told(add):
    run = read_summary(add(STARTED, {"event": "WarmStarted", "source": "First try", "count": 4}))

    assert run is not None
    assert run.source == "First try"


def test_why_a_run_failed_is_told(add):
    run = read_summary(add(STARTED, {"event": "Failed", "message": "Too large."}))

    assert run is not None
    assert run.trouble == "Too large."


@pytest.mark.parametrize("name", ["before-archive", "before-branches"])
def test_a_log_of_an_older_version_is_read_as_it_is_reopened(runs, name):
    shutil.copytree(GOLDEN / name, runs / "2026-11-21 10.00.00 Old")

    (run,) = list_runs(runs)

    assert (run.name, run.state, run.epochs_done, run.epochs) == ("Old", "finished", 30, 30)
    whole = reopen(run.folder)
    assert isinstance(whole.end, Finished)
    assert whole.best is not None
    assert (run.test, run.best_validation) == (
        whole.end.test_accuracy,
        whole.best.validation_accuracy,
    )
    assert run.seconds == pytest.approx(whole.seconds)


def test_newest_come_first_and_foreign_folders_are_left_out(add, runs):
    for day in (2, 3, 1):
        add(STARTED, name=f"2026-01-0{day} 00.00.00 Digits")
    (runs / "pictures").mkdir()
    (runs / "theirs").mkdir()
    (runs / "theirs/project.json").write_text('{"name": "nx"}')
    (runs / "notes.txt").write_text("mine")
    add(STARTED, name=".trash/2026-01-09 00.00.00 Digits")

    assert [run.started.day for run in list_runs(runs)] == [3, 2, 1]


def test_there_are_no_runs_where_there_is_no_folder(tmp_path):
    assert list_runs(tmp_path / "nowhere") == []


def test_it_tells_how_far_it_is(add, runs):
    for day in (1, 2, 3):
        add(STARTED, name=f"2026-01-0{day} 00.00.00 Digits")
    told = []

    list_runs(runs, lambda done, total: told.append((done, total)))

    assert told == [(0, 3), (1, 3), (2, 3)]


def test_the_persons_name_and_note_are_told(add):
    folder = add(STARTED)
    write_about(folder, "My best", "Wider.")

    run = read_summary(folder)

    assert run is not None
    assert (run.name, run.note) == ("My best", "Wider.")


def test_a_damaged_name_is_a_sentence_and_no_more(add):
    folder = add(STARTED, finished("completed"))
    (folder / "about.json").write_text("{")

    run = read_summary(folder)

    assert run is not None
    assert (run.name, run.state) == ("Digits", "finished")
    assert "name and note" in run.trouble


def test_a_damaged_project_is_a_sentence(add):
    folder = add(STARTED, EPOCH)
    (folder / "project.json").write_text("{")

    run = read_summary(folder)

    assert run is not None
    assert (run.state, run.network, run.parameters, run.epochs) == ("damaged", "", 9610, 30)
    assert run.trouble.startswith("Its project can't be read. It is not JSON")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda log: log.write_bytes(b"\x00" * 50), "nothing that can be read"),
        (lambda log: log.unlink(), "missing"),
        (lambda log: (log.unlink(), os.mkfifo(log)), "missing"),
    ],
)
def test_a_damaged_log_is_a_sentence(add, harm, words):
    folder = add(STARTED)
    harm(folder / LOG)

    run = read_summary(folder)

    assert run is not None
    assert (run.state, run.best_validation) == ("damaged", None)
    assert words in run.trouble


@given(st.binary(max_size=300), st.binary(max_size=100), st.binary(max_size=100))
def test_whatever_is_in_the_files_is_read(tmp_path_factory, log, project, about):
    folder = tmp_path_factory.mktemp("run")
    for name, content in ((LOG, log), ("project.json", project), ("about.json", about)):
        (folder / name).write_bytes(content)

    run = read_summary(folder)

    assert run is not None
    assert run.state == "damaged"


@pytest.mark.parametrize(
    ("folder", "name", "year"),
    [
        ("2026-01-02 03.04.05 A 2", "A 2", 2026),
        ("2026-01-02 03.04.05", "2026-01-02 03.04.05", 2026),
        ("2026-99-02 03.04.05 B", "2026-99-02 03.04.05 B", 2001),
        ("mine", "mine", 2001),
    ],
)
def test_a_folders_name_tells_moment_and_name(add, folder, name, year):
    path = add(STARTED, name=folder)
    os.utime(path / "project.json", (1e9, 1e9))

    run = read_summary(path)

    assert run is not None
    assert (run.name, run.started.year) == (name, year)


def test_a_run_tells_its_parent(add):
    run = read_summary(add(STARTED, {"event": "Branched", "step": 4, "parent": "2026 Mother"}))

    assert run is not None
    assert run.parent == "2026 Mother"


def test_a_folders_size_is_the_sum_of_its_files(tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/one").write_bytes(b"x" * 1000)
    (tmp_path / "two").write_bytes(b"x" * 500)

    assert folder_size(tmp_path) == 1500


def test_a_link_to_a_folder_is_not_followed(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/large").write_bytes(b"x" * 10_000)
    (tmp_path / "run").mkdir()
    (tmp_path / "run/link").symlink_to(tmp_path / "elsewhere")

    assert folder_size(tmp_path / "run") < 10_000


def test_a_network_is_written_in_a_line():
    layers = (
        Conv2d(filters=32),
        BatchNorm(),
        Activation(function="relu"),
        MaxPool2d(),
        Dropout(rate=0.25),
        Dense(units=1024),
    )

    line = network_line(layers)

    assert line == "Conv 32 · Batch norm · ReLU · Pool · Dropout 25 % · Dense 1,024"


def test_flatten_goes_without_saying():
    assert network_line(preset("cnn-small").layers) == "Conv 32 · Pool · Dense 128"


def test_data_are_named_with_the_file_of_the_persons_own():
    own = ImageFolder(
        path="/home/me/my pictures/",
        input_shape=(1, 8, 8),
        class_names=("a", "b"),
        train_size=9,
        test_size=1,
    )

    assert data_title(Mnist()) == "MNIST"
    assert data_title(own) == "Folder of images, my pictures"


def test_a_project_without_layers_has_an_empty_line(add):
    assert network_line(Project().layers) == ""


def test_nothing_of_a_summary_is_lost_in_a_log_with_more_than_it_knows(add):
    run = read_summary(add(STARTED, {"event": "Sung", "song": json.dumps([1])}, EPOCH))

    assert run is not None
    assert run.best_validation == 0.75
