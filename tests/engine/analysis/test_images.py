"""What a set of images holds, against brute force."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.analysis import blocks, images
from engine.analysis.images import (
    class_counts,
    duplicates,
    mean_images,
    pixel_range,
    shared,
)

GREYS = st.sampled_from([0.0, -0.0, 0.5, 1.0])


def sets(channels, height, width):
    """Draw so few different pixels that many images are equal."""
    return st.integers(0, 12).flatmap(
        lambda count: arrays(np.float32, (count, channels, height, width), elements=GREYS)
    )


SETS = sets(1, 1, 2) | sets(3, 1, 1)


def one_code(sets, progress):
    return np.zeros(sum(map(len, sets)), dtype=np.uint64)


# Different images may have the same code, too: only comparing tells them apart then.
CODES = pytest.mark.parametrize("codes", [images._codes, one_code])


def equal_rows(one, others):
    return [row for row, other in enumerate(others) if np.array_equal(one, other)]


def groups_of(all_images):
    groups = [equal_rows(image, all_images) for image in all_images]
    return [group for row, group in enumerate(groups) if group[0] == row]


def as_lists(pairs):
    return [(rows.tolist(), others.tolist()) for rows, others in pairs]


class Cancelled(Exception):  # noqa: N818 - stands for the data room's
    pass


def cancel(done, total):
    raise Cancelled


@given(st.lists(st.integers(0, 4)))
def test_classes_are_counted(labels):
    counts = class_counts(np.array(labels, dtype=np.int64), 5)

    assert counts.tolist() == [labels.count(number) for number in range(5)]


@pytest.mark.parametrize("block_bytes", [1, 1000, 2**20])
def test_means_are_those_of_each_class(monkeypatch, block_bytes):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", block_bytes)
    rng = np.random.default_rng(0)
    all_images, labels = rng.random((50, 3, 4, 5), dtype=np.float32), rng.integers(6, size=50)

    means = mean_images(all_images, labels, 6)

    assert means.dtype == np.float32
    for number in range(6):
        expected = all_images[labels == number].mean(axis=0, dtype=float)
        np.testing.assert_allclose(means[number], expected, rtol=1e-6)


def test_a_class_without_images_is_black():
    means = mean_images(np.ones((1, 1, 2, 2), dtype=np.float32), np.array([1]), 3)

    assert means[:, 0, 0, 0].tolist() == [0, 1, 0]


def test_the_means_of_nothing_are_black():
    nothing = np.zeros((0, 1, 2, 2), dtype=np.float32)

    assert not mean_images(nothing, np.zeros(0, dtype=np.int64), 3).any()


def test_pixels_have_a_range():
    assert pixel_range(np.array([[[[0.25, 0.75]]]], dtype=np.float32)) == (0.25, 0.75)


def test_no_pixels_have_none():
    assert pixel_range(np.zeros((0, 1, 2, 2), dtype=np.float32)) == (0, 0)


@CODES
@given(SETS)
def test_duplicates_are_all_that_are_equal_pixel_for_pixel(codes, all_images):
    with patch.object(images, "_codes", codes):
        found = [group.tolist() for group in duplicates(all_images)]

    assert found == [group for group in groups_of(all_images) if len(group) > 1]


@CODES
@given(st.one_of(*(st.tuples(one, one) for one in (sets(1, 1, 2), sets(3, 1, 1)))))
def test_shared_images_are_all_that_are_in_both(codes, both):
    first, second = both
    expected = [(group, equal_rows(first[group[0]], second)) for group in groups_of(first)]

    with patch.object(images, "_codes", codes):
        found = shared(first, second)

    assert as_lists(found) == [pair for pair in expected if pair[1]]


def test_images_that_hardly_differ_are_no_duplicates():
    all_images = np.full((2, 1, 28, 28), 0.5, dtype=np.float32)
    all_images[1, 0, 27, 27] = np.nextafter(np.float32(0.5), np.float32(1))

    assert duplicates(all_images) == []


def test_the_same_pixels_in_another_order_are_no_duplicates():
    all_images = np.array([[0, 1], [1, 0]], dtype=np.float32).reshape(2, 1, 1, 2)

    assert duplicates(all_images) == []


def test_pixels_that_are_no_numbers_are_equal_to_each_other():
    (group,) = duplicates(np.full((3, 1, 1, 2), np.nan, dtype=np.float32))

    assert group.tolist() == [0, 1, 2]


def test_images_of_other_sizes_share_nothing():
    wide, high = np.zeros((1, 1, 1, 2), np.float32), np.zeros((1, 1, 2, 1), np.float32)

    assert shared(wide, high) == []


@pytest.mark.parametrize(
    ("search", "total"),
    [(duplicates, 5), (lambda many, progress: shared(many, many, progress), 10)],
    ids=["duplicates", "shared"],
)
def test_progress_rises_to_all_images(monkeypatch, search, total):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1)
    reports = []

    search(np.zeros((5, 1, 2, 2), np.float32), lambda *report: reports.append(report))

    assert reports == sorted(reports)
    assert reports[-1] == (total, total)


@pytest.mark.parametrize("search", [duplicates, lambda many, stop: shared(many, many, stop)])
def test_a_search_can_be_cancelled(search):
    with pytest.raises(Cancelled):
        search(np.zeros((5, 1, 2, 2), np.float32), cancel)
