"""The runs that this window has moved to the trash, to be put back in the reverse order."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

from engine.problems import ProblemError
from engine.store.run_list import RunSummary
from engine.store.trash import delete, put_back


class DeletedRuns:
    """Groups of runs that were deleted together, with where they lie now."""

    def __init__(self) -> None:
        self._groups: list[list[tuple[Path, RunSummary]]] = []

    def __bool__(self) -> bool:
        return bool(self._groups)

    def delete(self, runs: Iterable[RunSummary]) -> tuple[list[RunSummary], str]:
        """Move runs to the trash; give those that went, and why one of the others did not."""
        moved, refused = [], ""
        for run in runs:
            try:
                moved.append((delete(run.folder), run))
            except ProblemError as error:
                refused = refused or str(error)
        if moved:
            self._groups.append(moved)
        return [run for _, run in moved], refused

    def put_last_back(self) -> tuple[list[RunSummary], str]:
        """Move the group that was deleted last back; give what delete gives."""
        back, refused = [], ""
        for trashed, run in self._groups.pop():
            try:
                folder = put_back(trashed, run.folder)
            except ProblemError as error:
                refused = refused or str(error)
                continue
            back.append(replace(run, folder=folder))
        return back, refused

    def left_the_trash(self, trashed: Collection[Path]) -> None:
        """Know that these are not in the trash any more."""
        left = [[one for one in group if one[0] not in trashed] for group in self._groups]
        self._groups = [group for group in left if group]

    def clear(self) -> None:
        """Know that the trash is emptied."""
        self._groups.clear()
