"""The drawn network on the screen: zoomed, clicked and walked through."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.theme import Theme
from gui.widgets.diagram.drawing import paint
from gui.widgets.diagram.figure import Box, Figure

SMALLEST, LARGEST = 0.2, 3.0
STEP = 1.2  # of the zoom


class Canvas(QWidget):
    """A figure at some zoom. It says which layer was chosen; who listens selects it."""

    chosen = Signal(str)  # a layer's name, "" beside all
    zoom_wanted = Signal(float)  # a factor
    shown = Signal(object)  # Box that should be in sight

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.figure: Figure | None = None
        self.zoom = 1.0
        self.selected: tuple[str, ...] = ()
        self._theme: Theme | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Diagram of the network"))

    def show_figure(self, figure: Figure) -> None:
        """Show a network."""
        self.figure = figure
        self._resize()

    def set_zoom(self, zoom: float) -> None:
        """Show it larger or smaller; 1 is the size at which it was laid out."""
        self.zoom = min(max(zoom, SMALLEST), LARGEST)
        self._resize()

    def show_selected(self, names: tuple[str, ...]) -> None:
        """Mark layers."""
        self.selected = names
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Paint in other colours."""
        self._theme = theme
        self.update()

    def box_of(self, name: str) -> Box | None:
        """Find what stands for a layer: its box, or a block's frame."""
        parts = (*self.figure.frames, *self.figure.boxes) if self.figure else ()
        return next((part for part in parts if part.layer == name), None)

    def sizeHint(self) -> QSize:
        if self.figure is None:
            return QSize(0, 0)
        return QSize(round(self.figure.width * self.zoom), round(self.figure.height * self.zoom))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.figure is None or self._theme is None:
            return
        painter = QPainter(self)
        painter.scale(self.zoom, self.zoom)
        paint(painter, self.figure, self._theme, self.selected)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self._layer_at(event.position()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        names = self._names()
        if event.key() == Qt.Key.Key_Escape:
            self.chosen.emit("")
        elif event.text() in ("+", "-"):
            self.zoom_wanted.emit(STEP if event.text() == "+" else 1 / STEP)
        elif step is None or not names:
            super().keyPressEvent(event)
        else:
            self._walk(names, step)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and event.angleDelta().y():
            self.zoom_wanted.emit(STEP if event.angleDelta().y() > 0 else 1 / STEP)
            event.accept()
        else:
            event.ignore()  # the scroll area's

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            box = self.box_of(self._layer_at(QPointF(event.pos())))
            words = f"{box.title}  {box.detail}\n{box.layer}" if box is not None else ""
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)

    def _names(self) -> list[str]:
        """List the layers as one reads them: from top to bottom."""
        if self.figure is None:
            return []
        parts = [part for part in (*self.figure.frames, *self.figure.boxes) if part.layer]
        parts = [part for part in parts if part.kind == "layer"]
        return [part.layer for part in sorted(parts, key=lambda part: (part.y, part.x))]

    def _walk(self, names: list[str], step: int) -> None:
        current = [place for place, name in enumerate(names) if name in self.selected]
        if not current:
            place = 0 if step > 0 else len(names) - 1
        else:
            place = (current[-1] if step > 0 else current[0]) + step
        if 0 <= place < len(names):
            self.chosen.emit(names[place])
            self.shown.emit(self.box_of(names[place]))

    def _layer_at(self, point: QPointF) -> str:
        if self.figure is None:
            return ""
        name = self.figure.layer_at((point.x() / self.zoom, point.y() / self.zoom))
        return "" if name == "output" else name

    def _resize(self) -> None:
        self.setFixedSize(self.sizeHint())
        self.update()
