"""The run folder: project.json, events.jsonl, weights as safetensors, evaluations as npz."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from engine.places import home
from engine.problems import ProblemError
from engine.project.format import dumps
from engine.project.project import Project
from engine.store.files import write_problem, write_safely

LOG = "events.jsonl"
FLUSH_SECONDS = 1.0


def new_run_folder(project: Project) -> Path:
    """Choose a folder for a new run, by time and title; it does not exist yet."""
    moment = datetime.now().strftime("%Y-%m-%d %H.%M.%S")
    title = re.sub(r"[^\w\- ]+", "", project.title).strip()[:40] or "run"
    first = folder = home() / "runs" / f"{moment} {title}"
    number = 2
    while os.path.exists(folder):
        folder = first.with_name(f"{first.name} {number}")
        number += 1
    return folder


def check_unused(path: Path) -> None:
    """Refuse a folder that holds a run already."""
    if (path / LOG).exists():
        raise ProblemError(
            "{path} holds a run already. Choose another folder for this one.", path=str(path)
        )


class RunFolder:
    """Writes a run as it happens. What can't be written raises a ProblemError."""

    def __init__(self, path: Path, project: Project) -> None:
        check_unused(path)
        self.path = path
        write_safely(path / "project.json", dumps(project).encode())
        self._flushed = monotonic()
        try:
            self._log = (path / LOG).open("w", encoding="utf-8")
        except OSError as error:
            raise write_problem(path / LOG, error) from error

    def append(self, line: Mapping[str, Any]) -> None:
        """Add a line to the log; it reaches the disk within a second."""
        try:
            self._log.write(json.dumps(line, allow_nan=False) + "\n")
            if monotonic() - self._flushed >= FLUSH_SECONDS:
                self._log.flush()
                self._flushed = monotonic()
        except OSError as error:
            raise write_problem(self.path / LOG, error) from error

    def write_arrays(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep named arrays in NAME.npz."""
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **arrays)
        write_safely(self.path / f"{name}.npz", buffer.getvalue())

    def write_tensors(
        self, name: str, tensors: dict[str, np.ndarray], about: dict[str, str]
    ) -> None:
        """Keep named tensors, with words about them, in NAME.safetensors."""
        from safetensors.numpy import save

        write_safely(self.path / f"{name}.safetensors", save(tensors, metadata=about))

    def close(self) -> None:
        """Flush and close the log."""
        try:
            self._log.close()
        except OSError as error:
            raise write_problem(self.path / LOG, error) from error


def read_log(path: Path) -> Iterator[dict[str, Any]]:
    """Read a run folder's log line by line; a torn last line is skipped."""
    for line in (path / LOG).read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            return


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read the named arrays of an .npz file of a run."""
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
