"""The Document owns the Project: every edit goes through its undo stack."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from engine.problems import Problem
from engine.project.checks import machine_memory, problems
from engine.project.presets import FIRST, preset
from engine.project.project import Project
from engine.store.projects import SUFFIX, load_project, save_project
from engine.store.weights import SUFFIX as WEIGHTS
from engine.store.weights import project_in

MERGE_SECONDS = 1.0  # changes of one field within this long are one step of undo


class Document(QObject):
    """The open project: edit, undo, save. Views follow `changed`."""

    changed = Signal(object)  # Project
    renamed = Signal()  # another path, or saved, or modified

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self.undo_stack.cleanChanged.connect(self._clean_changed)
        self.project: Project = preset(FIRST)
        self.path: Path | None = None
        self.problems: tuple[Problem, ...] = problems(self.project, machine_memory())

    @property
    def name(self) -> str:
        """What the window's title calls the project."""
        if self.path is not None:
            return self.path.name.removesuffix(SUFFIX)
        return self.project.title or self.tr("Untitled")

    @property
    def modified(self) -> bool:
        """Whether there is something to save."""
        return not self.undo_stack.isClean()

    def edit(self, title: str, project: Project, merge: str = "") -> None:
        """Replace the project by an edited one. `merge` names the field of a running change, so
        that a spin box that is held down is one step.
        """
        if project != self.project:
            self.undo_stack.push(_Edit(self, title, self.project, project, merge))

    def replace(self, project: Project, path: Path | None) -> None:
        """Start anew with a project, from a file or not; undo begins here."""
        self.path = path
        self._show(project)
        self.undo_stack.clear()
        self.renamed.emit()

    def open(self, path: Path) -> None:
        """Open a project file, or the project inside a file of weights, which is not saved there;
        ProblemError, and everything as it was, where that fails.
        """
        if path.suffix == WEIGHTS:
            self.replace(project_in(path), None)
        else:
            self.replace(load_project(path), path)

    def save(self, path: Path) -> None:
        """Save to a file; ProblemError, and still modified, where that fails."""
        save_project(path, self.project)
        self.path = path
        self.undo_stack.setClean()
        self.renamed.emit()

    def _clean_changed(self) -> None:
        self.renamed.emit()

    def _show(self, project: Project) -> None:
        self.project = project
        self.problems = problems(project, machine_memory())
        self.changed.emit(project)


class _Edit(QUndoCommand):
    """The one undo command: a project before and after."""

    def __init__(
        self, document: Document, title: str, before: Project, after: Project, merge: str
    ) -> None:
        super().__init__(title)
        self._document, self._before, self._after = document, before, after
        self._merge, self._at = merge, monotonic()

    def id(self) -> int:
        return 1

    def redo(self) -> None:
        self._document._show(self._after)

    def undo(self) -> None:
        self._document._show(self._before)

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Edit) or not self._merge or other._merge != self._merge:
            return False
        if other._at - self._at > MERGE_SECONDS:
            return False
        self._after, self._at = other._after, other._at
        self.setObsolete(self._after == self._before)
        return True
