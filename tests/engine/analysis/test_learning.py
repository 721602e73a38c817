"""The history of each image against a loop over it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analysis.learning import (
    learned_last,
    learning,
    most_forgotten,
    never_learned,
)


@st.composite
def answers(draw):
    """Draw labels (N,) and what T evaluations predicted, (T, N)."""
    evaluations, images = draw(st.integers(0, 8)), draw(st.integers(0, 8))
    numbers = st.integers(0, 2)
    labels = draw(st.lists(numbers, min_size=images, max_size=images))
    size = evaluations * images
    predicted = draw(st.lists(numbers, min_size=size, max_size=size))
    return (
        np.array(labels, dtype=np.int64),
        np.array(predicted, dtype=np.int64).reshape(evaluations, images),
    )


def course(label, answers):
    """Tell when an image was first right, since when it is, and when it turned right and wrong."""
    right = [answer == label for answer in answers]
    turned = [at for at, now in enumerate(right) if now and (at == 0 or not right[at - 1])]
    lost = [at for at, now in enumerate(right) if at and right[at - 1] and not now]
    first = right.index(True) if any(right) else -1
    since = turned[-1] if right and right[-1] else -1
    return first, since, turned, lost


@given(answers())
def test_each_image_has_the_history_that_a_loop_finds(drawn):
    labels, predicted = drawn

    history = learning(labels, predicted)

    for image, label in enumerate(labels):
        first, since, _, lost = course(label, predicted[:, image])
        assert history.first[image] == first
        assert history.last_learned[image] == since
        assert history.forgotten[image] == len(lost)


@given(answers())
def test_each_evaluation_has_the_turns_that_a_loop_counts(drawn):
    labels, predicted = drawn
    courses = [course(label, predicted[:, image]) for image, label in enumerate(labels)]

    history = learning(labels, predicted)

    assert len(history.learned_at) == len(history.forgotten_at) == len(predicted)
    for at in range(len(predicted)):
        assert history.learned_at[at] == sum(at in turned for _, _, turned, _ in courses)
        assert history.forgotten_at[at] == sum(at in lost for _, _, _, lost in courses)


@given(answers())
def test_the_shelves_hold_what_their_names_say_in_order(drawn):
    history = learning(*drawn)
    images = range(len(history.first))

    assert never_learned(history).tolist() == [i for i in images if history.first[i] == -1]
    assert most_forgotten(history).tolist() == sorted(
        (i for i in images if history.forgotten[i]), key=lambda i: -history.forgotten[i]
    )
    assert learned_last(history).tolist() == sorted(
        (i for i in images if history.last_learned[i] >= 0), key=lambda i: -history.last_learned[i]
    )


@pytest.mark.parametrize("shelf", [most_forgotten, learned_last])
def test_a_shelf_holds_no_more_than_asked_for(shelf):
    labels = np.zeros(5, dtype=np.int64)
    history = learning(labels, [labels, labels + 1, labels])

    assert shelf(history, most=2).tolist() == [0, 1]


def test_evaluations_may_come_one_by_one():
    labels = np.array([1, 2])

    history = learning(labels, (np.array(row) for row in ([1, 0], [0, 2])))

    assert history.learned_at.tolist() == [1, 1]
    assert history.forgotten_at.tolist() == [0, 1]
