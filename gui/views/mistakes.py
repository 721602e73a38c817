"""The mistakes: every image that the network got wrong, with what it said instead."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    QTimer,
)
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QStandardItemModel
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListView,
    QSizePolicy,
    QSlider,
    QStackedLayout,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.analysis.mistakes import ORDERS, ordered, selected
from engine.data.dataset import Split
from engine.training.events import Evaluated
from engine.training.history import Kind, Run
from gui.forms import combo_box
from gui.icons import icon
from gui.in_sight import in_sight
from gui.pictures import as_picture
from gui.selection import Cell, Selection
from gui.theme import LIGHT, MARGIN, SPACING, Theme
from gui.widgets.empty_state import EmptyState

SHOWN = frozenset[Kind]({"started", "evaluation", "end"})
AnyIndex = QModelIndex | QPersistentModelIndex
GIVEN = (
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.DecorationRole,
    Qt.ItemDataRole.ToolTipRole,
    Qt.ItemDataRole.AccessibleTextRole,
)
TILE = 64  # pixels of an image, to begin with
CAPTION = 34  # pixels under it


class MistakesView(QWidget):
    """A gallery of the newest evaluation's mistakes, or of the selected cell's images."""

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.selection = selection
        self.model = MistakesModel(self)
        self.tiles = TileDelegate(self)
        self.list = QListView()
        self.count = QLabel()
        self.count.setObjectName("heading")
        self.count.setWordWrap(True)
        self.chip = QToolButton()
        self.order = combo_box(
            [
                (title, order)
                for title, order in zip(
                    (self.tr("Surest first"), self.tr("Least sure first"), self.tr("By index")),
                    ORDERS,
                    strict=True,
                )
            ]
        )
        self.tile_size = QSlider(Qt.Orientation.Horizontal)
        self._run: Run | None = None
        self._shown: Evaluated | None = None
        self._cell: Cell | None = None
        self._stale = False
        self._set_up()
        self._lay_out()
        selection.cell_changed.connect(self._show_new)
        selection.set_changed.connect(self._show_new)

    def show_run(self, run: Run, kinds: frozenset[Kind]) -> None:
        """Show the newest evaluation's mistakes, if they are others and can be seen."""
        self._run = run
        if kinds & SHOWN:
            self._show_new()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self.tiles.set_theme(theme)
        self.chip.setIcon(icon("close", theme.accent))
        self.list.viewport().update()

    def showEvent(self, event: object) -> None:
        self._show_new()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._stale:  # it was covered by another until now
            QTimer.singleShot(0, self, self._show_new)

    def _show_new(self) -> None:
        self._stale = self._run is not None and not in_sight(self)
        if self._run is None or self._stale:
            return
        evaluation, cell = self._run.evaluation(self.selection.of), self.selection.cell
        if evaluation is not self._shown or cell != self._cell:
            scrolled = self.list.verticalScrollBar().value() if cell == self._cell else 0
            self._shown, self._cell = evaluation, cell
            self._show()
            self.list.verticalScrollBar().setValue(scrolled)

    def _show(self) -> None:
        """Filter and sort."""
        evaluation, run, cell = self._shown, self._run, self._cell
        self._stack.setCurrentIndex(0 if evaluation is None else 1)
        self._show_chip(cell)
        if evaluation is None or run is None or run.dataset is None:
            self.model.clear()
            return
        true, answered = (cell.true, cell.predicted) if cell else (None, None)
        places = selected(evaluation.labels, evaluation.predicted, true=true, answered=answered)
        confidence = evaluation.probabilities.max(axis=1)
        places = ordered(places, confidence, self.order.currentData())
        split = run.dataset.validation if evaluation.of == "validation" else run.dataset.test
        self.model.show_images(split, evaluation, places, run.dataset.class_names)
        self.count.setText(self._count_words(len(places), len(evaluation.rows), evaluation, cell))
        self._none.setText(self._none_words(cell))
        self._none.setVisible(len(places) == 0)
        self.list.setVisible(len(places) > 0)

    def _count_words(self, shown: int, total: int, evaluation: Evaluated, cell: Cell | None) -> str:
        right = cell is not None and cell.true is not None and cell.true == cell.predicted
        words = (
            self.tr("{shown:,} right of {total:,}")
            if right
            else self.tr("{shown:,} wrong of {total:,}")
        ).format(shown=shown, total=total)
        return words if evaluation.whole else self.tr("{words} (sample)").format(words=words)

    def _none_words(self, cell: Cell | None) -> str:
        if cell is None:
            return self.tr("No mistakes: every image of this evaluation is right.")
        return self.tr("This evaluation has no image here.")

    def _show_chip(self, cell: Cell | None) -> None:
        self.chip.setVisible(cell is not None)
        if cell is None or self._run is None:
            return
        names = self._run.project.data.source.class_names
        words = []
        if cell.true is not None and cell.true < len(names):
            words.append(self.tr("true {name}").format(name=names[cell.true]))
        if cell.predicted is not None and cell.predicted < len(names):
            words.append(self.tr("predicted {name}").format(name=names[cell.predicted]))
        self.chip.setText(", ".join(words).replace("&", "&&"))

    def _set_up(self) -> None:
        self.list.setObjectName("gallery")
        self.list.setAccessibleName(self.tr("Misclassified images"))
        self.list.setModel(self.model)
        self.list.setItemDelegate(self.tiles)
        self.list.setViewMode(QListView.ViewMode.IconMode)
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setMovement(QListView.Movement.Static)
        self.list.setUniformItemSizes(True)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.list.setMouseTracking(True)
        self.chip.setObjectName("chip")
        self.chip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.chip.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.chip.setIconSize(QSize(12, 12))
        self.chip.setToolTip(self.tr("Show all mistakes again"))
        self.chip.clicked.connect(lambda: self.selection.select_cell(None))
        self.chip.hide()
        self.order.setSizeAdjustPolicy(self.order.SizeAdjustPolicy.AdjustToContents)
        self.order.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.order.setAccessibleName(self.tr("Order"))
        self.order.activated.connect(lambda _: self._show())
        self.tile_size.setRange(32, 160)
        self.tile_size.setValue(TILE)
        self.tile_size.setMinimumWidth(36)
        self.tile_size.setMaximumWidth(80)
        self.tile_size.setAccessibleName(self.tr("Tile size"))
        self.tile_size.setToolTip(self.tr("Tile size"))
        self.tile_size.valueChanged.connect(self._resize_tiles)

    def _resize_tiles(self, size: int) -> None:
        self.tiles.size = size
        self.list.scheduleDelayedItemsLayout()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(MARGIN, 0, MARGIN, 0)
        head.addWidget(self.count, 1)
        head.addWidget(self.tile_size)
        head.addWidget(self.order)
        filters = QHBoxLayout()  # in a row of its own, so that it moves no neighbour
        filters.setContentsMargins(MARGIN, 0, MARGIN, 0)
        filters.addWidget(self.chip)
        filters.addStretch()
        self._none = EmptyState()
        shown = QWidget()
        column = QVBoxLayout(shown)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(head)
        column.addLayout(filters)
        column.addWidget(self._none, 1)
        column.addWidget(self.list, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, SPACING, 0, 0)
        self._stack = QStackedLayout()
        layout.addLayout(self._stack)  # first: a stack without a place shows its widget as a window
        self._stack.addWidget(
            EmptyState(
                self.tr(
                    "Every image that the network gets wrong will be here, "
                    "with what it said instead and how sure it was."
                )
            )
        )
        self._stack.addWidget(shown)


class MistakesModel(QStandardItemModel):
    """The images to show, in their order; pictures are made when they are painted.

    The rows are Qt's own, though they hold nothing: a list asks for their number thousands of
    times as it lays them out, which Python would answer a hundred times slower.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._split: Split | None = None
        self._evaluation: Evaluated | None = None
        self._places: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._names: tuple[str, ...] = ()
        self.picture = lru_cache(maxsize=2000)(self._picture)

    def show_images(
        self,
        split: Split,
        evaluation: Evaluated,
        places: NDArray[np.int64],
        names: tuple[str, ...],
    ) -> None:
        """Show the images at these places of an evaluation of the split."""
        self.beginResetModel()
        if split is not self._split:
            self.picture.cache_clear()
        self._split, self._evaluation, self._places = split, evaluation, places
        self._names = tuple(" ".join(name.split()) for name in names)  # a caption has two lines
        self._set_rows(len(places))
        self.endResetModel()

    def clear(self) -> None:
        """Show nothing."""
        self.beginResetModel()
        self._split = self._evaluation = None
        self._places = self._places[:0]
        self.picture.cache_clear()
        self._set_rows(0)
        self.endResetModel()

    def _set_rows(self, count: int) -> None:
        """Have this many rows, told to nobody but by the reset around it."""
        self.blockSignals(True)
        self.setColumnCount(1)
        self.setRowCount(count)
        self.blockSignals(False)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if self._split is None or self._evaluation is None or not index.isValid():
            return None
        if role not in GIVEN:
            return None
        place = int(self._places[index.row()])
        if role == Qt.ItemDataRole.DisplayRole:
            true, predicted, probability = self._answer(place)
            return f"{true} > {predicted}\n{predicted}: {percent(probability)}"
        if role == Qt.ItemDataRole.DecorationRole:
            return self.picture(int(self._evaluation.rows[place]))
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._words(place)
        return None

    def truths(self) -> list[tuple[int, int]]:
        """Give the (true, predicted) class numbers of what is shown, in its order."""
        if self._evaluation is None:
            return []
        labels, predicted = self._evaluation.labels, self._evaluation.predicted
        return [(int(labels[place]), int(predicted[place])) for place in self._places]

    def _answer(self, place: int) -> tuple[str, str, float]:
        assert self._evaluation is not None
        predicted = int(self._evaluation.predicted[place])
        return (
            self._names[int(self._evaluation.labels[place])],
            self._names[predicted],
            float(self._evaluation.probabilities[place, predicted]),
        )

    def _words(self, place: int) -> str:
        assert self._evaluation is not None
        assert self._split is not None
        true, predicted, probability = self._answer(place)
        row = int(self._evaluation.rows[place])
        kept_aside = (
            self.tr("Image {index:,} of the training set, kept aside for validation.")
            if self._evaluation.of == "validation"
            else self.tr("Image {index:,} of the test set.")
        )
        said = self.tr("It is {true}; the network says {predicted} and gives it {percent}.")
        return f"{kept_aside}\n{said}".format(
            index=int(self._split.indices[row]),
            true=true,
            predicted=predicted,
            percent=percent(probability),
        )

    def _picture(self, row: int) -> QImage:
        assert self._split is not None
        return as_picture(self._split.images[row])


class TileDelegate(QStyledItemDelegate):
    """Paints a tile: the image, true > predicted, and the probability of the predicted class."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.size = TILE
        self.set_theme(LIGHT)

    def set_theme(self, theme: Theme) -> None:
        """Paint in the theme's colours."""
        self.theme = theme
        self._accent, self._border = QColor(theme.accent), QColor(theme.border)
        self._text, self._muted = QColor(theme.text), QColor(theme.muted)

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        return QSize(max(self.size, 48) + 12, self.size + CAPTION + 10)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        picture = QRect(area.center().x() - self.size // 2, area.top() + 5, self.size, self.size)
        painter.drawImage(picture, index.data(Qt.ItemDataRole.DecorationRole))
        selected = bool(state & QStyle.StateFlag.State_Selected)
        painter.setPen(QPen(self._accent, 2) if selected else self._border)
        painter.drawRect(picture)
        answer, sureness = index.data().split("\n")
        caption = QRect(area.left(), picture.bottom() + 2, area.width(), CAPTION // 2)
        metrics = option.fontMetrics
        painter.setPen(self._text)
        answer = metrics.elidedText(answer, Qt.TextElideMode.ElideMiddle, caption.width() - 2)
        painter.drawText(caption, Qt.AlignmentFlag.AlignCenter, answer)
        painter.setPen(self._muted)
        caption.translate(0, CAPTION // 2)
        painter.drawText(caption, Qt.AlignmentFlag.AlignCenter, sureness)


def percent(probability: float) -> str:
    """Write a probability in percent; near 100 with more digits, and never as certainty."""
    if np.isnan(probability):
        return "not a number"
    if probability < 0.9995:
        return f"{100 * probability:.1f} %"
    return f"{min(100 * probability, 99.99):.2f} %"
