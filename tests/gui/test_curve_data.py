from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.training.history import Columns
from gui.curve_data import CurveIndex, GrowingCurve, room_for, span_of

values = st.floats(-1e6, 1e6)
curves = arrays(float, st.integers(0, 600), elements=values)
gappy = arrays(
    float, st.integers(0, 600), elements=values | st.sampled_from([np.nan, np.inf, -np.inf])
)
pixels = st.integers(2, 50)


def indexed(y):
    index = CurveIndex()
    index.extend(y)
    return index


def outline(y, most):
    return indexed(y).outline(y, 0, len(y), most)


@given(gappy, pixels)
def test_an_outline_keeps_the_lowest_and_the_highest_point(y, most):
    kept = y[outline(y, most)]

    finite = y[np.isfinite(y)]
    if len(finite):
        assert (kept.min(), kept.max()) == (finite.min(), finite.max())
    else:
        assert len(kept) == 0


@given(gappy, pixels)
def test_an_outline_is_finite_points_in_their_order(y, most):
    places = outline(y, most)

    assert (np.diff(places) > 0).all()
    assert np.isfinite(y[places]).all()


@given(gappy, pixels)
def test_an_outline_has_two_points_a_pixel_at_most_and_its_tip(y, most):
    assert len(outline(y, most)) <= 2 * most + 3


@given(gappy, pixels, st.lists(st.integers(0, 600), max_size=8))
def test_an_index_that_grew_is_the_one_made_at_once(y, most, stops):
    grown = CurveIndex()
    for stop in sorted(stops):
        grown.extend(y[:stop])
    grown.extend(y)

    np.testing.assert_array_equal(grown.outline(y, 0, len(y), most), outline(y, most))
    for mine, other in zip(
        grown.smoothed(y, 0.1, 0, len(y), most),
        indexed(y).smoothed(y, 0.1, 0, len(y), most),
        strict=True,
    ):
        np.testing.assert_allclose(mine, other, rtol=1e-6, atol=1e-3)


@given(gappy, pixels)
def test_an_outline_is_each_blocks_lowest_and_highest_point_and_the_last(y, most):
    if len(y) <= 2 * most:
        expected = np.flatnonzero(np.isfinite(y)).tolist()
    else:
        size = 2 ** int(np.ceil(np.log2(len(y) / most)))
        found = {len(y) - 1} if np.isfinite(y[-1]) else set()
        for start in range(0, len(y), size):
            block = [place for place in range(start, min(start + size, len(y)))
                     if np.isfinite(y[place])]  # fmt: skip
            if block:
                found |= {min(block, key=y.__getitem__), max(block, key=y.__getitem__)}
        expected = sorted(found)

    assert outline(y, most).tolist() == expected


@given(curves.filter(len), st.integers(0, 600), st.integers(0, 600), pixels)
def test_a_stretchs_outline_holds_its_lowest_and_highest_point(y, first, last, most):
    first, last = sorted((first % len(y), last % len(y) + 1))
    kept = y[indexed(y).outline(y, first, last, most)]

    if last > first:
        assert kept.min() <= y[first:last].min()
        assert kept.max() >= y[first:last].max()


def test_an_outline_shows_the_newest_point():
    y = np.zeros(10_000)
    y[-1] = 0.5

    assert outline(np.append(y, 0.2), 100)[-1] == 10_000


@given(values, st.integers(1, 400), st.floats(0, 1), st.integers(2, 100))
def test_smoothed_of_a_constant_is_the_constant(value, count, share, most):
    y = np.full(count, value)
    means = indexed(y).smoothed(y, share, 0, count, most)[1]

    assert means == pytest.approx(np.full(len(means), value), rel=1e-9, abs=1e-6)


@given(gappy, st.floats(0, 1), st.integers(2, 100))
def test_smoothed_has_no_more_places_than_asked_for_and_the_last(y, share, most):
    places, means = indexed(y).smoothed(y, share, 0, len(y), most)

    assert len(places) == len(means) <= most + 1
    assert np.isfinite(means).all()


@given(gappy, st.floats(0, 1))
def test_smoothed_is_the_centred_moving_average_of_what_is_finite(y, share):
    places, means = indexed(y).smoothed(y, share, 0, len(y), len(y) + 1)

    half, there = int(share * len(y) / 2), {}
    for place in range(len(y)):
        reach = min(half, place, len(y) - 1 - place)
        window = y[place - reach : place + reach + 1]
        if np.isfinite(window).any():
            there[place] = window[np.isfinite(window)].mean()
    assert places.tolist() == list(there)
    assert means == pytest.approx(np.array(list(there.values())), rel=1e-6, abs=1e-3)


@given(curves.filter(len), st.floats(0, 1), st.integers(2, 100))
def test_smoothed_begins_and_ends_where_the_curve_does(y, share, most):
    places, means = indexed(y).smoothed(y, share, 0, len(y), most)

    assert (places[0], places[-1]) == (0, len(y) - 1)
    assert [means[0], means[-1]] == pytest.approx([y[0], y[-1]], abs=1e-3)


def test_a_curve_is_given_in_the_units_that_are_drawn():
    rows = Columns(2)
    for step in range(1, 101):
        rows.append(step / 20, 0.5)
    curve = GrowingCurve(rows, 1, y_times=100)

    first, last = curve.between(1.0, 2.0)
    x, y = curve.outline(first, last, 400)

    assert (x[0], x[-1]) == (0.95, 2.0)  # with a neighbour, to which a line leads
    assert set(y) == {50.0}


@given(st.floats(0.01, 1e6))
def test_an_axis_has_room_for_its_curve_and_not_much_more(epochs):
    assert epochs <= room_for(epochs) <= 1.25 * epochs * (1 + 1e-9)


@given(st.lists(arrays(float, st.integers(0, 20), elements=values), max_size=3))
def test_a_span_holds_all_values_without_much_room_to_spare(parts):
    span = span_of(parts)

    everything = np.concatenate([*parts, []])
    if not len(everything):
        assert span is None
        return
    low, high = span
    assert low < everything.min()
    assert everything.max() < high
    if np.ptp(everything) > 1e-3:
        assert high - low <= 1.35 * np.ptp(everything)


def test_a_single_nought_has_an_axis_that_can_be_read():
    assert span_of([np.zeros(1)]) == (-0.1, 0.1)
