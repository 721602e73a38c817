"""Reliability against a loop over the bins, as Guo et al. 2017 write it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.analysis.calibration import reliability

ANSWERS = st.lists(
    st.tuples(
        st.floats(0, 1, width=32) | st.sampled_from([0.0, 0.1, 0.5, 1.0, math.nan]), st.booleans()
    ),
    max_size=60,
)


def arrays(answers):
    confidence = np.array([sure for sure, _ in answers], dtype=np.float32)
    return confidence, np.array([right for _, right in answers], dtype=bool)


@given(ANSWERS, st.integers(1, 20))
@example([(0.0, True), (1.0, False)], 10)
def test_bins_are_those_of_a_loop(answers, bins):
    confidence, right = arrays(answers)

    result = reliability(confidence, right, bins)

    for place in range(bins):
        low, high = result.edges[place], result.edges[place + 1]
        inside = (confidence > low) & (confidence <= high) | (confidence == 0) & (place == 0)
        assert result.counts[place] == inside.sum()
        if inside.any():
            assert result.confidence[place] == pytest.approx(
                np.mean(confidence[inside], dtype=float)
            )
            assert result.accuracy[place] == pytest.approx(np.mean(right[inside]))
        else:
            assert math.isnan(result.confidence[place])
            assert math.isnan(result.accuracy[place])


@given(ANSWERS, st.integers(1, 20))
def test_the_expected_error_is_the_weighted_mean_of_the_gaps(answers, bins):
    confidence, right = arrays(answers)
    result = reliability(confidence, right, bins)

    error = 0.0
    for place in range(bins):
        if count := result.counts[place]:
            gap = abs(result.accuracy[place] - result.confidence[place])
            error += count / result.counts.sum() * gap

    if result.counts.any():
        assert result.expected_error == pytest.approx(error)
    else:
        assert math.isnan(result.expected_error)


@given(ANSWERS)
def test_every_answer_is_counted_or_left_out(answers):
    confidence, right = arrays(answers)

    result = reliability(confidence, right)

    assert result.left_out == np.isnan(confidence).sum()
    assert result.counts.sum() + result.left_out == len(answers)


def test_edges_are_spread_evenly():
    nothing = np.array([], dtype=np.float32)

    result = reliability(nothing, nothing.astype(bool), bins=4)

    np.testing.assert_array_equal(result.edges, [0, 0.25, 0.5, 0.75, 1])


def test_a_network_that_knows_itself_has_no_error():
    confidence = np.full(10, 0.8)

    assert reliability(confidence, np.arange(10) < 8).expected_error == pytest.approx(0)


def test_one_that_is_always_sure_and_mostly_wrong_has_much():
    result = reliability(np.ones(10), np.arange(10) < 1)

    assert result.expected_error == pytest.approx(0.9)
    assert result.counts.tolist() == [0] * 9 + [10]
