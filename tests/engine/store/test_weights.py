"""Weights as files: what is written comes back, and what is not sound is refused in a sentence."""

from __future__ import annotations

import json
import os
import struct
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save

from engine.problems import ProblemError
from engine.project.presets import preset
from engine.store import weights as module
from engine.store.weights import (
    About,
    Preparation,
    Weights,
    digest,
    project_in,
    read_weights,
    save_weights,
    weights_of,
)

PROJECT = preset("digits-mlp")
TENSORS = {
    "dense_1.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "dense_1.bias": np.array([np.nan, 1], np.float32),
    "batch_norm_1.num_batches_tracked": np.array(7),
}
ABOUT = About(
    weights="best",
    run="2031-01-01 a run",
    step=12,
    epoch=3,
    validation_accuracy=0.1 + 0.2,
    preparation=Preparation(mean=(0.1,), deviation=(0.3,), background=0.05),
)


def write(path: Path, tensors=TENSORS, about=ABOUT, project=PROJECT) -> Path:
    save_weights(path, Weights(tensors, about, project, path))
    return path


def content(header: object, data: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensor(dtype="F32", shape=(2,), offsets=(0, 8)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


@pytest.fixture
def file(tmp_path):
    return write(tmp_path / "a.safetensors")


def test_what_is_written_comes_back(file):
    read = read_weights(file)

    assert (read.project, read.about, read.path) == (PROJECT, ABOUT, file)
    assert digest(read.tensors) == digest(TENSORS)
    assert read.tensors["batch_norm_1.num_batches_tracked"].shape == ()


def test_other_programs_read_the_tensors(file):
    np.testing.assert_equal(load_file(file), TENSORS)


def test_an_array_that_lies_otherwise_in_memory_is_the_same(tmp_path):
    square = np.arange(9.0).reshape(3, 3).T

    read = read_weights(write(tmp_path / "a.safetensors", {"a.weight": square}))

    np.testing.assert_array_equal(read.tensors["a.weight"], square)


def test_the_project_is_read_alone(file):
    assert project_in(file) == PROJECT


@pytest.mark.parametrize(
    "change",
    [
        {"a": np.zeros(4, np.float32), "b": np.ones(2, np.float32)},
        {"a": np.zeros((2, 2), np.float32)},
        {"a": np.zeros(4, np.float64)},
        {"b": np.zeros(4, np.float32)},
        {"a": np.array([0, 0, 0, 1], np.float32)},
    ],
)
def test_a_digest_tells_tensors_apart(change):
    assert digest(change) != digest({"a": np.zeros(4, np.float32)})


def test_a_digest_knows_no_order():
    assert digest(dict(reversed(TENSORS.items()))) == digest(TENSORS)


# ---- a run's folder


def test_a_run_gives_its_best_weights(tmp_path):
    write(tmp_path / "best.safetensors", {"best": np.ones(1)})
    write(tmp_path / "last.safetensors", {"last": np.ones(1)})

    assert list(weights_of(tmp_path).tensors) == ["best"]
    assert list(weights_of(tmp_path, "last").tensors) == ["last"]


def test_a_run_of_one_epoch_cut_off_gives_its_last_weights(tmp_path):
    write(tmp_path / "last.safetensors")

    assert weights_of(tmp_path).path.name == "last.safetensors"
    with pytest.raises(ProblemError, match=r"no best weights. Choose its last ones"):
        weights_of(tmp_path, "best")


def test_an_older_run_tells_its_project_beside_its_weights(tmp_path):
    from engine.store.projects import save_project

    save_project(tmp_path / "project.json", PROJECT)
    (tmp_path / "best.safetensors").write_bytes(save(TENSORS, {"step": "9", "epoch": "2"}))

    read = weights_of(tmp_path)

    assert read.project == PROJECT
    assert (read.about.weights, read.about.run) == ("best", tmp_path.name)
    assert (read.about.step, read.about.epoch) == (9, 2)


def test_a_folder_without_weights_is_refused(tmp_path):
    with pytest.raises(ProblemError, match="holds no weights"):
        weights_of(tmp_path)


# ---- files of strangers


def test_plain_tensors_have_no_project(tmp_path):
    (tmp_path / "a.safetensors").write_bytes(save(TENSORS))

    read = read_weights(tmp_path / "a.safetensors")

    assert read.project is None
    assert digest(read.tensors) == digest(TENSORS)
    for ask in (lambda: read.known_project, lambda: project_in(read.path)):
        with pytest.raises(ProblemError, match="tensors without a project"):
            ask()


WHOLE = save(TENSORS, module.metadata(PROJECT, ABOUT))


@given(st.integers(0, len(WHOLE) - 1))
def test_a_file_that_is_cut_anywhere_is_refused(tmp_path_factory, length):
    path = tmp_path_factory.mktemp("cut") / "a.safetensors"
    path.write_bytes(WHOLE[:length])

    with pytest.raises(ProblemError, match=r"can't be read as weights\. It is cut"):
        read_weights(path)


@given(st.binary(max_size=200))
def test_no_bytes_do_harm(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "a.safetensors"
    path.write_bytes(content)

    with pytest.raises(ProblemError, match="can't be read as weights"):
        read_weights(path)


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_a_changed_byte_is_refused_or_read(tmp_path_factory, place, change):
    path = tmp_path_factory.mktemp("changed") / "a.safetensors"
    changed = bytearray(WHOLE)
    changed[place] ^= change
    path.write_bytes(changed)

    with suppress(ProblemError):
        read_weights(path)


TOLD = module.metadata(PROJECT, ABOUT)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (struct.pack("<Q", 2**63) + b"{}", "cut, damaged"),
        (struct.pack("<Q", 9) + b"{}", "cut, damaged"),
        (content({"a": tensor(shape=(3,))}, bytes(8)), "cut, damaged"),
        (content({"a": tensor(shape=(2**40, 2**40))}, bytes(8)), "cut, damaged"),
        (content({"a": tensor(offsets=(0, 2**60))}, bytes(8)), "cut, damaged"),
        (content({"a": tensor(offsets=(8, 16))}, bytes(16)), "cut, damaged"),
        (content({"a": tensor(), "b": tensor()}, bytes(8)), "cut, damaged"),
        (content({"a": tensor()}, bytes(9)), "cut, damaged"),
        (content({"a": tensor(shape=(-2,))}, bytes(8)), "cut, damaged"),
        (content({"a": tensor("BF16", (4,))}, bytes(8)), "numbers of the kind BF16"),
        (content({"a": tensor("PICKLE")}, bytes(8)), "cut, damaged"),
        (content([]), "cut, damaged"),
        (save({}, TOLD | {"project": "[]"}), "The project inside is not sound. It is JSON, but no"),
        (save({}, TOLD | {"project": "{"}), "The project inside is not sound. It is not JSON"),
        (save({}, {"format": "layerscope/weights"}), "It is empty"),
        (save({}, TOLD | {"version": "2"}), "written by a newer Layerscope (format version 2)"),
        (save({}, TOLD | {"step": "-1"}), "step must be 0 or more, but it is '-1'"),
        (save({}, TOLD | {"epoch": "many"}), "epoch must be a whole number"),
        (save({}, TOLD | {"validation_accuracy": "nan"}), "validation_accuracy must be"),
        (save({}, TOLD | {"preparation": "1"}), "of itself is not sound"),
        (b"", "cut, damaged"),
    ],
)
def test_what_is_not_sound_gets_one_sentence(tmp_path, wrong, sentence):
    path = tmp_path / "a.safetensors"
    path.write_bytes(wrong)

    with pytest.raises(ProblemError) as refused:
        read_weights(path)

    assert str(refused.value).startswith(f"{path} can't be read as weights. ")
    assert sentence in str(refused.value)


def test_a_huge_description_is_not_read(tmp_path):
    path = tmp_path / "a.safetensors"
    with path.open("wb") as file:
        file.write(struct.pack("<Q", 2**30))
        file.truncate(2**30 + 8)  # takes no room on the disk

    with pytest.raises(ProblemError, match=r"description of 1.07 GB, but 32 MB is the most"):
        read_weights(path)


def test_what_memory_can_not_hold_is_not_read(file, monkeypatch):
    monkeypatch.setattr(module.psutil, "virtual_memory", lambda: type("", (), {"available": 100}))

    with pytest.raises(ProblemError, match="and 100 bytes are free"):
        read_weights(file)


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(ProblemError, match="There is no such file"):
        read_weights(tmp_path / "none.safetensors")
    with pytest.raises(ProblemError, match="can't be read as weights"):
        read_weights(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_a_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "a.safetensors")

    with pytest.raises(ProblemError, match="it is a pipe or a device"):
        read_weights(tmp_path / "a.safetensors")
