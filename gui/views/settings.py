"""The training settings: optimizer, schedule, loss, batch, epochs, early end, augmentation, data
split; and which of them the run that is training can take.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from engine.problems import Mend, Problem, ProblemError
from engine.project.augmentation import Augmentation
from engine.project.losses import LOSS_TYPES
from engine.project.optimizers import OPTIMIZER_TYPES
from engine.project.project import Project
from engine.project.schedules import SCHEDULE_TYPES
from engine.project.sources import Data
from engine.project.stopping import EarlyStopping
from engine.project.training import Training
from engine.training.history import Run
from gui.document import Document
from gui.forms import ChoiceForm, Form
from gui.theme import MARGIN, SPACING
from gui.widgets.augmentation_preview import AugmentationPreview
from gui.widgets.rate_curve import RateCurve
from gui.widgets.run_changes import RunChanges

DATA_FIELDS = ("validation", "standardise")
TRAINING_FIELDS = ("batch_size", "epochs", "seed", "device")
STOPPING_FIELDS = ("watch", "patience", "least_change", "restore_best")


class SettingsView(QWidget):
    """Forms for all that belongs to the training; each change is an edit."""

    change_wanted = Signal(str, float)  # in the running run: field, value

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.run_changes = RunChanges()
        self.run_changes.wanted.connect(self.change_wanted)
        self.optimizer = ChoiceForm(self.tr("Optimizer"), OPTIMIZER_TYPES)
        self.optimizer.chosen.connect(self._choose_optimizer)
        self.clipping = Form(Training, ("clip_norm",))
        self.schedule = ChoiceForm(self.tr("Schedule"), SCHEDULE_TYPES)
        self.schedule.chosen.connect(self._choose_schedule)
        self.rate_curve = RateCurve()
        self.loss = ChoiceForm(self.tr("Loss"), LOSS_TYPES)
        self.loss.chosen.connect(self._choose_loss)
        self.training = Form(Training, TRAINING_FIELDS)
        self.stopping_on = Form(EarlyStopping, ("on",))
        self.stopping = Form(EarlyStopping, STOPPING_FIELDS)
        self.augmentation = Form(Augmentation)
        self.augmentation_preview = AugmentationPreview()
        self.data = Form(Data, DATA_FIELDS)
        self._forms: tuple[tuple[str, ChoiceForm | Form], ...] = (
            ("training.optimizer", self.optimizer),
            ("training", self.clipping),
            ("training.schedule", self.schedule),
            ("training", self.training),
            ("training.early_stopping", self.stopping_on),
            ("training.early_stopping", self.stopping),
            ("training.augmentation", self.augmentation),
            ("data", self.data),
        )
        for place, form in self._forms:
            form.edited.connect(lambda field, value, place=place: self._edit(place, field, value))
            form.mend_wanted.connect(self._mend)
        self._lay_out()
        document.changed.connect(self.show_project)
        self.show_project(document.project)

    def show_project(self, project: Project) -> None:
        """Show the project's settings and what is wrong with them."""
        training = project.training
        self.optimizer.show_value(training.optimizer)
        self.clipping.show_value(training)
        self.schedule.show_value(training.schedule)
        self.rate_curve.show_training(training)
        self.loss.show_value(training.loss)
        self.training.show_value(training)
        self.stopping_on.show_value(training.early_stopping)
        self.stopping.show_value(training.early_stopping)
        self.stopping.setVisible(training.early_stopping.on)
        self.augmentation.show_value(training.augmentation)
        self.augmentation_preview.show_project(project)
        self.data.show_value(project.data)
        self.run_changes.show_edited(project)
        for problem in self.document.problems:
            place, _, field = problem.where.rpartition(".")
            self._show_problem(place, field, problem)

    def show_running(self, project: Project | None) -> None:
        """Offer what can be changed in the run that is training with this project; None where
        nothing is training.
        """
        self.run_changes.show_running(project)

    def show_images(self, run: Run) -> None:
        """Let the augmentation's preview show a run's images, if they are the document's, too."""
        if run.dataset is not None and run.project.data == self.document.project.data:
            self.augmentation_preview.show_images(run.dataset.train.images)

    def _show_problem(self, place: str, field: str, problem: Problem | None) -> None:
        """Show a problem under the field that it belongs to, or none."""
        for name, part in self._forms:
            form = part.form if isinstance(part, ChoiceForm) else part
            if name == place and field in form.problems:
                form.show_problem(field, problem)

    def _choose_optimizer(self, kind: type[Any]) -> None:
        project = self.document.project.set_training(optimizer=kind())
        self.document.edit(self.tr("Optimizer {title}").format(title=kind.title), project)

    def _choose_schedule(self, kind: type[Any]) -> None:
        project = self.document.project.set_training(schedule=kind())
        self.document.edit(self.tr("Schedule {title}").format(title=kind.title), project)

    def _choose_loss(self, kind: type[Any]) -> None:
        project = self.document.project.set_training(loss=kind())
        self.document.edit(self.tr("Loss {title}").format(title=kind.title), project)

    def _edit(self, place: str, field: str, value: object) -> None:
        """Change a field; where its value is wrong, say so under it and change nothing."""
        try:
            project = self._change(place)(**{field: value})
        except ProblemError as error:
            self._show_problem(place, field, error.problem)
            return
        self._show_problem(place, field, None)
        self.document.edit(
            self.tr("Change {field}").format(field=field.replace("_", " ")),
            project,
            f"{place}.{field}",
        )

    def _change(self, place: str) -> Callable[..., Project]:
        """Get the edit that changes fields in a place of the project."""
        project = self.document.project
        return {
            "training.optimizer": project.set_optimizer,
            "training.schedule": project.set_schedule,
            "training": project.set_training,
            "training.early_stopping": project.set_early_stopping,
            "training.augmentation": project.set_augmentation,
            "data": project.set_data,
        }[place]

    def _mend(self, mend: Mend) -> None:
        self.document.edit(mend.title, mend.apply(self.document.project))

    def _lay_out(self) -> None:
        """Put what the run can take above the forms, where it stays while they are scrolled."""
        content, scroll = self._column(), QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(content)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.run_changes)
        layout.addWidget(scroll, 1)
        self.setMinimumWidth(content.minimumSizeHint().width() + MARGIN)

    def _column(self) -> QWidget:
        content = QWidget()
        content.setObjectName("column")
        column = QVBoxLayout(content)
        column.setContentsMargins(MARGIN, SPACING, MARGIN, SPACING)
        column.setSpacing(SPACING)
        for number, section in enumerate(self._sections()):
            if number:
                column.addWidget(_line())
            for part in section:
                column.addWidget(part)
        column.addStretch()
        return content

    def _sections(self) -> tuple[tuple[QWidget, ...], ...]:
        """List the widgets from top to bottom; a line parts one section from the next."""
        return (
            (self.optimizer, self.clipping),
            (self.schedule, self.rate_curve),
            (self.loss, self.training),
            (
                _heading(self.tr("Early stopping"), EarlyStopping.help),
                self.stopping_on,
                self.stopping,
            ),
            (
                _heading(self.tr("Augmentation"), Augmentation.help),
                self.augmentation,
                self.augmentation_preview,
            ),
            (_heading(self.tr("Data")), self.data),
        )


def _heading(title: str, explanation: str = "") -> QLabel:
    heading = QLabel(title)
    heading.setObjectName("heading")
    heading.setToolTip(explanation)
    return heading


def _line() -> QFrame:
    line = QFrame()
    line.setObjectName("line")
    line.setFixedHeight(1)
    return line
