from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from engine.data.dataset import silent
from engine.data.digits import read_digits
from engine.project.sources import BundledDigits


def digits():
    return read_digits(BundledDigits(), Path("nowhere"), silent)


def test_the_digits_are_scikit_learns_on_a_scale_of_one():
    images, bunch = digits(), load_digits()
    for pixels, labels, rows in (
        (images.train_images, images.train_labels, images.train_rows),
        (images.test_images, images.test_labels, images.test_rows),
    ):
        np.testing.assert_array_equal(pixels[:, 0] * 16, bunch.images[rows])
        np.testing.assert_array_equal(labels, bunch.target[rows])


def test_every_digit_is_either_learnt_or_tested():
    images = digits()
    assert sorted([*images.train_rows, *images.test_rows]) == list(range(1797))


def test_the_sizes_are_those_declared():
    images, source = digits(), BundledDigits()
    assert len(images.train_labels) == source.train_size
    assert len(images.test_labels) == source.test_size
    assert images.input_shape == source.input_shape


def test_the_test_set_has_every_digit_in_its_proportion():
    counts = np.bincount(digits().test_labels)
    assert counts.min() >= 34
    assert counts.max() <= 37


def test_the_test_set_never_changes():
    assert digits().test_rows[:5].tolist() == [21, 24, 28, 34, 35]
