"""The page of a public dataset: use it, or get it first, after asking."""

from __future__ import annotations

from enum import Enum
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.data import download, load
from engine.data.dataset import Progress
from engine.data.idx import home
from engine.problems import byte_size
from engine.project.sources import KnownSource
from gui.background import Task, Work
from gui.icons import icon
from gui.theme import MARGIN, SPACING, Theme
from gui.widgets.data_parts import Facts, Trouble, Working, title_label, wrapped
from gui.widgets.data_samples import SampleGrid, Samples, samples_of
from gui.widgets.data_words import ProgressWords, breakable, byte_words, percent_words


class State(Enum):
    """Where a dataset stands."""

    HERE = "on this machine"
    MISSING = "not on this machine"
    ASKING = "about to be fetched, if the person says so"
    WORKING = "being fetched or copied"
    FAILED = "could not be fetched"


class KnownPage(QWidget):
    """One public dataset. Nothing goes to the network before the second, explicit click."""

    changed = Signal()
    chosen = Signal(object)  # KnownSource, which has just come to this machine

    def __init__(
        self, kind: type[KnownSource], folder: Path, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.kind, self.folder = kind, folder
        self.known = kind.model_validate({})  # it has no field to be given
        self.offer = download.offer(self.known)
        self.state = State.MISSING
        self.facts, self.offered = Facts(), Facts()
        self.heading, self.place = QLabel(), wrapped()
        self.trouble, self.working = Trouble(), Working()
        self.samples = SampleGrid()
        self.ask = QPushButton()
        self.start = QPushButton(self.tr("Download"))
        self.again = QPushButton(self.tr("Try again"))
        self.refuse = QPushButton(self.tr("Not now"))
        self.files = QPushButton(self.tr("Use files I already have"))
        self.renew = QPushButton(self.tr("Download again…"))
        self.more = QToolButton()
        self.mirror = QLineEdit()
        self._sign = QLabel()
        self._theme: Theme | None = None
        self._preview: Task | None = None
        self._previewed = False
        self._set_up()
        self._lay_out()
        self._show_state(State.HERE if self._found() else State.MISSING)

    @property
    def source(self) -> KnownSource | None:
        """What "Use it" would use; None where it must be fetched first."""
        return self.known if self.state is State.HERE else None

    @property
    def main_button(self) -> QPushButton | None:
        """The button that leads on from here, where "Use it" does not."""
        buttons = {State.MISSING: self.ask, State.ASKING: self.start, State.FAILED: self.again}
        return buttons.get(self.state)

    @property
    def busy(self) -> bool:
        """Whether the person waits for something."""
        return self.state is State.WORKING

    def enter(self) -> None:
        """Look again whether it is there; called when the page comes up."""
        if self.state in (State.HERE, State.MISSING):
            self._show_state(State.HERE if self._found() else State.MISSING)
            self._start_preview()

    def take(self, path: str) -> None:
        """Use files that were dropped."""
        if self.state in (State.MISSING, State.FAILED):
            self.adopt(path)

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self._theme = theme
        self.samples.theme = theme
        self._show_sign()

    def close_tasks(self) -> None:
        """Cancel what runs, and wait a little."""
        self.working.close_task()
        if self._preview is not None:
            self._preview.close()

    def fetch(self) -> None:
        """Go to the network."""
        mirror = self.mirror.text().strip() or None
        self._work(
            partial(fetch, self.known, self.folder, mirror),
            self.tr("Downloading from {host}").format(host=self._host()),
            byte_words,
        )

    def adopt(self, path: str) -> None:
        """Check files that the person has and copy them to the data folder."""
        self._work(
            partial(adopt, self.known, Path(path), self.folder),
            self.tr("Checking and copying the files"),
            percent_words,
        )

    def _work(self, work: Work, title: str, words: ProgressWords) -> None:
        self._after_failure = State.FAILED if words is byte_words else State.MISSING
        task = Task(work, self)
        self._show_state(State.WORKING)
        self.working.show_task(task, title, words)
        task.done.connect(self._done)
        task.failed.connect(self._failed)
        task.cancelled.connect(self._leave)
        task.start()

    def _done(self) -> None:
        self._leave()
        if self.source is not None:
            self.chosen.emit(self.source)

    def _failed(self, sentence: str, details: str) -> None:
        self._show_state(self._after_failure)
        self.trouble.say(sentence, details)

    def _leave(self) -> None:
        """Show what is so now."""
        self._show_state(State.HERE if self._found() else State.MISSING)

    def _found(self) -> bool:
        return load.found(self.known, self.folder)

    def _host(self) -> str:
        assert self.offer is not None
        mirror = self.mirror.text().strip()
        return urlsplit(mirror).netloc or mirror if mirror else self.offer.host

    def _start_preview(self) -> None:
        """Read a few images to show, once."""
        if self.state is not State.HERE or self._previewed:
            return
        self._previewed = True
        self._preview = Task(partial(preview, self.known, self.folder), self)
        self._preview.done.connect(self._show_samples)
        self._preview.failed.connect(self._show_damage)
        self._preview.start()

    def _show_samples(self, samples: Samples) -> None:
        self.samples.show_samples(samples)
        self.samples.setVisible(self.state is State.HERE)

    def _show_damage(self, sentence: str, details: str) -> None:
        """Say that what is here can't be used."""
        if self.state is State.HERE:
            self._previewed = False
            self._show_state(State.FAILED)
            self.trouble.say(sentence, details)

    def _show_state(self, state: State) -> None:
        self.state = state
        self.trouble.say("")
        here, missing, asking, working, failed = (state is other for other in State)
        for widget, visible in (
            (self.place, here),
            (self.samples, here and bool(self.samples.names)),
            (self.offered, asking),
            (self.ask, missing),
            (self.start, asking),
            (self.again, failed),
            (self.refuse, asking),
            (self.files, missing or failed),
            (self.renew, here and self.offer is not None),
            (self.more, missing or asking or failed),
            (self._mirror_row, (missing or asking or failed) and self.more.isChecked()),
            (self._head, not working),
        ):
            widget.setVisible(visible)
        self.heading.setText(self._heading())
        self.place.setText(breakable(self._place_words()))
        self._show_offer()
        self._show_sign()
        self.changed.emit()

    def _heading(self) -> str:
        match self.state:
            case State.HERE if self.offer is None:
                return self.tr("Comes with the program")
            case State.HERE:
                return self.tr("On this machine")
            case State.ASKING:
                return self.tr("Download {title}?").format(title=self.kind.title)
            case State.FAILED if self._found():
                return self.tr("On this machine, but not usable")
        return self.tr("Not on this machine yet")

    def _place_words(self) -> str:
        place = home(self.known, self.folder)
        return str(place) if place else self.tr("Nothing has to be fetched.")

    def _show_offer(self) -> None:
        """Say in the question what would be fetched from where, without any network."""
        offer = self.offer
        if offer is None:
            return
        others = "" if self.mirror.text().strip() else ", ".join(map(_host_of, offer.mirrors[1:]))
        host = self._host()
        source = self.tr("{host} (or {others}, if it does not answer)") if others else "{host}"
        size = byte_size(offer.size_bytes)
        self.offered.show_facts(
            [
                (self.tr("From"), source.format(host=host, others=others)),
                (
                    self.tr("Size"),
                    self.tr("{size} in {count} files").format(size=size, count=len(offer.files)),
                ),
                (self.tr("Licence"), offer.licence),
                (self.tr("Into"), str(self.folder)),
            ]
        )
        self.ask.setText(self.tr("Download {size} from {host}…").format(size=size, host=host))

    def _show_sign(self) -> None:
        if self._theme is None:
            return
        color = {
            State.HERE: self._theme.success,
            State.FAILED: self._theme.danger,
        }.get(self.state, self._theme.muted)
        name = "warning" if self.state is State.FAILED else "data"
        self._sign.setPixmap(icon(name, color).pixmap(18, 18))

    def _show_more(self, shown: bool) -> None:
        self.more.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)
        self._mirror_row.setVisible(shown)
        if shown:
            self.mirror.setFocus(Qt.FocusReason.OtherFocusReason)

    def _choose_folder(self) -> None:
        chooser = QFileDialog(self, self.tr("The folder that holds the four files"))
        chooser.setFileMode(QFileDialog.FileMode.Directory)
        chooser.setOption(QFileDialog.Option.ShowDirsOnly, False)
        self._choose(chooser)

    def _choose_file(self) -> None:
        chooser = QFileDialog(self, self.tr("One of the four files"))
        chooser.setFileMode(QFileDialog.FileMode.ExistingFile)
        chooser.setNameFilters([self.tr("IDX files (*ubyte *ubyte.gz)"), self.tr("All files (*)")])
        self._choose(chooser)

    def _choose(self, chooser: QFileDialog) -> None:
        chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chooser.fileSelected.connect(self.adopt)
        chooser.open()

    def _set_up(self) -> None:
        self.heading.setObjectName("heading")
        self.place.setObjectName("muted")
        menu = QMenu(self.files)
        menu.addAction(self.tr("Choose their folder…")).triggered.connect(self._choose_folder)
        menu.addAction(self.tr("Choose one of the files…")).triggered.connect(self._choose_file)
        self.files.setMenu(menu)
        self.files.setToolTip(
            self.tr("The four files, plain or .gz; they are checked and copied. Or drop them here.")
        )
        self.more.setObjectName("small")
        self.more.setText(self.tr("More"))
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.setCheckable(True)
        self.more.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.more.setArrowType(Qt.ArrowType.RightArrow)
        self.more.toggled.connect(self._show_more)
        self.mirror.setPlaceholderText("https://…")
        self.mirror.setAccessibleName(self.tr("Mirror address"))
        self.mirror.setToolTip(
            self.tr("The address of the folder that holds the four files; each is checked")
        )
        self.mirror.textChanged.connect(lambda _: self._show_offer())
        self.ask.clicked.connect(lambda: self._show_state(State.ASKING))
        self.renew.clicked.connect(lambda: self._show_state(State.ASKING))
        self.start.installEventFilter(_PressOnce(self.start))
        self.start.clicked.connect(self.fetch)
        self.again.clicked.connect(self.fetch)
        self.refuse.clicked.connect(self._leave)

    def _lay_out(self) -> None:
        help_text = wrapped(self.kind.help)
        help_text.setObjectName("muted")
        self.facts.show_source(self.known)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * MARGIN, MARGIN, 2 * MARGIN, MARGIN)
        layout.setSpacing(SPACING)
        layout.addWidget(title_label(self.kind.title))
        layout.addWidget(help_text)
        layout.addSpacing(SPACING // 2)
        layout.addWidget(self.facts)
        layout.addSpacing(SPACING)
        layout.addWidget(self._make_box())
        layout.addSpacing(SPACING // 2)
        layout.addWidget(self.samples)
        layout.addStretch()

    def _make_box(self) -> QFrame:
        box = QFrame()
        box.setObjectName("box")
        self._head = QWidget()
        head = QHBoxLayout(self._head)
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(SPACING)
        head.addWidget(self._sign)
        head.addWidget(self.heading, 1)
        head.addWidget(self.renew)
        layout = QVBoxLayout(box)
        layout.setContentsMargins(MARGIN + 2, MARGIN, MARGIN + 2, MARGIN)
        layout.setSpacing(SPACING)
        for widget in (self._head, self.place, self.offered, self.trouble, self.working):
            layout.addWidget(widget)
        layout.addLayout(self._make_buttons())
        layout.addWidget(self._make_mirror_row())
        return box

    def _make_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(SPACING)
        for button in (self.ask, self.start, self.again, self.refuse, self.files):
            button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
            row.addWidget(button)
        row.addStretch()
        row.addWidget(self.more)
        return row

    def _make_mirror_row(self) -> QWidget:
        self._mirror_row = QWidget()
        label = QLabel(self.tr("Mirror address"))
        label.setBuddy(self.mirror)
        row = QHBoxLayout(self._mirror_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING)
        row.addWidget(label)
        row.addWidget(self.mirror, 1)
        return self._mirror_row


class _PressOnce(QObject):
    """Lets a key that is held down press nothing: the question before must be read first."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return event.isAutoRepeat()
        return False


def fetch(source: KnownSource, folder: Path, mirror: str | None, progress: Progress) -> None:
    """Download, in a worker thread."""
    download.download(source, folder, progress, mirror=mirror)


def adopt(source: KnownSource, chosen: Path, folder: Path, progress: Progress) -> None:
    """Check and copy, in a worker thread."""
    download.adopt(source, chosen, folder, progress)


def preview(source: KnownSource, folder: Path, progress: Progress) -> Samples:
    """Read a few images, in a worker thread."""
    return samples_of(load.read(source, folder, progress))


def _host_of(address: str) -> str:
    return urlsplit(address).netloc
