"""Curves of one class against the rest, against scikit-learn's and against counting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    average_precision_score,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)

from engine.analysis.thresholds import MOST_POINTS, precision_recall, roc

BOTH = pytest.mark.parametrize("curve_of", [roc, precision_recall])
FULL = {
    roc: lambda is_class, scores: roc_curve(is_class, scores)[:2],
    precision_recall: lambda is_class, scores: precision_recall_curve(is_class, scores)[1::-1],
}
AREA = {roc: roc_auc_score, precision_recall: average_precision_score}


@st.composite
def answers(draw):
    """Draw labels with class 1 and others, and probabilities with ties and now and then a NaN."""
    drawn = draw(
        st.lists(
            st.tuples(st.integers(0, 2), st.integers(0, 8) | st.none()), min_size=1, max_size=50
        )
    )
    labels = np.array([1, 0] + [label for label, _ in drawn])
    values = [3, 4] + [np.nan if value is None else value for _, value in drawn]
    probabilities = np.zeros((len(labels), 3), dtype=np.float32)
    probabilities[:, 1] = np.array(values, dtype=np.float32) / 8
    return labels, probabilities


def noisy(count, strength, seed=0):
    """Give labels and probabilities of a classifier that is `strength` better than chance."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(10, size=count)
    scores = rng.normal(size=(count, 10))
    scores[np.arange(count), labels] += strength
    odds = np.exp(scores)
    return labels, (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)


def distance(x, y, curve):
    """Measure how far points x, y are from a curve: from each the nearest place on it, (P,)."""
    points, starts = np.stack([x, y], axis=1), np.stack([curve.x, curve.y], axis=1)
    along = np.diff(starts, axis=0)
    length = np.maximum((along**2).sum(axis=1), 1e-30)
    from_start = points[:, None] - starts[None, :-1]
    part = np.clip((from_start * along).sum(axis=2) / length, 0, 1)
    return np.linalg.norm(from_start - part[..., None] * along, axis=2).min(axis=1)


@BOTH
@given(answers())
def test_the_area_is_scikit_learns_without_the_nan(curve_of, drawn):
    labels, probabilities = drawn
    known = ~np.isnan(probabilities[:, 1])

    area = curve_of(labels, probabilities, 1).area

    assert area == pytest.approx(AREA[curve_of](labels[known] == 1, probabilities[known, 1]))


@BOTH
@given(answers())
def test_the_curve_runs_through_all_of_scikit_learns_points(curve_of, drawn):
    labels, probabilities = drawn
    known = ~np.isnan(probabilities[:, 1])
    x, y = FULL[curve_of](labels[known] == 1, probabilities[known, 1])

    curve = curve_of(labels, probabilities, 1)

    assert distance(x, y, curve).max() < 2e-4


@BOTH
@given(answers())
def test_it_runs_from_left_to_right_over_the_whole_width(curve_of, drawn):
    curve = curve_of(*drawn, 1)

    assert (np.diff(curve.x) >= 0).all()
    assert (curve.x[0], curve.x[-1]) == (0, 1)
    assert curve.y.min() >= 0
    assert curve.y.max() <= 1


@BOTH
@pytest.mark.parametrize("strength", [0, 1, 4])
def test_many_points_become_few_that_look_the_same(curve_of, strength):
    labels, probabilities = noisy(10_000, strength)
    x, y = FULL[curve_of](labels == 3, probabilities[:, 3])

    curve = curve_of(labels, probabilities, 3)

    assert len(curve.x) == len(curve.y) <= MOST_POINTS
    assert distance(x[::5], y[::5], curve).max() < 0.005


@BOTH
def test_the_area_is_that_of_all_points(curve_of):
    labels, probabilities = noisy(10_000, 1)

    area = curve_of(labels, probabilities, 3).area

    assert area == pytest.approx(AREA[curve_of](labels == 3, probabilities[:, 3]), rel=1e-9)


@BOTH
def test_one_that_tells_the_class_without_fail_has_it_all(curve_of):
    labels = np.array([0, 1, 1, 0])
    probabilities = np.eye(2)[labels]

    assert curve_of(labels, probabilities, 1).area == 1


@BOTH
@pytest.mark.parametrize("label", [0, 1])
def test_there_is_none_where_no_image_or_every_image_is_of_the_class(curve_of, label):
    assert curve_of(np.full(3, label), np.full((3, 2), 0.5), 1) is None


@BOTH
def test_there_is_none_without_images_or_numbers(curve_of):
    assert curve_of(np.zeros(0, dtype=np.int64), np.zeros((0, 2)), 1) is None
    assert curve_of(np.array([0, 1]), np.full((2, 2), np.nan), 1) is None
