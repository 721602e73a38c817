from __future__ import annotations

import json
import os

import numpy as np
import pytest
from safetensors import safe_open

from engine.problems import ProblemError
from engine.project.presets import preset
from engine.project.project import Project
from engine.store.projects import load_project
from engine.store.runs import (
    LOG,
    RunFolder,
    check_unused,
    home,
    new_run_folder,
    read_arrays,
    read_log,
)

PROJECT = preset("digits-mlp")


@pytest.fixture
def folder(tmp_path):
    opened = RunFolder.new(tmp_path / "run", PROJECT)
    yield opened
    opened.close()


def test_home_is_where_the_person_wants_it(own_home):
    assert home() == own_home


def test_home_is_the_systems_place_otherwise(monkeypatch):
    monkeypatch.delenv("LAYERSCOPE_HOME")

    assert home().name == "layerscope"
    assert home().is_absolute()


@pytest.mark.parametrize(
    ("title", "ending"),
    [
        ("Digits, first steps", "Digits first steps"),
        ("../../etc/passwd", "etcpasswd"),
        ("手写数字", "手写数字"),
        ("", "run"),
        ("???", "run"),
        ("x" * 200, "x" * 40),
    ],
)
def test_a_new_run_is_named_by_time_and_title(own_home, title, ending):
    folder = new_run_folder(Project(title=title))

    assert folder.parent == own_home / "runs"
    assert folder.name.endswith(" " + ending)
    assert not folder.exists()


def test_runs_of_one_second_get_folders_of_their_own():
    folders = []
    for _ in range(3):
        folders.append(new_run_folder(PROJECT))
        folders[-1].mkdir(parents=True)

    assert len(set(folders)) == 3


def test_the_project_is_kept_in_the_folder(folder):
    assert load_project(folder.path / "project.json") == PROJECT


def test_a_folder_that_holds_a_run_is_refused(folder):
    with pytest.raises(ProblemError, match="holds a run already"):
        RunFolder.new(folder.path, PROJECT)
    with pytest.raises(ProblemError, match="holds a run already"):
        check_unused(folder.path)


def test_a_folder_with_other_files_is_taken(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")

    check_unused(tmp_path)
    RunFolder.new(tmp_path, PROJECT).close()

    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_the_log_is_read_back_line_by_line(folder):
    lines = [{"event": "Started", "n": 1}, {"event": "Progress", "loss": None}]
    for line in lines:
        folder.append(line)
    folder.close()

    assert list(read_log(folder.path)) == lines


def test_a_line_reaches_the_disk_within_a_second(folder, monkeypatch):
    monkeypatch.setattr("engine.store.runs.FLUSH_SECONDS", 0.0)
    folder.append({"event": "Started"})

    assert list(read_log(folder.path)) == [{"event": "Started"}]


@pytest.mark.parametrize("cut", range(1, len('{"event": "Progress", "step": 2}\n')))
def test_a_torn_last_line_is_skipped(folder, cut):
    folder.append({"event": "Progress", "step": 1})
    folder.append({"event": "Progress", "step": 2})
    folder.close()
    whole = (folder.path / LOG).read_text()
    (folder.path / LOG).write_text(whole[: -cut - 1])

    assert list(read_log(folder.path)) == [{"event": "Progress", "step": 1}]


def test_a_number_that_json_lacks_is_never_written(folder):
    with pytest.raises(ValueError, match="not JSON compliant"):
        folder.append({"loss": float("nan")})


def test_arrays_are_read_back(folder):
    arrays = {"rows": np.arange(3), "probabilities": np.eye(3, dtype=np.float32)}
    folder.write_arrays("evaluation", arrays)

    read = read_arrays(folder.path / "evaluation.npz")

    assert read.keys() == arrays.keys()
    for name, values in arrays.items():
        np.testing.assert_array_equal(read[name], values)
        assert read[name].dtype == values.dtype


def test_arrays_of_objects_are_refused_both_ways(folder, tmp_path):
    objects = {"a": np.array([{}], dtype=object)}
    with pytest.raises(ValueError, match="allow_pickle"):
        folder.write_arrays("evaluation", objects)
    np.savez(tmp_path / "stranger.npz", **objects)

    with pytest.raises(ValueError, match="allow_pickle"):
        read_arrays(tmp_path / "stranger.npz")


def test_tensors_are_kept_with_words_about_them(folder):
    folder.write_tensors("best", {"dense_1.weight": np.ones((2, 3))}, {"epoch": "4"})

    with safe_open(folder.path / "best.safetensors", "numpy") as file:
        np.testing.assert_array_equal(file.get_tensor("dense_1.weight"), np.ones((2, 3)))
        assert file.metadata() == {"epoch": "4"}


def test_the_log_is_one_json_object_a_line(folder):
    folder.append({"text": "two\nlines\u2028and 数字"})
    folder.append({"n": 2})
    folder.close()

    lines = (folder.path / LOG).read_text(encoding="utf-8").splitlines()

    assert [json.loads(line) for line in lines] == [{"text": "two\nlines\u2028and 数字"}, {"n": 2}]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_pipe_in_the_place_of_a_log_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / LOG)

    with pytest.raises(OSError, match="it is a pipe or a device"):
        list(read_log(tmp_path))
