"""Counts and rates against scikit-learn's."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    classification_report,
    confusion_matrix,
    precision_recall_fscore_support,
)

from engine.analysis.classification import Pair, averages, most_confused, per_class, share, together
from engine.analysis.classification import confusion_matrix as our_matrix


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


@given(answers())
@example((np.array([0, 0]), np.array([0, 0]), 3))
@example((np.array([0, 0]), np.array([1, 0]), 3))
def test_averages_are_scikit_learns(drawn):
    labels, predicted, classes = drawn
    expected = classification_report(labels, predicted, zero_division=0, output_dict=True)

    means = averages(our_matrix(labels, predicted, classes))

    assert means.accuracy == pytest.approx(accuracy_score(labels, predicted))
    for ours, name in ((means.macro, "macro avg"), (means.weighted, "weighted avg")):
        assert ours.precision == pytest.approx(expected[name]["precision"])
        assert ours.recall == pytest.approx(expected[name]["recall"])
        assert ours.f1 == pytest.approx(expected[name]["f1-score"])


def test_averages_of_no_answers_are_nothing():
    means = averages(np.zeros((3, 3), dtype=np.int64))

    assert means.accuracy == means.macro.f1 == means.weighted.f1 == 0


@given(answers(), st.integers(0, 10))
def test_pairs_are_those_that_counting_finds_most_often(drawn, most):
    labels, predicted, classes = drawn
    answered = list(zip(labels.tolist(), predicted.tolist(), strict=True))
    counts = Counter((true, answer) for true, answer in answered if true != answer)
    expected = sorted(counts, key=lambda pair: (-counts[pair], pair))[:most]

    pairs = most_confused(our_matrix(labels, predicted, classes), most)

    assert [(pair.true, pair.predicted) for pair in pairs] == expected
    for pair in pairs:
        assert pair.count == counts[pair.true, pair.predicted]
        assert pair.share_of_true == pytest.approx(pair.count / (labels == pair.true).sum())


def test_a_confusion_has_a_direction():
    matrix = np.array([[8, 2], [1, 9]])

    assert most_confused(matrix, 5) == [Pair(0, 1, 2, 0.2), Pair(1, 0, 1, 0.1)]


@given(answers())
def test_every_class_has_one_place(drawn):
    matrix = our_matrix(*drawn)

    order = together(matrix)

    assert sorted(order.tolist()) == list(range(len(matrix)))
    np.testing.assert_array_equal(order, together(matrix))


def test_those_that_are_confused_stand_together():
    matrix = np.diag([90] * 6)
    matrix[0, 3] = matrix[4, 1] = matrix[5, 2] = 10

    assert together(matrix).tolist() == [0, 3, 1, 4, 2, 5]


def test_a_chain_of_confusions_is_laid_out_in_a_row():
    chain = [2, 0, 3, 1, 4]
    matrix = np.diag([80] * 5)
    for one, other in pairwise(chain):
        matrix[one, other] = matrix[other, one] = 10

    assert together(matrix).tolist() in (chain, chain[::-1])


def test_a_rate_counts_and_not_how_many_images_a_class_has():
    matrix = np.diag([1000, 1000, 10])
    matrix[0, 1] = 20
    matrix[2, 0] = 5

    assert together(matrix).tolist() == [1, 0, 2]


def test_one_confusion_among_many_classes_disturbs_no_others():
    matrix = np.diag([100] * 62)
    matrix[3, 40] = 1

    others = [number for number in range(62) if number not in (3, 40)]
    assert together(matrix).tolist() == [*others[:3], 3, 40, *others[3:]]


@pytest.mark.parametrize(
    "matrix",
    [np.diag([5] * 4), np.ones((2, 2), int), np.zeros((3, 3), int), np.zeros((0, 0), int)],
)
def test_classes_stay_in_order_where_nothing_tells_otherwise(matrix):
    np.testing.assert_array_equal(together(matrix), range(len(matrix)))
