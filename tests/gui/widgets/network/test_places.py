from __future__ import annotations

import pytest

from engine.project.layers import Residual
from engine.project.project import Place, Project
from gui.widgets.network.places import below, inside_or_below, is_empty, is_inside, next_to, one_on


@pytest.mark.parametrize(
    ("names", "place"),
    [
        ((), Place(5)),
        (("conv2d_1",), Place(1)),
        (("conv2d_1", "flatten_1"), Place(4)),
        (("conv2d_2",), Place(1, "residual_1")),
        (("residual_1", "conv2d_2"), Place(2)),
        (("conv2d_3",), Place(1, "parallel_1", 0)),
    ],
)
def test_layers_go_below_the_last_that_is_selected(nested, names, place):
    assert below(nested, names) == place


def test_layers_go_into_a_block_that_is_empty():
    project = Project().insert(0, Residual())

    assert inside_or_below(project, ("residual_1",)) == Place(0, "residual_1")
    assert below(project, ("residual_1",)) == Place(1)


def test_layers_go_below_a_block_that_holds_some(nested):
    assert inside_or_below(nested, ("residual_1",)) == Place(2)


@pytest.mark.parametrize(
    ("names", "step", "place"),
    [
        (("flatten_1",), -1, Place(2)),
        (("flatten_1",), 1, Place(5)),
        (("conv2d_1",), -1, None),
        (("dense_1",), 1, None),
        (("batch_norm_1",), -1, Place(0, "residual_1")),
        (("batch_norm_1",), 1, Place(2)),
        (("conv2d_2",), -1, Place(1)),
        (("conv2d_3",), 1, Place(3)),
        ((), 1, None),
    ],
)
def test_a_step_goes_past_the_neighbour_or_out_of_the_block(nested, names, step, place):
    assert one_on(nested, names, step) == place


def test_a_place_in_a_block_is_inside_it_at_any_depth(nested):
    deeper = nested.insert(Place(0, "residual_1"), Residual())

    assert is_inside(deeper, ("residual_1",), Place(0, "residual_2"))
    assert not is_inside(deeper, ("residual_1",), Place(0, "parallel_1"))
    assert not is_inside(deeper, ("conv2d_1",), Place(0))


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (Place(0), "conv2d_1"),
        (Place(5), "dense_1"),
        (Place(2, "residual_1"), "batch_norm_1"),
        (Place(0, "parallel_1", 1), "parallel_1"),
    ],
)
def test_what_is_next_to_a_place(nested, place, name):
    assert next_to(nested, place) == name


def test_nothing_is_next_to_a_place_in_an_empty_network():
    assert next_to(Project(), Place(0)) is None


@pytest.mark.parametrize(
    ("place", "empty"),
    [
        (Place(0, "parallel_1", 1), True),
        (Place(0, "parallel_1", 0), False),
        (Place(0, "parallel_1", 7), False),
        (Place(0, "gone_1"), False),
    ],
)
def test_an_empty_branch_is_one_that_is_there(nested, place, empty):
    assert is_empty(nested, place) is empty
