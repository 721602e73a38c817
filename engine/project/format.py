"""A Project as JSON text: {"format": "layerscope/project", "version": 1, ...}.

An older version is brought up to date by migrations, pure functions from dict to dict.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from engine.problems import Problem, ProblemError, problem_of
from engine.project.project import Project

FORMAT = "layerscope/project"
VERSION = 1
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""From a version to the next: MIGRATIONS[1] makes version 2 of version 1."""


def dumps(project: Project) -> str:
    """Write a project so that it reads well in a diff."""
    content = {"format": FORMAT, "version": VERSION, **project.model_dump(mode="json")}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def loads(text: str) -> Project:
    """Read a project; ProblemError with a sentence for anything that is not one."""
    content = _content(text)
    version = _version(content)
    for step in range(version, VERSION):
        content = MIGRATIONS[step](content)
    fields = {key: value for key, value in content.items() if key not in ("format", "version")}
    try:
        return Project.model_validate(fields)
    except ValidationError as error:
        raise ProblemError(problem_of(error)) from None


def _content(text: str) -> dict[str, Any]:
    if not text.strip():
        raise ProblemError("It is empty; a project file holds JSON text.")
    try:
        content = from_json(text)  # bounds nesting and digits, which json.loads does not
    except ValueError as error:
        raise ProblemError("It is not JSON: {reason}.", reason=str(error)) from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ProblemError(
            Problem(
                'It is JSON, but no Layerscope project: it lacks "format": "{format}".',
                format=FORMAT,
            )
        )
    return content


def _version(content: dict[str, Any]) -> int:
    version = content.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ProblemError(
            'Its "version" must be a whole number from 1 on, but is {version}.',
            version=repr(version),
        )
    if version > VERSION:
        raise ProblemError(
            "It was written by a newer Layerscope (format version {version}; this one reads up to "
            "{known}). Install the newest Layerscope to open it.",
            version=version,
            known=VERSION,
        )
    return version
