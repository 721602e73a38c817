"""The newest sound checkpoint is found, whatever was done to the folder."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.problems import ProblemError
from engine.store import checkpoints
from engine.store.checkpoints import Checkpoint, Checkpoints
from engine.store.files import TEMPORARY
from engine.store.retention import RANKS, Kept

ROOT = Path(__file__).parents[3]


def made(step, kind="running", value=None, state=None):
    weights = np.full(3, step if value is None else value, np.float32)
    return Checkpoint(step, step // 10, kind, {"weight": weights}, state or {"batch": step})


def filled(folder, *steps, kind="running"):
    store = Checkpoints(folder)
    for step in steps:
        store.write(made(step, kind))
    return store


def steps(store):
    return [kept.step for kept in store.kept()]


def file(folder, pattern):
    (found,) = (folder / "checkpoints").glob(pattern)
    return found


def pointer(folder, step):
    return file(folder, f"{step:09d}.json")


def tensors(folder, step):
    return file(folder, f"{step:09d}-*.safetensors")


def written_anew(path, **changes):
    """Change fields of a pointer, and seal it as somebody who means harm would."""
    content = json.loads(path.read_bytes())
    del content["seal"]
    body = json.dumps(content | changes).encode()
    path.write_bytes(checkpoints._sealed(body))


def refusing(number):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    return refuse


numbers = st.one_of(st.integers(), st.floats(allow_nan=False))
states = st.dictionaries(
    st.text(),
    st.recursive(
        st.one_of(st.none(), st.booleans(), numbers, st.text()),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)
arrays = hnp.arrays(
    st.sampled_from([np.float32, np.float64, np.float16, np.int64, np.int32, np.uint8, np.bool_]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)
named = st.dictionaries(st.text(max_size=9).filter(lambda name: name != "__metadata__"), arrays)


@given(tensors=named, state=states, step=st.integers(0, 10**12), kind=st.sampled_from(RANKS))
def test_what_is_written_comes_back(tmp_path_factory, tensors, state, step, kind):
    store = Checkpoints(tmp_path_factory.mktemp("run"))
    store.write(Checkpoint(step, 3, kind, tensors, state))

    back = store.read(step)

    assert (back.step, back.epoch, back.kind, back.state) == (step, 3, kind, state)
    assert back.tensors.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert back.tensors[name].dtype == tensor.dtype
        assert back.tensors[name].shape == tensor.shape
        assert back.tensors[name].tobytes() == tensor.tobytes()


@pytest.mark.parametrize("number", [0.1, -0.0, 5e-324, 2**127 + 1, float("inf"), float("-inf")])
def test_numbers_come_back_exactly(tmp_path, number):
    store = Checkpoints(tmp_path)
    store.write(made(1, state={"number": number}))

    assert repr(store.read(1).state["number"]) == repr(number)


def test_no_number_comes_back(tmp_path):
    store = Checkpoints(tmp_path)
    store.write(made(1, state={"loss": float("nan")}))

    assert np.isnan(store.read(1).state["loss"])


@pytest.mark.parametrize("view", [np.s_[::2], np.s_[:, ::-1], np.s_[..., 1]])
def test_views_come_back(tmp_path, view):
    of = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
    store = Checkpoints(tmp_path)
    store.write(Checkpoint(1, 0, "epoch", {"view": of[view], "turned": of.T}, {}))

    back = store.read(1).tensors

    np.testing.assert_array_equal(back["view"], of[view])
    np.testing.assert_array_equal(back["turned"], of.T)


def test_what_comes_back_may_be_written_to(tmp_path):
    back = filled(tmp_path, 1).read(1).tensors["weight"]

    back += 1

    assert back.tolist() == [2, 2, 2]


def test_nothing_is_made_before_the_first_writing(tmp_path):
    store = Checkpoints(tmp_path / "run")

    assert store.kept() == []
    assert store.newest() == (None, [])
    assert store.nbytes == 0
    store.drop_after(0)
    assert not list(tmp_path.iterdir())


def test_the_list_tells_steps_epochs_kinds_and_sizes(tmp_path):
    store = Checkpoints(tmp_path)
    store.write(made(20, "epoch"))
    store.write(made(0, "first"))

    sizes = [
        tensors(tmp_path, n).stat().st_size + pointer(tmp_path, n).stat().st_size for n in (0, 20)
    ]
    assert store.kept() == [Kept(0, 0, "first", sizes[0]), Kept(20, 2, "epoch", sizes[1])]
    assert store.nbytes == sum(sizes)


def test_a_list_made_again_tells_what_has_come_gone_and_changed(tmp_path):
    store, other = filled(tmp_path, 0, 1, 2, kind="epoch"), Checkpoints(tmp_path)
    assert [kept.kind for kept in other.kept()] == ["epoch"] * 3

    store.write(made(3))
    store.write(made(1, "best"))
    pointer(tmp_path, 2).unlink()
    tensors(tmp_path, 0).write_bytes(b"cut")

    assert [(kept.step, kept.kind) for kept in other.kept()] == [(1, "best"), (3, "running")]


def test_a_missing_checkpoint_gets_a_sentence(tmp_path):
    with pytest.raises(
        ProblemError, match=r"There is no checkpoint of step 1,200 in .*checkpoints"
    ):
        filled(tmp_path, 1).read(1200)


def test_one_written_again_replaces_the_former(tmp_path):
    store = filled(tmp_path, 1, 2)
    store.write(made(2, value=7, state={"again": True}))

    assert steps(store) == [1, 2]
    assert store.read(2).tensors["weight"].tolist() == [7, 7, 7]
    assert store.read(2).state == {"again": True}
    assert len(list((tmp_path / "checkpoints").iterdir())) == 4


@pytest.mark.parametrize("place", range(4))
def test_the_more_precious_kind_of_a_step_stays(tmp_path, place):
    lower, upper = RANKS[place], RANKS[place + 1]
    store = Checkpoints(tmp_path)
    for step, (former, later) in enumerate([(lower, upper), (upper, lower)]):
        store.write(made(step, former))
        store.write(made(step, later))

    assert [kept.kind for kept in store.kept()] == [upper, upper]


def test_later_ones_are_dropped(tmp_path):
    store = filled(tmp_path, 0, 10, 20, 30, kind="epoch")
    pointer(tmp_path, 30).write_bytes(b"")

    store.drop_after(10)

    assert steps(store) == [0, 10]
    assert len(list((tmp_path / "checkpoints").iterdir())) == 4


def test_dropping_what_can_not_be_removed_gets_a_sentence(tmp_path, monkeypatch):
    store = filled(tmp_path, 1, 2)
    monkeypatch.setattr(Path, "unlink", refusing(errno.EACCES))

    with pytest.raises(ProblemError, match="not allowed"):
        store.drop_after(1)


# What may happen to the newest


def assert_falls_back(store, step, path=None):
    newest, passed = store.newest()
    assert newest.step == step
    assert newest.tensors["weight"].tolist() == [step] * 3
    assert len(passed) == 1
    assert str(passed[0]).startswith(f"The checkpoint of step {step + 1} is damaged: ")
    assert path is None or str(path) in str(passed[0])


@pytest.mark.parametrize("which", [pointer, tensors])
def test_the_newest_cut_anywhere_is_passed_over(tmp_path, which):
    store = filled(tmp_path, 1, 2)
    path = which(tmp_path, 2)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])

        assert steps(store) == [1]
        assert_falls_back(store, 1, path)


@pytest.mark.parametrize("which", [pointer, tensors])
def test_the_newest_with_another_byte_anywhere_is_passed_over(tmp_path, which):
    store = filled(tmp_path, 1, 2)
    path = which(tmp_path, 2)
    whole = path.read_bytes()
    for place in range(len(whole)):
        for flip in (1, 0x20, 0xFF):
            other = bytearray(whole)
            other[place] ^= flip
            path.write_bytes(other)

            assert_falls_back(store, 1, path)


@pytest.mark.parametrize("which", [pointer, tensors])
def test_the_newest_with_something_behind_is_passed_over(tmp_path, which):
    store = filled(tmp_path, 1, 2)
    path = which(tmp_path, 2)
    path.write_bytes(path.read_bytes() + b" ")

    assert_falls_back(store, 1, path)


def test_without_its_pointer_the_newest_does_not_exist(tmp_path):
    store = filled(tmp_path, 1, 2)
    pointer(tmp_path, 2).unlink()

    newest, passed = store.newest()

    assert (newest.step, passed) == (1, [])


def test_without_its_tensors_the_newest_is_passed_over(tmp_path):
    store = filled(tmp_path, 1, 2)
    tensors(tmp_path, 2).unlink()

    assert_falls_back(store, 1)


def test_where_all_are_damaged_each_is_told(tmp_path):
    store = filled(tmp_path, 1, 2)
    for step in (1, 2):
        pointer(tmp_path, step).write_bytes(b"")

    newest, passed = store.newest()

    assert newest is None
    assert [problem.values["step"] for problem in passed] == [2, 1]


def test_a_damaged_one_is_not_counted_among_the_newest(tmp_path):
    store = filled(tmp_path, 1, 2)
    tensors(tmp_path, 2).write_bytes(b"cut")

    store.write(made(3))

    assert steps(store) == [1, 3]


@pytest.mark.parametrize(
    "changes",
    [
        {"size": 10**15},
        {"size": 1},
        {"size": -1},
        {"size": True},
        {"size": "88"},
        {"size": 10**400},
        {"step": 3},
        {"step": 2.0},
        {"step": None},
        {"epoch": -1},
        {"epoch": [1]},
        {"epoch": float("nan")},
        {"kind": "worst"},
        {"kind": {}},
        {"kind": ["best"]},
        {"blake2b": "0" * 32},
        {"blake2b": "../../../x"},
        {"blake2b": 7},
        {"state": []},
        {"state": None},
        {"format": "layerscope/project"},
        {"version": 0},
        {"version": "1"},
        {"more": 1},
    ],
    ids=str,
)
def test_a_pointer_that_lies_is_passed_over(tmp_path, changes):
    store = filled(tmp_path, 1, 2)
    written_anew(pointer(tmp_path, 2), **changes)

    assert steps(store) == [1]
    assert_falls_back(store, 1)


@pytest.mark.parametrize("body", [b"", b"7", b"[]", b"{}", b'{"a":' * 5000, b"{" + b"9" * 9999])
def test_a_sealed_pointer_that_holds_something_else_is_passed_over(tmp_path, body):
    store = filled(tmp_path, 1, 2)
    pointer(tmp_path, 2).write_bytes(checkpoints._sealed(body))

    assert_falls_back(store, 1)


def test_one_of_a_newer_program_is_passed_over(tmp_path):
    store = filled(tmp_path, 1, 2)
    written_anew(pointer(tmp_path, 2), version=2, more=[])

    newest, passed = store.newest()

    assert newest.step == 1
    assert "written by a newer Layerscope (format version 2)" in str(passed[0])


def test_a_huge_pointer_is_not_read(tmp_path, monkeypatch):
    store = filled(tmp_path, 1, 2)
    with pointer(tmp_path, 2).open("r+b") as content:
        content.truncate(2**33)

    assert_falls_back(store, 1)


def test_tensors_that_do_not_fit_in_memory_are_not_read(tmp_path, monkeypatch):
    store = filled(tmp_path, 1)
    free = namedtuple("Memory", ["available"])(100)
    monkeypatch.setattr(checkpoints.psutil, "virtual_memory", lambda: free)

    with pytest.raises(ProblemError, match="of memory, and 100 bytes are free"):
        store.read(1)


@pytest.mark.parametrize(
    "content", [b"", b"\xff" * 40, b"\2\0\0\0\0\0\0\0{}more", b'\x3c\0\0\0\0\0\0\0{"a":']
)
def test_tensors_that_are_none_are_passed_over(tmp_path, content):
    """A stranger's folder may be sealed and sized well and still hold anything."""
    store = filled(tmp_path, 1, 2)
    digest = checkpoints._digest(content)
    tensors(tmp_path, 2).unlink()
    (tmp_path / "checkpoints" / f"000000002-{digest[:8]}.safetensors").write_bytes(content)
    written_anew(pointer(tmp_path, 2), size=len(content), blake2b=digest)

    assert_falls_back(store, 1)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("which", [pointer, tensors])
def test_a_pipe_is_not_waited_for(tmp_path, which):
    store = filled(tmp_path, 1, 2)
    path = which(tmp_path, 2)
    path.unlink()
    os.mkfifo(path)

    newest, passed = store.newest()

    assert newest.step == 1
    assert len(passed) == 1


def test_other_files_are_left_alone(tmp_path):
    store = filled(tmp_path, 1)
    others = ["notes.txt", "1.json", "0000000001.json", "2.safetensors", "٠٠٠٠٠٠٠٠٣.json"]
    for name in others:
        (tmp_path / "checkpoints" / name).write_text("mine")

    store.write(made(2))

    assert steps(store) == [1, 2]
    assert all((tmp_path / "checkpoints" / name).exists() for name in others)


def test_a_folder_that_can_not_be_read_gets_a_sentence(tmp_path, monkeypatch):
    store = filled(tmp_path, 1)
    monkeypatch.setattr(Path, "iterdir", refusing(errno.EACCES))

    newest, passed = store.newest()

    assert newest is None
    assert "can't be read: Permission denied" in str(passed[0])
    assert store.kept() == []


# What may happen while one is written


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("which", [1, 2])
@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "not allowed there")],
)
def test_a_failure_leaves_the_earlier_ones(tmp_path, monkeypatch, step, which, number, words):
    store = filled(tmp_path, 1, 2)
    real, calls = getattr(os, step), []

    def failing(*args):
        calls.append(args)
        if len(calls) == which:
            raise OSError(number, os.strerror(number))
        return real(*args)

    monkeypatch.setattr(os, step, failing)

    with pytest.raises(ProblemError, match=words):
        store.write(made(3))

    monkeypatch.undo()
    assert steps(store) == [1, 2]
    assert store.newest()[0].state == {"batch": 2}
    assert store.newest()[1] == []


def test_a_file_in_the_place_of_the_folder_gets_a_sentence(tmp_path):
    (tmp_path / "checkpoints").write_text("mine")
    store = Checkpoints(tmp_path)

    with pytest.raises(ProblemError, match="could not be saved"):
        store.write(made(1))

    assert store.kept() == []


class Killed(BaseException):
    pass


@pytest.mark.parametrize("step", [2, 3])
def test_killed_between_the_files_the_former_of_that_step_is_there(tmp_path, monkeypatch, step):
    store = filled(tmp_path, 1, 2)
    real = checkpoints.write_safely

    def killed(path, content):
        if path.suffix == ".json":
            raise Killed
        real(path, content)

    monkeypatch.setattr(checkpoints, "write_safely", killed)
    with pytest.raises(Killed):
        store.write(made(step, value=9))

    monkeypatch.undo()
    newest, passed = Checkpoints(tmp_path).newest()
    assert (newest.step, newest.tensors["weight"].tolist(), passed) == (2, [2, 2, 2], [])


def test_what_a_killed_program_left_is_removed_by_the_next_writing(tmp_path):
    store = filled(tmp_path, 1)
    folder = tmp_path / "checkpoints"
    (folder / f"{TEMPORARY}1.tmp").write_bytes(b"half")
    (folder / "000000001-00000000.safetensors").write_bytes(b"of step 1, without a pointer")
    (folder / "000000009-00000000.safetensors").write_bytes(b"of step 9, without a pointer")

    store.write(made(2))

    assert len(list(folder.iterdir())) == 4


def test_what_can_not_be_removed_does_not_stop_the_run(tmp_path, monkeypatch):
    store = filled(tmp_path, 1, 2)
    monkeypatch.setattr(Path, "unlink", refusing(errno.EACCES))
    store.write(made(3))
    assert steps(store) == [1, 2, 3]

    monkeypatch.undo()
    store.write(made(4))

    assert steps(store) == [3, 4]


def test_a_state_that_could_not_be_read_again_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "LARGEST_CURSOR", 300)

    with pytest.raises(ValueError, match="arrays belong to the tensors"):
        Checkpoints(tmp_path).write(made(1, state={"long": "x" * 300}))

    assert not list(tmp_path.iterdir())


WRITING = """
import sys
from pathlib import Path
import numpy as np
from engine.store.checkpoints import Checkpoint, Checkpoints
store = Checkpoints(Path(sys.argv[1]))
newest, passed = store.newest()
print("ready", flush=True)
step = newest.step if newest else 0
while True:
    for value in range(3):  # each step three times
        tensors = {"weight": np.full(50_000, step + value, np.float32)}
        store.write(Checkpoint(step, 0, "epoch", tensors, {"value": step + value}))
    step += 1
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_killed_program_leaves_sound_ones(tmp_path):
    for round_ in range(4):
        program = subprocess.Popen(
            [sys.executable, "-c", WRITING, tmp_path], stdout=subprocess.PIPE, cwd=ROOT
        )
        with program:
            program.stdout.readline()
            time.sleep(0.05 + 0.013 * round_)
            program.kill()

        newest, passed = Checkpoints(tmp_path).newest()

        assert passed == []
        assert newest is None or (newest.tensors["weight"] == newest.state["value"]).all()


# Which ones are kept


def test_running_ones_go_but_the_newest_two(tmp_path):
    store = filled(tmp_path, 1, 2, 3, 4)

    assert steps(store) == [3, 4]
    assert len(list((tmp_path / "checkpoints").iterdir())) == 4


def test_the_first_the_best_and_epochs_are_kept_within_the_budget(tmp_path):
    store = Checkpoints(tmp_path)
    for step in range(40):
        store.write(made(step, {0: "first", 5: "best", 15: "best"}.get(step, "running")))

    assert steps(store) == [0, 5, 15, 38, 39]

    Checkpoints(tmp_path, budget=0).write(made(40))
    assert steps(store) == [0, 15, 39, 40]
