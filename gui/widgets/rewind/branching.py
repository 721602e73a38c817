"""What a branch would do otherwise than the run that it leaves."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from pydantic import BaseModel
from PySide6.QtCore import QCoreApplication

from engine.problems import ProblemError, shown
from engine.project.project import Project
from engine.project.training import Training
from engine.training.changes import (
    BATCH_SIZE,
    CHANGEABLE_OF_OPTIMIZERS,
    branch_differences,
    changed,
    differences,
    value_of,
)
from engine.training.history import Run
from gui.widgets.change_words import change_words


def project_at(run: Run, step: int) -> Project:
    """Give the project that a run had after so many steps: later changes are taken back."""
    project = run.current
    for change in reversed(run.changes):
        if change.step > step:
            with suppress(ProblemError):
                project = changed(project, change.field, change.old)
    return project


def told_differences(run: Project, edited: Project) -> list[str]:
    """Tell the settings in which a branch would differ from the run, a few words each."""
    told = [
        change_words(field, value_of(run, field), value)
        for field, value in differences(run, edited)
    ]
    told += [_told_of_layer(*difference) for difference in branch_differences(run, edited)]
    before = _with_changeable(run.training, edited.training)
    for name, field in Training.model_fields.items():
        old, new = getattr(before, name), getattr(edited.training, name)
        if old != new and name != BATCH_SIZE:
            told.append(_told(field.title or name, old, new))
    return told


def _with_changeable(old: Training, new: Training) -> Training:
    """Give the old settings with those numbers of the new optimizer that are told one by one."""
    if type(old.optimizer) is not type(new.optimizer):
        return old
    numbers = {
        name: getattr(new.optimizer, name)
        for name in CHANGEABLE_OF_OPTIMIZERS
        if name in type(new.optimizer).model_fields
    }
    return old.model_copy(update={"optimizer": old.optimizer.model_copy(update=numbers)})


def _told_of_layer(layer: str, field: str, old: Any, new: Any) -> str:
    """Tell a fine setting of a layer: L2 of dense_1 0 → 0.01, dense_1 frozen."""
    if field == "frozen" and new:
        return QCoreApplication.translate("Branching", "{layer} frozen").format(layer=layer)
    if field == "frozen":
        return QCoreApplication.translate("Branching", "{layer} learns again").format(layer=layer)
    title = QCoreApplication.translate("Branching", "L2 of {layer}").format(layer=layer)
    return f"{title} {shown(old)} → {shown(new)}"


def _told(title: str, old: Any, new: Any) -> str:
    before, after = _short(old), _short(new)
    if before == after:
        return QCoreApplication.translate("Branching", "{title}: other numbers").format(title=title)
    return f"{title} {before} → {after}"


def _short(value: Any) -> str:
    """Name a setting: a choice by its title, what can be switched by whether it is on."""
    if not isinstance(value, BaseModel):
        return shown(value)
    if title := getattr(value, "title", ""):
        return str(title)
    if getattr(value, "on", False):
        return QCoreApplication.translate("Branching", "on")
    return QCoreApplication.translate("Branching", "off")
