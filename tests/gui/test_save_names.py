"""The name of a file to write: asked for, with the ending by which it is found again."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from gui.save_names import ask_for_name, with_ending

KINDS = {"Drawing (*.svg)": ".svg", "Picture (*.png)": ".png"}


@pytest.fixture
def ask(qtbot, tmp_path, monkeypatch):
    """Let a person type a name and choose a kind."""
    parent = QWidget()
    qtbot.addWidget(parent)

    def ask(name, kind=""):
        answer = str(tmp_path / name) if name else "", kind
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: answer)
        return ask_for_name(parent, "Save", tmp_path / "start.svg", KINDS)

    return ask


@pytest.fixture
def answer(monkeypatch):
    """Answer what is asked, and give what was."""
    asked = []

    def answer(button):
        monkeypatch.setattr(
            QMessageBox, "question", lambda *arguments: (asked.append(arguments[2]), button)[1]
        )
        return asked

    return answer


@pytest.mark.parametrize(
    ("typed", "kind", "name"),
    [
        ("net", "", "net.svg"),
        ("net", "Picture (*.png)", "net.png"),
        ("net.svg", "Picture (*.png)", "net.svg"),
        ("Net.PNG", "", "Net.PNG"),
        ("digits 2.5", "", "digits 2.5.svg"),
        ("net.safetensor", "", "net.safetensor.svg"),
    ],
)
def test_a_name_gets_the_ending_of_its_kind_where_it_has_none(ask, tmp_path, typed, kind, name):
    path, _ = ask(typed, kind)

    assert path == tmp_path / name


def test_the_kind_is_told_and_the_first_where_none_is_known(ask):
    assert ask("net", "Picture (*.png)")[1] == "Picture (*.png)"
    assert ask("net", "")[1] == "Drawing (*.svg)"


def test_no_name_is_nowhere(ask):
    assert ask("") is None


def test_a_file_that_the_dialog_did_not_ask_about_is_asked_about(ask, answer, tmp_path):
    (tmp_path / "a<b>.svg").touch()

    asked = answer(QMessageBox.StandardButton.Cancel)
    assert ask("a<b>") is None
    assert asked == ["“a&lt;b&gt;.svg” is there already. Replace it?"]

    answer(QMessageBox.StandardButton.Yes)
    assert ask("a<b>")[0] == tmp_path / "a<b>.svg"


def test_a_file_that_the_dialog_asked_about_is_not_asked_about_again(ask, answer, tmp_path):
    (tmp_path / "net.svg").touch()
    asked = answer(QMessageBox.StandardButton.Cancel)

    assert ask("net.svg") is not None
    assert asked == []


@given(st.text(st.characters(exclude_characters="/\0"), min_size=1).filter(lambda x: x not in ".."))
def test_a_name_always_ends_as_it_should_and_once_is_enough(name):
    path = with_ending(Path("folder") / name, ".svg", ".png")

    assert path.name.lower().endswith((".svg", ".png"))
    assert path.name.startswith(name)
    assert with_ending(path, ".svg", ".png") == path
