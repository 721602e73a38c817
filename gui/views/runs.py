"""All runs that are kept: to find, sort, name, note, open, go on with, delete and put back."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine.problems import ProblemError, byte_size
from engine.store.run_about import write_about
from engine.store.run_list import Progress, RunSummary, list_runs, title_of
from engine.store.trash import Trash, look_into_trash
from gui.background import Task
from gui.in_sight import WhenInSight
from gui.theme import MARGIN, SPACING, Theme
from gui.widgets.empty_state import EmptyState
from gui.widgets.notice import Notice
from gui.widgets.runs.commands import Commands
from gui.widgets.runs.deleted import DeletedRuns
from gui.widgets.runs.model import RunsModel
from gui.widgets.runs.note_pane import NotePane
from gui.widgets.runs.style import stylesheet
from gui.widgets.runs.table import RunsTable
from gui.widgets.runs.trash_bar import TrashBar
from gui.widgets.runs.trash_list import TrashList

FIRST_SIZE = QSize(1040, 600)
LEAST_SIZE = QSize(560, 360)
LOW = 480  # pixels; a lower window has less room for the note
SHORT = 40  # letters of a name within a sentence


class RunsView(QWidget):
    """A window of its own over a folder of runs, non-modal. It reads them when it is shown."""

    open_wanted = Signal(object)  # Path
    resume_wanted = Signal(object)  # Path
    verify_wanted = Signal(object)  # Path
    folder_wanted = Signal(object)  # Path

    def __init__(self, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.folder = folder
        self.model = RunsModel(self)
        self.table, self.pane, self.notice = RunsTable(self.model), NotePane(), Notice()
        self.search, self.count, self.empty = QLineEdit(), QLabel(), EmptyState()
        self.commands, self.trash = Commands(self.table), TrashBar(folder)
        self._task: Task | None = None
        self._read_once = self._late = False
        self._deleted = DeletedRuns()
        self._pages = QStackedWidget()
        self._seen = WhenInSight(self, self.refresh)
        self._set_up()
        self._lay_out()
        self._show_chosen()
        self._show_state()

    @property
    def reading(self) -> bool:
        """Whether the folder is being read."""
        return self._task is not None

    def show_changed(self) -> None:
        """Read the runs again, now or when somebody looks: one began, or ended."""
        self._seen.draw()

    def show_own(self, folder: Path | None) -> None:
        """Tell which folder this window's training writes to; None while none is running."""
        self.model.show_own(folder)

    def refresh(self) -> None:
        """Read the runs in the background; what was chosen stays chosen."""
        self._let_go()
        folder = self.folder
        task = self._task = Task(lambda progress: _read(folder, progress), self)
        task.progressed.connect(self._show_progress)
        task.done.connect(self._show)
        task.failed.connect(lambda sentence, _: self.notice.say(sentence))
        for over in (task.done, task.failed, task.cancelled):
            over.connect(lambda *_: self._end(task))
        task.start()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self.setStyleSheet(stylesheet(theme))
        self.model.set_theme(theme)
        self.notice.set_theme(theme)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not event.spontaneous():
            self.show_changed()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.pane.show_lines(1 if self.height() < LOW else 3)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.pane.save()
        self._let_go()
        self.trash.close_task()
        super().closeEvent(event)

    # --- reading

    def _show(self, found: tuple[list[RunSummary], Trash]) -> None:
        if self.table.editing:
            self._late = True  # a new list would close the line that is written in
            return
        runs, trash = found
        self.trash.show_trash(trash)
        first, self._read_once = not self._read_once, True
        if runs != self.model.runs:
            self.pane.save()
            self.model.show_runs(runs)
        if not self.table.runs:
            self.table.choose_row(0)
        self._show_chosen()
        self._show_state()
        if first and not self.search.text():
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_late(self) -> None:
        if self._late:
            self._late = False
            self.show_changed()

    def _end(self, task: Task) -> None:
        if task is self._task:
            self._task = None
            self._show_state()
        task.deleteLater()

    def _let_go(self) -> None:
        """Leave a reading to end by itself."""
        if self._task is not None:
            task, self._task = self._task, None
            task.close(0)

    def _read_again(self) -> None:
        """What is being read is not true any more."""
        if self.reading:
            self.refresh()

    def _show_progress(self, done: int, total: int) -> None:
        words = self.tr("Reading {done:,} of {total:,}…")
        self.count.setText(words.format(done=done, total=total))

    # --- what is chosen

    def _chosen(self) -> RunSummary | None:
        """Give the chosen run; None where there are none or several."""
        runs = self.table.runs
        return runs[0] if len(runs) == 1 else None

    def _show_chosen(self) -> None:
        """Show the chosen run's note, and what can be done with it."""
        runs, run = self.table.runs, self._chosen()
        several = self.tr("{count:,} runs, {size}") if runs else self.tr("No run is chosen")
        size = byte_size(sum(one.size for one in runs))
        self.pane.show_run(run, self._parent_name(run), several.format(count=len(runs), size=size))
        self.commands.allow(runs)

    def _parent_name(self, run: RunSummary | None) -> str:
        if run is None or not run.parent:
            return ""
        for one in self.model.runs:
            if one.folder.name == run.parent:
                alike = one.name == run.name  # as the runs of one project are
                return f"{one.name}, {one.started:%Y-%m-%d %H:%M}" if alike else one.name
        return run.parent

    def _show_state(self) -> None:
        """Tell how many runs there are and what they take, or how to get the first."""
        runs, shown = self.model.runs, len(self.model.shown)
        size = byte_size(sum(run.size for run in runs))
        words = self.tr("{shown:,} of {total:,} runs") if shown < len(runs) else self._count_words()
        self.count.setText(words.format(shown=shown, total=len(runs), size=size))
        self.empty.setText(self._empty_words())
        self._pages.setCurrentIndex(0 if shown else 1)
        for part in (self._head, self.pane, self._tools):
            part.setVisible(bool(runs))

    def _count_words(self) -> str:
        if not self.model.runs:
            return ""
        one = len(self.model.runs) == 1
        return self.tr("1 run, {size}") if one else self.tr("{total:,} runs, {size}")

    def _empty_words(self) -> str:
        if self.model.runs:
            return self.tr("No run has these words in its name, note, network, data or state.")
        if not self._read_once:
            return self.tr("Reading the runs…")
        return self.tr("No runs yet. Press Train: every run is kept here.")

    # --- name and note

    def _rename(self, folder: Path, name: str) -> None:
        note = next((run.note for run in self.model.runs if run.folder == folder), "")
        kept = "" if name == title_of(folder) else name
        if self._write(folder, kept, note):
            self.model.change(folder, name=name or title_of(folder))
            self._show_chosen()

    def _keep_note(self, folder: Path, note: str) -> None:
        names = [run.name for run in self.model.runs if run.folder == folder]
        if names and self._write(folder, "" if names[0] == title_of(folder) else names[0], note):
            self.model.change(folder, note=note)

    def _write(self, folder: Path, name: str, note: str) -> bool:
        """Write what the person says of a run; tell where that fails, and change nothing then."""
        try:
            write_about(folder, name, note)
        except ProblemError as error:
            self.notice.say(str(error))
            return False
        self._read_again()
        return True

    # --- deleting

    def _delete(self) -> None:
        """Move the chosen runs to the trash, and offer to put them back."""
        self.pane.save()
        row = min((index.row() for index in self.table.selectedIndexes()), default=0)
        moved, refused = self._deleted.delete(self.table.runs)
        if moved:
            self.model.remove({run.folder for run in moved})
            self.trash.add(len(moved), sum(run.size for run in moved))
            self.table.choose_row(row)
        self._say_deleted([run.name for run in moved], refused)
        self._show_changes()

    def _say_deleted(self, names: Collection[str], refused: str) -> None:
        words = self.tr("Moved {count:,} runs to the trash.")
        if len(names) == 1:
            words = self.tr("Moved “{name}” to the trash.")
        done = words.format(count=len(names), name=_short(next(iter(names), ""))) if names else ""
        sentence = " ".join(filter(None, (done, refused)))
        if names:
            self.notice.say(sentence, self.tr("Undo"), self._undo)
        elif sentence:
            self.notice.say(sentence)

    def _undo(self) -> None:
        """Put back what was deleted last."""
        if not self._deleted:
            return
        back, refused = self._deleted.put_last_back()
        self.model.add(back)
        self.trash.add(-len(back), -sum(run.size for run in back))
        self.table.choose({run.folder for run in back})
        self.notice.hide()
        if refused:
            self.notice.say(refused)
        self._show_changes()

    def _show_changes(self) -> None:
        self.commands["undo"].setEnabled(bool(self._deleted))
        self._show_chosen()
        self._show_state()
        self._read_again()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _open_trash(self) -> None:
        """Show what lies in the trash, also what was deleted long ago."""
        trash = TrashList(self.folder, self)
        trash.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        trash.put_back.connect(self._show_put_back)
        trash.empty_wanted.connect(trash.reject)
        trash.empty_wanted.connect(self.trash.ask)
        trash.open()
        trash.read()

    def _show_put_back(self, trashed: set[Path]) -> None:
        """Show again what came out of the trash; undoing its deletion would find nothing."""
        self._deleted.left_the_trash(trashed)
        self.commands["undo"].setEnabled(bool(self._deleted))
        self.notice.hide()
        self.refresh()

    def _forget_deleted(self) -> None:
        self._deleted.clear()
        self.commands["undo"].setEnabled(False)
        self.notice.hide()

    # --- parts

    def _set_up(self) -> None:
        self.setWindowTitle(self.tr("Runs"))
        self.search.setPlaceholderText(self.tr("Find by name, note, network, data or state"))
        self.search.setAccessibleName(self.tr("Find runs"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._search)
        self.count.setObjectName("muted")
        self.trash.open_wanted.connect(self._open_trash)
        self.trash.agreed.connect(self._forget_deleted)
        self.trash.emptied.connect(self.refresh)
        self.trash.failed.connect(self.notice.say)
        self.model.renamed.connect(self._rename)
        self.pane.note_changed.connect(self._keep_note)
        self.table.chosen.connect(self._show_chosen)
        self.table.edited.connect(self._show_late)
        self.table.doubleClicked.connect(lambda _: self.commands["open"].trigger())
        for name, act in (
            ("open", lambda: self._say(self.open_wanted)),
            ("resume", lambda: self._say(self.resume_wanted)),
            ("verify", lambda: self._say(self.verify_wanted)),
            ("folder", lambda: self._say(self.folder_wanted)),
            ("rename", self.table.rename),
            ("delete", self._delete),
            ("undo", self._undo),
        ):
            self.commands[name].triggered.connect(lambda _=False, act=act: act())
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self, self._back)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self._find)

    def _say(self, signal: object) -> None:
        run = self._chosen()
        if run is not None:
            self.pane.save()
            signal.emit(run.folder)  # type: ignore[attr-defined]  # SignalInstance

    def _search(self, text: str) -> None:
        self.model.search(text)
        if not self.table.runs:
            self.table.choose_row(0)
        self._show_chosen()
        self._show_state()

    def _find(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def _back(self) -> None:
        """Esc: end the search; close when there is none."""
        if self.search.text():
            self.search.clear()
        else:
            self.close()

    # --- layout

    def _lay_out(self) -> None:
        for page in (self.table, self.empty):
            self._pages.addWidget(page)
        self._head, self._tools = _side_by_side(self.search, self.count), self.commands.buttons()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, SPACING)
        column.setSpacing(0)
        column.addWidget(self._head)
        column.addWidget(self._pages, 1)
        column.addWidget(self.notice)
        column.addWidget(self.pane)
        column.addWidget(self._tools)
        column.addWidget(self.trash)
        self.setMinimumSize(LEAST_SIZE)
        self.resize(FIRST_SIZE)


def _read(folder: Path, progress: Progress) -> tuple[list[RunSummary], Trash]:
    return list_runs(folder, progress), look_into_trash(folder)


def _short(name: str) -> str:
    return name if len(name) <= SHORT else name[: SHORT - 1] + "…"


def _side_by_side(*widgets: QWidget) -> QWidget:
    """Put widgets in a row; the first takes what room there is."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(MARGIN, SPACING // 2, MARGIN, SPACING // 2)
    layout.setSpacing(SPACING)
    for widget in widgets:
        layout.addWidget(widget, 1 if widget is widgets[0] else 0)
    return row
