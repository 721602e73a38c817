"""The data browser: every image of the three sets, and what is known of them, before training."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from engine.analysis.images import pixel_range
from engine.data.dataset import Dataset, SetName
from engine.data.load import load
from engine.project.project import Project
from engine.project.sources import FileSource
from gui.background import Task
from gui.document import Document
from gui.pictures import as_picture
from gui.theme import MARGIN, Theme
from gui.widgets.data.browsed import Browsed, of_classes, of_twins, place_of
from gui.widgets.data.image_pane import ImagePane
from gui.widgets.data.image_wall import Chip, ImageWall
from gui.widgets.data.opening import Opening
from gui.widgets.data.parts import wrapped
from gui.widgets.data.set_facts import SetFacts, range_words
from gui.widgets.data.survey import SETS, Finding, Measured, Survey, Twins
from gui.widgets.data.words import plain

FIRST_SIZE = QSize(1000, 700)
LEAST_SIZE = QSize(640, 440)
FACTS_WIDTH = 300  # pixels of the left column, to begin with
LONGEST_FILE = 200  # letters of a file's name
MOST_CHIPS = 4  # classes with a chip of their own; more share one


class DataBrowser(QWidget):
    """A window of its own over the document's data, non-modal. It loads them when it is shown, and
    lets go of everything when it is closed.
    """

    data_wanted = Signal()  # the person wants to choose other data

    def __init__(self, document: Document, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.document, self.folder = document, folder
        self.dataset: Dataset | None = None
        self.of: SetName = "training"
        self.sets, self.about = QTabBar(), SetFacts()
        self.wall, self.pane = ImageWall(), ImagePane()
        self.opening = Opening()
        self.survey = Survey(self)
        self.renew = QPushButton(self.tr("Load again"))
        self.changed = QFrame()
        self._pages = QStackedWidget()
        self._asked: Hashable = None  # what was loaded last, or is being loaded
        self._measured: dict[SetName, Measured] = {}
        self._found: dict[tuple[SetName, ...], Twins] = {}
        self._twins: Twins | None = None  # those that are shown instead of the set
        self._browsed: Browsed | None = None
        self._set_up()
        self._lay_out()

    @property
    def loading(self) -> bool:
        """Whether the images are being read."""
        return self.opening.busy

    def load(self) -> None:
        """Read the document's data, in the background, and begin anew with them."""
        self._forget()
        project = self.document.project
        self._asked = _key(project)
        self._show_title(project)
        self.changed.hide()
        work = partial(load, project.data, project.training.seed, self.folder)
        task = Task(work, self)
        task.done.connect(self._loaded)
        self._pages.setCurrentWidget(self.opening)
        self.opening.start(task)

    def show_set(self, of: SetName) -> None:
        """Turn to a set."""
        self.sets.setCurrentIndex(SETS.index(of))

    def seek(self, index: int) -> None:
        """Go to an image by its index, with the filters off where they hide it; or say that
        there is none.
        """
        place = place_of(self.dataset, self.of, index) if self.dataset is not None else None
        if place is None:
            words = self.tr("The {set} set has no image with the index {index:,}.")
            self.wall.say(words.format(set=self.of, index=index))
            return
        of, row = place
        self.show_set(of)
        if self._twins is not None or self.wall.tiles.place(row) is None:
            self._unfilter()
        self.wall.gallery.show_image(row)
        self.wall.gallery.setFocus(Qt.FocusReason.OtherFocusReason)
        self._show_image(row)

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self.setStyleSheet(stylesheet(theme))
        for part in (self.about, self.wall, self.pane):
            part.set_theme(theme)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not event.spontaneous() and self.dataset is None and not self.loading:
            self.load()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._forget()
        super().closeEvent(event)

    # --- loading

    def _loaded(self, dataset: Dataset) -> None:
        self.dataset = dataset
        for place, of in enumerate(SETS):
            count = len(dataset.split(of))
            self.sets.setTabText(place, f"{self._set_title(of)}   {count:,}")
        self._pages.setCurrentWidget(self._content)
        self._show_set()
        self.survey.begin(dataset, self.of)
        self.sets.setFocus(Qt.FocusReason.OtherFocusReason)

    def _forget(self) -> None:
        """Cancel what runs, and let go of the images."""
        self.opening.drop()
        self.survey.close()
        self.about.trouble.say("")
        self.dataset = self._browsed = self._twins = None
        self._measured, self._found = {}, {}
        self.about.bars.select_classes(())
        self.wall.clear()
        self.pane.hide()

    def _project_changed(self, project: Project) -> None:
        """Say that other data are asked for now; read them at once where none are shown."""
        if not self.isVisible():
            return
        stale = _key(project) != self._asked
        if stale and self.dataset is None and not self.loading:
            self.load()
        else:
            self.changed.setVisible(stale)

    # --- the set that is shown

    def _turn(self, place: int) -> None:
        self.of = SETS[place]
        self._twins = None
        self.survey.prefer(self.of)
        self._show_set()

    def _show_set(self) -> None:
        self._show_facts()
        self._show_images()

    def _show_facts(self) -> None:
        if self.dataset is not None:
            running = self.survey.running
            self.about.show_set(self.dataset, self.of, self._measured, self._found, running)

    def _show_images(self) -> None:
        """Filter, and show what is left."""
        if self.dataset is None:
            return
        if self._twins is not None:
            browsed = of_twins(self.dataset, self._twins)
        else:
            browsed = of_classes(self.dataset, self.of, self.about.bars.classes)
        self._browsed = browsed
        self.wall.show_images(browsed, self.dataset.class_names, self._count_words(browsed))
        self.wall.show_chips(self._chips())
        row = self.wall.gallery.image()
        self.pane.setVisible(row is not None and self.pane.isVisibleTo(self))
        if row is None:
            self.wall.gallery.scrollToTop()

    def _show_image(self, row: int) -> None:
        """Show an image large."""
        browsed, dataset = self._browsed, self.dataset
        place = self.wall.tiles.place(row)
        if browsed is None or dataset is None or place is None:
            return
        image, of, index = browsed.images[row], browsed.set_of(row), int(browsed.indices[row])
        file = dataset.split(of).file(index)
        facts = [
            (self.tr("Image"), f"{index:,}"),
            (self.tr("File"), plain(file, LONGEST_FILE) or self.tr("no file")),
            (self.tr("Set"), self._set_title(of)),
            (self.tr("Class"), plain(dataset.class_names[browsed.labels[row]])),
            (self.tr("Pixels"), range_words(pixel_range(image))),
        ]
        self.pane.show_image(as_picture(image), self.wall.words(place), facts)
        self._column.activate()  # the gallery has become lower
        self.wall.gallery.scrollTo(self.wall.tiles.index(place))

    # --- filters

    def _filter(self) -> None:
        """Show the classes that are chosen now."""
        self._twins = None
        self._show_images()

    def _show_twins(self, twins: Twins) -> None:
        self.about.bars.select_classes(())
        self._twins = twins
        self._show_images()
        self.wall.gallery.setFocus(Qt.FocusReason.OtherFocusReason)

    def _unfilter(self, chip: Hashable = None) -> None:
        """Take one class out of the filter; everything, where it is not a class."""
        self._twins = None
        chosen = self.about.bars.classes
        left = tuple(number for number in chosen if number != chip and chip is not None)
        if left != chosen:
            self.about.bars.select_classes(left)  # which shows what is left
        else:
            self._show_images()

    def _chips(self) -> list[Chip]:
        assert self.dataset is not None
        if self._twins is not None:
            return [(None, self._twin_title(self._twins))]
        classes = self.about.bars.classes
        if len(classes) > MOST_CHIPS:
            return [(None, self.tr("{count:,} classes").format(count=len(classes)))]
        return [(number, plain(self.dataset.class_names[number])) for number in classes]

    def _count_words(self, browsed: Browsed) -> str:
        shown, total = len(browsed.rows), browsed.total
        if shown == total and self._twins is not None:
            words = self.tr("{total:,} images in {groups:,} groups")
            return words.format(total=total, groups=len(self._twins.groups))
        if shown == total:
            return self.tr("{total:,} images").format(total=total)
        return self.tr("{shown:,} of {total:,} images").format(shown=shown, total=total)

    def _twin_title(self, twins: Twins) -> str:
        if len(twins.sets) == 1:
            return self.tr("Twice in the {set} set").format(set=twins.sets[0])
        return self.tr("In {first} and {last}").format(first=twins.sets[0], last=twins.sets[-1])

    def _set_title(self, of: SetName) -> str:
        titles = {
            "training": self.tr("Training"),
            "validation": self.tr("Validation"),
            "test": self.tr("Test"),
        }
        return titles[of]

    # --- what the survey tells

    def _take(self, finding: Finding) -> None:
        if isinstance(finding, Measured):
            self._measured[finding.of] = finding
        else:
            self._found[finding.sets] = finding

    def _back(self) -> None:
        """Esc: undo the last thing that was asked for; close when there is nothing left."""
        if self.loading:
            self.opening.working.stop()
        elif self.pane.isVisible():
            self.pane.hide()
        elif self._twins is not None or self.about.bars.classes:
            self._unfilter()
        else:
            self.close()

    def _show_title(self, project: Project) -> None:
        source = project.data.source
        words = source.title
        if isinstance(source, FileSource):
            words = f"{words}, {plain(Path(source.path).name)}"
        self.setWindowTitle(self.tr("Data – {words}").format(words=words))

    def _set_up(self) -> None:
        for of in SETS:
            self.sets.addTab(self._set_title(of))
        self.sets.setAccessibleName(self.tr("Set"))
        self.sets.setDrawBase(False)
        self.sets.setExpanding(False)
        self.sets.currentChanged.connect(self._turn)
        self.about.bars.classes_changed.connect(lambda _: self._filter())
        self.about.notes.wanted.connect(self._show_twins)
        self.wall.chosen.connect(self._show_image)
        self.wall.unfiltered.connect(self._unfilter)
        self.wall.sought.connect(self.seek)
        self.survey.found.connect(self._take)
        self.survey.failed.connect(self.about.trouble.say)
        self.survey.changed.connect(self._show_facts)
        self.opening.data_wanted.connect(self.data_wanted)
        self.opening.again_wanted.connect(self.load)
        self.renew.clicked.connect(self.load)
        self.document.changed.connect(self._project_changed)
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self, self._back)

    # --- layout

    def _lay_out(self) -> None:
        self._lay_out_changed()
        self._content = self._content_page()
        for page in (self.opening, self._content):
            self._pages.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.changed)
        layout.addWidget(self._pages, 1)
        self.setMinimumSize(LEAST_SIZE)
        self.resize(FIRST_SIZE)

    def _lay_out_changed(self) -> None:
        self.changed.setObjectName("banner")
        row = QHBoxLayout(self.changed)
        row.setContentsMargins(MARGIN, 6, MARGIN, 6)
        words = self.tr("The project's data have changed since these images were read.")
        row.addWidget(wrapped(words), 1)
        row.addWidget(self.renew)
        self.changed.hide()

    def _content_page(self) -> QWidget:
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(self.about)
        split.addWidget(self._images_column())
        split.setSizes([FACTS_WIDTH, FIRST_SIZE.width() - FACTS_WIDTH])
        split.setStretchFactor(1, 1)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.sets)
        layout.addWidget(split, 1)
        return page

    def _images_column(self) -> QWidget:
        column = QWidget()
        layout = self._column = QVBoxLayout(column)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.wall, 1)
        layout.addWidget(self.pane)
        return column


def stylesheet(theme: Theme) -> str:
    """Style what only this window has."""
    return f"""
    QLineEdit {{ background: {theme.panel}; border: 1px solid {theme.border}; border-radius: 4px;
        min-height: 20px; padding: 1px 6px; }}
    QLineEdit:focus {{ border-color: {theme.accent}; }}
    QPushButton#show {{ min-width: 0; min-height: 16px; padding: 0 8px; }}
    QSplitter::handle {{ background: {theme.border}; width: 1px; }}
    """


def _key(project: Project) -> Hashable:
    """Give what decides which image is in which set."""
    return project.data.source, project.data.validation, project.training.seed
