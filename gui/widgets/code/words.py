"""A script's words by what they are, as Pygments reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

Kind = Literal["comment", "string", "keyword", "number", "name"]

KINDS: tuple[tuple[tuple[str, ...], Kind], ...] = (
    (("Comment",), "comment"),
    (("Literal", "String", "Interpol"), "name"),  # the braces in an f-string
    (("Literal", "String"), "string"),
    (("Literal", "Number"), "number"),
    (("Keyword",), "keyword"),
    (("Operator", "Word"), "keyword"),  # and, in, not
    (("Name", "Builtin"), "name"),
    (("Name", "Function"), "name"),
    (("Name", "Class"), "name"),
    (("Name", "Decorator"), "name"),
)
"""By Pygments' names of tokens; the first one that is a token's own or holds it counts."""

PARTS = 512  # that are remembered


@dataclass(frozen=True)
class Word:
    """A part of a line that is drawn in one way; start and length in UTF-16 units, as Qt counts."""

    start: int
    length: int
    kind: Kind


Line = tuple[Word, ...]


def words(text: str) -> tuple[Line, ...]:
    """Find the words of a Python script, line by line. Parts that were read lately are remembered:
    in a script that is being edited little is new, and to read all of it takes 30 ms.
    """
    return tuple(line for part in _parts(text) for line in _words(part))


def _parts(text: str) -> Iterator[str]:
    """Part a text after its empty lines, but not within a text of several lines."""
    part: list[str] = []
    quoted = False
    for line in text.split("\n"):
        part.append(line)
        quoted ^= line.count('"""') % 2 == 1
        if not line and not quoted:
            yield "\n".join(part)
            part = []
    if part:
        yield "\n".join(part)


@lru_cache(maxsize=PARTS)
def _words(text: str) -> tuple[Line, ...]:
    from pygments.lexers.python import PythonLexer  # when it is needed: it takes a while to load

    lines: list[list[Word]] = [[]]
    at = 0
    for token, value in PythonLexer(stripnl=False, ensurenl=False).get_tokens(text):
        kind = _kind(tuple(token))
        for number, piece in enumerate(value.split("\n")):
            if number:
                lines.append([])
                at = 0
            length = len(piece.encode("utf-16-le")) // 2
            if kind is not None and length:
                lines[-1].append(Word(at, length, kind))
            at += length
    return tuple(map(tuple, lines))


@cache
def _kind(token: tuple[str, ...]) -> Kind | None:
    return next((kind for name, kind in KINDS if token[: len(name)] == name), None)
