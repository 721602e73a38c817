"""A notebook is the same program as the script, and Jupyter takes it."""

from __future__ import annotations

import ast
import json

import nbformat
import pytest
from hypothesis import given

from engine.export.notebook import notebook
from engine.export.script import FRAMEWORKS, script
from engine.project.presets import preset, presets
from tests.engine.export.test_script import nasty

each_framework = pytest.mark.parametrize("framework", FRAMEWORKS)


def code_of(text):
    return [cell.source for cell in nbformat.reads(text, 4).cells if cell.cell_type == "code"]


@each_framework
@pytest.mark.parametrize("name", presets())
def test_its_cells_are_the_scripts_statements(framework, name):
    text = script(preset(name), framework).text

    cells = code_of(notebook(text))

    statements = ast.parse(text).body[1:]  # without the sentence that opens the script
    assert ast.dump(ast.parse("\n".join(cells))) == ast.dump(ast.Module(statements, []))
    assert all(ast.parse(cell).body for cell in cells)  # each is whole


@each_framework
def test_each_step_has_its_cell(framework):
    cells = code_of(notebook(script(preset("mlp-128"), framework).text))

    assert "import matplotlib" in cells[0]
    assert [cell[:5] for cell in cells[1:]] == [f"# {number}. " for number in range(1, 6)]


def test_its_text_says_what_it_is():
    project = preset("mlp-128")

    told = nbformat.reads(notebook(script(project, "pytorch").text), 4).cells[0]

    assert told.cell_type == "markdown"
    assert told.source.startswith("# Train a network on MNIST with PyTorch\n")
    assert "`pip install torch" in told.source
    assert told.source.replace("\\", "").count(project.title) == 1


def test_it_is_a_notebook_without_outputs_and_the_same_each_time():
    text = script(preset("cnn-small"), "pytorch").text
    written = notebook(text)

    nbformat.validate(json.loads(written))
    assert notebook(text) == written
    assert not any(cell.get("outputs") for cell in json.loads(written)["cells"])


@given(title=nasty, about=nasty)
def test_foreign_words_stay_words(title, about):
    plain = preset("mlp-128")
    project = plain.model_copy(update={"title": title, "about": about})

    written = notebook(script(project, "pytorch").text)

    nbformat.validate(json.loads(written))
    assert code_of(written) == code_of(notebook(script(plain, "pytorch").text))
    text = nbformat.reads(written, 4).cells[0].source.split("\n", 1)[1].rpartition("\n")[0]
    assert all(text[at - 1] == "\\" for at, mark in enumerate(text) if mark in "<`$[*")
