"""How a person's own files are laid out, looked up beside the window."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from engine.export.find_layout import find_layout
from engine.export.layout import Layout
from engine.project.sources import FileSource, Source
from gui.background import Task


class FileLayouts(QObject):
    """Looks at a source's files once, and tells when it has."""

    found = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source: FileSource | None = None
        self._layout: Layout | None = None
        self._task: Task | None = None

    @property
    def looking(self) -> bool:
        """Whether files are being looked at."""
        return self._task is not None and self._task.running

    def layout_of(self, source: Source) -> Layout | None:
        """Give what is known of a source's files by now: None for a public dataset, where they
        can't be read, and until they have been looked at.
        """
        if not isinstance(source, FileSource):
            return None
        if source != self._source:
            self._look(source)
        return self._layout

    def let_go(self) -> None:
        """Give up looking. What only reads may end by itself."""
        if self._task is not None:
            self._task.close(0)
            self._task = None

    def _look(self, source: FileSource) -> None:
        self.let_go()
        self._source, self._layout = source, None
        self._task = Task(lambda _: find_layout(source), self)
        self._task.done.connect(lambda layout: self._keep(source, layout))
        self._task.start()

    def _keep(self, source: FileSource, layout: Layout) -> None:
        if source == self._source:
            self._layout = layout
            self.found.emit()
