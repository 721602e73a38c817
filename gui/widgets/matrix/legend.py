"""The two scales of a confusion matrix; a click on one selects all that it is of."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QToolButton, QWidget

from engine.analysis.mistakes import Cell
from gui.theme import LIGHT, MARGIN, SPACING, Theme
from gui.widgets.matrix.drawing import paint_scale
from gui.widgets.matrix.numbers import Numbers


class Legend(QWidget):
    """Two buttons, "Right" and "Errors", each with its colours and the values at their ends."""

    chosen = Signal(object)  # tuple[Cell, ...]

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.right = self._button(
            self.tr("Right"), self.tr("Select all right answers (R)"), Cell(right=True)
        )
        self.errors = self._button(self.tr("Errors"), self.tr("Select all errors (E)"), Cell())
        buttons = (self.errors, self.right)
        width = max(button.sizeHint().width() for button in buttons)
        for button in buttons:
            button.setMinimumWidth(width)
        self.scales = (Scale(right=False), Scale(right=True))
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(MARGIN, 0, MARGIN, 0)
        self._layout.setSpacing(SPACING // 2)
        self._rows: list[QBoxLayout] = []
        for button, scale in zip(buttons, self.scales, strict=True):
            row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
            row.setSpacing(SPACING // 2)
            self._rows.append(row)
            row.addWidget(button)
            row.addWidget(scale, 1)
            self._layout.addLayout(row, 1)

    def show_numbers(self, numbers: Numbers) -> None:
        """Show the scales of these numbers."""
        for scale in self.scales:
            scale.show_numbers(numbers)
        self.scales[True].setVisible(numbers.diagonal)
        self.right.setVisible(numbers.diagonal)

    def set_theme(self, theme: Theme) -> None:
        """Paint in the theme's colours."""
        for scale in self.scales:
            scale.set_theme(theme)

    def arrange(self, *, beside: bool, narrow: bool) -> None:
        """Stand beside the matrix, one scale above the other, or in a line under it; where that is
        narrow, with each scale under its button.
        """
        direction = QBoxLayout.Direction
        self._layout.setDirection(direction.TopToBottom if beside else direction.LeftToRight)
        for row in self._rows:
            row.setDirection(direction.TopToBottom if narrow else direction.LeftToRight)

    def _button(self, text: str, words: str, cell: Cell) -> QToolButton:
        button = QToolButton()
        button.setObjectName("small")
        button.setText(text)
        button.setToolTip(words)
        button.setAccessibleName(words)
        button.clicked.connect(lambda: self.chosen.emit((cell,)))
        return button


class Scale(QWidget):
    """One scale: colours from few to many, or from worse to better."""

    def __init__(self, *, right: bool) -> None:
        super().__init__()
        self._right = right
        self._theme = LIGHT
        self._numbers: Numbers | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(104, 18)

    def minimumSizeHint(self) -> QSize:
        return QSize(72, 18)

    def show_numbers(self, numbers: Numbers) -> None:
        """Show the ends of these numbers' scale."""
        self._numbers = numbers
        low, high = numbers.ends(right=self._right)
        of = self.tr("right answers") if self._right else self.tr("errors")
        if numbers.unchanged(right=self._right):
            words = self.tr("Colours of {of}: there is no difference")
        elif not numbers.signed:
            words = self.tr("Colours of {of}: from {low} to {high}")
        elif self._right:
            words = self.tr("Colours of {of}: from {low}, worse, to {high}, better")
        else:
            words = self.tr("Colours of {of}: from {low}, better, to {high}, worse")
        self.setToolTip(words.format(of=of, low=low, high=high))
        self.setAccessibleName(self.toolTip())
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Paint in the theme's colours."""
        self._theme = theme
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._numbers is not None:
            area = QRectF(0, 0, self.width(), self.height())
            paint_scale(QPainter(self), area, self._numbers, self._theme, right=self._right)
