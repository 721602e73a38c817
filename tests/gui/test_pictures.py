from __future__ import annotations

import numpy as np
import pytest

from gui.pictures import as_picture, as_pictures


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 5, 9), (1, 1, 1), (3, 64, 64)])
def test_a_picture_has_the_images_pixels(shape):
    image = np.random.default_rng(0).random(shape, np.float32)

    picture = as_picture(image)

    _, height, width = shape
    assert (picture.height(), picture.width()) == (height, width)
    y, x = height // 2, width // 3
    expected = np.round(255 * np.resize(image[:, y, x], 3))
    assert list(picture.pixelColor(x, y).getRgb()[:3]) == expected.tolist()


def test_what_is_out_of_range_or_no_number_is_drawn_all_the_same():
    image = np.array([[[np.nan, np.inf, -np.inf, 2.0]]], np.float32)

    picture = as_picture(image)

    assert [picture.pixelColor(x, 0).red() for x in range(4)] == [0, 255, 0, 255]


def test_many_are_made_as_one_is():
    images = np.random.default_rng(0).random((5, 3, 6, 7), np.float32)

    assert list(as_pictures(images)) == [as_picture(image) for image in images]


def test_none_are_made_of_none():
    assert list(as_pictures(np.empty((0, 1, 8, 8), np.float32))) == []


def test_small_ones_are_enlarged_pixel_by_pixel():
    images = np.random.default_rng(0).random((2, 1, 3, 6), np.float32)

    small, large = list(as_pictures(images)), list(as_pictures(images, 12))

    for before, after in zip(small, large, strict=True):
        assert (after.width(), after.height()) == (12, 6)
        seen = [[after.pixel(x, y) for x in range(12)] for y in range(6)]
        assert seen == [[before.pixel(x // 2, y // 2) for x in range(12)] for y in range(6)]


def test_large_ones_keep_their_size():
    (picture,) = as_pictures(np.zeros((1, 3, 40, 20), np.float32), 30)

    assert (picture.width(), picture.height()) == (20, 40)
