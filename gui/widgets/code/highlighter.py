"""Draws a script's words in the theme's colours."""

from __future__ import annotations

from PySide6.QtGui import QColor, QFont, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from gui.theme import LIGHT, Theme
from gui.widgets.code.words import Word, words


class Highlighter(QSyntaxHighlighter):
    """Colours a document. A comment is also slanted and a keyword bold, for who sees no colours."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._lines: tuple[tuple[Word, ...], ...] = ()
        self._formats: dict[str, QTextCharFormat] = {}
        self.set_theme(LIGHT)

    def read(self, text: str) -> None:
        """Find the words of a text that the document is about to hold."""
        self._lines = words(text)

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self._formats = {kind: _format(kind, color) for kind, color in theme.code.items()}
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        number = self.currentBlock().blockNumber()
        for word in self._lines[number] if number < len(self._lines) else ():
            self.setFormat(word.start, word.length, self._formats[word.kind])


def _format(kind: str, color: str) -> QTextCharFormat:
    drawn = QTextCharFormat()
    drawn.setForeground(QColor(color))
    drawn.setFontItalic(kind == "comment")
    if kind == "keyword":
        drawn.setFontWeight(QFont.Weight.Bold)
    return drawn
