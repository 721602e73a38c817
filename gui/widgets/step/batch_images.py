"""The images of one batch, with what the network said of each before a step and after it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPen
from PySide6.QtWidgets import (
    QFrame,
    QListView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from engine.training.look import BatchLook
from gui.pictures import as_pictures
from gui.theme import LIGHT, RADIUS, Theme, between
from gui.widgets.data.words import plain
from gui.widgets.gallery.answers import percent
from gui.widgets.large_picture import draw_sharp, fitted

AnyIndex = QModelIndex | QPersistentModelIndex
Outcome = Literal["corrected", "spoilt", "wrong", "right"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)  # in the order in which they are shown
TILE = Qt.ItemDataRole.UserRole
PICTURE, PAD = 44, 5  # pixels
WIDTH, HEIGHT = 118, PICTURE + 2 * PAD + 4
TINT = 0.16  # of the outcome's colour behind a tile that changed
LARGEST = 2 * PICTURE  # pixels of a picture that is kept
RIGHT, WRONG = "✓", "✗"


@dataclass(frozen=True, eq=False)
class Tile:
    """One image and the two answers to it."""

    picture: QImage
    true: str
    before: str
    after: str
    sure_before: float
    sure_after: float
    outcome: Outcome


class BatchImages(QListWidget):
    """Tiles in a grid: first the images whose answer became right or wrong by the step."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("gallery")
        self.setAccessibleName(self.tr("Images of the batch"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setGridSize(QSize(WIDTH, HEIGHT))
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.tiles = TilePainter(self)
        self.setItemDelegate(self.tiles)

    def show_batch(
        self,
        look: BatchLook,
        pictures: NDArray[np.float32],
        class_names: Sequence[str],
        origins: Sequence[str],
    ) -> None:
        """Show a batch, with its images (M, C, H, W) in 0..1 and where each one comes from."""
        outcomes = [outcome(look, place) for place in range(len(pictures))]
        order = sorted(range(len(pictures)), key=lambda place: OUTCOMES.index(outcomes[place]))
        names = [plain(name) for name in class_names]
        made = list(as_pictures(_smaller(pictures), PICTURE))
        self.clear()
        for place in order:
            tile = Tile(
                picture=made[place],
                true=names[look.labels[place]],
                before=names[look.predicted_before[place]],
                after=names[look.predicted_after[place]],
                sure_before=float(look.confidence_before[place]),
                sure_after=float(look.confidence_after[place]),
                outcome=outcomes[place],
            )
            self._add(tile, origins[place])

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self.tiles.theme = theme
        self.viewport().update()

    def _add(self, tile: Tile, origin: str) -> None:
        words = self.tr(
            "{origin}\nIt is {true}. Before the step the network said {before} ({sure_before}), "
            "after it {after} ({sure_after})."
        ).format(
            origin=origin,
            true=tile.true,
            before=tile.before,
            sure_before=percent(tile.sure_before),
            after=tile.after,
            sure_after=percent(tile.sure_after),
        )
        item = QListWidgetItem(self)
        item.setData(TILE, tile)
        item.setText(f"{tile.true}: {said(tile)}")
        item.setToolTip(words)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, words)


class TilePainter(QStyledItemDelegate):
    """Paints a picture, and beside it the true class, the answers, and how sure they were."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = LIGHT

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        return QSize(WIDTH, HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        tile: Tile = index.data(TILE)
        area: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_back(painter, area, option.state, tile)
        place = QRect(area.left() + PAD + 1, area.top() + PAD + 2, PICTURE, PICTURE)
        draw_sharp(painter, fitted(tile.picture.size(), place), tile.picture)
        self._paint_words(painter, place, area.right() - 2, tile)
        painter.restore()

    def _paint_back(
        self, painter: QPainter, area: QRect, state: QStyle.StateFlag, tile: Tile
    ) -> None:
        flags = QStyle.StateFlag
        changed = tile.outcome in ("corrected", "spoilt")
        color = self._color(tile.outcome)
        chosen = state & (flags.State_Selected | flags.State_HasFocus)
        if not changed and not chosen and not state & flags.State_MouseOver:
            return
        theme = self.theme
        back = between((theme.panel, color), TINT) if changed else QColor(theme.hover)
        frame = QColor(theme.accent if chosen else color)
        painter.setPen(QPen(frame, 1.0) if changed or chosen else Qt.PenStyle.NoPen)
        painter.setBrush(back)
        painter.drawRoundedRect(QRectF(area).adjusted(1.5, 1.5, -1.5, -1.5), RADIUS, RADIUS)

    def _paint_words(self, painter: QPainter, picture: QRect, right: int, tile: Tile) -> None:
        line = PICTURE // 3
        place = QRect(picture.right() + 6, picture.top() - 1, 0, line + 1)
        place.setRight(right)
        theme, font = self.theme, QFont(painter.font())
        font.setPointSizeF(0.9 * font.pointSizeF())
        painter.setFont(font)
        sure = f"{_change(_whole(tile.sure_before), _whole(tile.sure_after))} %"
        for text, color in (
            (tile.true, theme.text),
            (said(tile), self._color(tile.outcome)),
            (sure, theme.muted),
        ):
            painter.setPen(QColor(color))
            cut = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, place.width())
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, cut)
            place.translate(0, line)

    def _color(self, outcome: Outcome) -> str:
        return self.theme.success if outcome in ("corrected", "right") else self.theme.danger


def outcome(look: BatchLook, place: int) -> Outcome:
    """Tell what the step did to the answer to an image of the batch."""
    label = look.labels[place]
    before, after = (
        bool(answers[place] == label) for answers in (look.predicted_before, look.predicted_after)
    )
    if before == after:
        return "right" if after else "wrong"
    return "corrected" if after else "spoilt"


def said(tile: Tile) -> str:
    """Say what the network made of an image: ✗ 1 → ✓ 7, or ✓ 7 where that stayed."""
    before = _marked(tile.before, tile.outcome in ("spoilt", "right"))
    after = _marked(tile.after, tile.outcome in ("corrected", "right"))
    return _change(before, after)


def _marked(answer: str, right: bool) -> str:
    return f"{RIGHT if right else WRONG} {answer}"


def _change(before: str, after: str) -> str:
    return after if before == after else f"{before} → {after}"


def _whole(probability: float) -> str:
    """Write a probability in whole percents, and never as certainty."""
    return "NaN" if math.isnan(probability) else f"{min(round(100 * probability), 99)}"


def _smaller(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Leave out pixels of large images that a tile has no room for."""
    step = max(1, max(images.shape[2:]) // LARGEST)
    return images[:, :, ::step, ::step]
