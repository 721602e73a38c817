"""The training settings: optimizer, schedule, loss, batch, epochs, augmentation, data split."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from engine.problems import Mend, Problem, ProblemError
from engine.project.augmentation import Augmentation
from engine.project.losses import LOSS_TYPES
from engine.project.optimizers import OPTIMIZER_TYPES
from engine.project.project import Project
from engine.project.schedules import SCHEDULE_TYPES
from engine.project.sources import Data
from engine.project.training import Training
from gui.document import Document
from gui.forms import ChoiceForm, Form
from gui.theme import MARGIN, SPACING
from gui.widgets.rate_curve import RateCurve

DATA_FIELDS = ("validation", "standardise")
TRAINING_FIELDS = ("batch_size", "epochs", "seed", "device")


class SettingsView(QScrollArea):
    """Forms for all that belongs to the training; each change is an edit."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.optimizer = ChoiceForm(self.tr("Optimizer"), OPTIMIZER_TYPES)
        self.optimizer.chosen.connect(self._choose_optimizer)
        self.schedule = ChoiceForm(self.tr("Schedule"), SCHEDULE_TYPES)
        self.schedule.chosen.connect(self._choose_schedule)
        self.rate_curve = RateCurve()
        self.loss = ChoiceForm(self.tr("Loss"), LOSS_TYPES)
        self.loss.chosen.connect(self._choose_loss)
        self.training = Form(Training, TRAINING_FIELDS)
        self.augmentation = Form(Augmentation)
        self.data = Form(Data, DATA_FIELDS)
        self._forms: dict[str, ChoiceForm | Form] = {
            "training.optimizer": self.optimizer,
            "training.schedule": self.schedule,
            "training": self.training,
            "training.augmentation": self.augmentation,
            "data": self.data,
        }
        for place, form in self._forms.items():
            form.edited.connect(lambda field, value, place=place: self._edit(place, field, value))
            form.mend_wanted.connect(self._mend)
        self._lay_out()
        document.changed.connect(self.show_project)
        self.show_project(document.project)

    def show_project(self, project: Project) -> None:
        """Show the project's settings and what is wrong with them."""
        training = project.training
        self.optimizer.show_value(training.optimizer)
        self.schedule.show_value(training.schedule)
        self.rate_curve.show_training(training)
        self.loss.show_value(training.loss)
        self.training.show_value(training)
        self.augmentation.show_value(training.augmentation)
        self.data.show_value(project.data)
        for problem in self.document.problems:
            place, _, field = problem.where.rpartition(".")
            if place in self._forms:
                self._show_problem(place, field, problem)

    def _show_problem(self, place: str, field: str, problem: Problem | None) -> None:
        """Show a problem under the field that it belongs to, or none."""
        form = self._forms[place]
        (form.form if isinstance(form, ChoiceForm) else form).show_problem(field, problem)

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
            "training.augmentation": project.set_augmentation,
            "data": project.set_data,
        }[place]

    def _mend(self, mend: Mend) -> None:
        self.document.edit(mend.title, mend.apply(self.document.project))

    def _lay_out(self) -> None:
        content = QWidget()
        content.setObjectName("column")
        column = QVBoxLayout(content)
        column.setContentsMargins(MARGIN, SPACING, MARGIN, SPACING)
        column.setSpacing(SPACING)
        sections: tuple[tuple[QWidget, ...], ...] = (
            (self.optimizer,),
            (self.schedule, self.rate_curve),
            (self.loss, self.training),
            (_heading(self.tr("Augmentation"), Augmentation.help), self.augmentation),
            (_heading(self.tr("Data")), self.data),
        )
        for number, section in enumerate(sections):
            if number:
                column.addWidget(_line())
            for part in section:
                column.addWidget(part)
        column.addStretch()
        self.setWidget(content)
        self.setMinimumWidth(content.minimumSizeHint().width() + MARGIN)


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
