"""What the layers of a project need of Keras, with marked gaps where it lacks something."""

from __future__ import annotations

from collections.abc import Callable

from engine.problems import ProblemError
from engine.project.layers import Block, Shape, Traced
from engine.project.project import Project
from engine.project.torch_call import KerasCall, keras_call

Calls = dict[str, KerasCall]


def keras_calls(row: Traced, *, gaps: bool = True) -> Calls:
    """Give a layer's own Keras layers by their names; a block's are its shortcut and its joint.

    Raises:
        ProblemError: Keras lacks one, and there may be no `gaps`.
    """
    if isinstance(row.layer, Block):
        calls = (shortcut_calls(row, gaps=gaps) or {}) | joint_calls(row, gaps=gaps)
    else:
        calls = _or_gap(row, row.layer.keras_calls, gaps) or {}
    return {row.layer.part_name(suffix): call for suffix, call in calls.items()}


def shortcut_calls(row: Traced, *, gaps: bool = True) -> Calls | None:
    """Give a block's way past its branches, or None where it has none; keys are suffixes."""
    assert isinstance(row.layer, Block)
    return _or_gap(row, row.layer.keras_shortcut, gaps, "shortcut")


def joint_calls(row: Traced, *, gaps: bool = True) -> Calls:
    """Give what joins a block's ways, nothing where there is only one; keys are suffixes."""
    block = row.layer
    assert isinstance(block, Block)
    ways = len(row.inner) + (shortcut_calls(row) is not None)
    return {} if ways == 1 else _or_gap(row, lambda _: block.keras_joint(), gaps) or {}


def _or_gap(
    row: Traced, calls: Callable[[Shape], Calls | None], gaps: bool, suffix: str = ""
) -> Calls | None:
    assert row.input_shape is not None  # a project with a problem is not exported
    try:
        return calls(row.input_shape)
    except ProblemError:
        if not gaps:
            raise
        return {suffix: keras_call("Gap", row.layer.title)}


def check_for_gaps(project: Project) -> None:
    """Raise a ProblemError that names the first layer that Keras lacks, if there is one."""
    for row in project.walk():
        keras_calls(row, gaps=False)


def gaps(project: Project) -> list[str]:
    """Name the layers, and the parts of blocks, that Keras lacks."""
    return [
        name
        for row in project.walk()
        for name, call in keras_calls(row).items()
        if call.target == "Gap"
    ]


def targets(project: Project) -> list[str]:
    """Name the classes of all Keras layers, in the order in which they first occur."""
    calls = [call for row in project.walk() for call in keras_calls(row).values()]
    return list(dict.fromkeys(call.target for call in calls))
