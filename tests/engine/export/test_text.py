from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.export.text import broken, comment, joined, literal, one_line, paragraph

values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters()),  # surrogates too
    ),
    lambda inner: st.lists(inner, max_size=3).map(tuple),
)


@given(values)
def test_a_literal_reads_back_as_the_same_value(value):
    text = literal(value)

    assert ast.literal_eval(text) == value
    assert "\n" not in text
    text.encode()


def test_a_value_of_another_kind_is_no_literal():
    with pytest.raises(TypeError):
        literal(object())


@given(st.text(st.characters()))
def test_a_comment_holds_nothing_but_itself(text):
    assert not ast.parse(f"pass\n\n{comment(text)}\n".encode()).body[1:]
    assert one_line(text).isprintable()
    assert all(len(line) <= 88 for line in comment(text).split("\n"))


def test_what_is_filled_in_is_not_looked_through():
    assert paragraph("a = $b", b='"$c ${d} $$"').text == 'a = "$c ${d} $$"'


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (3, "function_(argument, argument, argument)"),
        (8, f"function_(\n    {', '.join(['argument'] * 8)}\n)"),
        (9, "function_(\n" + "    argument,\n" * 9 + ")"),
    ],
)
def test_a_call_is_broken_where_ruff_breaks_it(count, text):
    assert broken("function_(", ["argument"] * count) == text


def test_functions_stand_two_lines_apart():
    text, _ = joined([paragraph("a = 1"), paragraph("def f():\n    pass"), paragraph("b = 2")])

    assert text == "a = 1\n\n\ndef f():\n    pass\n\n\nb = 2\n"
