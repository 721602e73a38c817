from __future__ import annotations

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.problems import ProblemError
from engine.store.run_about import FILE, About, read_about, write_about


@given(st.text(max_size=200), st.text(max_size=500))
def test_what_is_written_is_read_back(tmp_path_factory, name, note):
    folder = tmp_path_factory.mktemp("run")

    written = write_about(folder, name, note)

    assert read_about(folder) == written
    assert written == About(name=" ".join(name.split()), note=note)


def test_a_run_without_the_file_has_neither(tmp_path):
    assert read_about(tmp_path) == About()


def test_half_a_letter_is_replaced(tmp_path):
    assert write_about(tmp_path, "a\ud800b", "").name == "a?b"


@pytest.mark.parametrize(("name", "note"), [("x" * 201, ""), ("", "x" * 10_001)])
def test_what_is_too_long_is_refused_and_changes_nothing(tmp_path, name, note):
    write_about(tmp_path, "First", "kept")

    with pytest.raises(ProblemError, match=r"The (name|note) must have at most"):
        write_about(tmp_path, name, note)

    assert read_about(tmp_path) == About(name="First", note="kept")


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"format": "layerscope/project"}', "x" * 300_000, "[" * 10_000],
)
def test_a_damaged_file_is_told_and_can_be_written_anew(tmp_path, content):
    (tmp_path / FILE).write_text(content)

    with pytest.raises(ProblemError, match="damaged"):
        read_about(tmp_path)

    write_about(tmp_path, "New", "")
    assert read_about(tmp_path).name == "New"


def test_wrong_values_are_told(tmp_path):
    content = {"format": "layerscope/run", "version": 1, "name": 3}
    (tmp_path / FILE).write_text(json.dumps(content))

    with pytest.raises(ProblemError, match="The name"):
        read_about(tmp_path)


def test_what_a_newer_program_wrote_is_left_alone(tmp_path):
    content = json.dumps({"format": "layerscope/run", "version": 2, "name": "Theirs"})
    (tmp_path / FILE).write_text(content)

    for act in (lambda: read_about(tmp_path), lambda: write_about(tmp_path, "Mine", "")):
        with pytest.raises(ProblemError, match="newer Layerscope"):
            act()

    assert (tmp_path / FILE).read_text() == content


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_pipe_in_the_place_of_the_file_is_refused_and_stays(tmp_path):
    os.mkfifo(tmp_path / FILE)

    with pytest.raises(ProblemError, match="it is a pipe or a device"):
        read_about(tmp_path)
    with pytest.raises(ProblemError, match="it is a pipe or a device"):
        write_about(tmp_path, "New", "")

    assert (tmp_path / FILE).is_fifo()
