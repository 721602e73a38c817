"""The page of a person's own files: choose them, see what is in them, use them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.data import load
from engine.data.dataset import Progress
from engine.project.sources import FileSource
from gui.background import Task
from gui.icons import icon
from gui.theme import MARGIN, SPACING, Theme
from gui.widgets.data.parts import Facts, Trouble, Working, title_label, wrapped
from gui.widgets.data.samples import SampleGrid, Samples, samples_of
from gui.widgets.data.words import breakable

"""What the files are named that are one file; all other kinds are folders."""


@dataclass(frozen=True, eq=False)
class Look:
    """What a look at files found."""

    source: FileSource
    notes: tuple[str, ...]
    samples: Samples


class FilesPage(QWidget):
    """One kind of files. They are only read, never changed."""

    changed = Signal(bool)  # whether the keyboard lost its place

    def __init__(self, kind: type[FileSource], folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind, self.folder = kind, folder
        self.source: FileSource | None = None
        self.path = QLineEdit()
        self.browse = QPushButton(self.tr("Browse…"))
        self.look = QPushButton(self.tr("Look at it"))
        self.trouble, self.working = Trouble(), Working()
        self.facts, self.notes, self.samples = Facts(), wrapped(), SampleGrid()
        self.heading = QLabel()
        self._sign, self._note_sign, self._drop_sign = QLabel(), QLabel(), QLabel()
        self._set_up()
        self._lay_out()
        self._show_state()

    @property
    def pattern(self) -> str:
        """What the file is named; "" for a folder."""
        return self.kind.pattern

    @property
    def main_button(self) -> QPushButton | None:
        """The button that leads on from here, where "Use it" does not."""
        if self.busy or self.source is not None:
            return None
        return self.look if self.path.text().strip() else self.browse

    @property
    def busy(self) -> bool:
        """Whether the person waits for something."""
        return self.working.task is not None

    @property
    def takes_files(self) -> bool:
        """Whether files may be dropped here."""
        return not self.busy

    def enter(self) -> None:
        """Nothing changes when the page comes up."""

    def show_used(self, source: FileSource) -> None:
        """Show the files that the project uses already."""
        self.path.setText(source.path)
        self._show_found(source, self.tr("What the project uses"))
        self._show_state()

    def take(self, path: str) -> None:
        """Look at files that were browsed for or dropped."""
        self.path.setText(path)
        self.look_at()

    def look_at(self) -> None:
        """Read the files in the background, and show what is in them."""
        path = path_of(self.path.text())
        if self.busy or not path:
            return
        self._forget()
        task = Task(partial(look_at, self.kind, Path(path), self.folder), self)
        self.working.show_task(task, self.tr("Reading {name}").format(name=Path(path).name))
        task.done.connect(self._show_look)
        task.failed.connect(self._show_trouble)
        task.cancelled.connect(lambda: self._show_state(ended=True))
        self._show_state()
        task.start()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self.samples.theme = theme
        self._sign.setPixmap(icon("data", theme.success).pixmap(18, 18))
        self._drop_sign.setPixmap(icon("open", theme.muted).pixmap(32, 32))
        self._note_sign.setPixmap(icon("warning", theme.warning).pixmap(16, 16))

    def close_tasks(self) -> None:
        """Cancel what runs. It only reads, so nothing has to wait for it."""
        self.working.close_task(0)

    def _show_look(self, look: Look) -> None:
        self._show_found(look.source, self.tr("What was found"))
        self.notes.setText("\n".join(map(breakable, look.notes)))
        self._note_box.setVisible(bool(look.notes))
        self.samples.show_samples(look.samples)
        self.samples.show()
        self._show_state(ended=True)

    def _show_found(self, source: FileSource, heading: str) -> None:
        self._forget()
        self.source = source
        self.heading.setText(heading)
        self.facts.show_source(source)

    def _show_trouble(self, sentence: str, details: str) -> None:
        self._show_state(ended=True)
        self.trouble.say(sentence, details)

    def _forget(self) -> None:
        """Another path: what was found at the old one counts no more."""
        self.source = None
        self.trouble.say("")
        self._note_box.hide()
        self.samples.hide()

    def _edited(self) -> None:
        self._forget()
        self._show_state()

    def _show_state(self, ended: bool = False) -> None:
        found = self.source is not None
        self._found.setVisible(found)
        self._drop.setVisible(not found and not self.busy)
        for widget in (self.path, self.browse):
            widget.setEnabled(not self.busy)
        self.look.setEnabled(not self.busy and bool(self.path.text().strip()))
        self.changed.emit(ended)

    def _choose(self) -> None:
        words = self.tr("Choose a file") if self.pattern else self.tr("Choose a folder")
        chooser = QFileDialog(self, words, _existing(path_of(self.path.text())))
        if self.pattern:
            chooser.setFileMode(QFileDialog.FileMode.ExistingFile)
            chooser.setNameFilters(
                [f"{self.kind.title} ({self.pattern})", self.tr("All files (*)")]
            )
        else:
            chooser.setFileMode(QFileDialog.FileMode.Directory)
            chooser.setOption(QFileDialog.Option.ShowDirsOnly, False)
        chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chooser.fileSelected.connect(self.take)
        chooser.open()

    def _set_up(self) -> None:
        self.heading.setObjectName("heading")
        file = bool(self.pattern)
        self.path.setPlaceholderText(
            self.tr("Path of the file") if file else self.tr("Path of the folder")
        )
        self.path.setAccessibleName(self.tr("Path"))
        self.path.setAcceptDrops(False)  # the dialog takes what is dropped, anywhere on it
        self.path.textEdited.connect(self._edited)
        self.browse.clicked.connect(self._choose)
        self.look.clicked.connect(self.look_at)
        self.look.setToolTip(self.tr("Read the files and show what is in them"))

    def _lay_out(self) -> None:
        help_text = wrapped(self.kind.help)
        help_text.setObjectName("muted")
        row = QHBoxLayout()
        row.setSpacing(SPACING)
        row.addWidget(self.path, 1)
        row.addWidget(self.browse)
        row.addWidget(self.look)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * MARGIN, MARGIN, 2 * MARGIN, MARGIN)
        layout.setSpacing(SPACING)
        layout.addWidget(title_label(self.kind.title))
        layout.addWidget(help_text)
        layout.addSpacing(SPACING // 2)
        layout.addLayout(row)
        layout.addWidget(self.working)
        layout.addWidget(self.trouble)
        layout.addSpacing(SPACING // 2)
        layout.addWidget(self._make_drop(), 1)
        layout.addWidget(self._make_found())
        layout.addSpacing(SPACING // 2)
        layout.addWidget(self.samples)
        layout.addStretch()

    def _make_drop(self) -> QFrame:
        self._drop = QFrame()
        self._drop.setObjectName("card")
        self._drop.setProperty("fixed", True)
        words = QLabel(
            self.tr("Drop the file here, or browse for it.\nIt is read, never changed.")
            if self.pattern
            else self.tr("Drop the folder here, or browse for it.\nIt is read, never changed.")
        )
        words.setObjectName("empty")
        centre = Qt.AlignmentFlag.AlignCenter
        words.setAlignment(centre)
        layout = QVBoxLayout(self._drop)
        layout.addStretch()
        layout.addWidget(self._drop_sign, alignment=centre)
        layout.addWidget(words, alignment=centre)
        layout.addStretch()
        return self._drop

    def _make_found(self) -> QFrame:
        self._found = QFrame()
        self._found.setObjectName("box")
        head = QHBoxLayout()
        head.setSpacing(SPACING)
        head.addWidget(self._sign)
        head.addWidget(self.heading, 1)
        self._note_box = QWidget()
        notes = QHBoxLayout(self._note_box)
        notes.setContentsMargins(0, 0, 0, 0)
        notes.setSpacing(SPACING)
        notes.addWidget(self._note_sign, 0, Qt.AlignmentFlag.AlignTop)
        notes.addWidget(self.notes, 1)
        self.notes.setAccessibleName(self.tr("Notes"))
        layout = QVBoxLayout(self._found)
        layout.setContentsMargins(MARGIN + 2, MARGIN, MARGIN + 2, MARGIN)
        layout.setSpacing(SPACING)
        layout.addLayout(head)
        layout.addWidget(self.facts)
        layout.addWidget(self._note_box)
        return self._found


def look_at(kind: type[FileSource], path: Path, folder: Path, progress: Progress) -> Look:
    """Read files, in a worker thread."""
    source = load.inspect(kind, path, progress)
    images = load.images_of(source, folder, progress)  # kept by inspect, not read again
    return Look(source, tuple(map(str, images.notes)), samples_of(images))


def path_of(text: str) -> str:
    """Read a path as people paste it: in quotes, or as file://."""
    text = text.strip().strip("\"'").strip()
    return QUrl(text).toLocalFile() if text.startswith("file://") else text


def _existing(path: str) -> str:
    """Find the nearest folder that exists, for a file dialog to begin in."""
    if not path:
        return ""
    places = (place for place in (Path(path), *Path(path).parents) if place.is_dir())
    return str(next(places, ""))
