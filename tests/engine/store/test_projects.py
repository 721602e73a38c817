from __future__ import annotations

import os

import pytest

from engine.problems import ProblemError
from engine.project.format import dumps
from engine.project.layers import Dense, Flatten
from engine.project.presets import preset
from engine.project.project import Project
from engine.store.projects import LARGEST, load_project, open_project, save_project

PROJECT = Project(title="手写").insert(0, Flatten(), Dense(units=3))


def test_a_saved_project_is_read_back(tmp_path):
    save_project(tmp_path / "a.layerscope.json", PROJECT)

    assert load_project(tmp_path / "a.layerscope.json") == PROJECT


def test_a_byte_order_mark_does_not_matter(tmp_path):
    (tmp_path / "a.json").write_text(dumps(PROJECT), encoding="utf-8-sig")

    assert load_project(tmp_path / "a.json") == PROJECT


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "It is empty"),
        (b"\xff\xfe\x00", "It is not text."),
        (b" " * (LARGEST + 1), "It is too large for a project file."),
        (b"{}", "It is JSON, but no Layerscope project"),
    ],
)
def test_what_can_not_be_opened_is_named_with_the_reason(tmp_path, content, sentence):
    (tmp_path / "a.json").write_bytes(content)

    with pytest.raises(ProblemError) as caught:
        load_project(tmp_path / "a.json")

    assert str(caught.value).startswith(f"{tmp_path / 'a.json'} can't be opened. {sentence}")


@pytest.mark.parametrize(
    ("name", "sentence"), [("none.json", "There is no such file."), ("", "It is a folder.")]
)
def test_what_is_no_file_gets_a_sentence(tmp_path, name, sentence):
    with pytest.raises(ProblemError, match=f"can't be opened. {sentence}"):
        load_project(tmp_path / name)


def test_a_presets_name_opens_the_preset():
    assert open_project("mlp-128") == preset("mlp-128")


def test_a_path_opens_the_file(tmp_path):
    save_project(tmp_path / "a.layerscope.json", PROJECT)

    assert open_project(str(tmp_path / "a.layerscope.json")) == PROJECT


def test_a_preset_is_not_hidden_by_a_folder_of_its_name(tmp_path, monkeypatch):
    (tmp_path / "mlp-128").mkdir()
    monkeypatch.chdir(tmp_path)

    assert open_project("mlp-128") == preset("mlp-128")


@pytest.mark.parametrize("name", ["mlp-129", "no/such.json", "n" * 5000])
def test_what_is_neither_lists_the_presets(name):
    with pytest.raises(ProblemError, match=r"no file and no preset named .* digits-mlp, "):
        open_project(name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_pipe_in_the_place_of_a_project_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "a.json")

    with pytest.raises(ProblemError, match="It is a pipe or a device"):
        load_project(tmp_path / "a.json")
