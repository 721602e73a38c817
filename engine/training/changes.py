"""What can be changed while a network trains: fields of the project, each named by its path."""

from __future__ import annotations

from engine.problems import ProblemError
from engine.project.checks import problems
from engine.project.layers import Dropout
from engine.project.project import Project

OPTIMIZER = "optimizer."
LAYER = "layers."
BATCH_SIZE = "batch_size"
LEARNING_RATE = "optimizer.learning_rate"
CHANGEABLE_OF_OPTIMIZERS = ("learning_rate", "momentum", "weight_decay")


def changed(project: Project, field: str, value: float) -> Project:
    """Give the project with another value of a field.

    Raises:
        ProblemError: the field can't be changed while training, or not to this.
    """
    value_of(project, field)
    edited = _set(project, field, value)
    for problem in problems(edited):
        raise ProblemError(problem)
    return edited


def value_of(project: Project, field: str) -> float:
    """Give a field's value; ProblemError where it is none that can be changed while training."""
    place, _, name = field.rpartition(".")
    if field == BATCH_SIZE:
        return project.training.batch_size
    if place + "." == OPTIMIZER and name in CHANGEABLE_OF_OPTIMIZERS:
        optimizer = project.training.optimizer
        if name in type(optimizer).model_fields:
            return float(getattr(optimizer, name))
    layer = place.removeprefix(LAYER)
    if place.startswith(LAYER) and name == "rate" and layer in dropouts(project):
        return dropouts(project)[layer]
    raise ProblemError("{field} can't be changed while the network trains.", field=field)


def dropouts(project: Project) -> dict[str, float]:
    """Give the rate of each dropout layer, by its name."""
    return {layer.name: layer.rate for layer in project.layers if isinstance(layer, Dropout)}


def differences(old: Project, new: Project) -> list[tuple[str, float]]:
    """List the fields that can be changed while training in which one project differs from
    another, with the other's values.
    """
    fields = [BATCH_SIZE, *(OPTIMIZER + name for name in CHANGEABLE_OF_OPTIMIZERS)]
    fields += [f"{LAYER}{name}.rate" for name in dropouts(old)]
    found = []
    for field in fields:
        try:
            before, after = value_of(old, field), value_of(new, field)
        except ProblemError:
            continue  # one of them has no such field
        if before != after:
            found.append((field, after))
    return found


def _set(project: Project, field: str, value: float) -> Project:
    place, _, name = field.rpartition(".")
    if field == BATCH_SIZE:
        return project.set_training(batch_size=value)
    if field.startswith(OPTIMIZER):
        return project.set_optimizer(**{name: value})
    return project.set_layer(place.removeprefix(LAYER), **{name: value})
