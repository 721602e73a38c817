"""Which checkpoints stay, against rules that are counted out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.store.retention import MOST, RANKS, Kept, surplus


def lists_of_kept():
    one = st.tuples(st.integers(1, 50), st.sampled_from(RANKS), st.integers(1, 100))
    return st.lists(one, max_size=30).map(numbered)


def numbered(drawn):
    step, kept = 0, []
    for more, kind, nbytes in drawn:
        step += more
        kept.append(Kept(step, 0, kind, nbytes))
    return kept


@given(lists_of_kept(), st.integers(0, 2000), st.integers(0, 20))
def test_what_stays_keeps_to_the_rules(kept, budget, most):
    gone = surplus(kept, budget, most)
    stays = [one for one in kept if one not in gone]

    bests = [one for one in kept if one.kind == "best"]
    must = [one for one in kept if one in kept[-2:] + bests[-1:] or one.kind == "first"]
    wanted = [one for one in kept if one in must or one.kind != "running"]
    fits = sum(one.nbytes for one in wanted) <= budget and len(wanted) <= most
    assert set(must) <= set(stays) <= set(wanted)
    assert not fits or stays == wanted
    assert stays == must or (sum(one.nbytes for one in stays) <= budget and len(stays) <= most)
    assert surplus(stays, budget, most) == []


@given(lists_of_kept().filter(lambda kept: len(kept) > 3))
def test_the_one_between_the_nearest_neighbours_goes_first(kept):
    kept = [Kept(one.step, 0, "epoch", 1) for one in kept]

    (gone,) = surplus(kept, len(kept) - 1)

    around = {
        middle.step: after.step - before
        for before, middle, after in zip(
            [0, *(one.step for one in kept)], kept[:-2], kept[1:], strict=False
        )
    }
    assert around[gone.step] == min(around.values())


@pytest.mark.parametrize("epochs", [21, 50, 100, 333, 1000])
def test_epochs_are_thinned_about_evenly(epochs):
    kept = [Kept(0, 0, "first", 1)]
    for epoch in range(1, epochs + 1):
        kept.append(Kept(7 * epoch, epoch, "epoch", 1))
        gone = surplus(kept, 20)
        kept = [one for one in kept if one not in gone]

    gaps = np.diff([one.epoch for one in kept])

    assert len(kept) == 20
    assert gaps.max() <= 2.5 * epochs / 19


def test_there_are_never_more_than_anyone_can_point_at():
    kept = [Kept(step, step, "epoch", 1) for step in range(2 * MOST)]

    assert len(kept) - len(surplus(kept, 10**9)) == MOST
