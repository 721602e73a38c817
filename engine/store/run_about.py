"""What the person says of a run: its name and a note, in the run folder's about.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from engine.problems import Problem, ProblemError, problem_of
from engine.store.files import open_to_read, write_safely

FILE = "about.json"
FORMAT = "layerscope/run"
VERSION = 1
LONGEST_NAME, LONGEST_NOTE = 200, 10_000  # letters
LARGEST = 200_000  # bytes; a letter takes at most twelve
NEWER = (
    "{file} of this run was written by a newer Layerscope (format version {version}). Install the "
    "newest Layerscope to change the run's name or note."
)


class About(BaseModel):
    """A name, empty where the folder's is good enough, and a note."""

    model_config = ConfigDict(frozen=True)

    name: str = Field("", max_length=LONGEST_NAME, title="The name")
    note: str = Field("", max_length=LONGEST_NOTE, title="The note")


def read_about(folder: Path) -> About:
    """Read what was said of a run, which may be nothing; ProblemError where it is damaged."""
    content = _content(folder / FILE)
    if content is None:
        return About()
    if _newer(content):
        raise ProblemError(Problem(NEWER, file=FILE, version=content["version"]))
    return _checked(content.get("name", ""), content.get("note", ""))


def write_about(folder: Path, name: str, note: str) -> About:
    """Keep a name and a note, in the place of a damaged file, too.

    Raises:
        ProblemError: they are too long, or can't be written; then the file is as it was.
    """
    about = _checked(_plain(" ".join(name.split())), _plain(note))
    try:
        content = _content(folder / FILE)
    except ProblemError:
        content = None  # it can't be read, so nothing is lost
    if content is not None and _newer(content):
        raise ProblemError(Problem(NEWER, file=FILE, version=content["version"]))
    content = {"format": FORMAT, "version": VERSION, **about.model_dump()}
    write_safely(folder / FILE, (json.dumps(content, indent=2) + "\n").encode())
    return about


def _content(path: Path) -> dict[str, Any] | None:
    """Read the file; None where there is none."""
    try:
        with open_to_read(path) as file:
            text = file.read(LARGEST + 1)
        content = from_json(text) if len(text) <= LARGEST else None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ProblemError(
            "The run's name and note can't be read: {reason}.", reason=error.strerror
        ) from None
    except ValueError:
        content = None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ProblemError(
            "The run's name and note can't be read: {file} is damaged. Write them again.", file=FILE
        )
    return content


def _newer(content: dict[str, Any]) -> bool:
    version = content.get("version")
    return type(version) is int and version > VERSION


def _checked(name: Any, note: Any) -> About:
    try:
        return About(name=name, note=note)
    except ValidationError as error:
        raise ProblemError(problem_of(error, {"name": "The name", "note": "The note"})) from None


def _plain(text: str) -> str:
    """Replace halves of letters, which no file can hold."""
    return text.encode("utf-8", "replace").decode()
