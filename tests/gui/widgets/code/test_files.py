from __future__ import annotations

import sys

import pytest
from PySide6.QtGui import QDesktopServices

from engine.problems import ProblemError
from gui.widgets.code import files
from gui.widgets.code.files import keep_script, open_in_editor


def test_a_script_is_kept_in_the_programs_folder(own_home):
    path = keep_script("My digits PyTorch", "x = 1\n")

    assert path == own_home / "scripts" / "My digits PyTorch.py"
    assert path.read_text(encoding="utf-8") == "x = 1\n"


def test_the_same_script_is_the_same_file():
    assert keep_script("a", "x = 1\n") == keep_script("a", "x = 1\n")


def test_changes_that_a_person_made_stay():
    mine = keep_script("a", "x = 1\n")
    mine.write_text("x = 2  # better\n", encoding="utf-8")

    path = keep_script("a", "x = 1\n")

    assert path.name == "a 2.py"
    assert mine.read_text(encoding="utf-8") == "x = 2  # better\n"


def test_any_name_becomes_a_files(own_home):
    assert keep_script("../a/b: <c>\0", "x\n").parent == own_home / "scripts"


def test_a_folder_that_cannot_be_written_is_told_of(own_home):
    (own_home / "scripts").write_text("a file", encoding="utf-8")

    with pytest.raises(ProblemError, match="could not be saved"):
        keep_script("a", "x\n")


def test_the_systems_editor_is_asked(qapp, monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: asked.append(url) or True)

    assert open_in_editor(tmp_path / "a.py")

    assert [url.toLocalFile() for url in asked] == [str(tmp_path / "a.py")]


def test_windows_is_asked_to_edit_and_not_to_run(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(files.os, "startfile", lambda *words: asked.append(words), raising=False)

    assert open_in_editor(tmp_path / "a.py")

    assert asked == [(tmp_path / "a.py", "edit")]
