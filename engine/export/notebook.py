"""A script as a Jupyter notebook: its opening as text, then a cell of code for each of its steps.

The format is nbformat 4.5, https://nbformat.readthedocs.io/en/latest/format_description.html
"""

from __future__ import annotations

import ast
import json
import re
from typing import Any

STEP = re.compile(r"^(?=# [0-9]+\. )", re.MULTILINE)
MARKS = re.compile(r"([\\`*_{}\[\]()#+\-!|<>$&~])")
"""What Markdown, HTML and formulas are written with."""


def notebook(script: str) -> str:
    """Write a script's text as a notebook's JSON: without outputs, and the same each time."""
    opening, code = _parted(script)
    cells = [_cell("markdown", "about", _markdown(opening))]
    for number, step in enumerate(STEP.split(code)):
        cells.append(_cell("code", f"step-{number}" if number else "setup", step.strip("\n")))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    written = {
        "cells": cells,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(written, indent=1) + "\n"


def _parted(script: str) -> tuple[str, str]:
    """Part the opening, a sentence and comments, from the code, which begins with imports."""
    first = ast.parse(script).body[1].lineno
    lines = script.splitlines(keepends=True)
    return "".join(lines[: first - 1]), "".join(lines[first - 1 :])


def _markdown(opening: str) -> str:
    """Write the opening's words so that they are read as words: they may be anybody's."""
    sentence, *comments = (line for line in opening.splitlines() if line)
    *about, install = (line.removeprefix("#").strip() for line in comments)
    heading = sentence.strip('"').removesuffix(".")
    return "\n".join([f"# {heading}", "", *map(_plain, about), f"`{install}`"])


def _plain(line: str) -> str:
    return MARKS.sub(r"\\\1", line)


def _cell(kind: str, name: str, text: str) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "id": name, "metadata": {}}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell | {"source": text.splitlines(keepends=True)}
