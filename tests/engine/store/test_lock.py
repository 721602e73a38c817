"""One program at a time writes a run: shown with real second programs."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.problems import ProblemError
from engine.store.lock import RunLock, in_use

ROOT = Path(__file__).parents[3]
HOLD = """
import sys
from pathlib import Path
from engine.store.lock import RunLock
with RunLock.acquire(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
TRY = """
import sys
from pathlib import Path
from engine.problems import ProblemError
from engine.store.lock import RunLock, in_use
folder = Path(sys.argv[1])
print(in_use(folder))
try:
    RunLock.acquire(folder)
except ProblemError as error:
    print(error)
"""


@contextmanager
def holder(folder):
    """Another program that holds the lock until its input ends or it is killed."""
    program = subprocess.Popen(
        [sys.executable, "-c", HOLD, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    with program:
        try:
            assert program.stdout.readline().strip() == b"held"
            yield program
        finally:
            program.kill()


@pytest.fixture
def no_patience(monkeypatch):
    monkeypatch.setattr("engine.store.lock.PATIENCE_SECONDS", 0)


def refusing(number):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    return refuse


def test_another_program_is_told_that_the_folder_is_in_use(tmp_path):
    with RunLock.acquire(tmp_path):
        done = subprocess.run(
            [sys.executable, "-c", TRY, tmp_path], capture_output=True, text=True, cwd=ROOT
        )

    assert done.stdout.splitlines() == [
        "True",
        f"{tmp_path} is in use by another Layerscope. Look at it there, or wait until it has "
        "ended.",
    ]


def test_a_lock_of_another_program_excludes_until_it_ends(tmp_path):
    with holder(tmp_path) as program:
        assert in_use(tmp_path)
        with pytest.raises(ProblemError, match="is in use by another Layerscope"):
            RunLock.acquire(tmp_path)
        program.stdin.close()
        program.wait()

        assert not in_use(tmp_path)
        RunLock.acquire(tmp_path).release()


def test_a_killed_program_holds_no_lock(tmp_path):
    with holder(tmp_path) as program:
        program.kill()
        program.wait()

        assert not in_use(tmp_path)
        RunLock.acquire(tmp_path).release()


@pytest.mark.usefixtures("no_patience")
def test_two_locks_of_one_program_exclude_each_other(tmp_path):
    with RunLock.acquire(tmp_path):
        assert in_use(tmp_path)
        with pytest.raises(ProblemError, match="is in use"):
            RunLock.acquire(tmp_path)

    assert not in_use(tmp_path)


def test_one_that_only_looks_does_not_keep_another_out(tmp_path):
    RunLock.acquire(tmp_path).release()
    looking = threading.Thread(target=lambda: [in_use(tmp_path) for _ in range(300)])
    looking.start()

    for _ in range(50):
        RunLock.acquire(tmp_path).release()

    looking.join()


def test_another_thread_may_release(tmp_path):
    lock = RunLock.acquire(tmp_path)
    thread = threading.Thread(target=lock.release)
    thread.start()
    thread.join()

    assert not in_use(tmp_path)


def test_releasing_twice_leaves_the_next_ones_lock(tmp_path):
    first = RunLock.acquire(tmp_path)
    first.release()
    with RunLock.acquire(tmp_path):
        first.release()

        assert in_use(tmp_path)


def test_a_missing_folder_is_made(tmp_path):
    with RunLock.acquire(tmp_path / "runs" / "new"):
        assert in_use(tmp_path / "runs" / "new")


def test_looking_makes_nothing(tmp_path):
    assert not in_use(tmp_path)
    assert not in_use(tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


def test_looking_leaves_the_lock_file_as_it_is(tmp_path):
    (tmp_path / "lock").write_bytes(b"mine")

    assert not in_use(tmp_path)

    assert (tmp_path / "lock").read_bytes() == b"mine"


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_folder_that_can_not_be_written_is_not_in_use(tmp_path, monkeypatch, number):
    (tmp_path / "lock").touch()
    monkeypatch.setattr(os, "open", refusing(number))

    assert not in_use(tmp_path)


def test_a_folder_that_can_not_be_written_gets_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "open", refusing(errno.EROFS))

    with pytest.raises(ProblemError, match="could not be saved"):
        RunLock.acquire(tmp_path)


def test_a_folder_in_the_place_of_the_lock_gets_a_sentence(tmp_path):
    (tmp_path / "lock").mkdir()

    assert not in_use(tmp_path)
    with pytest.raises(ProblemError, match="could not be saved"):
        RunLock.acquire(tmp_path)


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_does_not_keep_from_training(tmp_path, monkeypatch, number):
    fcntl = pytest.importorskip("fcntl")
    (tmp_path / "lock").touch()
    monkeypatch.setattr(fcntl, "flock", refusing(number))

    with RunLock.acquire(tmp_path):
        assert not in_use(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["lock"]
