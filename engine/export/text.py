"""Python text: values as literals, foreign words in comments, calls broken as ruff breaks them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from string import Template
from textwrap import dedent, indent, wrap
from typing import Any

from engine.project.torch_call import Call

LISTED = "OrderedDict"  # a call whose arguments stand below each other, however short they are
WIDTH = 88  # ruff format's own, so that a script stays as it is in a person's editor


@dataclass(frozen=True)
class Paragraph:
    """Lines of a script that belong together, without the last line's end.

    `lines` says which of them, counted from 0, write a layer: the range of each layer's name.
    """

    text: str
    lines: Mapping[str, range] = field(default_factory=dict)

    @property
    def defines(self) -> bool:
        """Whether it is a function or a class, which Python's style sets further apart."""
        first = next((line for line in self.text.splitlines() if not line.startswith("#")), "")
        return first.startswith(("def ", "class ", "@"))


def paragraph(template: str, **values: str) -> Paragraph:
    """Fill in a template's $names. What is filled in is taken as it is and never looked through."""
    return Paragraph(Template(dedent(template).strip("\n")).substitute(values))


def joined(paragraphs: Iterable[Paragraph]) -> tuple[str, dict[str, range]]:
    """Set paragraphs below each other; give the text and the lines, from 0, of every layer."""
    text = ""
    lines: dict[str, range] = {}
    before: Paragraph | None = None
    for each in paragraphs:
        if before is not None:
            text += "\n" * (3 if before.defines or each.defines else 2)
        start = text.count("\n")
        lines |= {name: range(start + at.start, start + at.stop) for name, at in each.lines.items()}
        text += each.text
        before = each
    return text + "\n", lines


def literal(value: object) -> str:
    """Write a value so that Python reads the very same one: numbers to the last digit, and text of
    anybody's in quotes that it cannot leave.
    """
    match value:
        case str():
            return _quoted(value)
        case tuple():
            items = [literal(item) for item in value]
            return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
        case bool() | int() | float() | None:
            return repr(value)
        case _:
            raise TypeError(f"no literal is known for {type(value).__name__}")


def _quoted(text: str) -> str:
    """Prefer double quotes, as ruff does."""
    written = repr(text)
    return f'"{written[1:-1]}"' if written[0] == "'" and '"' not in text else written


def one_line(text: str) -> str:
    """Make of foreign text a line that cannot leave its comment, nor change how it is read."""
    return "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))


def comment(text: str) -> str:
    """Write foreign text as a comment, wrapped; "" where there is nothing to write."""
    lines = wrap(one_line(text), WIDTH - 2)
    return "\n".join(f"# {line}" for line in lines)


def broken(
    head: str, arguments: Sequence[str], tail: str = ")", depth: int = 0, listed: bool = False
) -> str:
    """Write head(arguments) within the width: on one line; or the arguments on the next one; or
    each on its own, as it must be where it is `listed` or one has several lines itself.
    """
    pad, row = " " * depth, ", ".join(arguments)
    if listed:
        inner = "".join(f"{argument},\n" for argument in arguments)
        return f"{pad}{head}\n{indent(inner, pad + '    ')}{pad}{tail}"
    if "\n" not in row and len(pad + head + row + tail) <= WIDTH:
        return f"{pad}{head}{row}{tail}"
    if len(arguments) == 1 or ("\n" not in row and len(pad + row) + 4 <= WIDTH):
        inner = f"{row}\n"
    else:
        inner = "".join(f"{argument},\n" for argument in arguments)
    return f"{pad}{head}\n{indent(inner, pad + '    ')}{pad}{tail}"


def words(call: Call, depth: int = 0) -> list[str]:
    """Write a call's arguments, those that are calls as far in as they will stand."""
    alone = len(call.arguments) + len(call.options) == 1 and call.target != LISTED
    tail = ")" if alone else "),"  # a comma follows where each stands on its own line
    return [_word(value, depth, tail) for value in call.arguments] + [
        _word(value, depth, tail, f"{name}=") for name, value in call.options
    ]


def called(call: Call, *more: str, before: str = "", tail: str = ")", depth: int = 0) -> str:
    """Write a call with `more` arguments, of foreign makers' own words, at the end."""
    arguments = [*words(call, depth + 4), *more]
    return broken(f"{before}{call.target}(", arguments, tail, depth, call.target == LISTED)


def _word(value: object, depth: int, tail: str, before: str = "") -> str:
    if not isinstance(value, Call):
        return before + literal(value)
    text = called(value, before=before, tail=tail, depth=depth)[depth:].removesuffix(",")
    return text.replace("\n" + " " * depth, "\n")


def listing(name: str, values: Iterable[Any]) -> str:
    """Write `name = [...]`."""
    words = [literal(value) for value in values]
    fits = len(f"{name} = [{', '.join(words)}]") <= WIDTH
    return broken(f"{name} = [", words, "]", listed=not fits)
