"""The starter projects in resources/presets: the networks that first lessons build."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from engine.problems import ProblemError
from engine.project.format import loads
from engine.project.project import Project

FIRST = "digits-mlp"
"""The preset that opens at first start: it trains without any download."""

SUFFIX = ".layerscope.json"


@cache
def presets() -> dict[str, Project]:
    """Read all presets, by name, the first lesson first."""
    folder = files("resources").joinpath("presets")
    found = {
        entry.name.removesuffix(SUFFIX): loads(entry.read_text(encoding="utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(SUFFIX)
    }
    return dict(sorted(found.items(), key=lambda item: (item[0] != FIRST, item[1].parameters or 0)))


def preset(name: str) -> Project:
    """Get a preset by its name; ProblemError lists the names that exist."""
    try:
        return presets()[name]
    except KeyError:
        raise ProblemError(
            "There is no preset named {name}. The presets are {names}.",
            name=name,
            names=", ".join(presets()),
        ) from None
