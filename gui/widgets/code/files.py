"""A script leaves the window: into a file that the person names, or into their editor."""

from __future__ import annotations

import os
import sys
from itertools import count
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from engine.places import home
from engine.store.exports import safe_names
from engine.store.files import write_safely

FOLDER = "scripts"


def keep_script(name: str, text: str) -> Path:
    """Write a script into the program's own folder and say where. A file of that name that holds
    anything else, such as the person's changes, stays, and the script gets a number.

    Raises:
        ProblemError: it can't be written.
    """
    (plain,) = safe_names((name,))
    names = (plain if number == 1 else f"{plain} {number}" for number in count(1))
    files = (home() / FOLDER / f"{each}.py" for each in names)
    path = next(file for file in files if not file.exists() or _holds(file, text))
    if not path.exists():
        write_safely(path, text.encode())
    return path


def open_in_editor(path: Path) -> bool:
    """Open a script in the program that the system edits such files with; False where none is set.

    Windows runs a Python file that is opened, so it is asked to edit it.
    """
    if sys.platform != "win32":
        return QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
    try:
        os.startfile(path, "edit")
    except OSError:
        return False
    return True


def _holds(file: Path, text: str) -> bool:
    try:
        return file.read_bytes() == text.encode()
    except OSError:
        return False
