"""A line to search a script by."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QWidget

from gui.theme import MARGIN, SPACING
from gui.widgets.code.editor import CodeEditor


class FindBar(QWidget):
    """Hidden until it is asked for. Enter goes on to the next place, Shift+Enter back, Esc away."""

    def __init__(self, editor: CodeEditor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self.field, self.missing = QLineEdit(), QLabel(self.tr("Not there"))
        self.field.setPlaceholderText(self.tr("Find"))
        self.field.setAccessibleName(self.tr("Find in the script"))
        self.field.setToolTip(self.tr("Enter: the next place. Shift+Enter: the one before."))
        self.field.setClearButtonEnabled(True)
        self.missing.setObjectName("problem")
        self.missing.hide()
        self.field.textEdited.connect(lambda _: self._find_from_here())
        layout = QHBoxLayout(self)
        layout.setContentsMargins(MARGIN, 0, MARGIN, 0)
        layout.setSpacing(SPACING)
        layout.addWidget(self.field, 1)
        layout.addWidget(self.missing)
        self.hide()

    def open(self) -> None:
        """Ask what to search; what is selected is proposed."""
        chosen = self._editor.textCursor().selectedText()
        if chosen and "\u2029" not in chosen:  # Qt's mark between lines
            self.field.setText(chosen)
        self.show()
        self.field.selectAll()
        self.field.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
            self._editor.setFocus()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._find(back=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        else:
            super().keyPressEvent(event)

    def _find_from_here(self) -> None:
        """Stay at the place that is found already while its text is typed on."""
        cursor = self._editor.textCursor()
        cursor.setPosition(cursor.selectionStart())
        self._editor.setTextCursor(cursor)
        self._find()

    def _find(self, back: bool = False) -> None:
        text = self.field.text()
        self.missing.setVisible(bool(text) and not self._editor.find_text(text, back))
