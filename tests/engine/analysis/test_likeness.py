"""The nearest images against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.neighbors import NearestNeighbors

from engine.analysis import blocks
from engine.analysis.likeness import by_likeness, nearest

GREYS = st.sampled_from(np.linspace(0, 1, 4, dtype=np.float32).tolist())
SETS = st.integers(1, 12).flatmap(
    lambda count: arrays(np.float32, (count, 2, 2, 3), elements=GREYS)
)


def random_images(count, seed=0):
    return np.random.default_rng(seed).random((count, 1, 7, 5), dtype=np.float32)


@pytest.fixture(params=[1, 1000, 2**20])
def _block_bytes(request, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", request.param)


@pytest.mark.usefixtures("_block_bytes")
@pytest.mark.parametrize("count", [1, 5, 50])
def test_the_nearest_are_scikit_learns(count):
    images, image = random_images(50), random_images(1, seed=1)[0]
    search = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(images.reshape(50, -1))

    rows, distances = nearest(images, image, count)

    expected_distances, expected = search.kneighbors(image.reshape(1, -1))
    np.testing.assert_array_equal(rows, expected[0])
    np.testing.assert_allclose(distances, expected_distances[0], rtol=1e-6)


@given(SETS, st.data())
def test_ties_come_by_row(images, data):
    image = images[data.draw(st.integers(0, len(images) - 1))]
    count = data.draw(st.integers(0, len(images) + 2))
    exact = ((images.astype(float) - image) ** 2).sum(axis=(1, 2, 3))

    rows, distances = nearest(images, image, count)

    assert rows.tolist() == sorted(range(len(images)), key=lambda row: exact[row])[:count]
    np.testing.assert_allclose(distances**2, exact[rows], atol=1e-12)


def test_those_that_single_precision_cannot_tell_apart_are_told_apart():
    images = np.ones((3, 1, 30, 30), dtype=np.float32)
    images[:, 0, 0, 0] = [2e-4, 1e-4, 3e-4]

    rows, _ = nearest(images, np.zeros((1, 30, 30), dtype=np.float32), 2)

    assert rows.tolist() == [1, 0]


def test_an_image_is_the_nearest_to_itself():
    images = random_images(9)

    rows, distances = nearest(images, images[4], 1)

    assert (rows.tolist(), distances.tolist()) == ([4], [0])


def test_among_no_images_none_is_near():
    rows, distances = nearest(random_images(0), random_images(1)[0], 5)

    assert len(rows) == len(distances) == 0


@pytest.mark.usefixtures("_block_bytes")
def test_positions_are_sorted_by_distance_to_one_image():
    images, positions = random_images(30), np.arange(0, 30, 3)

    sorted_positions = by_likeness(images, positions, to=6)

    distance = np.linalg.norm((images - images[6]).reshape(30, -1), axis=1)
    assert sorted_positions.tolist() == sorted(positions.tolist(), key=lambda row: distance[row])
    assert sorted_positions[0] == 6


def test_equal_images_keep_their_order():
    images = np.zeros((4, 1, 2, 2), dtype=np.float32)

    assert by_likeness(images, np.array([3, 1, 2]), to=0).tolist() == [3, 1, 2]


def test_no_positions_stay_none():
    assert len(by_likeness(random_images(2), np.array([], dtype=np.int64), to=0)) == 0
