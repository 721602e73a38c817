"""What stands between a project and its training, each with a sentence and perhaps a mend."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, prod

from engine.problems import Mend, Problem, byte_size
from engine.project.layers import NEEDS_IMAGE, NEEDS_ROW, BatchNorm, Dense, Flatten
from engine.project.project import Project
from engine.project.shapes import Traced

FLOAT_BYTES = 4


def problems(project: Project, memory: int | None = None) -> tuple[Problem, ...]:
    """List what is wrong, the network first. `memory` is the machine's in bytes, where known."""
    found = list(_network_problems(project))
    if not found and memory is not None:
        found.extend(_memory_problems(project, memory))
    return (*found, *_setting_problems(project))


def machine_memory() -> int:
    """Tell how many bytes of memory this machine has."""
    import psutil

    return int(psutil.virtual_memory().total)


def train_count(project: Project) -> int:
    """Count the images that remain to learn from once the validation share is kept aside."""
    size = project.data.source.train_size
    return size - ceil(project.data.validation * size)


def layer_bytes(project: Project, row: Traced) -> int:
    """Estimate what training a layer takes: its weights, their gradients, what the optimizer
    remembers of them, and its outputs with their gradients for one batch.
    """
    copies = 2 + project.training.optimizer.slots
    outputs = 2 * project.training.batch_size * prod(row.output_shape or ())
    return FLOAT_BYTES * (copies * (row.parameters or 0) + outputs)


def _network_problems(project: Project) -> Iterator[Problem]:
    if not project.layers:
        yield Problem(
            "The network has no layers yet. Click a layer in the palette, or choose a preset.",
            where="output",
            mend=Mend("Start with Flatten and Dense", _first_layers),
        )
        return
    for row in project.traced:
        if row.problem is not None:
            mend = _mend(project, row)
            yield row.problem if mend is None else row.problem.with_mend(mend)
        elif isinstance(row.layer, BatchNorm) and project.training.batch_size == 1:
            yield Problem(
                "Batch normalisation needs two images or more in a batch, but the batch size is 1.",
                where=row.layer.name,
                mend=_set_batch_size(32),
            )


def _first_layers(project: Project) -> Project:
    return project.insert(0, Flatten(), Dense())


def _mend(project: Project, row: Traced) -> Mend | None:
    """Find the repair of a shape that does not fit."""
    name = row.layer.name
    place = len(project.layers) if name == "output" else project.index(name)
    assert row.problem is not None
    if row.problem.template == NEEDS_ROW:
        return Mend("Add Flatten before it", lambda project: project.insert(place, Flatten()))
    if row.problem.template == NEEDS_IMAGE:
        flattening = _flattening(project, place)
        if project.layers[flattening].type != row.layer.type:  # two of a kind would only swap
            return Mend("Move it above", lambda project: project.move([name], flattening))
    return Mend("Remove this layer", lambda project: project.remove([name]))


def _flattening(project: Project, before: int) -> int:
    """Find the layer above a place that turns the image into a row."""
    return next(
        index
        for index in range(before)
        if len(project.traced[index].input_shape or ()) == 3
        and len(project.traced[index].output_shape or ()) == 1
    )


def _memory_problems(project: Project, memory: int) -> Iterator[Problem]:
    needs = [layer_bytes(project, row) for row in project.traced]
    if sum(needs) <= memory:
        return
    need, row = max(zip(needs, project.traced, strict=True), key=lambda pair: pair[0])
    yield Problem(
        "{layer} has {parameters} parameters: training it would take about {need} of memory, and "
        "this machine has {memory}. Make this layer, or the batch, smaller.",
        where=row.layer.name,
        layer=row.layer.title,
        parameters=row.parameters,
        need=byte_size(need),
        memory=byte_size(memory),
    )


def _setting_problems(project: Project) -> Iterator[Problem]:
    optimizer = project.training.optimizer.problem()
    if optimizer is not None:
        yield optimizer.at(f"training.optimizer.{optimizer.where}")
    images, batch_size = train_count(project), project.training.batch_size
    if batch_size > images:
        yield Problem(
            "The batch size of {batch_size} is larger than the training set of {images} images "
            "(validation is kept apart). Take {images} or less.",
            where="training.batch_size",
            mend=_set_batch_size(min(32, images)),
            batch_size=batch_size,
            images=images,
        )


def _set_batch_size(size: int) -> Mend:
    return Mend(
        f"Set the batch size to {size}", lambda project: project.set_training(batch_size=size)
    )
