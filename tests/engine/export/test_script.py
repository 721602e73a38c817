"""What an exported script looks like, whatever the project holds."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.export.layout import IdxFiles, ImageFolders, NpzArrays
from engine.export.script import FRAMEWORKS, script
from engine.problems import ProblemError
from engine.project.layers import Dense, Flatten
from engine.project.presets import preset, presets
from engine.project.project import Project
from engine.project.sources import FashionMnist, IdxFolder, ImageFolder, Kmnist, NpzFile
from tests.engine.export.projects import EVERY

each_framework = pytest.mark.parametrize("framework", FRAMEWORKS)
FILES = {
    "path": "/a/b",
    "input_shape": (3, 8, 9),
    "class_names": ("cat", "dog", "$a$"),
    "train_size": 90,
    "test_size": 30,
}
SOURCES = {
    "fashion": FashionMnist(),
    "kmnist": Kmnist(),
    "idx": IdxFolder(**FILES),
    "images": ImageFolder(**FILES),
    "npz": NpzFile(**FILES),
}


def of_source(source):
    return Project().insert(0, Flatten(), Dense(units=4)).set_data(source=source)


PROJECTS = {
    **presets(),
    **EVERY,
    **{name: of_source(source) for name, source in SOURCES.items()},
}


LAYOUTS = {
    "16 bits": ("images", ImageFolders(suffixes=(".png",), deep=("I;16", "I;16B"), broken=True)),
    "floats": ("images", ImageFolders(("train", "val"), "test", deep=("F", "I", "I;16"))),
    "packed": ("idx", IdxFiles("a", "b.gz", "", "", packed=("a",))),
    "one-hot": ("npz", NpzArrays("x", "y", "", "", "NHWC", bytes=False, label_kind="one-hot")),
}


@each_framework
def test_every_script_is_clean_and_formatted(framework, tmp_path):
    texts = {name: script(project, framework).text for name, project in PROJECTS.items()}
    for name, (source, layout) in LAYOUTS.items():
        texts[name] = script(of_source(SOURCES[source]), framework, layout).text
    for name, text in texts.items():
        (tmp_path / f"{name}.py".replace(" ", "_")).write_text(text, encoding="utf-8")

    ruff = [sys.executable, "-m", "ruff"]
    check = [*ruff, "check", "--isolated", "--select", "E,F,I,W", "--line-length", "88", "."]
    for command in (check, [*ruff, "format", "--isolated", "--diff", "."]):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@each_framework
@pytest.mark.parametrize("name", presets())
def test_a_script_is_short_and_stands_by_itself(framework, name):
    text = script(preset(name), framework).text

    imported = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    assert not {node.module.partition(".")[0] for node in imported} & {"engine", "gui"}
    assert len(text.splitlines()) <= 260


@each_framework
def test_the_lines_of_each_layer_name_it(framework):
    project = PROJECTS["convolutions"]
    made = script(project, framework)

    lines = made.text.splitlines()
    for row in project.walk():
        assert row.layer.name in "\n".join(lines[at] for at in made.lines[row.layer.name])
    assert sum(map(len, made.lines.values())) == len({at for r in made.lines.values() for at in r})


@each_framework
def test_the_lines_of_a_block_take_in_those_of_its_layers(framework):
    project = PROJECTS["residual"]
    lines = script(project, framework).lines

    for row in project.walk():
        for inner in row.walk():
            assert set(lines[inner.layer.name]) <= set(lines[row.layer.name])


@each_framework
def test_only_what_the_project_uses_appears(framework):
    text = script(preset("mlp-128"), framework).text

    for word in ("factor", "augment", "Normal", "clip", "PATIENCE", "callbacks", "decay"):
        assert word not in text


@each_framework
def test_a_project_that_does_not_fit_gets_its_sentence(framework):
    with pytest.raises(ProblemError, match="Add Flatten before it"):
        script(Project().insert(0, Dense()), framework)


@each_framework
def test_without_a_gap_nothing_is_said_of_one(framework):
    project = preset("cnn-small")

    assert script(project, framework, gaps=True) == script(project, framework)


nasty = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        (
            '"""',
            "'''\n import os",
            "a\rimport os",
            "coding: utf-7",
            "{0} $path ${read} %s",
            "both \" and '",
            "\\",
            "\\N{DASH}\n\0",
            "\u202eabc\u2028x\x0cy",
        )
    ),
)


@each_framework
@given(title=nasty, about=nasty)
def test_foreign_words_stay_in_their_comment(framework, title, about):
    plain = preset("mlp-128")
    project = plain.model_copy(update={"title": title, "about": about})

    tree = ast.parse(script(project, framework).text.encode())

    assert ast.dump(tree) == ast.dump(ast.parse(script(plain, framework).text))


@each_framework
@given(
    path=nasty.filter(bool),
    names=st.lists(nasty, min_size=2, max_size=12, unique=True),
    kind=st.sampled_from((NpzFile, IdxFolder, ImageFolder)),
)
def test_foreign_names_come_back_as_they_are(framework, path, names, kind):
    files = FILES | {"path": path, "class_names": tuple(names)}
    text = script(of_source(kind(**files)), framework).text

    nodes = list(ast.walk(ast.parse(text.encode())))
    given_names = {
        getattr(node.targets[0], "id", ""): node.value
        for node in nodes
        if isinstance(node, ast.Assign)
    }
    texts = {node.value for node in nodes if isinstance(node, ast.Constant)}
    assert ast.literal_eval(given_names["CLASSES"]) == names
    if kind is NpzFile:
        assert path in texts
