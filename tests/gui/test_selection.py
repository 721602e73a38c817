from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analysis.mistakes import Cell
from engine.project.presets import FIRST, preset
from gui.selection import Selection, Shelf

CELLS = st.builds(
    Cell,
    true=st.none() | st.integers(0, 3),
    predicted=st.none() | st.integers(0, 3),
    right=st.booleans(),
)
SHELF = Shelf("never learned", np.array([4, 2]))


@pytest.fixture
def told(selection):
    """Collect what the selection tells, by the signal's name."""
    heard = []
    for name in ("layers", "set", "step", "cells", "shelf", "image"):
        getattr(selection, f"{name}_changed").connect(
            lambda value, name=name: heard.append((name, value))
        )
    return heard


@pytest.mark.parametrize(
    ("method", "value", "name"),
    [
        ("select_layers", ("dense_1",), "layers"),
        ("select_set", "test", "set"),
        ("select_step", 40, "step"),
        ("select_cells", (Cell(4, 9),), "cells"),
        ("select_shelf", SHELF, "shelf"),
        ("select_image", 7, "image"),
    ],
)
def test_what_is_selected_is_told_once(selection, told, method, value, name):
    getattr(selection, method)(value)
    getattr(selection, method)(value)

    assert told == [(name, value)]


def test_another_set_lets_go_of_shelf_and_image_before_it_is_told(selection, told):
    selection.select_shelf(SHELF)
    selection.select_image(4)
    told.clear()

    selection.select_set("test")

    assert told == [("image", None), ("shelf", None), ("set", "test")]


def test_another_set_keeps_step_and_cells(selection):
    selection.select_step(40)
    selection.select_cells((Cell(4, 9),))

    selection.select_set("test")

    assert (selection.step, selection.cells) == (40, (Cell(4, 9),))


def test_a_cell_that_is_named_twice_counts_once(selection):
    selection.select_cells((Cell(4, 9), Cell(1), Cell(4, 9)))

    assert selection.cells == (Cell(4, 9), Cell(1))


@given(cells=st.lists(CELLS), toggled=CELLS)
def test_toggling_a_cell_twice_leaves_the_same_cells(cells, toggled):
    selection = Selection()
    selection.select_cells(tuple(cells))
    before = set(selection.cells)

    selection.toggle_cell(toggled)
    assert set(selection.cells) == before ^ {toggled}

    selection.toggle_cell(toggled)
    assert set(selection.cells) == before


def test_clearing_keeps_the_layers_alone(selection):
    selection.select_layers(("dense_1",))
    selection.select_set("test")
    selection.select_step(40)
    selection.select_cells((Cell(4, 9),))
    selection.select_shelf(SHELF)
    selection.select_image(4)

    selection.clear()

    assert selection.layers == ("dense_1",)
    assert (selection.of, selection.step, selection.cells) == ("validation", None, ())
    assert (selection.shelf, selection.image) == (None, None)


@pytest.mark.parametrize(
    ("name", "selected"), [("dense_1", ("dense_1",)), ("output", ()), ("gone_1", ())]
)
def test_a_layer_is_selected_by_its_name_where_it_has_a_form(selection, name, selected):
    selection.select_layers(("flatten_1",))

    selection.select_named(name, preset(FIRST))

    assert selection.layers == selected
