"""What a step did to each layer: a row a layer, numbers over small histograms."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from engine.training.look import Histogram, LayerLook
from gui.theme import LIGHT, Theme
from gui.widgets.step.figures import LESS, MORE, figure, mark, percentage, spread
from gui.widgets.step.spark_bars import paint_bars, paint_share

AnyIndex = QModelIndex | QPersistentModelIndex
CELL = Qt.ItemDataRole.UserRole
LAYER, ACTIVATION, ZEROS, GRADIENT, WEIGHTS = range(5)
SHARES = (22, 23, 14, 17, 24)  # of the width, in percent
LEAST_WIDTH = 370  # pixels of all columns; below that the table scrolls sideways
BARS, BAR, PAD = 16, 5, 6  # pixels: a histogram's height, a bar's height, beside a cell's content
STRIPE = 3  # pixels of the stripe in the colour of a layer's group


@dataclass(frozen=True, eq=False)
class Cell:
    """One thing that is told of a layer."""

    text: str
    words: str  # its tooltip, in sentences
    note: str = ""  # below the text
    histogram: Histogram | None = None
    share: float | None = None
    strange: bool = False  # worth a look
    broken: bool = False  # no number any more


class LayerTable(QTableView):
    """The layers in the network's order. It says which one the person chose."""

    layer_chosen = Signal(str)  # its name

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.layers = LayerRows(self)
        self.cells = CellPainter(self)
        self.setModel(self.layers)
        self.setItemDelegate(self.cells)
        self.setAccessibleName(self.tr("What the step did to each layer"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        font = QFont(self.font())
        font.setPointSizeF(0.9 * font.pointSizeF())
        self.setFont(font)
        self.layers.font = font
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setSectionsClickable(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + BARS + 12)
        self.clicked.connect(self._choose)

    def show_layers(self, layers: tuple[LayerLook, ...]) -> None:
        """Show these layers."""
        self.layers.show_layers(layers)

    def show_selected(self, names: tuple[str, ...]) -> None:
        """Mark the row of the layer that is selected alone, and bring it into sight."""
        row = self.layers.row_of(names[0]) if len(names) == 1 else None
        if row is None:
            self.clearSelection()
        elif row not in {index.row() for index in self.selectedIndexes()}:
            self.selectRow(row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        before = self.currentIndex().row()
        super().keyPressEvent(event)
        if self.currentIndex().row() != before:
            self._choose(self.currentIndex())

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self.cells.theme = theme
        self.viewport().update()

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]  # Qt's own, handed on
        room = max(self.viewport().width(), LEAST_WIDTH)
        for column, share in enumerate(SHARES):
            self.setColumnWidth(column, room * share // 100)

    def _choose(self, index: QModelIndex) -> None:
        self.layer_chosen.emit(self.layers.looks[index.row()].name)


class LayerRows(QAbstractTableModel):
    """A row a layer; its cells are made once."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.looks: tuple[LayerLook, ...] = ()
        self.font = QFont()  # of the titles
        self._cells: list[tuple[Cell, ...]] = []
        self._titles = (
            self.tr("Layer"),
            self.tr("Activation"),
            self.tr("Zeros"),
            self.tr("Gradient"),
            self.tr("Weights moved"),
        )
        self._help = (
            self.tr("From the images to the output, which gives each class its score"),
            self.tr("What leaves the layer for this batch: mean ± standard deviation"),
            self.tr("The share of activations that are exactly zero"),
            self.tr("The norm of the loss's gradient by the layer's weights"),
            self.tr(
                "How far the step moved the weights, as a share of their size. About 0.1 % a step "
                "is usual, and the first steps often move them further."
            ),
        )

    @property
    def marked(self) -> bool:
        """Whether any layer's weights moved unusually far or little."""
        return any(row[WEIGHTS].strange for row in self._cells)

    def row_of(self, name: str) -> int | None:
        """Find a layer's row; None where it has none."""
        return next((row for row, look in enumerate(self.looks) if look.name == name), None)

    def show_layers(self, layers: tuple[LayerLook, ...]) -> None:
        """Show these; the same layers again keep what is selected."""
        same = [each.name for each in layers] == [each.name for each in self.looks]
        if not same:
            self.beginResetModel()
        self.looks = layers
        self._cells = [self._row(look) for look in layers]
        if same and layers:
            self.dataChanged.emit(self.index(0, 0), self.index(len(layers) - 1, WEIGHTS))
        elif not same:
            self.endResetModel()

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(self._cells)

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(self._titles)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        cell = self._cells[index.row()][index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return cell.text
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                return cell.words
        if role == CELL:
            return cell
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._titles[section]
            case Qt.ItemDataRole.ToolTipRole:
                return self._help[section]
            case Qt.ItemDataRole.FontRole:
                return self.font
            case Qt.ItemDataRole.TextAlignmentRole:
                return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def _row(self, look: LayerLook) -> tuple[Cell, ...]:
        return (
            self._layer(look),
            self._activation(look),
            self._zeros(look),
            self._gradient(look),
            self._weights(look),
        )

    def _layer(self, look: LayerLook) -> Cell:
        count = f"{look.parameters:,}"
        words = (
            self.tr("{name} has {count} parameters.").format(name=look.name, count=count)
            if look.parameters
            else self.tr("{name} has no parameters.").format(name=look.name)
        )
        return Cell(look.title, words, note=look.name)

    def _activation(self, look: LayerLook) -> Cell:
        words = self.tr(
            "What {name} gives for this batch is {mean} in the mean, with a standard deviation of "
            "{deviation}."
        ).format(
            name=look.name,
            mean=figure(look.activation_mean),
            deviation=figure(look.activation_deviation),
        )
        return Cell(
            spread(look.activation_mean, look.activation_deviation),
            _with_range(words, self._range(look.activations)),
            histogram=look.activations,
            broken=not math.isfinite(look.activation_mean),
        )

    def _zeros(self, look: LayerLook) -> Cell:
        zeros = f"{100 * look.activation_zeros:.0f} %"
        words = self.tr("{zeros} of what {name} gives for this batch is exactly zero.")
        words = words.format(zeros=zeros, name=look.name)
        return Cell(zeros, words, share=look.activation_zeros)

    def _gradient(self, look: LayerLook) -> Cell:
        if look.gradient_norm is None:
            return self._frozen(look) if look.parameters else self._none(look)
        norm = figure(look.gradient_norm)
        words = self.tr("The gradient of the loss by the weights of {name} has the norm {norm}.")
        return Cell(
            norm,
            _with_range(words.format(name=look.name, norm=norm), self._range(look.gradients)),
            histogram=look.gradients,
            broken=not math.isfinite(look.gradient_norm),
        )

    def _weights(self, look: LayerLook) -> Cell:
        if look.update_ratio is None or look.weight_norm is None:
            return self._none(look)
        if look.gradient_norm is None:
            return self._frozen(look)
        moved, sign = percentage(look.update_ratio), mark(look.update_ratio)
        words = self.tr(
            "The step moved the weights of {name} by {moved} of their norm, which was {norm}."
        ).format(name=look.name, moved=moved, norm=figure(look.weight_norm))
        return Cell(
            f"{moved} {sign}".rstrip(),
            _with_range(f"{words} {self._judged(sign)}".rstrip(), self._range(look.weights)),
            histogram=look.weights,
            strange=bool(sign),
            broken=math.isnan(look.update_ratio),
        )

    def _judged(self, sign: str) -> str:
        if sign == MORE:
            return self.tr(
                "About 0.1 % is usual: this is much more. In the first steps it often is; later, "
                "a smaller learning rate may help."
            )
        if sign == LESS:
            return self.tr(
                "About 0.1 % is usual: this is much less, and the layer hardly learns. A greater "
                "learning rate may help."
            )
        return ""

    def _none(self, look: LayerLook) -> Cell:
        return Cell("–", self.tr("{name} has no weights to learn.").format(name=look.name))

    def _frozen(self, look: LayerLook) -> Cell:
        words = self.tr("{name} is frozen: training leaves its weights as they are.")
        return Cell(self.tr("frozen"), words.format(name=look.name))

    def _range(self, histogram: Histogram | None) -> str:
        if histogram is None:
            return self.tr("None of its values is a finite number.")
        low, high = (figure(edge) for edge in histogram.edges[[0, -1]].tolist())
        return self.tr("The histogram goes from {low} to {high}.").format(low=low, high=high)


class CellPainter(QStyledItemDelegate):
    """Paints a number over its histogram."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = LIGHT

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        return QSize(0, option.fontMetrics.height() + BARS + 12)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        cell: Cell = index.data(CELL)
        area: QRect = option.rect
        painter.save()
        self._paint_back(painter, area, option.state)
        if index.column() == LAYER:
            self._paint_stripe(painter, area, index)
        inside = area.adjusted(PAD, 4, -PAD, -5)
        painter.setPen(self._ink(cell))
        metrics = painter.fontMetrics()
        cut = Qt.TextElideMode.ElideRight
        painter.drawText(inside, 0, metrics.elidedText(cell.text, cut, inside.width()))
        below = QRectF(inside)
        below.setTop(below.bottom() - BARS)
        self._paint_below(painter, below, cell)
        painter.restore()

    def _paint_back(self, painter: QPainter, area: QRect, state: QStyle.StateFlag) -> None:
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(self.theme.accent_soft))
        line = QRect(area.left(), area.bottom(), area.width(), 1)
        painter.fillRect(line, QColor(self.theme.grid))

    def _paint_stripe(self, painter: QPainter, area: QRect, index: AnyIndex) -> None:
        model = index.model()
        assert isinstance(model, LayerRows)
        color = self.theme.groups.get(model.looks[index.row()].group, self.theme.muted)
        painter.fillRect(area.left(), area.top() + 3, STRIPE, area.height() - 7, QColor(color))

    def _paint_below(self, painter: QPainter, place: QRectF, cell: Cell) -> None:
        theme = self.theme
        if cell.histogram is not None:
            color, axis = QColor(theme.training), QColor(theme.muted)
            paint_bars(painter, place, cell.histogram, color, axis)
        elif cell.share is not None:
            place.setTop(place.bottom() - BAR)
            paint_share(painter, place, cell.share, QColor(theme.muted), QColor(theme.grid))
        elif cell.note:
            painter.setPen(QColor(theme.muted))
            note = painter.fontMetrics().elidedText(
                cell.note, Qt.TextElideMode.ElideRight, int(place.width())
            )
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, note)

    def _ink(self, cell: Cell) -> QColor:
        if cell.broken:
            return QColor(self.theme.danger)
        return QColor(self.theme.warning if cell.strange else self.theme.text)


def _with_range(words: str, histogram: str) -> str:
    return f"{words}\n{histogram}"
