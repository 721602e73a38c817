"""What is wrong, in one sentence: what happened, what was expected, how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import ValidationError

    from engine.project.project import Project


@dataclass(frozen=True)
class Mend:
    """A repair that is offered as a button: its title and the pure function that does it."""

    title: str
    apply: Callable[[Project], Project]


@dataclass(frozen=True, init=False)
class Problem:
    """A message for people: a template that a window can translate, and the values in it.

    `where` names the place it belongs to: a layer's name, "output", or a setting's dotted path
    such as "training.batch_size" (of a value that is changed by itself, the field's name); empty
    for the whole project.
    """

    template: str
    values: dict[str, Any]
    where: str = ""
    mend: Mend | None = None

    def __init__(
        self, template: str, /, *, where: str = "", mend: Mend | None = None, **values: Any
    ) -> None:
        for key, value in (
            ("template", template),
            ("values", values),
            ("where", where),
            ("mend", mend),
        ):
            object.__setattr__(self, key, value)

    def at(self, where: str) -> Problem:
        """Say the same of another place."""
        return Problem(self.template, where=where, mend=self.mend, **self.values)

    def with_mend(self, mend: Mend) -> Problem:
        """Say the same and offer a repair."""
        return Problem(self.template, where=self.where, mend=mend, **self.values)

    def __str__(self) -> str:
        return self.template.format(**{key: shown(value) for key, value in self.values.items()})


class ProblemError(Exception):
    """Carries a Problem to whoever can show it. Its text is the sentence."""

    def __init__(self, problem: Problem | str, /, **values: Any) -> None:
        self.problem = Problem(problem, **values) if isinstance(problem, str) else problem
        super().__init__(str(self.problem))


def shown(value: object) -> str:
    """Write a value as the messages do: 54,000, 1×28×28 and 5,408."""
    match value:
        case bool() | str():
            return str(value)
        case int():
            return f"{value:,}"
        case float():
            return f"{value:g}"
        case tuple():
            return "×".join(f"{size:,}" for size in value)
        case _:
            return str(value)


def byte_size(count: float) -> str:
    """Write a number of bytes for people, in powers of 1000: 23.5 GB."""
    for unit in ("bytes", "kB", "MB", "GB"):
        text = f"{count:.3g}"
        if float(text) < 1000:
            return f"{text} {unit}"
        count /= 1000
    return f"{count:,.3g} TB" if count < 1000 else f"{count:,.0f} TB"


OUT_OF_RANGE = {  # pydantic's names of what can be wrong with a value
    "greater_than": "{field} must be greater than {gt}, but it is {value}.",
    "greater_than_equal": "{field} must be {ge} or more, but it is {value}.",
    "less_than": "{field} must be less than {lt}, but it is {value}.",
    "less_than_equal": "{field} must be {le} or less, but it is {value}.",
    "finite_number": "{field} must be a finite number, but it is {value}.",
    "float_parsing": "{field} must be a number such as 0.001, but it is {value}.",
    "float_type": "{field} must be a number such as 0.001, but it is {value}.",
    "int_parsing": "{field} must be a whole number, but it is {value}.",
    "int_type": "{field} must be a whole number, but it is {value}.",
    "int_parsing_size": "{field} must be a whole number with fewer digits.",
    "union_tag_not_found": "{field} must be an object with a {discriminator}.",
    "too_long": "{field} must have at most {max_length} entries, but it has {actual_length}.",
    "string_too_long": "{field} must have at most {max_length} letters.",
    "string_pattern_mismatch": "{field} must be small letters, digits and underscores with a "
    "number at the end, such as dense_1, but it is {value}.",  # a layer's: scripts name it so
    "bool_parsing": "{field} must be true or false, but it is {value}.",
    "bool_type": "{field} must be true or false, but it is {value}.",
    "int_from_float": "{field} must be a whole number, but it is {value}.",
    "literal_error": "{field} must be {expected}, but it is {value}.",
    "union_tag_invalid": "{field} must be one of {expected_tags}, but it is {value}.",
    "extra_forbidden": "{field} is a name that this version of Layerscope does not know.",
    "missing": "{field} is missing.",
}


def problem_of(error: ValidationError, titles: Mapping[str, str] | None = None) -> Problem:
    """Say the first thing that pydantic found wrong as a sentence with the value it received.

    `titles` gives the names that people know fields by; others are written as their path.
    """
    first = error.errors(include_url=False)[0]
    context = first.get("ctx", {})
    path = ".".join(str(part) for part in first["loc"])
    values = context | {
        "field": (titles or {}).get(path, path) or "The value",
        "value": _short(context.get("tag", first.get("input"))),
        "message": first["msg"].removeprefix("Value error, "),
    }
    otherwise = "{field}: {message}." if path else "{message}."
    return Problem(OUT_OF_RANGE.get(first["type"], otherwise), where=path, **values)


def _short(value: object, limit: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
