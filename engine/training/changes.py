"""What can be changed while a network trains: fields of the project, each named by its path."""

from __future__ import annotations

from typing import Any

from engine.problems import Problem, ProblemError
from engine.project.checks import problems
from engine.project.layers import Dropout, Layer, SpatialDropout2d, Weighted
from engine.project.project import Project, walk

OPTIMIZER = "optimizer."
LAYER = "layers."
BATCH_SIZE = "batch_size"
LEARNING_RATE = "optimizer.learning_rate"
CHANGEABLE_OF_OPTIMIZERS = ("learning_rate", "momentum", "weight_decay")
OF_BRANCHES = ("l2", "frozen")  # of a layer with weights: they stay what they are


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
    kinds = (Dropout, SpatialDropout2d)
    return {layer.name: layer.rate for layer in walk(project.layers) if isinstance(layer, kinds)}


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


def branch_differences(old: Project, new: Project) -> list[tuple[str, str, Any, Any]]:
    """List what a branch of `old` may change in the layers, and `new` does, beside what can be
    changed while training: the layer's name, the field's, its value before and after.
    """
    layers = {layer.name: layer for layer in walk(new.layers)}
    return [
        (before.name, field, getattr(before, field), getattr(after, field))
        for before in walk(old.layers)
        if isinstance(before, Weighted) and isinstance(after := layers.get(before.name), Weighted)
        for field in OF_BRANCHES
        if getattr(before, field) != getattr(after, field)
    ]


def _set(project: Project, field: str, value: float) -> Project:
    place, _, name = field.rpartition(".")
    if field == BATCH_SIZE:
        return project.set_training(batch_size=value)
    if field.startswith(OPTIMIZER):
        return project.set_optimizer(**{name: value})
    return project.set_layer(place.removeprefix(LAYER), **{name: value})


def branch_problem(run: Project, edited: Project) -> Problem | None:
    """Say why a run can't go on with an edited project, or nothing where it can: its weights must
    fit, and the images that it learns from must stay those.
    """
    if _what_weights_are_of(run) != _what_weights_are_of(edited):
        return Problem(
            "The layers differ from the run's, so its weights do not fit: this can't be "
            "a branch. Put the run's layers back, or train the changed network from its beginning."
        )
    if (run.data, run.training.seed) != (edited.data, edited.training.seed):
        return Problem(
            "The data, how they are split or scaled, or the seed differ from the run's: "
            "this can't be a branch. Put them back, or train from the beginning."
        )
    return None


def _what_weights_are_of(project: Project) -> tuple[Layer, ...]:
    """Give the layers without what a branch may change in them."""
    for layer in walk(project.layers):
        if layer.name in dropouts(project):
            project = project.set_layer(layer.name, rate=0.5)
        elif isinstance(layer, Weighted):
            project = project.set_layer(layer.name, l2=0.0, frozen=False)
    return project.layers
