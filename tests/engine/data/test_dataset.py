import numpy as np
import pytest

from engine.data.dataset import Dataset, Images, Split


def split(count=2, channels=2):
    images = np.full((count, channels, 1, 1), 0.5, np.float32)
    return Split(images, np.zeros(count, np.int64), np.arange(count))


def dataset(mean, deviation):
    part = split()
    mean, deviation = np.array(mean, np.float32), np.array(deviation, np.float32)
    return Dataset(part, part, part, ("a", "b"), mean, deviation)


def test_a_split_is_as_long_as_its_labels():
    assert len(split(3)) == 3


def test_the_input_shape_is_channels_height_width():
    assert dataset([0, 0], [1, 1]).input_shape == (2, 1, 1)


def test_nothing_to_standardise_gives_back_the_same_array():
    images = split().images
    assert dataset([0, 0], [1, 1]).standardised(images) is images


def test_each_channel_is_standardised_by_its_own_figures():
    result = dataset([0.5, 0.25], [1, 0.5]).standardised(split().images)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result[0, :, 0, 0], [0, 0.5])


def test_a_channel_without_deviation_is_only_shifted():
    result = dataset([0.25, 0.25], [0, 1]).standardised(split().images)
    np.testing.assert_array_equal(result[0, :, 0, 0], [0.25, 0.25])


def test_what_was_read_cannot_be_written_to():
    images, labels = np.zeros((2, 1, 1, 1), np.uint8), np.zeros(2, np.int64)
    read = Images(images, labels, images, labels, ("a", "b"), np.arange(2), np.arange(2))
    with pytest.raises(ValueError, match="read-only"):
        read.train_images[0] = 1


def test_one_file_holds_all_images_many_hold_one_each_and_none_is_no_name():
    def named(*files):
        images = np.zeros((2, 1, 2, 2), np.float32)
        return Split(images, np.zeros(2, np.int64), np.array([4, 0]), files)

    assert [named("all.gz").file(index) for index in (4, 0)] == ["all.gz", "all.gz"]
    assert [named(*"abcde").file(index) for index in (4, 0)] == ["e", "a"]
    assert named().file(4) == ""
