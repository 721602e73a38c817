"""The source of classes that a script prints, read as text: nothing is imported for it."""

from __future__ import annotations

import ast
from functools import cache
from importlib.resources import files


def source(name: str, package: str = "engine.modules") -> str:
    """Give a class's lines; KeyError where no module of the package has it."""
    return _sources(package)[name]


@cache
def _sources(package: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in files(package).iterdir():
        if file.name.endswith(".py"):
            text = file.read_text(encoding="utf-8")
            classes = (node for node in ast.parse(text).body if isinstance(node, ast.ClassDef))
            found |= {node.name: ast.get_source_segment(text, node) or "" for node in classes}
    return found
