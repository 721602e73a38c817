"""Parts that the pages of the data dialog share: facts, what went wrong, and work in progress."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from engine.project.sources import FileSource, KnownSource
from gui.background import CLOSE_SECONDS, Rate, Task
from gui.theme import SPACING
from gui.widgets.data.words import (
    ZERO_WIDTH_SPACE,
    ProgressWords,
    breakable,
    percent_words,
    plain,
)

TEXT_SECONDS = 0.25  # numbers that change faster can't be read
MOST_NAMES = 20
BAR_PARTS = 1000


class Facts(QWidget):
    """Names and values below each other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.values: dict[str, QLabel] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(2 * SPACING)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnMinimumWidth(0, 72)
        self._grid.setColumnStretch(1, 1)

    def show_facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Show these facts; which ones there are is decided the first time."""
        for name, value in facts:
            if name not in self.values:
                self._add(name)
            self.values[name].setText(breakable(value))

    def show_source(self, source: KnownSource | FileSource) -> None:
        """Show what is known of a source."""
        classes = source.class_names
        images = self.tr("{train:,} to learn from, {test:,} for the test")
        self.show_facts(
            [
                (
                    self.tr("Images"),
                    images.format(train=source.train_size, test=source.test_size),
                ),
                (self.tr("Each image"), self._shape_words(source.input_shape)),
                (
                    self.tr("Classes"),
                    self.tr("{count:,}: {names}").format(
                        count=len(classes), names=self._names(classes)
                    ),
                ),
            ]
        )

    def words(self, name: str) -> str:
        """Give what is shown of a fact."""
        return self.values[name].text().replace(ZERO_WIDTH_SPACE, "")

    def _add(self, name: str) -> None:
        label, value = QLabel(name), wrapped()
        label.setObjectName("muted")
        value.setAccessibleName(name)
        row = len(self.values)
        self._grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(value, row, 1)
        self.values[name] = value

    def _shape_words(self, shape: tuple[int, int, int]) -> str:
        channels, height, width = shape
        size = (
            self.tr("{width}×{height} pixels")
            if width == height
            else self.tr("{width} pixels wide, {height} high")
        ).format(width=width, height=height)
        return f"{size}, {self.tr('grey') if channels == 1 else self.tr('colour')}"

    def _names(self, names: Sequence[str]) -> str:
        words = ", ".join(plain(name) for name in names[:MOST_NAMES])
        more = len(names) - MOST_NAMES
        if more <= 0:
            return words
        return self.tr("{words} and {more:,} more").format(words=words, more=more)


class Trouble(QFrame):
    """A sentence about what went wrong, with details to copy; hidden while nothing is wrong."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("wrong")
        self.words = ""
        self._details = ""
        self.sentence = wrapped()
        self.copy = QPushButton(self.tr("Copy details"))
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._details))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACING, 6, SPACING, 6)
        layout.setSpacing(SPACING)
        layout.addWidget(self.sentence, 1)
        layout.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def say(self, sentence: str, details: str = "") -> None:
        """Show a sentence; "" hides it."""
        self.words, self._details = sentence, f"{sentence}\n\n{details}"
        self.sentence.setText(breakable(sentence))
        self.sentence.setAccessibleName(sentence)
        self.copy.setVisible(bool(details))
        self.setVisible(bool(sentence))


class Working(QWidget):
    """What is being done, how far it is, and Cancel; hidden while nothing is done."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.task: Task | None = None
        self.title, self.state = QLabel(), QLabel()
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.state.setObjectName("muted")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(8)
        self.cancel = QPushButton(self.tr("Cancel"))
        self.cancel.clicked.connect(self.stop)
        self._words: ProgressWords = percent_words
        self._rate, self._texts_at = Rate(), 0.0
        self._lay_out()
        self.hide()

    @property
    def cancelling(self) -> bool:
        """Whether the task was asked to end and has not yet."""
        return self.task is not None and self.task.cancelling

    def show_task(self, task: Task, title: str, words: ProgressWords = percent_words) -> None:
        """Show a task's progress from its start to its end. `words` tells of it below the bar."""
        self.task, self._words = task, words
        self._rate, self._texts_at = Rate(), 0.0
        self.title.setText(title)
        self.bar.setAccessibleName(title)
        self.bar.setRange(0, 0)
        self.state.setText(self.tr("Starting…"))
        self.cancel.setEnabled(True)
        task.progressed.connect(self._show)
        for end in (task.done, task.failed, task.cancelled):
            end.connect(self._end)
        self.show()
        self.cancel.setFocus(Qt.FocusReason.OtherFocusReason)

    def stop(self) -> None:
        """Ask the task to end."""
        if self.task is not None:
            self.task.cancel()
            self.cancel.setEnabled(False)
            self.state.setText(self.tr("Cancelling…"))

    def close_task(self, seconds: float = CLOSE_SECONDS) -> None:
        """Cancel, and wait for the end, so long at most."""
        if self.task is not None:
            self.task.close(seconds)

    def _show(self, done: int, total: int) -> None:
        """Move the bar, and renew the words a few times a second."""
        now = monotonic()
        self._rate.add(now, done)
        self.bar.setRange(0, BAR_PARTS if total else 0)
        self.bar.setValue(BAR_PARTS * done // total if total else 0)
        if now - self._texts_at >= TEXT_SECONDS:
            self._texts_at = now
            self.state.setText(self._words(done, total, self._rate))

    def _end(self) -> None:
        assert self.task is not None
        self.task.deleteLater()
        self.task = None
        self.hide()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(SPACING)
        row.addWidget(self.bar, 1)
        row.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.title)
        layout.addLayout(row)
        layout.addWidget(self.state)


def title_label(text: str) -> QLabel:
    """Make the title of a page."""
    label = QLabel(text)
    label.setObjectName("heading")
    font = label.font()
    font.setPointSizeF(1.4 * font.pointSizeF())
    label.setFont(font)
    return label


def wrapped(text: str = "") -> QLabel:
    """Make a label of plain text that wraps and can be copied."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    policy.setHeightForWidth(True)
    label.setSizePolicy(policy)
    return label
