"""A saved file is the old one or the new one, whole, whatever happens meanwhile."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.problems import ProblemError
from engine.store.files import TEMPORARY, open_to_read, sweep, write_safely

as_root = getattr(os, "geteuid", lambda: 1)() == 0
posix_only = pytest.mark.skipif(os.name != "posix", reason="modes and signals of POSIX")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def refusing(number):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    return refuse


def test_a_new_file_is_written_and_nothing_beside_it(tmp_path):
    write_safely(tmp_path / "a.json", b"new")

    assert (tmp_path / "a.json").read_bytes() == b"new"
    assert names(tmp_path) == ["a.json"]


def test_missing_folders_are_made(tmp_path):
    write_safely(tmp_path / "runs" / "first" / "a.json", b"new")

    assert (tmp_path / "runs" / "first" / "a.json").read_bytes() == b"new"


def test_an_old_file_is_replaced(tmp_path):
    (tmp_path / "a.json").write_bytes(b"a long old content")

    write_safely(tmp_path / "a.json", b"new")

    assert (tmp_path / "a.json").read_bytes() == b"new"


@posix_only
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes")
def test_a_pipe_stays_a_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    with pytest.raises(ProblemError, match="it is a pipe or a device"):
        write_safely(pipe, b"new")

    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "folder").mkdir()

    with pytest.raises(ProblemError, match="it is a folder"):
        write_safely(tmp_path / "folder", b"new")


def test_an_old_files_mode_is_kept(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    path.chmod(0o640)

    write_safely(path, b"new")

    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@posix_only
def test_a_new_files_mode_is_the_usual_one(tmp_path):
    (tmp_path / "usual").write_bytes(b"")

    write_safely(tmp_path / "a.json", b"new")

    assert (tmp_path / "a.json").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full. Free some space"),
        (errno.EDQUOT, "the disk is full. Free some space"),
        (errno.EACCES, "writing is not allowed there"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
def test_a_failure_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, step, number, words):
    (tmp_path / "a.json").write_bytes(b"old")
    monkeypatch.setattr(os, step, refusing(number))

    with pytest.raises(ProblemError, match=r"a\.json could not be saved: ") as caught:
        write_safely(tmp_path / "a.json", b"new")

    assert words in str(caught.value)
    assert (tmp_path / "a.json").read_bytes() == b"old"
    assert names(tmp_path) == ["a.json"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_while_the_content_is_written_leaves_the_old_file(tmp_path, monkeypatch):
    (tmp_path / "a.json").write_bytes(b"old")
    real_open = Path.open

    def full_open(path, mode="r", *rest, **options):
        return real_open(Path("/dev/full"), "wb") if mode == "xb" else real_open(path, mode)

    monkeypatch.setattr(Path, "open", full_open)

    with pytest.raises(ProblemError, match="the disk is full"):
        write_safely(tmp_path / "a.json", b"new" * 100_000)

    monkeypatch.undo()
    assert (tmp_path / "a.json").read_bytes() == b"old"


@pytest.mark.skipif(as_root or os.name != "posix", reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_gets_a_sentence(tmp_path):
    tmp_path.chmod(0o500)

    with pytest.raises(ProblemError, match="writing is not allowed there"):
        write_safely(tmp_path / "a.json", b"new")


def test_a_file_in_the_place_of_a_folder_gets_a_sentence(tmp_path):
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(ProblemError, match=r"a\.json could not be saved: .* Save in another"):
        write_safely(tmp_path / "file" / "a.json", b"new")


SAVING = """
import sys
from pathlib import Path
from engine.store.files import write_safely
path = Path(sys.argv[1])
print("ready", flush=True)
while True:
    for letter in b"ab":
        write_safely(path, bytes([letter]) * 300_000)
"""


@posix_only
def test_a_killed_program_leaves_a_whole_file(tmp_path):
    path = tmp_path / "a.json"
    write_safely(path, b"a" * 300_000)
    for round_ in range(8):
        program = subprocess.Popen(
            [sys.executable, "-c", SAVING, path], stdout=subprocess.PIPE, cwd=ROOT
        )
        with program:
            program.stdout.readline()
            time.sleep(0.01 + 0.007 * round_)
            program.kill()
        content = path.read_bytes()
        assert content in (b"a" * 300_000, b"b" * 300_000)


ROOT = Path(__file__).parents[3]


def test_sweeping_removes_what_a_killed_program_left_and_nothing_else(tmp_path):
    for name in (f"{TEMPORARY}1.tmp", f"{TEMPORARY}2.tmp", "mine.tmp", "a.json"):
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (0, 0))

    sweep(tmp_path)

    assert names(tmp_path) == ["a.json", "mine.tmp"]


def test_sweeping_leaves_what_another_program_may_be_writing(tmp_path):
    (tmp_path / f"{TEMPORARY}1.tmp").write_bytes(b"")

    sweep(tmp_path)

    assert names(tmp_path) == [f"{TEMPORARY}1.tmp"]


def test_what_is_being_written_is_known_to_the_sweep(tmp_path, monkeypatch):
    def sweep_before(*_):
        for stray in tmp_path.iterdir():
            os.utime(stray, (0, 0))
        sweep(tmp_path)
        raise OSError(errno.EIO, "the sweep came first")

    monkeypatch.setattr(os, "fsync", sweep_before)
    with pytest.raises(ProblemError, match="the sweep came first"):
        write_safely(tmp_path / "a.json", b"new")

    assert names(tmp_path) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(OSError, match="it is a pipe or a device"):
        open_to_read(tmp_path / "pipe")


@posix_only
def test_a_device_is_refused():
    with pytest.raises(OSError, match="it is a pipe or a device"):
        open_to_read(Path("/dev/zero"))


def test_a_file_is_opened_also_through_a_link(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to(tmp_path / "file")

    for name in ("file", "link"):
        with open_to_read(tmp_path / name) as file:
            assert file.read() == b"content"


def test_what_is_missing_or_a_folder_is_told_by_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        open_to_read(tmp_path / "nothing")
    with pytest.raises((IsADirectoryError, PermissionError)):
        open_to_read(tmp_path)
