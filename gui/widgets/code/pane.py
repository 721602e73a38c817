"""One framework's script with what can be done with it, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from engine.export.notebook import notebook
from engine.export.script import FRAMEWORKS, Script
from engine.export.sets import Framework
from engine.problems import ProblemError
from engine.store.files import write_safely
from gui.forms import combo_box
from gui.save_names import ask_for_name
from gui.theme import MARGIN, SPACING, Theme
from gui.widgets.code.editor import CodeEditor
from gui.widgets.code.files import keep_script, open_in_editor
from gui.widgets.code.find_bar import FindBar
from gui.widgets.empty_state import EmptyState
from gui.widgets.notice import Notice

PYTHON, NOTEBOOK = ".py", ".ipynb"
LEAD = 4  # lines before the first layer: the heading, and where the network begins


class CodePane(QWidget):
    """A script: read it, search it, click its layers, copy it, save it, open it elsewhere."""

    layer_chosen = Signal(str)
    framework_wanted = Signal(str)
    gaps_wanted = Signal()

    def __init__(self, framework: Framework, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.framework: Framework = framework
        self.script: Script | None = None
        self.name = ""  # of the project, for a file's name
        title = FRAMEWORKS[framework]
        self.editor = CodeEditor()
        self.editor.setAccessibleName(self.tr("{framework} script").format(framework=title))
        self.find_bar, self.notice = FindBar(self.editor), Notice()
        self.title = QLabel(title)
        self.other = combo_box([(name, key) for key, name in FRAMEWORKS.items()])
        self.other.setAccessibleName(self.tr("Framework"))
        self.copy_button = self._button(self.tr("Copy"), self.tr("Copy the whole script"))
        self.save_button = self._button(
            self.tr("Save as…"), self.tr("Save it as a Python script or as a Jupyter notebook")
        )
        self.open_button = self._button(
            self.tr("Open"), self.tr("Open a copy in the program that edits Python on this system")
        )
        self.reason = EmptyState()
        self.gap_button = self._button(
            self.tr("Write it with a marked gap"),
            self.tr("Write everything else; the script stops at the gap and says what is missing"),
        )
        self.layer_button = self._button(
            self.tr("Show the layer"), self.tr("Select the layer that this is about")
        )
        self._layer = ""  # that the reason is about
        self.kinds = {  # of files
            self.tr("Python script (*.py)"): PYTHON,
            self.tr("Jupyter notebook (*.ipynb)"): NOTEBOOK,
        }
        self._lay_out()
        self._connect()

    def show_script(self, script: Script, groups: Mapping[str, str]) -> None:
        """Show a script; `groups` names the group of each layer's kind, for its colour."""
        self.script = script
        self.editor.show_text(script.text)
        inner_last = sorted(script.lines.items(), key=lambda item: -len(item[1]))
        self.editor.set_stripes(
            {line: groups[name] for name, lines in inner_last for line in lines if name in groups}
        )
        self._show(0)

    def say(self, sentence: str, *, layer: str = "", gap: bool = False) -> None:
        """Say why there is no script, and of which layer; offer one with a gap where that is
        possible.
        """
        self.script = None
        self._layer = layer
        self.layer_button.setVisible(bool(layer))
        self.reason.setText(sentence)
        self.gap_button.setVisible(gap)
        self._show(1)

    def show_layers(self, names: tuple[str, ...], *, reveal: bool) -> None:
        """Mark the lines of these layers, and scroll to them if asked for."""
        lines = self.script.lines if self.script else {}
        ranges = sorted((lines[name] for name in names if name in lines), key=lambda r: r.start)
        self.editor.mark({line: None for each in ranges for line in each})
        if ranges and reveal:
            self.editor.reveal(range(ranges[0].start, ranges[-1].stop))

    def reveal_network(self) -> None:
        """Scroll to where the layers are: that is what can be clicked."""
        ranges = self.script.lines.values() if self.script else ()
        if ranges:
            first, last = min(each.start for each in ranges), max(each.stop for each in ranges)
            self.editor.reveal(range(max(0, first - LEAD), last))

    def layer_of(self, line: int) -> str | None:
        """Name the layer that a line writes, the innermost where one holds another."""
        lines = self.script.lines if self.script else {}
        found = [name for name, there in lines.items() if line in there]
        return min(found, key=lambda name: len(lines[name]), default=None)

    def show_switch(self, shown: bool) -> None:
        """Offer the other framework's script in the place of the title, where there is no room
        for both.
        """
        self.title.setVisible(not shown)
        self.other.setVisible(shown)
        self.other.setCurrentIndex(self.other.findData(self.framework))

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        self.editor.set_theme(theme)
        self.notice.set_theme(theme)

    def copy(self) -> None:
        """Put the whole script on the clipboard."""
        if self.script is not None:
            QGuiApplication.clipboard().setText(self.script.text)
            self.notice.say(self.tr("The script is on the clipboard."))

    def save_as(self) -> None:
        """Ask for a name and save; the name's ending says what."""
        if self.script is None:
            return
        start = Path.home() / f"{self._file_name()}{PYTHON}"
        chosen = ask_for_name(self, self.tr("Save the script"), start, self.kinds)
        if chosen is not None:
            self._save(chosen[0])

    def open_elsewhere(self) -> None:
        """Write a copy into the program's folder and open it in the system's editor."""
        if self.script is None:
            return
        try:
            path = keep_script(self._file_name(), self.script.text)
        except ProblemError as error:
            self.notice.say(str(error))
            return
        if open_in_editor(path):
            self.notice.say(self.tr("A copy is open: {path}").format(path=path))
        else:
            words = self.tr("This system has no program for Python files. The script is in {path}.")
            self.notice.say(words.format(path=path))

    def _save(self, path: Path) -> None:
        assert self.script is not None
        text = self.script.text
        if path.suffix.lower() == NOTEBOOK:
            text = notebook(text)
        try:
            write_safely(path, text.encode())
        except ProblemError as error:
            self.notice.say(str(error))
        else:
            self.notice.say(self.tr("The script is saved in {path}.").format(path=path))

    def _file_name(self) -> str:
        return f"{self.name} {FRAMEWORKS[self.framework]}"

    def _choose(self, line: int) -> None:
        name = self.layer_of(line)
        if name is not None:
            self.layer_chosen.emit(name)

    def _show(self, page: int) -> None:
        self._stack.setCurrentIndex(page)
        for control in (self.copy_button, self.save_button, self.open_button):
            control.setEnabled(page == 0)
        if page:
            self.find_bar.hide()

    def _button(self, text: str, words: str) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName("compact")
        button.setToolTip(words)
        button.setAccessibleDescription(words)
        button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        return button

    def _connect(self) -> None:
        self.editor.line_chosen.connect(self._choose)
        self.other.activated.connect(lambda _: self.framework_wanted.emit(self.other.currentData()))
        self.copy_button.clicked.connect(lambda: self.copy())
        self.save_button.clicked.connect(lambda: self.save_as())
        self.open_button.clicked.connect(lambda: self.open_elsewhere())
        self.layer_button.clicked.connect(lambda: self.layer_chosen.emit(self._layer))
        self.gap_button.clicked.connect(lambda: self.gaps_wanted.emit())
        find = QShortcut(QKeySequence.StandardKey.Find, self)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(lambda: self.find_bar.open() if self.script else None)

    def _lay_out(self) -> None:
        self.title.setObjectName("heading")
        head = QHBoxLayout()
        head.setContentsMargins(MARGIN, 0, MARGIN, 0)
        head.setSpacing(SPACING // 2)
        head.addWidget(self.title)
        head.addWidget(self.other)
        head.addStretch(1)
        for button in (self.copy_button, self.save_button, self.open_button):
            head.addWidget(button)
        why = QWidget()
        column = QVBoxLayout(why)
        column.addStretch(1)
        column.addWidget(self.reason)
        for button in (self.layer_button, self.gap_button):
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING // 2)
        layout.addLayout(head)
        layout.addWidget(self.find_bar)
        self._stack = QStackedLayout()
        layout.addLayout(self._stack, 1)
        self._stack.addWidget(self.editor)
        self._stack.addWidget(why)
        layout.addWidget(self.notice)
