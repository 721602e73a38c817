import errno
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from engine.data import limits
from engine.problems import ProblemError


@pytest.fixture
def _one_gigabyte(monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=10**9))


@pytest.mark.usefixtures("_one_gigabyte")
def test_what_fits_is_let_through():
    limits.check_memory(700_000_000, "It")


@pytest.mark.usefixtures("_one_gigabyte")
def test_what_does_not_fit_is_refused_with_both_sizes():
    with pytest.raises(ProblemError, match=r"It would take 2 GB of memory, but only 1 GB are free"):
        limits.check_memory(2 * 10**9, "It")


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(ProblemError, match="does not exist: it may have been moved"):
        limits.check_file(tmp_path / "gone")


def test_an_empty_file_is_said_to_be_empty(tmp_path):
    (tmp_path / "empty").touch()
    with pytest.raises(ProblemError, match=r"is empty \(0 bytes\)"):
        limits.check_file(tmp_path / "empty")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(ProblemError, match="is not a file: choose the file itself"):
        limits.check_file(tmp_path)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ProblemError, match="is a file, but a folder is expected"):
        limits.check_folder(tmp_path / "file")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "may not be written to"),
        (errno.EACCES, "LAYERSCOPE_DATA"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_a_refused_write_says_why(code, words):
    with pytest.raises(ProblemError, match=words), limits.writing(Path("there")):
        raise OSError(code, "Input/output error")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(errno.EACCES, "no"), "may not be read by you"),
        (OSError(errno.EIO, "Input/output error"), r"could not be read \(Input/output error\)"),
    ],
)
def test_a_refused_read_says_why(error, words):
    with pytest.raises(ProblemError, match=words), limits.reading(Path("there")):
        raise error
