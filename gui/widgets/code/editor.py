"""A script that can be read, searched and copied, and whose layers can be clicked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import takewhile

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontDatabase,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextBlock,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QTextEdit, QWidget

from gui.theme import LIGHT, Theme
from gui.widgets.code.highlighter import Highlighter

STRIPE = 3  # pixels of the stripe in the colour of a layer's group
PAD = 6  # pixels beside a line's number


class CodeEditor(QPlainTextEdit):
    """Lines with their numbers. Those of layers bear a stripe, those of selected ones a colour."""

    line_chosen = Signal(int)  # clicked, or Enter was pressed on it; from 0

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.marked: tuple[int, ...] = ()
        self.stripes: Mapping[int, str] = {}  # the group of the layer that a line writes
        self._theme = LIGHT
        self._highlighter = Highlighter(self.document())
        self._numbers = LineNumbers(self)
        self.setObjectName("code")
        self.setReadOnly(True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFrameShape(QFrame.Shape.NoFrame)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPointSizeF(0.9 * self.font().pointSizeF())
        self.setFont(font)
        self.blockCountChanged.connect(self._make_room)
        self.updateRequest.connect(self._scroll_numbers)
        self._make_room()

    def show_text(self, text: str) -> None:
        """Show a text that ends with a line's end. Only lines that differ from those that are
        shown are exchanged, so that whoever reads another part keeps it before their eyes.
        """
        old, new = self.toPlainText().split("\n"), text.split("\n")
        if old == new:
            return
        self._highlighter.read(text)
        first = _alike(old, new)
        last = _alike(reversed(old[first:]), reversed(new[first:]))
        self._exchange(first, len(old) - last, new[first : len(new) - last])
        self._highlighter.rehighlight()

    def mark(self, lines: Iterable[int]) -> None:
        """Give these lines, from 0, a colour behind them."""
        self.marked = tuple(lines)
        self._draw_marks()

    def reveal(self, lines: range) -> None:
        """Scroll to the middle of these lines, or to the first of them, unless all can be seen."""
        bar = self.verticalScrollBar()
        if lines.start < bar.value() or lines.stop > bar.value() + bar.pageStep():
            bar.setValue(lines.start - max(0, (bar.pageStep() - len(lines)) // 2))
        if not self.textCursor().hasSelection():  # the keys go on from there
            self.setTextCursor(QTextCursor(self.document().findBlockByNumber(lines.start)))

    def set_stripes(self, stripes: Mapping[int, str]) -> None:
        """Say which lines write a layer, and of which group."""
        self.stripes = stripes
        self._numbers.update()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self._theme = theme
        self._highlighter.set_theme(theme)
        self._draw_marks()
        self._numbers.update()

    def find_text(self, text: str, back: bool = False) -> bool:
        """Select the next place that holds a text, in any case, from the top again after the last;
        say whether there is one.
        """
        flags = QTextDocument.FindFlag.FindBackward if back else QTextDocument.FindFlag(0)
        if self.find(text, flags):
            return True
        before = self.textCursor()
        move = QTextCursor.MoveOperation
        self.moveCursor(move.End if back else move.Start)
        if self.find(text, flags):
            return True
        self.setTextCursor(before)
        return False

    def line_at(self, y: float) -> int | None:
        """Say which line is at this height of the viewport; None below the last one."""
        block = self.cursorForPosition(QPoint(0, round(y))).block()
        below = self.blockBoundingGeometry(block).translated(self.contentOffset()).bottom()
        return block.blockNumber() if y < below else None

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        line = self.line_at(event.position().y())
        clicked = event.button() is Qt.MouseButton.LeftButton
        if clicked and line is not None and not self.textCursor().hasSelection():
            self.line_chosen.emit(line)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.line_chosen.emit(self.textCursor().blockNumber())
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_numbers()

    def paint_numbers(self, painter: QPainter, area: QRect) -> None:
        """Draw numbers and stripes beside the lines that are in sight."""
        painter.fillRect(area, QColor(self._theme.window))
        block = self.firstVisibleBlock()
        while block.isValid():
            box = self.blockBoundingGeometry(block).translated(self.contentOffset())
            if box.top() > area.bottom():
                break
            self._paint_number(painter, block, box)
            block = block.next()

    @property
    def numbers_width(self) -> int:
        """Pixels that the numbers take."""
        digits = "9" * max(2, len(str(self.blockCount())))
        return self.fontMetrics().horizontalAdvance(digits) + 2 * PAD + STRIPE

    def _paint_number(self, painter: QPainter, block: QTextBlock, box: QRectF) -> None:
        line, width = block.blockNumber(), self._numbers.width()
        chosen = line in self.marked
        if chosen:
            whole = QRectF(0, box.top(), width, box.height())
            painter.fillRect(whole, QColor(self._theme.accent_soft))
        if line in self.stripes:
            stripe = QRectF(width - STRIPE, box.top(), STRIPE, box.height())
            painter.fillRect(stripe, QColor(self._theme.groups[self.stripes[line]]))
        painter.setPen(QColor(self._theme.text if chosen else self._theme.muted))
        painter.drawText(
            QRectF(0, box.top(), width - STRIPE - PAD, box.height()),
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
            str(line + 1),
        )

    def _exchange(self, first: int, last: int, lines: list[str]) -> None:
        """Put lines in the place of those from `first` to before `last`."""
        bar, top = self.verticalScrollBar(), self.firstVisibleBlock().blockNumber()
        inside = first <= self.textCursor().blockNumber() <= last
        start, stop = map(self.document().findBlockByNumber, (first, last))
        cursor = QTextCursor(start)
        cursor.setPosition(stop.position(), QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText("".join(f"{line}\n" for line in lines))
        if inside:  # Qt has put the caret behind the new lines
            self.setTextCursor(QTextCursor(self.document().findBlockByNumber(first)))
        above = last <= top and top > 0
        bar.setValue(top + (len(lines) - (last - first) if above else 0))

    def _draw_marks(self) -> None:
        behind = QColor(self._theme.accent_soft)
        self.setExtraSelections([self._mark(line, behind) for line in self.marked])
        self._numbers.update()

    def _mark(self, line: int, behind: QColor) -> QTextEdit.ExtraSelection:
        mark = QTextEdit.ExtraSelection()
        mark.cursor = QTextCursor(self.document().findBlockByNumber(line))
        mark.format.setBackground(behind)
        mark.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
        return mark

    def _make_room(self) -> None:
        self.setViewportMargins(self.numbers_width, 0, 0, 0)
        self._place_numbers()

    def _place_numbers(self) -> None:
        inside = self.contentsRect()
        self._numbers.setGeometry(
            QRect(inside.left(), inside.top(), self.numbers_width, inside.height())
        )

    def _scroll_numbers(self, area: QRect, moved: int) -> None:
        if moved:
            self._numbers.scroll(0, moved)
        else:
            self._numbers.update(0, area.y(), self._numbers.width(), area.height())


class LineNumbers(QWidget):
    """The strip beside the lines, which the editor paints."""

    def __init__(self, editor: CodeEditor) -> None:
        super().__init__(editor)
        self._editor = editor

    def sizeHint(self) -> QSize:
        return QSize(self._editor.numbers_width, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self._editor.font())
        self._editor.paint_numbers(painter, event.rect())
        painter.end()


def _alike(first: Iterable[str], second: Iterable[str]) -> int:
    """Count how many lines two texts begin with alike."""
    pairs = zip(first, second, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
