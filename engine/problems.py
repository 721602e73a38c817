"""What is wrong, in one sentence: what happened, what was expected, how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    such as "training.batch_size"; empty for the whole project.
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
    """Write a value as the messages do: 54,000 and 1×28×28."""
    match value:
        case bool() | str():
            return str(value)
        case int():
            return f"{value:,}"
        case float():
            return f"{value:g}"
        case tuple():
            return "×".join(str(size) for size in value)
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


def problem_of(error: ValidationError) -> Problem:
    """Say the first thing that pydantic found wrong as a sentence with the value it received."""
    first = error.errors(include_url=False)[0]
    path = _path(first["loc"])
    return Problem(
        "{path}: {message}, but it is {value}.",
        where=path,
        path=path or "The value",
        message=_sentence(first["type"], first.get("ctx", {}), first["msg"]),
        value=_short(first.get("ctx", {}).get("tag", first.get("input"))),
    )


def _path(location: Sequence[int | str]) -> str:
    """Write ("layers", 2, "conv2d", "filters") as "layers.2.conv2d.filters"."""
    return ".".join(str(part) for part in location)


def _sentence(kind: str, context: dict[str, Any], message: str) -> str:
    match kind:
        case "greater_than":
            return f"must be greater than {shown(context['gt'])}"
        case "greater_than_equal":
            return f"must be {shown(context['ge'])} or more"
        case "less_than":
            return f"must be less than {shown(context['lt'])}"
        case "less_than_equal":
            return f"must be {shown(context['le'])} or less"
        case "finite_number":
            return "must be a finite number"
        case "float_parsing" | "float_type":
            return "must be a number such as 0.001"
        case "int_parsing" | "int_type" | "int_from_float":
            return "must be a whole number"
        case "literal_error" | "union_tag_invalid":
            return f"must be one of {context.get('expected', context.get('expected_tags'))}"
        case "extra_forbidden":
            return "is a name that this version of Layerscope does not know"
        case "missing":
            return "is missing"
        case _:
            return message[:1].lower() + message[1:].removeprefix("Value error, ")


def _short(value: object, limit: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
