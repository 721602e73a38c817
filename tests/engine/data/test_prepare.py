import numpy as np
import psutil
import pytest

from engine.data.dataset import Cancelled, Images
from engine.data.prepare import prepare
from engine.problems import Problem, ProblemError
from engine.project.sources import Data


@pytest.fixture
def images():
    """Forty training and eight test images of two classes with these pixels."""

    def make(train, test=None, notes=()):
        test = train[:8] if test is None else test
        return Images(
            train,
            np.arange(40) % 2,
            test,
            np.arange(8) % 2,
            ("even", "odd"),
            np.arange(40) + 100,
            np.arange(8),
            notes,
        )

    return make


def noise(dtype=np.uint8, channels=1):
    values = np.random.default_rng(0).integers(0, 256, (40, channels, 3, 4))
    values[0, :, 0, :2] = 0, 255
    return values.astype(dtype)


def test_bytes_are_divided_by_255_as_torchvision_does(images):
    from torchvision.transforms.functional import to_tensor

    every = np.arange(256, dtype=np.uint8).repeat(40).reshape(256, 40).T.reshape(40, 1, 16, 16)
    dataset = prepare(images(every), Data(), 0)
    np.testing.assert_array_equal(dataset.train.images[0], to_tensor(every[0, 0].copy()).numpy())


def test_floats_in_zero_to_one_are_kept(images):
    pixels = noise(np.float32) / np.float32(510)
    dataset = prepare(images(pixels), Data(), 0)
    np.testing.assert_array_equal(dataset.test.images, pixels[:8])


def test_other_floats_are_scaled_by_the_range_of_training(images):
    dataset = prepare(images(noise(np.float32) * 4 - 100), Data(), 0)
    np.testing.assert_allclose(dataset.test.images, noise()[:8] / 255, atol=1e-6)


def test_test_pixels_beyond_the_range_of_training_are_cut_off(images):
    pixels = noise(np.float32)
    dataset = prepare(images(pixels, pixels[:8] * 3 - 255), Data(), 0)
    assert (dataset.test.images.min(), dataset.test.images.max()) == (0, 1)


def test_the_full_range_of_float32_is_scaled(images):
    pixels = np.zeros((40, 1, 1, 2), np.float32)
    pixels[:, 0, 0] = np.finfo(np.float32).min, np.finfo(np.float32).max
    dataset = prepare(images(pixels), Data(), 0)
    assert dataset.test.images[0, 0, 0].tolist() == [0, 1]


def test_images_without_any_difference_become_black(images):
    dataset = prepare(images(np.full((40, 1, 2, 2), 7, np.float32)), Data(standardise=True), 0)
    assert not dataset.train.images.any()
    assert not dataset.standardised(dataset.train.images).any()


def test_every_training_image_is_either_learnt_or_measured_on(images):
    dataset = prepare(images(noise()), Data(validation=0.25), 0)
    assert len(dataset.validation) == 10
    both = [*dataset.train.indices, *dataset.validation.indices]
    assert sorted(both) == list(range(100, 140))


def test_indices_lead_back_to_the_images_read(images):
    pixels = noise()
    for split in (
        prepare(images(pixels), Data(), 0).train,
        prepare(images(pixels), Data(), 0).validation,
    ):
        np.testing.assert_allclose(split.images * 255, pixels[split.indices - 100], atol=1e-4)
        np.testing.assert_array_equal(split.labels, split.indices % 2)


def test_the_test_set_is_whole_and_in_its_order(images):
    dataset = prepare(images(noise()), Data(), 0)
    assert dataset.test.indices.tolist() == list(range(8))


def test_the_same_seed_gives_the_same_splits(images):
    first, second, other = (prepare(images(noise()), Data(), seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.validation.indices, second.validation.indices)
    assert first.validation.indices.tolist() != other.validation.indices.tolist()


def test_without_standardising_mean_is_0_and_deviation_1(images):
    dataset = prepare(images(noise(channels=3)), Data(), 0)
    assert dataset.mean.tolist() == [0, 0, 0]
    assert dataset.deviation.tolist() == [1, 1, 1]


def test_mean_and_deviation_are_those_of_the_training_split(images):
    dataset = prepare(images(noise(channels=3)), Data(standardise=True), 0)
    train = dataset.train.images.astype(np.float64)
    np.testing.assert_allclose(dataset.mean, train.mean((0, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(dataset.deviation, train.std((0, 2, 3)), rtol=1e-6)
    assert dataset.mean.dtype == dataset.deviation.dtype == np.float32


def test_standardised_training_images_have_mean_0_and_deviation_1(images):
    dataset = prepare(images(noise(channels=3)), Data(standardise=True), 0)
    result = dataset.standardised(dataset.train.images)
    np.testing.assert_allclose(result.mean((0, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(result.std((0, 2, 3)), 1, atol=1e-5)


def test_the_images_that_were_read_are_left_as_they_were(images):
    pixels = noise(np.float32)
    before = pixels.copy()
    prepare(images(pixels), Data(standardise=True), 0).train.images[:] = 0
    np.testing.assert_array_equal(pixels, before)


def test_notes_are_handed_on(images):
    note = Problem("3 broken pictures were left out.")
    assert prepare(images(noise(), notes=(note,)), Data(), 0).notes == (note,)


def test_a_validation_share_too_small_for_the_classes_is_a_sentence(images):
    with pytest.raises(ProblemError, match=r"keeps only 1 of 40 images aside.* raise it to 0\.05"):
        prepare(images(noise()), Data(validation=0.01), 0)


def test_too_little_memory_is_said_before_it_is_taken(images, monkeypatch):
    class Full:
        available = 100

    monkeypatch.setattr(psutil, "virtual_memory", Full)
    with pytest.raises(ProblemError, match="48 images of 12 values would take"):
        prepare(images(noise()), Data(), 0)


@pytest.mark.parametrize("asked", range(1, 6))
def test_preparing_is_left_at_any_of_its_parts(images, asked):
    """Three splits, and two passes that measure."""
    left = iter(range(asked))

    def alive():
        if next(left) == asked - 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        prepare(images(noise()), Data(standardise=True), 0, alive)
