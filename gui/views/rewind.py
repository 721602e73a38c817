"""Going back in a run: its checkpoints on a slider, and what a branch from one would change."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from engine.problems import byte_size
from engine.project.project import Project
from engine.store.checkpoints import Checkpoints
from engine.store.retention import Kept
from engine.training.changes import branch_problem
from engine.training.history import Run
from gui.background import Task
from gui.in_sight import WhenInSight
from gui.theme import MARGIN, SPACING
from gui.widgets.empty_state import EmptyState
from gui.widgets.rewind.branching import project_at, told_differences
from gui.widgets.scrolled import scrolled

MOST_TICKS = 50
NO_BREAK = "\N{NO-BREAK SPACE}→\N{NO-BREAK SPACE}"


class RewindView(QWidget):
    """Chooses a checkpoint of a run; going on from it is the window's doing."""

    branch_wanted = Signal(int)  # the step of the checkpoint that it begins at
    step_looked_at = Signal(int)  # the step that the person moved the slider to

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.words = QLabel()
        self.size_words = QLabel()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.reason = _wrapped()
        self.differences = _wrapped()
        self.branch = QPushButton(self.tr("Go on from here as a branch"))
        self.anew = QPushButton(self.tr("Same first weights"))
        self._run: Run | None = None
        self._project: Project | None = None
        self._store: Checkpoints | None = None
        self._kept: list[Kept] = []
        self._busy = False
        self._reading: Task | None = None
        self._sight = WhenInSight(self, self._show)
        self._set_up()
        self._lay_out()
        self._show()

    def show_run_folder(self, folder: Path | None, run: Run | None) -> None:
        """Read which checkpoints a run folder keeps; call it again when there are others."""
        if self._store is None or folder is None or self._store.path.parent != folder:
            self._store = Checkpoints(folder) if folder is not None else None
            self._kept = []
        if run is None:
            self._kept = []
        self._run = run
        self._read()
        self._sight.draw()

    def show_project(self, project: Project) -> None:
        """Compare the run with this project, which the person edits and a branch would have."""
        self._project = project
        self._sight.draw()

    def set_busy(self, busy: bool) -> None:
        """Tell whether a training is going on: only one can."""
        ended, self._busy = self._busy and not busy, busy
        if ended:
            self._read()
        self._sight.draw()

    @property
    def step(self) -> int | None:
        """The step of the chosen checkpoint."""
        return self._kept[self.slider.value()].step if self._kept else None

    def _read(self) -> None:
        """Read the checkpoints' list beside the window: it may lie on a slow disk."""
        self._stop_reading()
        if self._store is None or self._run is None:
            return
        store = self._store
        self._reading = Task(lambda _: store.kept(), self)
        self._reading.done.connect(self._take)
        self._reading.start()

    def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading.close(0)
            self._reading = None

    def closeEvent(self, event: object) -> None:
        self._stop_reading()

    def _take(self, kept: list[Kept]) -> None:
        """Take over the list; the chosen step stays chosen, where it is still kept."""
        chosen = self.step
        self._kept, self._reading = kept, None
        steps = [one.step for one in kept]
        place = steps.index(chosen) if chosen in steps else len(steps) - 1
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, len(steps) - 1))
        self.slider.setTickInterval(-(-len(steps) // MOST_TICKS))
        self.slider.setPageStep(max(1, len(steps) // 10))
        self.slider.setValue(max(0, place))
        self.slider.blockSignals(False)
        self._sight.draw()

    def _moved(self) -> None:
        step = self.step
        if step is not None:
            self._show()
            self.step_looked_at.emit(step)

    def _show(self) -> None:
        """Say what is chosen, and what can be done with it."""
        self._stack.setCurrentIndex(1 if self._kept else 0)
        if self._run is None or not self._kept:
            return
        chosen = self._kept[self.slider.value()]
        self.words.setText(self._told(self._run, chosen))
        self.slider.setAccessibleDescription(self.words.text())
        self.size_words.setText(self._told_size())
        self.anew.setVisible(self._kept[0].step == 0)
        self._show_branch(project_at(self._run, chosen.step), self._over(self._run, chosen))

    def _show_branch(self, then: Project, over: str) -> None:
        """Say what a branch would do otherwise than the run did then, or why there can be none."""
        reason = self._reason(then)
        self.reason.setText(reason or over)
        self.reason.setVisible(bool(reason or over))
        fits = self._project is not None and branch_problem(then, self._project) is None
        self.differences.setText(self._told_differences(then) if fits else "")
        self.differences.setVisible(fits)
        for button, purpose, why_not in (
            (self.branch, self._branch_purpose, reason or over),
            (self.anew, self._anew_purpose, reason),
        ):
            button.setEnabled(not why_not)
            button.setToolTip(why_not or purpose)

    def _reason(self, then: Project) -> str:
        if self._busy:
            return self.tr("A training is going on. Stop it to go on from a checkpoint.")
        problem = branch_problem(then, self._project) if self._project is not None else None
        return str(problem) if problem is not None else ""

    def _over(self, run: Run, kept: Kept) -> str:
        """Say so where all epochs that a branch would have are done by then."""
        epochs = (self._project or run.project).training.epochs
        if run.course is None or run.epochs_at(kept.step) < epochs:
            return ""
        words = self.tr(
            "All {epochs:,} epochs are done here. Set more of them to go on, or go back."
        )
        return words.format(epochs=epochs)

    def _told(self, run: Run, kept: Kept) -> str:
        """Say which moment of the run a checkpoint is."""
        epochs = run.epochs_at(kept.step) if run.course else kept.epoch
        words = self.tr("Epoch {epoch:.2f}, step {step:,}: ").format(epoch=epochs, step=kept.step)
        words += self._told_validation(run, kept.step)
        if run.best is not None and kept.step == run.best.step:
            words += self.tr(", the best epoch")
        return words

    def _told_validation(self, run: Run, step: int) -> str:
        """Say how well the network did then, or when it was last seen before."""
        found = [(one.step, one.validation_accuracy) for one in run.epochs if one.step <= step]
        if evaluated := run.evaluation("validation", step):
            found.append((evaluated.step, evaluated.accuracy))
        if step == 0:
            return self.tr("the first weights")
        if not found:
            return self.tr("not validated yet")
        at, accuracy = max(found)
        words = self.tr("validation {percent:.1f} %").format(percent=100 * accuracy)
        return words if at == step else words + self.tr(" at step {step:,}").format(step=at)

    def _told_size(self) -> str:
        count, size = len(self._kept), byte_size(sum(one.nbytes for one in self._kept))
        if count == 1:
            return self.tr("1 checkpoint, {size}").format(size=size)
        return self.tr("{count} checkpoints, {size}").format(count=count, size=size)

    def _told_differences(self, then: Project) -> str:
        assert self._project is not None
        told = told_differences(then, self._project)
        if not told:
            return self.tr(
                "The settings are those of the run then: change one, and a branch shows what it "
                "does."
            )
        return self.tr("A branch would have other settings than the run had then: {list}.").format(
            list="; ".join(told).replace(" → ", NO_BREAK)
        )

    def _set_up(self) -> None:
        self._branch_purpose = self.tr(
            "Train on from this checkpoint with the settings as they are now, as a run of its own"
        )
        self._anew_purpose = self.tr(
            "Train from the run's first weights with the settings as they are now, so that nothing "
            "else differs"
        )
        self.words.setObjectName("heading")
        self.words.setWordWrap(True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.size_words.setObjectName("muted")
        self.size_words.setToolTip(self.tr("What the run's folder holds for going back"))
        self.reason.setObjectName("note")
        self.slider.setAccessibleName(self.tr("Checkpoint of the run"))
        self.slider.setTickPosition(QSlider.TickPosition.TicksBelow)
        self.slider.valueChanged.connect(self._moved)
        self.branch.setProperty("lead", True)
        self.branch.clicked.connect(lambda: self.branch_wanted.emit(self.step))
        self.anew.clicked.connect(lambda: self.branch_wanted.emit(0))
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self, self.close)
        for button in (self.branch, self.anew):
            button.setAccessibleName(button.text())

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.words, 1)
        head.addWidget(self.size_words, alignment=Qt.AlignmentFlag.AlignTop)
        told = QWidget()
        lines = QVBoxLayout(told)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(SPACING // 2)
        lines.addWidget(self.reason)
        lines.addWidget(self.differences)
        lines.addStretch(1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.branch)
        buttons.addWidget(self.anew)
        buttons.addStretch(1)
        chooser = QWidget()
        column = QVBoxLayout(chooser)
        column.setContentsMargins(MARGIN, SPACING, MARGIN, SPACING)
        column.setSpacing(SPACING)
        column.addLayout(head)
        column.addWidget(self.slider)
        column.addWidget(scrolled(told), 1)
        column.addLayout(buttons)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(
            EmptyState(self.tr("A run's checkpoints appear here once it has been trained."))
        )
        self._stack.addWidget(chooser)


def _wrapped() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label
