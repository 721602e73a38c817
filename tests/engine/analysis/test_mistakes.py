"""Which images, in which order, against brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analysis.mistakes import ORDERS, Cell, covered, ordered, selected

CLASSES = 4
NUMBERS = st.integers(0, CLASSES - 1)
PROBABILITIES = st.floats(0, 1, width=32) | st.just(math.nan)
CELLS = st.lists(st.builds(Cell, NUMBERS | st.none(), NUMBERS | st.none(), st.booleans()))


@st.composite
def answers(draw):
    """Draw true classes, predicted ones, and the probabilities of the predicted and the true."""
    rows = draw(st.lists(st.tuples(NUMBERS, NUMBERS, PROBABILITIES, PROBABILITIES), max_size=40))
    columns = zip(*rows, strict=True) if rows else ([], [], [], [])
    return tuple(
        np.array(list(column), dtype=kind)
        for column, kind in zip(columns, (np.int64, np.int64, np.float32, np.float32), strict=True)
    )


def is_behind(cell, label, answer):
    if cell.true not in (None, label) or cell.predicted not in (None, answer):
        return False
    is_one_cell = None not in (cell.true, cell.predicted)
    return label == answer if cell.right else is_one_cell or label != answer


@given(CELLS)
def test_a_part_covers_its_cells(cells):
    marks = covered(cells, CLASSES)

    for label, answer in np.ndindex(CLASSES, CLASSES):
        assert marks[label, answer] == any(is_behind(cell, label, answer) for cell in cells)


@given(answers(), CELLS)
def test_the_images_behind_the_cells_are_selected(drawn, cells):
    labels, predicted, *_ = drawn

    positions = selected(labels, predicted, CLASSES, cells)

    assert positions.tolist() == [
        position
        for position, pair in enumerate(zip(labels, predicted, strict=True))
        if any(is_behind(cell, *pair) for cell in cells or [Cell()])
    ]


@given(answers(), CELLS)
def test_right_answers_come_with_them_where_asked_for(drawn, cells):
    labels, predicted, *_ = drawn
    named = {cell.true for cell in cells} - {None} or set(range(CLASSES))
    without = set(selected(labels, predicted, CLASSES, cells).tolist())

    positions = selected(labels, predicted, CLASSES, cells, right_too=True)

    right = np.flatnonzero((labels == predicted) & np.isin(labels, list(named)))
    assert positions.tolist() == sorted(without | set(right.tolist()))


def test_a_column_adds_no_right_answers_where_another_part_names_a_true_class():
    labels = predicted = np.array([0, 1, 2])

    positions = selected(
        labels, predicted, CLASSES, [Cell(true=2), Cell(predicted=1)], right_too=True
    )

    assert positions.tolist() == [2]


def test_a_cell_on_the_diagonal_selects_right_answers():
    labels, predicted = np.array([1, 1, 2]), np.array([1, 2, 2])

    assert selected(labels, predicted, CLASSES, [Cell(1, 1)]).tolist() == [0]


@given(answers(), st.sampled_from(ORDERS))
def test_they_come_in_the_order_asked_for(drawn, order):
    labels, predicted, confidence, true_probability = drawn
    positions = selected(labels, predicted, CLASSES)
    rank = {
        "surest": lambda position: -known(confidence[position]),
        "least sure": lambda position: known(confidence[position]),
        "loss": lambda position: known(true_probability[position]),
        "index": lambda position: position,
        "likeness": lambda position: position,
    }

    expected = sorted(positions.tolist(), key=rank[order])

    assert ordered(positions, order, confidence, true_probability).tolist() == expected


def known(probability):
    return -1.0 if math.isnan(probability) else float(probability)


def test_the_greatest_loss_is_the_least_probable_truth():
    true_probability = np.array([0.5, 0.01, np.nan, 0.3], dtype=np.float32)

    positions = ordered(np.arange(4), "loss", true_probability, true_probability)

    assert positions.tolist() == [2, 1, 3, 0]


@pytest.mark.parametrize("order", ORDERS)
def test_no_mistakes_stay_none_in_any_order(order):
    nothing, probabilities = np.array([], dtype=np.int64), np.array([0.5], dtype=np.float32)

    assert len(ordered(nothing, order, probabilities, probabilities)) == 0
