"""However a training ends before its end, it goes on to the same one: by the command line."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from itertools import count, pairwise
from pathlib import Path

import pytest

from engine import cli
from engine.store import checkpoints
from engine.store.files import TEMPORARY
from engine.store.projects import load_project
from engine.store.runs import LOG, RunFolder, read_log
from engine.training.control import Control
from engine.training.events import Continued, Progress, Started
from engine.training.reopen import reopen
from engine.training.resume import resume
from engine.training.run import run
from tests.benchmarks.kill import in_words, measured, unlike

ROOT = Path(__file__).parents[3]
ARGUMENTS = ("train", "digits-mlp", "--epochs", "4", "--threads", "1", "--device", "cpu")
MIDDLE = 81  # steps, in the middle of the third epoch
posix_only = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


def command(folder, *more):
    return [*ARGUMENTS, "--run-dir", str(folder), "--resume", *more]


def told(folder):
    return list(read_log(folder)) if (folder / LOG).exists() else []


@pytest.fixture
def layerscope(capfd):
    """Run the command that begins or goes on: its exit code and its stderr."""

    def call(folder):
        code = cli.main(command(folder))
        return code, capfd.readouterr().err

    return call


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    assert cli.main(command(folder)) == 0
    return folder


@pytest.fixture
def interrupted(tmp_path, layerscope, monkeypatch):
    """A run that a signal ended; give its folder."""

    def interrupt(number=signal.SIGTERM):
        folder = tmp_path / "run"
        show = cli.bar.Bar.show

        def signalled(bar, event, run):
            if isinstance(event, Progress) and event.step == MIDDLE:
                signal.raise_signal(number)
            show(bar, event, run)

        with monkeypatch.context() as patch:
            patch.setattr(cli.bar.Bar, "show", signalled)
            assert layerscope(folder)[0] == 128 + number
        assert list(read_log(folder))[-1]["reason"] == "stopped"
        return folder

    return interrupt


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_after_a_signal_it_goes_on_to_the_same_end(interrupted, layerscope, whole, number):
    folder = interrupted(number)

    code, stderr = layerscope(folder)

    assert code == 0
    assert "layerscope:" not in stderr
    assert unlike(whole, folder) == []
    assert next(line["step"] for line in read_log(folder) if line["event"] == "Resumed") == MIDDLE


def test_a_run_that_is_over_is_told_and_left_as_it_is(layerscope, whole):
    before = {path: path.read_bytes() for path in whole.rglob("*") if path.is_file()}

    assert layerscope(whole)[0] == 0
    assert {path: path.read_bytes() for path in whole.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("damage", ["flipped", "cut", "emptied"])
@pytest.mark.parametrize("ending", [".json", ".safetensors"])
def test_where_the_newest_checkpoint_is_damaged_the_one_before_stands_in(
    interrupted, layerscope, whole, damage, ending
):
    folder = interrupted()
    newest = max((folder / "checkpoints").glob(f"*{ending}"))
    content = newest.read_bytes()
    spoilt = {"flipped": bytes([content[0] ^ 1]) + content[1:], "cut": content[:-1], "emptied": b""}
    newest.write_bytes(spoilt[damage])

    code, stderr = layerscope(folder)

    assert code == 0
    assert f"checkpoint of step {MIDDLE} is damaged" in stderr
    assert unlike(whole, folder) == []


def test_where_every_checkpoint_is_damaged_it_begins_anew(interrupted, layerscope, whole):
    folder = interrupted()
    for path in (folder / "checkpoints").glob("*.json"):
        path.write_bytes(b"{")

    code, stderr = layerscope(folder)

    assert code == 0
    assert "is damaged" in stderr
    assert unlike(whole, folder) == []


def test_a_run_that_was_killed_before_its_first_line_begins_anew(layerscope, whole, tmp_path):
    folder = tmp_path / "run"
    RunFolder.new(folder, load_project(whole / "project.json")).close()

    assert layerscope(folder)[0] == 0
    assert unlike(whole, folder) == []


def test_a_log_that_tells_the_end_has_all_the_files(layerscope, tmp_path, monkeypatch):
    """A run that is over is not trained further, so what a kill left out would stay out."""
    append, found = RunFolder.append, []

    def looked(folder, line):
        if line["event"] == "Finished":
            found.extend(path.name for path in folder.path.rglob("*"))
        append(folder, line)

    monkeypatch.setattr(RunFolder, "append", looked)
    layerscope(tmp_path / "run")

    assert {"last.safetensors", "test.npz", "test-000000144.npz"} <= set(found)


def test_a_change_made_while_it_waits_outlives_a_kill(project, dataset, tmp_path, monkeypatch):
    monkeypatch.setattr("engine.training.run.load", lambda *_: dataset)
    monkeypatch.setattr("engine.store.writer.Writer.write", lambda _, work: work())  # a fast disk
    control, waits = Control(), iter([True, False])

    def wait():
        control.change("optimizer.learning_rate", 0.25)
        return next(waits)

    monkeypatch.setattr(control, "wait", wait)
    events = run(project, control, folder=tmp_path / "run", threads=1)
    next(event for event in events if isinstance(event, Started))
    control.change("optimizer.learning_rate", 0.5)
    control.pause()
    next(event for event in events if isinstance(event, Continued))
    copied = shutil.copytree(tmp_path / "run", tmp_path / "killed")
    events.close()

    going_on = resume(copied)
    going_on.lock.release()

    assert [change.new for change in going_on.run.changes] == [0.5, 0.25]


def test_what_was_half_written_goes(interrupted, layerscope, whole):
    folder = interrupted()
    for path in (folder, folder / "evaluations", folder / "checkpoints"):
        (path / f"{TEMPORARY}0123.tmp").write_bytes(b"half of some wei")

    layerscope(folder)

    assert not list(folder.rglob(f"{TEMPORARY}*"))
    assert unlike(whole, folder) == []


def test_the_log_leaves_out_the_time_until_it_goes_on(project, dataset, tmp_path, monkeypatch):
    clock = count()

    def load(*_):
        for _ in range(10**6):
            next(clock)
        return dataset

    monkeypatch.setattr("engine.training.run.load", load)
    control = Control()
    events = run(project, control, folder=tmp_path / "run", threads=1)
    next(event for event in events if isinstance(event, Progress))
    control.stop()
    list(events)
    monkeypatch.setattr("engine.training.record.monotonic", lambda: float(next(clock)))

    list(run(project, Control(), threads=1, going_on=resume(tmp_path / "run")))

    times = [line["at"] for line in read_log(tmp_path / "run")]
    assert max(after - before for before, after in pairwise(times)) < 10**5


def test_a_full_disk_at_a_checkpoint_does_not_end_the_training(
    layerscope, whole, tmp_path, monkeypatch
):
    """It is not kept from there on; once there is space again, it goes on from what was kept."""
    folder, writes = tmp_path / "run", count()
    save = checkpoints.write_safely

    def full(path, content):
        if next(writes) >= 3:  # the first checkpoint, and the tensors of the second
            raise checkpoints.write_problem(path, OSError(errno.ENOSPC, "full"))
        save(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "write_safely", full)
        code, stderr = layerscope(folder)
    assert code == 0
    assert "no longer kept on disk; training goes on" in stderr
    assert "the disk is full" in stderr

    assert layerscope(folder)[0] == 0
    assert unlike(whole, folder) == []


def test_a_folder_that_can_not_be_written_is_told_and_left_as_it_is(
    interrupted, layerscope, monkeypatch
):
    folder = interrupted()
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    opened = os.open

    def open_read_only(path, flags, *rest, **options):
        if str(path).startswith(str(folder)) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return opened(path, flags, *rest, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", open_read_only)
        code, stderr = layerscope(folder)
        assert reopen(folder).step == MIDDLE  # to look at it is allowed

    assert code == 2
    assert "writing is not allowed there" in stderr
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_clock_that_goes_back_changes_nothing(layerscope, interrupted, whole, monkeypatch):
    hours = count()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 3600 * next(hours))
    folder = interrupted()

    assert layerscope(folder)[0] == 0

    assert unlike(whole, folder) == []
    times = [line["at"] for line in read_log(folder)]
    assert times == sorted(times)


@posix_only
def test_a_second_program_is_refused_and_the_first_goes_on(tmp_path, layerscope):
    folder = tmp_path / "run"
    script = "import sys; from engine.cli import main; sys.exit(main(sys.argv[1:]))"
    endless = [*command(folder), "--epochs", "100000"]
    with subprocess.Popen(
        [sys.executable, "-c", script, *endless], cwd=ROOT, stderr=subprocess.DEVNULL
    ) as program:
        until = time.monotonic() + 120
        while not told(folder) and time.monotonic() < until:
            time.sleep(0.02)

        code = cli.main(endless)

        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=60) == 143
    assert code == 2
    assert list(read_log(folder))[-1]["reason"] == "stopped"


@posix_only
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_after_twenty_kills_every_run_ends_as_if_nobody_had_killed_it(tmp_path):
    result = measured(20, "digits-mlp", 80, 0, tmp_path)

    print(in_words(result))
    assert result["failures"] == []
