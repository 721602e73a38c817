"""What lies in the trash of runs, to be put back, also long after it was deleted."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.problems import ProblemError, byte_size
from engine.store.run_list import RunSummary
from engine.store.trash import list_trash, put_back
from gui.background import Task
from gui.theme import MARGIN, SPACING

FIRST_SIZE = 620, 320
FOLDER = Qt.ItemDataRole.UserRole


class TrashList(QDialog):
    """A dialog over the trash of a folder of runs; it reads them when it opens."""

    put_back = Signal(object)  # set[Path]: where the runs lay in the trash
    empty_wanted = Signal()

    def __init__(self, runs: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs = runs
        self._task: Task | None = None
        self.list, self.words = QTreeWidget(), QLabel()
        self.back = QPushButton(self.tr("Put back"))
        self.emptied = QPushButton(self.tr("Empty the trash…"))
        self._set_up()
        self._lay_out()

    def read(self) -> None:
        """Read what lies in the trash, in the background."""
        self.close_task()
        runs = self._runs
        self.words.setText(self.tr("Reading the trash…"))
        task = self._task = Task(lambda progress: list_trash(runs, progress), self)
        task.done.connect(self._show)
        task.failed.connect(lambda sentence, _: self.words.setText(sentence))
        for over in (task.done, task.failed, task.cancelled):
            over.connect(task.deleteLater)
        task.start()

    def close_task(self) -> None:
        """Leave a reading to end by itself."""
        if self._task is not None and self._task.running:
            self._task.close(0)
        self._task = None

    def done(self, result: int) -> None:
        self.close_task()
        super().done(result)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._fit()

    def _show(self, runs: list[RunSummary]) -> None:
        self._task = None
        self.list.clear()
        rows = [_row(run) for run in runs]
        self.list.addTopLevelItems(rows)
        self._fit()
        if rows:
            self.list.setCurrentItem(rows[0])
        self._tell("")

    def _put_back(self) -> None:
        back, refused = set[Path](), ""
        for item in self.list.selectedItems():
            trashed = item.data(0, FOLDER)
            try:
                put_back(trashed, self._runs / trashed.name)
            except ProblemError as error:
                refused = refused or str(error)
                continue
            back.add(trashed)
            self.list.takeTopLevelItem(self.list.indexOfTopLevelItem(item))
        self._tell(refused)
        if back:
            self.put_back.emit(back)

    def _tell(self, trouble: str) -> None:
        count = self.list.topLevelItemCount()
        words = self.tr("Choose runs and put them back where they were.")
        if not count:
            words = self.tr("No run lies in the trash.")
        self.words.setText(trouble or words)
        self.emptied.setEnabled(count > 0)
        self._allow()

    def _allow(self) -> None:
        self.back.setEnabled(bool(self.list.selectedItems()))

    def _fit(self) -> None:
        for column in range(1, self.list.columnCount()):
            self.list.resizeColumnToContents(column)

    def _set_up(self) -> None:
        self.setWindowTitle(self.tr("Trash of runs"))
        self.list.setAccessibleName(self.tr("Runs in the trash"))
        self.list.setHeaderLabels(
            [self.tr("Name"), self.tr("Started"), self.tr("Best"), self.tr("Size")]
        )
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.itemSelectionChanged.connect(self._allow)
        self.list.itemDoubleClicked.connect(lambda *_: self._put_back())
        self.words.setWordWrap(True)
        self.back.setProperty("lead", True)
        self.back.clicked.connect(self._put_back)
        self.emptied.clicked.connect(self.empty_wanted)
        QShortcut(QKeySequence(QKeySequence.StandardKey.SelectAll), self, self.list.selectAll)

    def _lay_out(self) -> None:
        closes = QPushButton(self.tr("Close"))
        closes.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACING)
        for button in (self.back, self.emptied):
            buttons.addWidget(button)
        buttons.addStretch()
        buttons.addWidget(closes)
        for button in (self.back, self.emptied, closes):
            button.setAutoDefault(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        column.setSpacing(SPACING)
        column.addWidget(self.words)
        column.addWidget(self.list, 1)
        column.addLayout(buttons)
        self.resize(*FIRST_SIZE)


def _row(run: RunSummary) -> QTreeWidgetItem:
    best = "" if run.best_validation is None else f"{100 * run.best_validation:.2f} %"
    item = QTreeWidgetItem([run.name, f"{run.started:%Y-%m-%d %H:%M}", best, byte_size(run.size)])
    item.setData(0, FOLDER, run.folder)
    item.setToolTip(0, run.name)
    for column in (2, 3):
        item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return item
