"""Which images, in which order, against brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analysis.mistakes import ORDERS, ordered, selected

CLASSES = st.integers(0, 3)


@st.composite
def answers(draw):
    """Draw true classes, predicted classes and the probabilities of the predicted ones."""
    rows = draw(
        st.lists(st.tuples(CLASSES, CLASSES, st.floats(0, 1) | st.just(math.nan)), max_size=40)
    )
    columns = zip(*rows, strict=True) if rows else ([], [], [])
    return tuple(
        np.array(list(column), dtype=kind)
        for column, kind in zip(columns, (np.int64, np.int64, np.float32), strict=True)
    )


def chosen(labels, predicted, true, answered):
    for position, (label, answer) in enumerate(zip(labels, predicted, strict=True)):
        if true is not None and answered is not None:
            wanted = (label, answer) == (true, answered)
        elif true is not None:
            wanted = label == true and answer != label
        elif answered is not None:
            wanted = answer == answered and answer != label
        else:
            wanted = answer != label
        if wanted:
            yield position


@given(answers(), CLASSES | st.none(), CLASSES | st.none())
def test_the_right_images_are_selected(drawn, true, answered):
    labels, predicted, _ = drawn

    positions = selected(labels, predicted, true=true, answered=answered)

    assert positions.tolist() == list(chosen(labels, predicted, true, answered))


@given(answers(), st.sampled_from(ORDERS))
def test_they_come_in_the_order_asked_for(drawn, order):
    labels, predicted, confidence = drawn
    positions = selected(labels, predicted)
    rank = {
        "surest": lambda position: (-sureness(confidence, position), position),
        "least sure": lambda position: (sureness(confidence, position), position),
        "index": lambda position: position,
    }

    expected = sorted(positions.tolist(), key=rank[order])

    assert ordered(positions, confidence, order).tolist() == expected


def sureness(confidence, position):
    return -1.0 if math.isnan(confidence[position]) else float(confidence[position])


@pytest.mark.parametrize("order", ORDERS)
def test_no_mistakes_stay_none_in_any_order(order):
    nothing = np.array([], dtype=np.int64)

    assert len(ordered(nothing, np.array([0.5], dtype=np.float32), order)) == 0
