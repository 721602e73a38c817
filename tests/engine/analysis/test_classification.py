"""Counts and rates against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

from engine.analysis.classification import confusion_matrix as our_matrix
from engine.analysis.classification import per_class, share


@st.composite
def answers(draw):
    """Draw (true classes, predicted classes, number of classes)."""
    classes = draw(st.integers(2, 12))
    pairs = draw(
        st.lists(
            st.tuples(st.integers(0, classes - 1), st.integers(0, classes - 1)),
            min_size=1,
            max_size=60,
        )
    )
    labels, predicted = np.array(pairs, dtype=np.int64).T
    return labels, predicted, classes


@given(answers())
def test_confusion_matrix_is_scikit_learns(drawn):
    labels, predicted, classes = drawn

    expected = confusion_matrix(labels, predicted, labels=range(classes))

    np.testing.assert_array_equal(our_matrix(labels, predicted, classes), expected)


@given(answers())
def test_its_diagonal_is_the_accuracy(drawn):
    labels, predicted, classes = drawn
    matrix = our_matrix(labels, predicted, classes)

    assert np.trace(matrix) / matrix.sum() == pytest.approx(accuracy_score(labels, predicted))


@given(answers())
@example((np.array([0, 0]), np.array([0, 0]), 3))
def test_rates_are_scikit_learns(drawn):
    labels, predicted, classes = drawn
    expected = precision_recall_fscore_support(
        labels, predicted, labels=range(classes), zero_division=0
    )

    rates = per_class(our_matrix(labels, predicted, classes))

    for ours, theirs in zip(
        (rates.precision, rates.recall, rates.f1, rates.support), expected, strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_no_answers_give_a_matrix_of_zeros():
    nothing = np.array([], dtype=np.int64)

    np.testing.assert_array_equal(our_matrix(nothing, nothing, 3), np.zeros((3, 3)))


def test_a_share_of_nothing_is_nothing():
    rows = share(np.array([[1, 1], [0, 0]]), np.array([[2], [0]]))

    np.testing.assert_array_equal(rows, [[0.5, 0.5], [0, 0]])
