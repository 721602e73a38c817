"""A few images of a source, some of every class, so that a person sees what they choose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from engine.data.dataset import Images
from gui.pictures import as_picture
from gui.theme import LIGHT
from gui.widgets.data.words import plain

MOST = 24
TILE, CAPTION, GAP = 48, 16, 8


@dataclass(frozen=True, eq=False)
class Samples:
    """Images float32 (N, C, H, W) in 0..1 with the name of each one's class."""

    images: NDArray[np.float32]
    names: tuple[str, ...]
    classes: int


def samples_of(images: Images) -> Samples:
    """Pick some training images of every class. Runs in a worker thread."""
    rows = picked(images.train_labels, len(images.class_names), MOST)
    names = tuple(images.class_names[label] for label in images.train_labels[rows])
    return Samples(_scaled(images, rows), names, len(images.class_names))


def picked(labels: NDArray[np.int64], classes: int, most: int) -> NDArray[np.int64]:
    """Choose rows: the first of each class, then the second of each, as many rounds as fit."""
    rounds = max(1, most // classes)
    rows = [np.flatnonzero(labels == label)[:rounds] for label in range(min(classes, most))]
    table = [row[place] for place in range(rounds) for row in rows if place < len(row)]
    return np.array(table, np.int64)


def _scaled(images: Images, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Bring to 0..1, as engine.data.prepare does for training."""
    chosen = images.train_images[rows].astype(np.float32)
    if images.train_images.dtype == np.uint8:
        return chosen / np.float32(255)
    least, largest = float(images.train_images.min()), float(images.train_images.max())
    if least >= 0 and largest <= 1:
        return chosen
    return (chosen - np.float32(least)) / np.float32(largest - least or 1)


def columns(classes: int, fitting: int) -> int:
    """Choose a number of columns that puts images of a class below each other, where that fits."""
    return fitting // classes * classes if 0 < classes <= fitting else fitting


class SampleGrid(QWidget):
    """Paints samples in rows, each with its class below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = LIGHT
        self.names: tuple[str, ...] = ()
        self._classes = 0
        self._pictures: list[QImage] = []
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(self.tr("Sample images"))

    def show_samples(self, samples: Samples) -> None:
        """Show these and no others."""
        self._pictures = [as_picture(image) for image in samples.images]
        self.names = tuple(plain(name) for name in samples.names)
        self._classes = samples.classes
        self.setAccessibleDescription(", ".join(self.names))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        width = 10 * (TILE + GAP) - GAP
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return QSize(TILE, TILE + CAPTION)

    def heightForWidth(self, width: int) -> int:
        across = self._across(width)
        rows = -(-len(self._pictures) // across)
        return max(0, rows * (TILE + CAPTION + GAP) - GAP)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        font = painter.font()
        font.setPointSizeF(0.85 * font.pointSizeF())
        painter.setFont(font)
        metrics = painter.fontMetrics()
        for number, (picture, name) in enumerate(zip(self._pictures, self.names, strict=True)):
            place = self._place(number)
            painter.fillRect(place, QColor(self.theme.border))
            self._paint_picture(painter, place.adjusted(1, 1, -1, -1), picture)
            caption = QRect(place.left() - 3, place.bottom() + 1, TILE + 6, CAPTION) & self.rect()
            painter.setPen(QColor(self.theme.muted))
            fitted = metrics.elidedText(name, Qt.TextElideMode.ElideRight, caption.width())
            painter.drawText(caption, Qt.AlignmentFlag.AlignCenter, fitted)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            places = (self._place(number) for number in range(len(self.names)))
            under = (name for place, name in zip(places, self.names, strict=True)
                     if place.contains(event.pos()))  # fmt: skip
            QToolTip.showText(event.globalPos(), next(under, ""), self)
            return True
        return super().event(event)

    def _paint_picture(self, painter: QPainter, place: QRect, picture: QImage) -> None:
        """Fit a picture into a tile: crisp where each pixel becomes a whole number of them."""
        size = picture.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
        crisp = size.width() >= 3 * picture.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not crisp)
        fitted = QRect(place.topLeft(), size)
        fitted.moveCenter(place.center())
        painter.drawImage(fitted, picture)

    def _across(self, width: int) -> int:
        return columns(self._classes, max(1, (width + GAP) // (TILE + GAP)))

    def _place(self, number: int) -> QRect:
        row, column = divmod(number, self._across(self.width()))
        return QRect(column * (TILE + GAP), row * (TILE + CAPTION + GAP), TILE, TILE)
