"""Chooses weights to start a training from, and shows what the network takes of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.data.dataset import Progress
from engine.project.project import Project
from gui.background import Task
from gui.theme import MARGIN, SPACING
from gui.widgets.weights.fit_table import FitTable

if TYPE_CHECKING:
    from engine.store.weights import Weights
    from engine.training.warm_start import Fit

SIZE = QSize(560, 400)
Choice = tuple[Path, Literal["best", "last"] | None]
"""A run's folder and which of its weights, or a file."""


class StartDialog(QDialog):
    """Reads weights beside the window when they are chosen; `weights` and `fit` tell what came."""

    def __init__(
        self, project: Project, runs: Path, chosen: Choice | None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Start from weights"))
        self.resize(SIZE)
        self._project, self._runs = project, runs
        self._reading: Task | None = None
        self.choice: Choice | None = None
        self.weights: Weights | None = None
        self.fit: Fit | None = None
        self.sources = QComboBox()
        self.file = QPushButton(self.tr("&File…"))
        self.said = QLabel()
        self.table = FitTable()
        self.unused = QLabel()
        box = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(box.Ok | box.Cancel)
        self.use = self.buttons.button(box.Ok)
        self._set_up()
        self._lay_out()
        self._fill(chosen)
        self.sources.currentIndexChanged.connect(lambda _: self._read())
        self._read()

    def done(self, result: int) -> None:
        """Let go of what is being read."""
        if self._reading is not None:
            self._reading.close(0)
        super().done(result)

    def choose_file(self) -> None:
        """Ask for a file of weights."""
        path, _ = QFileDialog.getOpenFileName(
            self,
            self.tr("Open weights"),
            "",
            self.tr("Weights (*.safetensors);;All files (*)"),
        )
        if path:
            self._add((Path(path), None))

    def _set_up(self) -> None:
        self.sources.setAccessibleName(self.tr("Weights to start from"))
        self.sources.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.sources.setMinimumContentsLength(20)
        self.file.setAccessibleName(self.tr("Choose a file of weights"))
        self.file.setAutoDefault(False)
        self.file.clicked.connect(self.choose_file)
        for label in (self.said, self.unused):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self.unused.setObjectName("muted")
        self.use.setText(self.tr("&Start the next training from them"))
        for button in self.buttons.buttons():
            button.setIcon(QIcon())  # the style's own are of another set than this window's
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        title = QLabel(self.tr("&Weights of"))
        title.setBuddy(self.sources)
        row.addWidget(title)
        row.addWidget(self.sources, 1)
        row.addWidget(self.file)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        column.setSpacing(SPACING)
        column.addLayout(row)
        column.addWidget(self.said)
        column.addWidget(self.table, 1)
        column.addWidget(self.unused)
        column.addWidget(self.buttons)

    def _fill(self, chosen: Choice | None) -> None:
        """List the runs that have kept weights, the newest first, and what is chosen now."""
        from engine.store.run_list import folders_in
        from engine.store.weights import kept_weights

        words = {"best": self.tr("best"), "last": self.tr("last")}
        for folder in sorted(folders_in(self._runs), key=lambda path: path.name, reverse=True):
            name, began = name_and_moment(folder)
            for which in kept_weights(folder):
                title = self.tr("{run}, {which}").format(run=name, which=words[which])
                self.sources.addItem(f"{title} ({began})" if began else title, (folder, which))
                self.sources.setItemData(
                    self.sources.count() - 1, folder.name, Qt.ItemDataRole.ToolTipRole
                )
        if chosen is not None:
            self._add(chosen)

    def _add(self, choice: Choice) -> None:
        places = [self.sources.itemData(place) for place in range(self.sources.count())]
        if choice not in places:
            self.sources.insertItem(0, choice[0].name, choice)
            places.insert(0, choice)
        self.sources.setCurrentIndex(places.index(choice))

    def _read(self) -> None:
        """Read what is chosen, and see what fits."""
        if self._reading is not None:
            self._reading.close(0)
            self._reading = None
        self.weights = self.fit = None
        self.choice = choice = self.sources.currentData()
        self._show(self.tr("Reading…") if choice else self._nothing())
        if choice is None:
            return
        project = self._project
        task = self._reading = Task(lambda progress: read_fit(choice, project, progress), self)
        task.done.connect(self._take)
        task.failed.connect(lambda sentence, _: self._show(sentence))
        task.start()

    def _take(self, read: tuple[Weights, Fit]) -> None:
        self.weights, self.fit = read
        taken, count = len(self.fit.taken), len(self.fit.layers)
        if taken:
            sentence = self.tr("{taken} of {count} layers with weights take theirs from there.")
        else:
            sentence = self.tr(
                "No layer of this network can start from these weights. Choose those of a network "
                "with layers of the same names and sizes."
            )
        self._show(sentence.format(taken=taken, count=count))

    def _show(self, sentence: str) -> None:
        self.said.setText(sentence)
        self.table.show_fit(self.fit)
        unused = ", ".join(self.fit.unused) if self.fit else ""
        self.unused.setText(self.tr("Not used of them: {names}.").format(names=unused))
        self.unused.setVisible(bool(unused))
        self.use.setEnabled(self.fit is not None and bool(self.fit.taken))

    def _nothing(self) -> str:
        return self.tr("No run has kept weights yet. Train a network, or choose a file of weights.")


def name_and_moment(folder: Path) -> tuple[str, str]:
    """Name a run as the person did, else as its folder; and say when it began, since runs of one
    project are all called the same.
    """
    from engine.problems import ProblemError
    from engine.store.run_about import read_about
    from engine.store.run_list import title_of

    title = title_of(folder)
    try:
        name = read_about(folder).name
    except ProblemError:
        name = ""  # the list of runs tells of the damage
    return name or title, folder.name.removesuffix(title).strip().replace(".", ":")


def read_fit(choice: Choice, project: Project, progress: Progress) -> tuple[Weights, Fit]:
    """Read weights, and see what a project's network takes of them; it brings what trains."""
    from engine.problems import ProblemError
    from engine.project.checks import machine_memory, problems
    from engine.store.weights import weights_of
    from engine.training.warm_start import fit

    progress(0, 1)
    for problem in problems(project, machine_memory()):
        raise ProblemError(problem)
    weights = weights_of(*choice)
    return weights, fit(project, weights)
