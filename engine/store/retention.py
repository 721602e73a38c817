"""Which checkpoints of a run are kept: decided by their steps alone, never by a clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

MOST = 200  # checkpoints of a run: one can't point at more on a slider, and each is read for it
NEWEST = 2  # where the last one is damaged, the one before it stands in

Kind = Literal["running", "end", "epoch", "best", "first"]
RANKS = get_args(Kind)
"""A step that is written as two kinds is the later one of these."""


@dataclass(frozen=True)
class Kept:
    """What there is to know of a checkpoint without reading its tensors."""

    step: int
    epoch: int
    kind: Kind
    nbytes: int  # of both files


def surplus(kept: Sequence[Kept], budget: int, most: int = MOST) -> list[Kept]:
    """Choose which checkpoints go, of those in the order of their steps.

    The newest two, the first and the newest of the best always stay. Other running ones go. Of
    the rest as many stay as the budget in bytes and `most` allow, about evenly spread: while there
    are too many, the one goes whose neighbours are nearest to each other, the earliest of such.
    """
    always = {one.step for one in kept[-NEWEST:]}
    always |= {one.step for one in kept if one.kind == "first"}
    always |= {one.step for one in [one for one in kept if one.kind == "best"][-1:]}
    staying = [one for one in kept if one.step in always or one.kind != "running"]
    size = sum(one.nbytes for one in staying)
    while size > budget or len(staying) > most:
        free = [place for place, one in enumerate(staying) if one.step not in always]
        if not free:
            break
        size -= staying.pop(min(free, key=lambda place: _gap(staying, place))).nbytes
    steps = {one.step for one in staying}
    return [one for one in kept if one.step not in steps]


def _gap(kept: Sequence[Kept], place: int) -> int:
    """Count the steps between the neighbours of one that is not the last."""
    return kept[place + 1].step - (kept[place - 1].step if place else 0)
