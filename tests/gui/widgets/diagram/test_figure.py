"""The drawn network's arithmetic: nothing overlaps, every wire meets what it joins."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.project.layers import Conv2d, Dense, Flatten, Parallel, Residual
from engine.project.presets import presets
from engine.project.project import Project
from gui.widgets.diagram.figure import Frame, figure

conv = st.builds(Conv2d, filters=st.integers(1, 3), padding=st.just("same"))


def blocks(inner):
    return st.one_of(
        st.builds(Residual, layers=st.lists(inner, max_size=3).map(tuple)),
        st.builds(
            Parallel,
            branches=st.lists(st.lists(inner, max_size=2).map(tuple), min_size=1, max_size=4).map(
                tuple
            ),
            join=st.sampled_from(("add", "concatenate")),
        ),
    )


trees = st.lists(st.recursive(conv, blocks, max_leaves=8), max_size=4)


def project_of(*layers):
    return Project().insert(0, *layers)


def overlap(one, other):
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return across > 0 and down > 0


def within(inner, outer):
    return (
        outer.x <= inner.x
        and outer.y <= inner.y
        and inner.x + inner.width <= outer.x + outer.width + 1e-6
        and inner.y + inner.height <= outer.y + outer.height + 1e-6
    )


@settings(max_examples=60)
@given(trees)
def test_boxes_never_overlap_and_lie_within_the_figure(layers):
    drawn = figure(project_of(*layers))

    assert not [pair for pair in combinations(drawn.boxes, 2) if overlap(*pair)]
    whole = Frame(0, 0, drawn.width, drawn.height, "layer", "")
    assert all(within(box, whole) for box in (*drawn.boxes, *drawn.frames))


@settings(max_examples=60)
@given(trees)
def test_a_frame_holds_what_its_block_holds(layers):
    project = project_of(*layers)
    drawn = figure(project)
    frames = {frame.layer: frame for frame in drawn.frames}

    for row in project.walk():
        if row.inner:
            for inner in list(row.walk())[1:]:
                name = inner.layer.name
                parts = [box for box in drawn.boxes if box.layer == name]
                assert all(within(part, frames[row.layer.name]) for part in parts)


@settings(max_examples=60)
@given(trees)
def test_every_layer_is_drawn_once(layers):
    project = project_of(*layers)
    drawn = figure(project)

    found = [box.layer for box in drawn.boxes if box.kind in ("layer", "output")]
    found += [frame.layer for frame in drawn.frames]

    assert sorted(found) == sorted(row.layer.name for row in project.walk())


@settings(max_examples=60)
@given(trees)
def test_wires_are_straight_and_arrows_end_at_a_box(layers):
    drawn = figure(project_of(*layers))

    for wire in drawn.wires:
        for (x, y), (other_x, other_y) in zip(wire.points, wire.points[1:], strict=False):
            assert abs(x - other_x) < 1e-6 or abs(y - other_y) < 1e-6
        if wire.arrow:
            x, y = wire.points[-1]
            around = Frame(x - 1, y - 1, 2, 2, "layer", "")
            assert any(overlap(around, box) for box in (*drawn.boxes, *drawn.frames))


@pytest.mark.parametrize("name", presets())
def test_a_preset_reads_from_top_to_bottom(name):
    project = presets()[name]
    drawn = figure(project)

    boxes = {box.layer: box for box in drawn.boxes if box.kind == "layer"}
    tops = [boxes[layer.name].y for layer in project.layers if layer.name in boxes]
    assert tops == sorted(tops)


def test_a_point_finds_the_innermost_layer():
    drawn = figure(project_of(Residual(layers=(Conv2d(padding="same"),))))
    box = next(box for box in drawn.boxes if box.layer == "conv2d_1")
    frame = drawn.frames[0]

    assert drawn.layer_at((box.x + 5, box.y + 5)) == "conv2d_1"
    assert drawn.layer_at((frame.x + 2, frame.y + frame.height - 2)) == "residual_1"
    assert drawn.layer_at((0, 0)) == ""


def test_a_projection_stands_on_the_shortcut():
    def shortcuts(*layers):
        return [box.title for box in figure(project_of(*layers)).boxes if box.kind == "shortcut"]

    assert shortcuts(Residual(layers=(Conv2d(padding="same"),))) == ["1×1 conv"]
    assert shortcuts(Residual(layers=(Conv2d(padding="same", filters=1),))) == []
    assert shortcuts(Flatten(), Residual(layers=(Dense(units=5),))) == ["Dense"]


def test_what_is_wrong_is_marked():
    project = project_of(Residual(layers=(Dense(),)))

    drawn = figure(project, ["dense_1"])

    assert [box.layer for box in (*drawn.boxes, *drawn.frames) if box.wrong] == ["dense_1"]
