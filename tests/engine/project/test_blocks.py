"""Blocks: their shapes, sums and joints against arithmetic, and edits anywhere in the tree."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from engine.problems import ProblemError
from engine.project.checks import problems
from engine.project.format import dumps, loads
from engine.project.layers import (
    BatchNorm,
    Conv2d,
    Dense,
    Flatten,
    GlobalAvgPool,
    MaxPool2d,
    Parallel,
    Residual,
)
from engine.project.project import Place, Project, walk
from engine.training.network import build, placed

SAME = Conv2d(filters=1, padding="same", activation="none")


def project_of(*layers):
    return Project().insert(0, *layers)


def names(project):
    return [row.layer.name for row in project.walk()]


def built(layer, shape):
    (named,) = project_of(layer).layers
    return named.torch_calls(shape)[""].build()


def test_a_residual_block_adds_its_input():
    block = built(Residual(layers=(SAME,)), (1, 5, 5))
    images = torch.rand(3, 1, 5, 5)

    torch.testing.assert_close(block(images), block.body(images) + images)
    assert isinstance(block.shortcut, nn.Identity)


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_a_shortcut_brings_the_input_to_another_size(stride):
    layer = Residual(layers=(Conv2d(filters=7, padding="same", stride=stride),))
    images = torch.rand(2, 4, 9, 6)

    block = built(layer, (4, 9, 6))

    assert tuple(block(images).shape[1:]) == layer.output_shape((4, 9, 6))
    assert str(block.shortcut).startswith("Conv2d(4, 7, kernel_size=(1, 1)")
    assert layer.parameters((4, 9, 6)) == 7 * (4 * 9 + 1) + 7 * (4 + 1)


def test_a_shortcut_of_a_row_is_a_dense_layer():
    layer = Residual(layers=(Dense(units=5),))

    assert layer.output_shape((8,)) == (5,)
    assert layer.parameters((8,)) == 2 * 5 * (8 + 1)


@pytest.mark.parametrize("join", ["concatenate", "add"])
def test_a_parallel_block_joins_its_branches(join):
    layer = Parallel(branches=((SAME,), (), (MaxPool2d(size=1, stride=1),)), join=join)
    block = built(layer, (1, 4, 4))
    images = torch.rand(2, 1, 4, 4)

    parts = [block[0](images), images, images]

    expected = torch.cat(parts, dim=1) if join == "concatenate" else parts[0] + 2 * images
    torch.testing.assert_close(block(images), expected)
    assert layer.output_shape((1, 4, 4)) == tuple(expected.shape[1:])


@pytest.mark.parametrize(
    ("layer", "where", "sentence"),
    [
        (Residual(), "residual_1", "Residual block is empty: put layers into it."),
        (Residual(layers=(Conv2d(),)), "residual_1", "adds its input, 1×8×8, to what its layers"),
        (Residual(layers=(Flatten(),)), "residual_1", "can't be brought together"),
        (Residual(layers=(Dense(),)), "dense_1", "Dense needs a row of numbers, but gets 1×8×8"),
        (
            Parallel(branches=((Conv2d(),), ())),
            "parallel_1",
            "The branches of Parallel block give 32×6×6 and 1×8×8, which can't lie side by side.",
        ),
        (Parallel(branches=((SAME, SAME), (Flatten(),))), "parallel_1", "can't lie side by side"),
        (Parallel(branches=((Conv2d(),), ()), join="add"), "parallel_1", "which can't add up."),
    ],
)
def test_what_does_not_fit_is_told_where_it_stands(layer, where, sentence):
    found = problems(project_of(layer, GlobalAvgPool()))

    assert found[0].where == where
    assert sentence in str(found[0])
    with pytest.raises(ProblemError):
        build(project_of(layer, GlobalAvgPool()))


def test_layers_below_a_wrong_block_have_no_shape():
    project = project_of(Residual(layers=(Dense(), BatchNorm())), Flatten())

    shapes = {row.layer.name: row.input_shape for row in project.walk()}

    assert shapes["dense_1"] == (1, 8, 8)
    assert shapes["batch_norm_1"] is shapes["flatten_1"] is None


def test_a_mend_puts_flatten_into_the_block():
    project = project_of(Residual(layers=(Dense(units=64),)), Flatten())

    mended = problems(project)[0].mend.apply(project)

    assert names(mended)[:3] == ["residual_1", "flatten_2", "dense_1"]


@pytest.mark.parametrize(
    "block", [Residual(layers=(Conv2d(),)), Parallel(branches=((Conv2d(),), ()))]
)
def test_a_mend_lets_what_is_inside_keep_the_images_size(block):
    project = project_of(block, GlobalAvgPool())

    assert problems(problems(project)[0].mend.apply(project)) == ()


def leaves():
    return st.builds(Conv2d, filters=st.integers(1, 3), padding=st.just("same"))


def trees():
    blocks = lambda inner: st.one_of(  # noqa: E731
        st.builds(Residual, layers=st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(
            Parallel,
            branches=st.lists(st.lists(inner, max_size=2).map(tuple), min_size=1, max_size=3).map(
                tuple
            ),
        ),
    )
    return st.lists(st.recursive(leaves(), blocks, max_leaves=6), min_size=1, max_size=3)


@settings(max_examples=40)
@given(trees())
def test_any_tree_is_built_counted_and_written(layers):
    project = project_of(*layers, GlobalAvgPool())
    network = build(project)

    assert loads(dumps(project)) == project
    assert sum(weights.numel() for weights in network.parameters()) == project.parameters
    assert network(torch.rand(2, 1, 8, 8)).shape == (2, 10)
    assert [each.layer.name for each in placed(project, network)]
    own = [w for each in placed(project, network) for m in each.weighty for w in m.parameters()]
    assert {id(weights) for weights in own} == {id(weights) for weights in network.parameters()}
    assert len(own) == len(list(network.parameters()))


@settings(max_examples=60)
@given(trees(), st.data())
def test_an_edit_anywhere_keeps_the_rest(layers, data):
    project = project_of(*layers)
    before = names(project)
    chosen = data.draw(st.sampled_from(before[:-1]))
    held = {layer.name for layer in walk([project.layer(chosen)])}
    place = project.place(data.draw(st.sampled_from(before[:-1])))

    removed = project.remove([chosen])
    assert names(removed) == [name for name in before if name not in held]
    inserted = project.insert(place, project.layer(chosen))
    assert sorted(set(names(inserted)) & set(before)) == sorted(before)
    assert len(names(inserted)) == len(before) + len(held)
    if place.parent in held:
        with pytest.raises(ProblemError, match="into itself"):
            project.move([chosen], place)
    else:
        moved = project.move([chosen], place)
        assert sorted(names(moved)) == sorted(before)
        assert moved.place(chosen).parent == place.parent
        assert moved.layer(chosen) == project.layer(chosen)


def test_a_layer_moves_into_a_block_and_out():
    project = project_of(Conv2d(), Residual(layers=(SAME,)))

    inside = project.move(["conv2d_1"], Place(1, "residual_1"))
    assert names(inside) == ["residual_1", "conv2d_2", "conv2d_1", "output"]
    assert inside.place("conv2d_1") == Place(1, "residual_1")
    assert inside.move(["conv2d_1"], 0) == project


def test_a_field_is_set_inside_a_block():
    project = project_of(Parallel(branches=((), (Residual(layers=(SAME,)),))))

    changed = project.set_layer("conv2d_1", filters=9)

    assert changed.layer("conv2d_1").filters == 9
    with pytest.raises(ProblemError, match="Filters must be 1 or more"):
        project.set_layer("conv2d_1", filters=0)


def test_names_are_unique_over_the_whole_tree():
    twice = Residual(name="residual_1", layers=(Dense(name="dense_1"),))

    with pytest.raises(ValueError, match="Two layers are named dense_1"):
        Project(layers=(Dense(name="dense_1"), twice))
