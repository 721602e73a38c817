"""The data dialog: which images the project learns from, and how they come to this machine."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine.problems import ProblemError, byte_size
from engine.project.project import Project
from engine.project.sources import FILE_SOURCES, KNOWN_SOURCES, FileSource, Source
from gui.document import Document
from gui.theme import MARGIN, SPACING, Theme
from gui.widgets.data.files import FilesPage
from gui.widgets.data.known import KnownPage
from gui.widgets.data.list import Row, SourceList
from gui.widgets.data.words import plain

Page = KnownPage | FilesPage
FIRST_SIZE = QSize(900, 600)
LEAST_SIZE = QSize(720, 460)


class DataDialog(QDialog):
    """Chooses the project's images, as one edit that can be undone. Open it with open()."""

    def __init__(self, document: Document, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document, self.folder = document, folder
        self.setWindowTitle(self.tr("Choose the data"))
        self.setAcceptDrops(True)
        self.list = SourceList()
        self.pages: dict[int, Page] = {}
        self.use = QPushButton(self.tr("Use it"))
        self.leave = QPushButton(self.tr("Close"))
        self.used = QLabel()
        self._stack = QStackedWidget()
        self._lead: QPushButton | None = None
        self._add_pages()
        self._set_up()
        self._lay_out()
        document.changed.connect(self._show_rows)
        self._begin(document.project)

    @property
    def page(self) -> Page:
        """The page that is shown."""
        return self.pages[self.list.currentRow()]

    def show_source(self, kind: type[Source]) -> None:
        """Turn to the page of a kind of source."""
        places = (place for place, page in self.pages.items() if page.kind is kind)
        self.list.setCurrentRow(next(places))

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self.setStyleSheet(stylesheet(theme))
        self.list.set_theme(theme)
        for page in self.pages.values():
            page.set_theme(theme)

    def reject(self) -> None:
        """Esc: cancel what runs first, and close the second time."""
        if self.page.busy and not self.page.working.cancelling:
            self.page.working.stop()
            return
        super().reject()

    def done(self, result: int) -> None:
        self._close_tasks()
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._close_tasks()
        super().closeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_path(event) and self.page.takes_files:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = dropped_path(event)
        if path and self.page.takes_files:
            event.acceptProposedAction()
            self.page.take(path)

    def _choose(self, source: Source) -> None:
        """Make a source the project's data, and close."""
        try:
            project = self.document.project.set_data(source=source)
        except ProblemError as error:
            self.page.trouble.say(str(error))
            return
        self.document.edit(self.tr("Data: {title}").format(title=source.title), project)
        self.accept()

    def _use(self) -> None:
        if self.page.source is not None:
            self._choose(self.page.source)

    def _turn(self) -> None:
        """Show the page of the chosen source."""
        self._stack.setCurrentIndex(list(self.pages).index(self.list.currentRow()))
        self.page.enter()
        self._show_state()

    def _begin(self, project: Project) -> None:
        """Start where the project is."""
        source = project.data.source
        self._show_rows()
        self.show_source(type(source))
        if isinstance(source, FileSource) and isinstance(self.page, FilesPage):
            self.page.show_used(source)

    def _show_state(self) -> None:
        """Enable what can be done now; the default button leads on."""
        page = self.page
        self.list.setEnabled(not page.busy)
        self.use.setEnabled(page.source is not None)
        self.use.setToolTip(
            ""
            if page.source is not None
            else self.tr("First get the dataset onto this machine")
            if isinstance(page, KnownPage)
            else self.tr("First look at the files")
        )
        self._set_lead(self.use if page.source is not None else page.main_button)

    def _set_lead(self, button: QPushButton | None) -> None:
        """Let Enter press this button, and let it be seen."""
        if button is self._lead:
            return
        for other, lead in ((self._lead, False), (button, True)):
            if other is not None:
                other.setDefault(lead)
                other.setProperty("lead", lead)
                other.style().unpolish(other)
                other.style().polish(other)
        self._lead = button

    def _page_changed(self, page: Page, lost_keyboard: bool) -> None:
        self._show_rows()
        if page is self.page:
            self._show_state()
            if lost_keyboard and self._lead is not None:
                self._lead.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_rows(self) -> None:
        source = self.document.project.data.source
        for place, page in self.pages.items():
            self.list.show_row(place, self._row(page, source))
        words = source.title
        if isinstance(source, FileSource):
            words = f"{words}, {plain(Path(source.path).name)}"
        self.used.setText(self.tr("In use: {words}").format(words=words))

    def _row(self, page: Page, used: Source) -> Row:
        in_use = type(used) is page.kind
        if isinstance(page, FilesPage):
            name = plain(Path(used.path).name) if in_use and isinstance(used, FileSource) else ""
            what = self.tr("a file of yours") if page.pattern else self.tr("a folder of yours")
            return Row(page.kind.title, name or what, "open", in_use, in_use)
        count = page.kind.train_size + page.kind.test_size
        here = page.source is not None
        where = (
            self.tr("on this machine")
            if here or page.offer is None
            else self.tr("{size} to download").format(size=byte_size(page.offer.size_bytes))
        )
        return Row(page.kind.title, f"{count:,} · {where}", "data", in_use, here)

    def _close_tasks(self) -> None:
        for page in self.pages.values():
            page.close_tasks()

    def _add_pages(self) -> None:
        self.list.add_header(self.tr("Public datasets"))
        for known in KNOWN_SOURCES:
            page = KnownPage(known, self.folder)
            page.chosen.connect(self._choose)
            self._add_page(page)
        self.list.add_header(self.tr("Your own files"))
        for own in FILE_SOURCES:
            self._add_page(FilesPage(own, self.folder))

    def _add_page(self, page: Page) -> None:
        self.pages[self.list.add_row()] = page
        page.changed.connect(lambda lost_keyboard: self._page_changed(page, lost_keyboard))
        scroll = QScrollArea()
        scroll.setObjectName("column")
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(page)
        self._stack.addWidget(scroll)

    def _set_up(self) -> None:
        self.used.setObjectName("muted")
        self.used.setTextFormat(Qt.TextFormat.PlainText)
        self.list.currentRowChanged.connect(lambda _: self._turn())
        self.use.clicked.connect(self._use)
        self.leave.clicked.connect(self.close)

    def _lay_out(self) -> None:
        upper = QHBoxLayout()
        upper.setSpacing(0)
        upper.addWidget(self.list)
        upper.addWidget(self._stack, 1)
        foot = QFrame()
        foot.setObjectName("foot")
        row = QHBoxLayout(foot)
        row.setContentsMargins(MARGIN + 2, MARGIN, MARGIN + 2, MARGIN)
        row.setSpacing(SPACING)
        row.addWidget(self.used, 1)
        row.addWidget(self.leave)
        row.addWidget(self.use)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(upper, 1)
        layout.addWidget(foot)
        self.setMinimumSize(LEAST_SIZE)
        self.resize(FIRST_SIZE)


def dropped_path(event: QDropEvent) -> str:
    """Give the path of the file or folder that is dropped; "" where it is none."""
    urls = event.mimeData().urls()
    return next((url.toLocalFile() for url in urls if url.isLocalFile()), "")


def stylesheet(theme: Theme) -> str:
    """Style what only this dialog has."""
    return f"""
    QLineEdit {{ background: {theme.panel}; border: 1px solid {theme.border}; border-radius: 4px;
        min-height: 20px; padding: 2px 6px; }}
    QLineEdit:focus {{ border-color: {theme.accent}; }}
    QLineEdit:disabled {{ background: {theme.window}; color: {theme.muted}; }}
    """
