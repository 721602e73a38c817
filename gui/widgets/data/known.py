"""The page of a public dataset: use it, or get it first, after asking."""

from __future__ import annotations

from contextlib import suppress
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
from gui.widgets.data.parts import Facts, Trouble, Working, title_label, wrapped
from gui.widgets.data.samples import SampleGrid, Samples, samples_of
from gui.widgets.data.words import ProgressWords, breakable, byte_words, percent_words, plain

LONGEST_HOST = 40  # letters, on a button


class State(Enum):
    """Where a dataset stands."""

    HERE = "on this machine"
    MISSING = "not on this machine"
    ASKING = "about to be fetched, if the person says so"
    WORKING = "being fetched or copied"
    FAILED = "could not be fetched"
    DAMAGED = "on this machine, but not usable"


class KnownPage(QWidget):
    """One public dataset. Nothing goes to the network before the second, explicit click."""

    changed = Signal(bool)  # whether the keyboard lost its place
    chosen = Signal(object)  # KnownSource, which has just come to this machine

    def __init__(
        self, kind: type[KnownSource], folder: Path, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.kind, self.folder = kind, folder
        self.known = kind()  # it has no field to be given
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
        usable = self.state is State.HERE or (self.state is State.FAILED and self._found())
        return self.known if usable else None

    @property
    def main_button(self) -> QPushButton | None:
        """The button that leads on from here, where "Use it" does not."""
        match self.state:
            case State.MISSING | State.DAMAGED:
                return self.ask
            case State.ASKING:
                return self.start
            case State.FAILED:
                return self.again
        return None

    @property
    def busy(self) -> bool:
        """Whether the person waits for something."""
        return self.state is State.WORKING

    @property
    def takes_files(self) -> bool:
        """Whether files may be dropped here."""
        return self.state in (State.MISSING, State.FAILED, State.DAMAGED)

    def enter(self) -> None:
        """Look whether it is there; called when the page comes up."""
        self._show_state(State.HERE if self._found() else State.MISSING)
        self._start_preview()

    def take(self, path: str) -> None:
        """Use files that were dropped."""
        self.adopt(path)

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self._theme = theme
        self.samples.theme = theme
        self._show_sign()

    def close_tasks(self) -> None:
        """Cancel what runs, and wait a little for what writes."""
        self.working.close_task()
        if self._preview is not None:
            self._preview.close(0)

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
        # Trying again means the download: after anything else it must be asked for first.
        self._after_failure = State.FAILED if words is byte_words else self._before_download()
        task = Task(work, self)
        self._show_state(State.WORKING)
        self.working.show_task(task, title, words)
        task.done.connect(self._done)
        task.failed.connect(self._failed)
        task.cancelled.connect(self.enter)
        task.start()

    def _done(self) -> None:
        self._show_state(State.HERE)
        self.chosen.emit(self.known)

    def _failed(self, sentence: str, details: str) -> None:
        self._show_state(self._after_failure)
        self.trouble.say(sentence, details)

    def _before_download(self) -> State:
        return State.DAMAGED if self._found() else State.MISSING

    def _found(self) -> bool:
        return load.found(self.known, self.folder)

    def _host(self) -> str:
        assert self.offer is not None
        mirror = self.mirror.text().strip()
        return host_of(mirror) if mirror else self.offer.host

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
            self._show_state(State.DAMAGED)
            self.trouble.say(sentence, details)

    def _show_state(self, state: State) -> None:
        focus = self.window().focusWidget()
        here = focus is not None and self.isAncestorOf(focus)
        # The question takes the keyboard, so that a key held down can't run through it.
        lost_keyboard = here or self.busy or state is State.ASKING
        self.state = state
        self.trouble.say("")
        found, asking, failed = (state is s for s in (State.HERE, State.ASKING, State.FAILED))
        missing = state in (State.MISSING, State.DAMAGED)
        other_ways = missing or failed
        for widget, visible in (
            (self._head, state is not State.WORKING),
            (self.place, found),
            (self.samples, found and bool(self.samples.names)),
            (self.offered, asking),
            (self.ask, missing),
            (self.start, asking),
            (self.again, failed),
            (self.refuse, asking),
            (self.files, other_ways),
            (self.renew, found and self.offer is not None),
            (self.more, other_ways),
            (self._mirror_row, other_ways and self.more.isChecked()),
        ):
            widget.setVisible(visible)
        self.heading.setText(self._heading())
        self.place.setText(breakable(self._place_words()))
        self._show_offer()
        self._show_sign()
        self.changed.emit(lost_keyboard)

    def _heading(self) -> str:
        match self.state:
            case State.HERE if self.offer is None:
                return self.tr("Comes with the program")
            case State.HERE:
                return self.tr("On this machine")
            case State.ASKING:
                return self.tr("Download {title}?").format(title=self.kind.title)
            case State.DAMAGED:
                return self.tr("On this machine, but not usable")
            case State.FAILED:
                return self.tr("The download did not work")
        return self.tr("Not on this machine yet")

    def _place_words(self) -> str:
        place = home(self.known, self.folder)
        return str(place) if place else self.tr("Nothing has to be fetched.")

    def _show_offer(self) -> None:
        """Say in the question what would be fetched from where, without any network."""
        offer = self.offer
        if offer is None:
            return
        others = "" if self.mirror.text().strip() else ", ".join(map(host_of, offer.mirrors[1:]))
        host = self._host()
        source = self.tr("{host} (or {others}, if that fails)") if others else "{host}"
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
        self.ask.setText(
            self.tr("Download {size} from {host}…").format(
                size=size, host=plain(host, LONGEST_HOST)
            )
        )

    def _show_sign(self) -> None:
        if self._theme is None:
            return
        wrong = self.state in (State.FAILED, State.DAMAGED)
        good = self._theme.success if self.state is State.HERE else self._theme.muted
        name, color = ("warning", self._theme.danger) if wrong else ("data", good)
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
        self.files.setObjectName("menu")
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
        self.refuse.clicked.connect(self.enter)

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

    def _make_buttons(self) -> QVBoxLayout:
        """Put what leads on above, and the other ways below."""
        first, second = QHBoxLayout(), QHBoxLayout()
        for button in (self.ask, self.start, self.again, self.refuse):
            button.setMinimumWidth(1)  # a mirror's name may be long
            first.addWidget(button)
        first.addStretch()
        second.addWidget(self.files)
        second.addStretch()
        second.addWidget(self.more)
        rows = QVBoxLayout()
        rows.setSpacing(SPACING)
        for row in (first, second):
            row.setSpacing(SPACING)
            rows.addLayout(row)
        return rows

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


def host_of(address: str) -> str:
    """Name the computer of an address; the address itself where it is none."""
    with suppress(ValueError):  # such as http://[
        return urlsplit(address).netloc or address
    return address
