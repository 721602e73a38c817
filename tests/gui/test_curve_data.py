from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gui.curve_data import decimated, smoothed

values = st.floats(-1e6, 1e6)
curves = arrays(float, st.integers(0, 400), elements=values)
gappy = arrays(
    float, st.integers(0, 400), elements=values | st.sampled_from([np.nan, np.inf, -np.inf])
)
buckets = st.integers(1, 50)


def steps(y):
    return np.arange(len(y), dtype=float)


@given(gappy, buckets)
def test_decimated_keeps_the_lowest_and_the_highest_point(y, buckets):
    _, kept = decimated(steps(y), y, buckets)

    finite = y[np.isfinite(y)]
    if len(finite):
        assert (kept.min(), kept.max()) == (finite.min(), finite.max())
    else:
        assert len(kept) == 0


@given(gappy, buckets)
def test_decimated_keeps_points_of_the_curve_in_their_order(y, buckets):
    x, kept = decimated(steps(y), y, buckets)

    assert (np.diff(x) > 0).all()
    np.testing.assert_array_equal(kept, y[x.astype(int)])


@given(gappy, buckets)
def test_decimated_gives_two_points_a_bucket_at_most(y, buckets):
    x, kept = decimated(steps(y), y, buckets)

    assert len(x) == len(kept) <= 2 * buckets


@given(gappy, buckets)
def test_decimated_leaves_out_what_is_not_finite(y, buckets):
    assert np.isfinite(decimated(steps(y), y, buckets)[1]).all()


def test_decimated_leaves_a_short_curve_as_it_is():
    y = np.array([3.0, 1.0, 2.0, 5.0])

    x, kept = decimated(steps(y), y, 2)

    assert (x.tolist(), kept.tolist()) == ([0, 1, 2, 3], [3, 1, 2, 5])


def test_decimated_keeps_every_peak_that_has_a_bucket_of_its_own():
    y = np.zeros(10_000)
    y[500::1000] = np.arange(10) + 1.0

    kept = decimated(steps(y), y, 100)[1]

    assert kept[kept > 0].tolist() == list(range(1, 11))


@given(values, st.integers(1, 400), st.floats(0, 1), st.integers(2, 100))
def test_smoothed_of_a_constant_is_the_constant(value, count, share, points):
    means = smoothed(np.arange(count, dtype=float), np.full(count, value), share, points)[1]

    assert means == pytest.approx(np.full(len(means), value), rel=1e-9, abs=1e-6)


@given(gappy, st.floats(0, 1), st.integers(2, 100))
def test_smoothed_has_no_more_points_than_asked_for(y, share, points):
    x, means = smoothed(steps(y), y, share, points)

    assert len(x) == len(means) <= points


@given(curves, st.floats(0, 1))
def test_smoothed_is_the_centred_moving_average(y, share):
    x, means = smoothed(steps(y), y, share, points=len(y) + 1)

    assert x.tolist() == steps(y).tolist()
    half = int(share * len(y) / 2)
    for place in range(len(y)):
        reach = min(half, place, len(y) - 1 - place)
        window = y[place - reach : place + reach + 1]
        assert means[place] == pytest.approx(window.mean(), rel=1e-6, abs=1e-3)


@given(curves.filter(len), st.floats(0, 1), st.integers(2, 100))
def test_smoothed_begins_and_ends_where_the_curve_does(y, share, points):
    x, means = smoothed(steps(y), y, share, points)

    assert (x[0], x[-1]) == (0, len(y) - 1)
    assert [means[0], means[-1]] == pytest.approx([y[0], y[-1]], abs=1e-3)


@given(gappy, st.floats(0, 1), st.integers(2, 100))
def test_smoothed_leaves_out_what_is_not_finite(y, share, points):
    assert np.isfinite(smoothed(steps(y), y, share, points)[1]).all()


def test_smoothed_without_a_window_is_the_curve_itself():
    y = np.array([3.0, 1.0, 4.0, 1.0, 5.0])

    assert smoothed(steps(y), y, 0.0, 10)[1] == pytest.approx(y)
