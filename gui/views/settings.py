"""The training settings: data split, optimizer, loss, batch, epochs, seed, device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from engine.problems import Mend, Problem, ProblemError
from engine.project.losses import LOSS_TYPES, Loss
from engine.project.optimizers import OPTIMIZER_TYPES, Optimizer
from engine.project.project import Project
from engine.project.sources import Data
from engine.project.training import Training
from gui.document import Document
from gui.forms import Form, combo_box
from gui.theme import LABEL_WIDTH, MARGIN, SPACING

DATA_FIELDS = ("validation", "standardise")
TRAINING_FIELDS = ("batch_size", "epochs", "seed", "device")


class SettingsView(QScrollArea):
    """Forms for the optimizer, the training and the data; each change is an edit."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.optimizer = combo_box([(kind.title, kind) for kind in OPTIMIZER_TYPES])
        self.optimizer.activated.connect(lambda _: self._choose_optimizer())
        self.loss = combo_box([(kind.title, kind) for kind in LOSS_TYPES])
        self.loss.activated.connect(lambda _: self._choose_loss())
        self.training = Form(Training, TRAINING_FIELDS)
        self.training.edited.connect(self._edit_training)
        self.training.mend_wanted.connect(self._mend)
        self.data = Form(Data, DATA_FIELDS)
        self.data.edited.connect(self._edit_data)
        self.numbers = Form(type(document.project.training.optimizer))
        self.numbers_kind: type[Optimizer] | None = None
        self._lay_out()
        document.changed.connect(self.show_project)
        self.show_project(document.project)

    def show_project(self, project: Project) -> None:
        """Show the project's settings and what is wrong with them."""
        self._show_optimizer(project.training.optimizer)
        self.loss.setCurrentIndex(LOSS_TYPES.index(type(project.training.loss)))
        self.loss.setToolTip(project.training.loss.help)
        self.training.show_value(project.training)
        self.data.show_value(project.data)
        for problem in self.document.problems:
            self._show_problem(problem)

    def _show_problem(self, problem: Problem) -> None:
        """Show a problem under the field that it belongs to, if that is here."""
        place, _, field = problem.where.rpartition(".")
        form = {"training": self.training, "training.optimizer": self.numbers}.get(place)
        if form is not None:
            form.show_problem(field, problem)

    def _show_optimizer(self, optimizer: Optimizer) -> None:
        kind = type(optimizer)
        self.optimizer.setCurrentIndex(OPTIMIZER_TYPES.index(kind))
        self.optimizer.setToolTip(optimizer.help)
        if kind is not self.numbers_kind:
            form = Form(kind)
            form.edited.connect(self._edit_optimizer)
            form.mend_wanted.connect(self._mend)
            self._column.replaceWidget(self.numbers, form)
            self.numbers.hide()
            self.numbers.deleteLater()
            self.numbers, self.numbers_kind = form, kind
        self.numbers.show_value(optimizer)

    def _choose_optimizer(self) -> None:
        kind = self.optimizer.currentData()
        if kind is self.numbers_kind:
            return  # chosen again: its numbers stay
        project = self.document.project.set_training(optimizer=kind())
        self.document.edit(self.tr("Optimizer {title}").format(title=kind.title), project)

    def _choose_loss(self) -> None:
        kind: type[Loss] = self.loss.currentData()
        project = self.document.project.set_training(loss=kind())
        self.document.edit(self.tr("Loss {title}").format(title=kind.title), project)

    def _edit_training(self, field: str, value: Any) -> None:
        self._edit(self.training, self.document.project.set_training, field, value)

    def _edit_optimizer(self, field: str, value: Any) -> None:
        self._edit(self.numbers, self.document.project.set_optimizer, field, value)

    def _edit_data(self, field: str, value: Any) -> None:
        self._edit(self.data, self.document.project.set_data, field, value)

    def _edit(self, form: Form, change: Callable[..., Project], field: str, value: object) -> None:
        try:
            project = change(**{field: value})
        except ProblemError as error:
            form.show_problem(field, error.problem)
            return
        form.show_problem(field, None)
        self.document.edit(
            self.tr("Change {field}").format(field=field.replace("_", " ")), project, field
        )

    def _mend(self, mend: Mend) -> None:
        self.document.edit(mend.title, mend.apply(self.document.project))

    def _lay_out(self) -> None:
        content = QWidget()
        content.setObjectName("column")
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(MARGIN, SPACING, MARGIN, SPACING)
        self._column.setSpacing(SPACING)
        self._column.addLayout(_labelled(self.tr("Optimizer"), self.optimizer))
        self._column.addWidget(self.numbers)
        self._column.addWidget(_line())
        self._column.addLayout(_labelled(self.tr("Loss"), self.loss))
        self._column.addWidget(self.training)
        self._column.addWidget(_line())
        self._column.addWidget(self.data)
        self._column.addStretch()
        self.setWidget(content)
        self.setMinimumWidth(content.minimumSizeHint().width() + MARGIN)


def _labelled(title: str, control: QWidget) -> QGridLayout:
    row = QGridLayout()
    label = QLabel(title)
    label.setObjectName("heading")
    label.setBuddy(control)
    control.setAccessibleName(title)
    row.addWidget(label, 0, 0)
    row.addWidget(control, 0, 1)
    row.setColumnMinimumWidth(0, LABEL_WIDTH)
    row.setColumnStretch(1, 1)
    return row


def _line() -> QFrame:
    line = QFrame()
    line.setObjectName("line")
    return line
