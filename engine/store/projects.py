"""Project files."""

from __future__ import annotations

import os
from pathlib import Path

from engine.problems import Problem, ProblemError
from engine.project.format import dumps, loads
from engine.project.presets import presets
from engine.project.project import Project
from engine.store.files import open_to_read, sweep, write_safely

SUFFIX = ".layerscope.json"
LARGEST = 16_000_000  # bytes; a project of 1,000 layers has 200,000


def load_project(path: Path) -> Project:
    """Read a project file; ProblemError names the file and says what is wrong with it."""
    try:
        return loads(_text(path))
    except ProblemError as error:
        raise ProblemError(
            Problem(
                "{path} can't be opened. {reason}",
                path=str(path),
                reason=str(error)[:1].upper() + str(error)[1:],
            )
        ) from None


def open_project(name: str) -> Project:
    """Get the preset of that name, or else read that file, of a project or of weights with theirs;
    ProblemError where there is neither.
    """
    if name in presets():
        return presets()[name]
    if not os.path.exists(name):
        raise ProblemError(
            "There is no file and no preset named {name}. The presets are {names}.",
            name=name,
            names=", ".join(presets()),
        )
    path = Path(name)
    if path.suffix == ".safetensors":
        from engine.store.weights import project_in  # which builds on this module

        return project_in(path)
    return load_project(path)


def save_project(path: Path, project: Project) -> None:
    """Write a project file; ProblemError where that fails, and then the old file is as it was."""
    write_safely(path, dumps(project).encode())
    sweep(path.parent)


def _text(path: Path) -> str:
    try:
        with open_to_read(path) as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise ProblemError("It is too large for a project file.")
        return content.decode("utf-8-sig")
    except FileNotFoundError:
        raise ProblemError("There is no such file.") from None
    except IsADirectoryError:
        raise ProblemError("It is a folder.") from None
    except UnicodeDecodeError:
        raise ProblemError("It is not text.") from None
    except OSError as error:
        raise ProblemError("{reason}.", reason=error.strerror) from None
