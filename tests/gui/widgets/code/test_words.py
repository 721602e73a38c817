"""Pygments' words by line, whole or in remembered parts alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments.lexers.python import PythonLexer

from engine.export.script import FRAMEWORKS, script
from engine.project.presets import presets
from gui.widgets.code.words import Word, words


def told(line):
    """Say what the words of one line are."""
    (found,) = words(line)
    return {line[word.start : word.start + word.length]: word.kind for word in found}


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        ("# why", {"# why": "comment"}),
        ("x = 'a'", {"'": "string", "a": "string"}),
        ("for x in y:", {"for": "keyword", "in": "keyword"}),
        ("a = 0.5", {"0.5": "number"}),
        ("def f(x):", {"def": "keyword", "f": "name"}),
        ("a = None", {"None": "keyword"}),
        ("print(a)", {"print": "name"}),
        ("model = nn.Linear(a)", {}),
    ],
)
def test_words_are_what_they_are(line, kinds):
    assert told(line) == kinds


def test_a_text_of_several_lines_is_one():
    text = 'def f():\n    """One.\n\n    Two, for x in y.\n    """\n    return 1\n'

    lines = words(text)

    assert [{word.kind for word in line} for line in lines[1:5]] == [
        {"string"},
        set(),
        {"string"},
        {"string"},
    ]
    assert {word.kind for word in lines[5]} == {"keyword", "number"}


def test_lengths_are_qts():
    (line,) = words('a = "😀"  # b')

    assert line[-1] == Word(10, 3, "comment")


@given(st.lists(st.sampled_from(["", "a = 1", "# b", '"""', 'f("c")', "x = '''"]), max_size=12))
def test_there_are_as_many_lines_as_in_the_text(lines):
    assert len(words("\n".join(lines))) == max(1, len(lines))


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_script_in_parts_is_what_it_is_as_a_whole(framework):
    lexer = PythonLexer(stripnl=False, ensurenl=False)
    for project in presets().values():
        text = script(project, framework).text
        comments = [value for kind, value in lexer.get_tokens(text) if "Comment" in str(kind)]
        strings = "".join(value for kind, value in lexer.get_tokens(text) if "String" in str(kind))

        found = [
            (word.kind, line[word.start : word.start + word.length])
            for line, those in zip(text.split("\n"), words(text), strict=True)
            for word in those
        ]

        assert [value for kind, value in found if kind == "comment"] == comments
        quoted = "".join(value for kind, value in found if kind == "string")
        assert len(quoted) <= len(strings.replace("\n", ""))
        assert set(quoted) <= set(strings)
