"""What stands between a project and its training, each with a sentence and perhaps a mend."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import ceil, prod

from engine.problems import Mend, Problem, byte_size
from engine.project.layers import (
    BatchNorm,
    Block,
    Dense,
    Flatten,
    GlobalAvgPool,
    Layer,
    LayerNorm,
    Rows,
    Traced,
    base,
    sequence,
)
from engine.project.project import Place, Project

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
    for row in project.walk():
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
    place = Place(len(project.layers)) if name == "output" else project.place(name)
    assert row.problem is not None
    if row.problem.mend is not None:
        return row.problem.mend
    match row.problem.template:
        case base.NEEDS_ROW | base.NEEDS_ROW_NOT_STEPS:
            return Mend("Add Flatten before it", lambda project: project.insert(place, Flatten()))
        case base.NEEDS_STEPS_NOT_IMAGE:
            return Mend("Add Rows as steps before it", lambda each: each.insert(place, Rows()))
        case base.NEEDS_IMAGE | base.NEEDS_IMAGE_NOT_STEPS:
            mend = _move_above(row.layer, _ending(project, place, 3))
        case base.NEEDS_STEPS_NOT_ROW:
            mend = _keep_steps(row.layer, _ending(project, place, 2), _ending(project, place, 3))
        case sequence.UNEVEN_HEADS:
            heads = sequence.most_heads(row.problem.values["features"], row.problem.values["heads"])
            return Mend(f"Set the heads to {heads}", lambda each: each.set_layer(name, heads=heads))
        case base.NO_STEPS:
            return Mend("Put Layer normalisation in its place", partial(_put, LayerNorm(), name))
        case _:
            mend = None
    if mend is not None:
        return mend
    if isinstance(row.layer, Block) and (shrinking := _shrinking(row)):
        return Mend('Set padding to "same" inside', lambda project: _padded(project, shrinking))
    what = "block" if isinstance(row.layer, Block) else "layer"
    return Mend(f"Remove this {what}", lambda project: project.remove([name]))


def _move_above(layer: Layer, ending: Layer | None) -> Mend | None:
    if ending is None or ending.type == layer.type or _ends_alike(layer, ending):
        return None  # they would only swap
    return Mend("Move it above", partial(_moved_above, layer, ending.name))


def _ends_alike(layer: Layer, ending: Layer) -> bool:
    """Tell whether a layer would end the image or the sequence that the one above it ends now."""
    return isinstance(layer, GlobalAvgPool) and isinstance(ending, GlobalAvgPool | Rows)


def _moved_above(layer: Layer, ending: str, project: Project) -> Project:
    moved = project.move([layer.name], project.place(ending))
    if isinstance(layer, sequence.Recurrent):  # what it stands above now takes a sequence
        return moved.set_layer(layer.name, gives="every step")
    return moved


def _keep_steps(layer: Layer, ending: Layer | None, flattening: Layer | None) -> Mend | None:
    """Find the repair of a row where steps are needed: what ended the sequence is to keep it, or
    what flattened the image is to make one.
    """
    if isinstance(ending, sequence.Recurrent):
        title = f"Let the {ending.title} above give every step"
        return Mend(title, lambda each: each.set_layer(ending.name, gives="every step"))
    if ending is None and isinstance(flattening, Flatten):
        return Mend("Put Rows as steps in place of Flatten", partial(_put, Rows(), flattening.name))
    return _move_above(layer, ending)


def _put(layer: Layer, name: str, project: Project) -> Project:
    """Put a layer in another one's place."""
    return project.insert(project.place(name), layer).remove([name])


def _ending(project: Project, before: Place, axes: int) -> Layer | None:
    """Find the layer above a place, in its own branch, that makes something else of an image (3
    axes) or of a sequence (2).
    """
    rows = project.traced
    if before.parent:
        (block,) = [row for row in project.walk() if row.layer.name == before.parent]
        rows = block.inner[before.branch]
    for row in rows[: before.index]:
        if len(row.input_shape or ()) == axes != len(row.output_shape or ()):
            return row.layer
    return None


def _shrinking(block: Traced) -> list[str]:
    """Name the layers in a block whose windows stay inside the image, which shrinks by that."""
    layers = (row.layer for row in block.walk())
    return [layer.name for layer in layers if getattr(layer, "padding", "") == "valid"]


def _padded(project: Project, names: list[str]) -> Project:
    for name in names:
        project = project.set_layer(name, padding="same")
    return project


def _memory_problems(project: Project, memory: int) -> Iterator[Problem]:
    leaves = [row for row in project.walk() if not row.inner]
    needs = [layer_bytes(project, row) for row in leaves]
    if sum(needs) <= memory:
        return
    need, row = max(zip(needs, leaves, strict=True), key=lambda pair: pair[0])
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
