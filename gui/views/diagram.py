"""The network drawn as one reads it in a paper: boxes, wires, blocks and their branches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.problems import ProblemError
from engine.store.files import write_safely
from gui.document import Document
from gui.in_sight import WhenInSight
from gui.pages import as_png, as_svg
from gui.save_names import ask_for_name
from gui.selection import Selection
from gui.theme import LIGHT, MARGIN, SPACING, Theme
from gui.widgets.diagram.canvas import STEP, Canvas
from gui.widgets.diagram.drawing import paint
from gui.widgets.diagram.figure import Box, figure

KINDS = (".svg", ".png")
FIRST_SIZE = QSize(320, 500)
LEAST_FIT = 0.45  # below this zoom nobody reads; one scrolls instead


class DiagramView(QWidget):
    """Shows the project's network; a click selects a layer, as on its card."""

    refused = Signal(str)  # a sentence: why it could not be saved

    def __init__(
        self, document: Document, selection: Selection, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.document, self.selection = document, selection
        self.canvas = Canvas()
        self.scroll_area = QScrollArea()
        self.percent = QLabel()
        self._fits = True  # until the person chooses a zoom
        self._lay_out()
        self._drawn = WhenInSight(self, self._draw)
        self._marked = WhenInSight(self, self._show_selection)
        document.changed.connect(lambda _: self._drawn.draw())
        selection.layers_changed.connect(lambda _: self._marked.draw())
        self.canvas.chosen.connect(self._select)
        self.canvas.zoom_wanted.connect(self.zoom_by)
        self.canvas.shown.connect(self._scroll_to)
        self._drawn.draw()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self.canvas.set_theme(theme)

    def zoom_by(self, factor: float) -> None:
        """Show it larger or smaller."""
        self._fits = False
        self._set_zoom(self.canvas.zoom * factor)

    def fit(self) -> None:
        """Show it as large as the width allows, and keep it so."""
        self._fits = True
        self._fit()

    def choose_file(self) -> None:
        """Ask where to save the picture, and save it there."""
        start = Path.home() / f"{self.document.name}.svg"
        kinds = {self.tr("Drawing (*.svg)"): ".svg", self.tr("Picture (*.png)"): ".png"}
        chosen = ask_for_name(self, self.tr("Save the diagram"), start, kinds)
        if chosen is not None:
            self.save(chosen[0])

    def save(self, path: Path) -> None:
        """Save the diagram on white, as a drawing or a picture, by the name's end."""
        if path.suffix.lower() not in KINDS:
            words = self.tr("{name} could not be saved: its name must end in .svg or .png.")
            self.refused.emit(words.format(name=path.name))
            return
        try:
            write_safely(path, self.content(path.suffix.lower()))
        except ProblemError as error:
            self.refused.emit(str(error))

    def content(self, kind: str) -> bytes:
        """Make a file's content; the kind is one of KINDS."""
        drawn = figure(self.document.project)
        size = QSize(round(drawn.width), round(drawn.height))

        def page(painter: QPainter) -> None:
            painter.fillRect(0, 0, size.width(), size.height(), QColor(LIGHT.panel))
            paint(painter, drawn, LIGHT)

        if kind == ".png":
            return as_png(size, page)
        return as_svg(size, page, self.document.name, self.document.project.about)

    def sizeHint(self) -> QSize:
        return FIRST_SIZE

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._fits:
            QTimer.singleShot(0, self, self._fit)  # once the scroll area has its new size

    def _draw(self) -> None:
        wrong = {problem.where for problem in self.document.problems}
        self.canvas.show_figure(figure(self.document.project, wrong))
        if self._fits:
            self._fit()
        self._show_selection()

    def _show_selection(self) -> None:
        self.canvas.show_selected(self.selection.layers)
        self._reveal()

    def _reveal(self) -> None:
        """Bring the layer that is selected alone into sight."""
        names = self.selection.layers
        box = self.canvas.box_of(names[0]) if len(names) == 1 else None
        if box is not None:
            self._scroll_to(box)

    def _select(self, name: str) -> None:
        self.selection.select_layers((name,) if name else ())

    def _scroll_to(self, box: Box) -> None:
        x, y = (box.x + box.width / 2) * self.canvas.zoom, (box.y + 20) * self.canvas.zoom
        self.scroll_area.ensureVisible(round(x), round(y), 40, 60)

    def _fit(self) -> None:
        drawn = self.canvas.figure
        room = self.scroll_area.viewport().width()
        if drawn is not None and room > 0:
            self._set_zoom(min(1.0, max(LEAST_FIT, room / drawn.width)))
            self._reveal()  # it stands elsewhere at another zoom

    def _set_zoom(self, zoom: float) -> None:
        self.canvas.set_zoom(zoom)
        self.percent.setText(f"{100 * self.canvas.zoom:.0f} %")

    def _lay_out(self) -> None:
        self.scroll_area.setObjectName("column")
        self.scroll_area.setWidget(self.canvas)
        self.scroll_area.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.scroll_area.setFrameShape(QFrame.Shape.NoFrame)
        self.scroll_area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.percent.setObjectName("muted")
        head = QHBoxLayout()
        head.setContentsMargins(MARGIN, 0, MARGIN, 0)
        for text, words, act in (
            ("−", self.tr("Smaller (Ctrl and the wheel, or -)"), lambda: self.zoom_by(1 / STEP)),
            ("+", self.tr("Larger (Ctrl and the wheel, or +)"), lambda: self.zoom_by(STEP)),
            (self.tr("Fit"), self.tr("As large as the width allows"), self.fit),
        ):
            head.addWidget(_button(text, words, act))
        head.addWidget(self.percent)
        head.addStretch()
        words = self.tr("Save the diagram as an SVG drawing or a PNG picture")
        head.addWidget(_button(self.tr("Save…"), words, self.choose_file))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, SPACING, 0, 0)
        layout.setSpacing(SPACING)
        layout.addLayout(head)
        layout.addWidget(self.scroll_area, 1)
        self.setFocusProxy(self.canvas)


def _button(text: str, words: str, act: Callable[[], None]) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(words)
    button.setAccessibleName(words)
    button.clicked.connect(lambda: act())
    return button
