"""What augmentation makes of a few images: as they are, and below how training may see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from engine.project.augmentation import Augmentation
from engine.project.project import Project
from engine.project.sources import KnownSource
from gui.background import Task
from gui.in_sight import WhenInSight
from gui.pictures import as_pictures
from gui.theme import SPACING
from gui.widgets.empty_state import EmptyState
from gui.widgets.large_picture import draw_sharp, fitted

if TYPE_CHECKING:
    from engine.data.dataset import Pixels

COLUMNS = 4  # images
ROWS = 3  # changed ones of each
KEPT = 64  # images to choose from; they are copied, so that a whole set is not held
SIDE = 56  # pixels of a picture
GAP = 3  # pixels; no more than leave the forms above as wide as they are
FRAME = QSize(2, 2)

Few = NDArray[np.float32]
"""Images (N, C, H, W) in 0..1, at most KEPT of them."""


class AugmentationPreview(QWidget):
    """A few real images, changed at random within the limits that are set.

    The changes are drawn anew only by "Others", so that a slider shows the same ones grow. They are
    made beside the window, one round at a time: torch may still have to be loaded.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.augmentation = Augmentation()
        self.seed = 0
        self._project: Project | None = None
        self._images: Few | None = None
        self._origin = object()  # another one whenever the images are to be others
        self._task: Task | None = None
        self._stale = False  # whether what is being made has been overtaken
        self.others = QPushButton(self.tr("Others"))
        self.others.setToolTip(self.tr("Show other images, changed in other ways."))
        self.others.clicked.connect(self._show_others)
        self.originals = PictureGrid(self.tr("Images as they are"))
        self.changed = PictureGrid(self.tr("Images as training may see them"))
        self.empty = EmptyState()
        self._when_seen = WhenInSight(self, self._draw)
        self._lay_out()
        self._draw_soon()

    def show_project(self, project: Project) -> None:
        """Show what a project's limits do to its own images. Known ones are read as soon as there
        is something to see; a person's own may be large or gone, and wait for show_images.
        """
        before, self._project = self._project, project
        if before is None or before.data.source != project.data.source:
            self.show_images(None)
        self.show_augmentation(project.training.augmentation)

    def show_images(self, images: Pixels | None) -> None:
        """Choose from these (N, C, H, W): uint8, or float in 0..1, and not standardised. None
        where there are none yet.
        """
        self._images = None if images is None or not len(images) else some_of(images)
        self._origin = object()
        self.originals.show_pictures(())
        self.changed.show_pictures(())
        self._draw_soon()

    def show_augmentation(self, augmentation: Augmentation) -> None:
        """Show what these limits allow."""
        if augmentation != self.augmentation:
            self.augmentation = augmentation
            self._draw_soon()

    def let_go(self) -> None:
        """Give up what is being made, as the window closes."""
        if self._task is not None:
            self._task.close(0)

    def _show_others(self) -> None:
        self.seed += 1
        self._draw_soon()

    def _draw_soon(self) -> None:
        """Say at once what there is to see; make it when a person can see it."""
        self._say(self._why_empty())
        self._when_seen.draw()

    def _why_empty(self) -> str:
        if not self.augmentation.on:
            return self.tr("Nothing is changed: raise a limit to see examples.")
        if not self.changed.pictures:
            return self.tr("Examples appear here once the images are read.")
        return ""

    def _say(self, reason: str) -> None:
        """Say why there is nothing to see; with "", show the pictures."""
        self.empty.setText(reason)
        self.empty.setVisible(bool(reason))
        self._shown.setVisible(not reason)

    def _draw(self) -> None:
        self._stale = self._task is not None
        origin, images, project = self._origin, self._images, self._project
        if self._stale or not self.augmentation.on or (images is None and project is None):
            return
        augmentation, seed = self.augmentation, self.seed
        self._task = Task(lambda _: made(images, project, augmentation, seed), self)
        self._task.done.connect(lambda result: self._show(origin, *result))
        self._task.failed.connect(lambda sentence, _: self._end(sentence))
        self._task.start()

    def _show(self, origin: object, images: Few | None, pictures: Few | None) -> None:
        if origin is self._origin and pictures is not None:  # there may be others by now
            self._images = images
            columns = len(pictures) // (1 + ROWS)
            self.originals.show_pictures(tuple(as_pictures(pictures[:columns])))
            self.changed.show_pictures(tuple(as_pictures(pictures[columns:])))
        self._end(self._why_empty())

    def _end(self, reason: str) -> None:
        assert self._task is not None
        self._task.deleteLater()
        self._task = None
        self._say(reason)
        if self._stale:
            self._when_seen.draw()

    def _lay_out(self) -> None:
        self._shown = QWidget()
        rows = QGridLayout(self._shown)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setVerticalSpacing(SPACING // 2)
        rows.setColumnStretch(0, 1)
        rows.addWidget(_muted(self.tr("As they are")), 0, 0)
        rows.addWidget(self.others, 0, 1)
        rows.addWidget(self.originals, 1, 0, 1, 2)
        rows.addWidget(_muted(self.tr("As training may see them")), 2, 0, 1, 2)
        rows.addWidget(self.changed, 3, 0, 1, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._shown)
        column.addWidget(self.empty)


class PictureGrid(QWidget):
    """Pictures of one size, in rows of four."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pictures: tuple[QImage, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)

    def show_pictures(self, pictures: tuple[QImage, ...]) -> None:
        """Show these and no others."""
        self.pictures = pictures
        self.updateGeometry()
        self.update()

    def place(self, number: int) -> QRect:
        """Give where a picture is."""
        size = fitted(self.pictures[0].size(), QRect(0, 0, SIDE, SIDE)).size()
        row, column = divmod(number, COLUMNS)
        x, y = column * (size.width() + GAP), row * (size.height() + GAP)
        return QRect(QPoint(1 + x, 1 + y), size)

    def sizeHint(self) -> QSize:
        if not self.pictures:
            return FRAME
        last = self.place(len(self.pictures) - 1)
        return (
            QSize(self.place(min(len(self.pictures), COLUMNS) - 1).right(), last.bottom()) + FRAME
        )

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.Mid))
        for number, picture in enumerate(self.pictures):
            place = self.place(number)
            draw_sharp(painter, place, picture)
            painter.drawRect(place.adjusted(-1, -1, 0, 0))
        painter.end()


def made(
    images: Few | None, project: Project | None, augmentation: Augmentation, seed: int
) -> tuple[Few | None, Few | None]:
    """Make examples of images, or of a project's own where there are none; give both, or neither
    where the project's can't be read without being asked for.
    """
    if images is None and project is not None:
        images = known_images(project)
    return images, None if images is None else examples(images, augmentation, seed)


def known_images(project: Project) -> Few | None:
    """Read a few of a project's training images, where they are of a known source and there."""
    from engine.data.load import found, load
    from engine.places import data_folder

    source = project.data.source
    if not isinstance(source, KnownSource) or not found(source, data_folder()):
        return None
    return some_of(load(project.data, project.training.seed, data_folder()).train.images)


def some_of(images: Pixels) -> Few:
    """Copy a few images from all over a set, as float32 in 0..1."""
    chosen = images[np.linspace(0, len(images) - 1, min(KEPT, len(images))).astype(int)]
    scale = 255 if images.dtype == np.uint8 else 1
    result: Few = chosen.astype(np.float32) / np.float32(scale)
    return result


def examples(images: Few, augmentation: Augmentation, seed: int) -> Few:
    """Change a few images (N, C, H, W) as training does: give (1 + ROWS) rows of up to four, first
    the images themselves. A seed names the images and how they are changed.
    """
    import torch

    from engine.training.augment import augmented

    order = np.random.default_rng(seed).permutation(len(images))
    chosen = np.ascontiguousarray(images[order[:COLUMNS]])
    again = torch.from_numpy(np.concatenate([chosen] * ROWS))
    changed = augmented(again, augmentation, torch.Generator().manual_seed(seed))
    return np.concatenate([chosen, changed.numpy()])


def _muted(text: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName("muted")
    return label
