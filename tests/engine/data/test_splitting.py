import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.prepare import prepare
from engine.data.splitting import test_rows as kept_for_the_test
from engine.data.splitting import validation_rows, whole
from engine.problems import ProblemError
from engine.project.project import Project
from engine.project.sources import Data

NAMES = ("a", "b", "c")
LABELS = np.repeat(np.arange(3), (60, 30, 12))


def counts(rows):
    return np.bincount(LABELS[rows], minlength=3).tolist()


def test_a_sixth_of_each_class_is_kept_for_the_test():
    train, test = kept_for_the_test(LABELS, NAMES)
    assert counts(test) == [10, 5, 2]
    assert sorted([*train, *test]) == list(range(102))


def test_the_test_set_is_the_same_every_time():
    first, second = kept_for_the_test(LABELS, NAMES)[1], kept_for_the_test(LABELS, NAMES)[1]
    np.testing.assert_array_equal(first, second)


def test_a_class_of_three_gives_one_image_to_the_test():
    _, test = kept_for_the_test(np.repeat([0, 1], (3, 30)), ("a", "b"))
    assert (test < 3).sum() == 1


def test_a_class_too_small_for_a_test_is_named():
    with pytest.raises(ProblemError, match="Class b has 2 images, but at least 3 are needed"):
        kept_for_the_test(np.repeat([0, 1], (5, 2)), ("a", "b"))


def test_validation_has_every_class_in_its_proportion():
    train, validation = validation_rows(LABELS, NAMES, 0.5, seed=3)
    assert counts(validation) == [30, 15, 6]
    assert not set(train) & set(validation)


def test_the_seed_decides_the_validation_set():
    drawn = [validation_rows(LABELS, NAMES, 0.2, seed)[1].tolist() for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_seed_beyond_32_bits_is_taken():
    assert len(validation_rows(LABELS, NAMES, 0.2, 2**40)[1]) == 21


def test_a_class_with_one_image_is_named():
    with pytest.raises(ProblemError, match="Class b has 1 images, but at least 2 are needed"):
        validation_rows(np.array([0, 0, 0, 1]), ("a", "b"), 0.5, 0)


def test_a_share_with_fewer_images_than_classes_says_which_share_suffices():
    labels = np.repeat(np.arange(10), 4)
    names = tuple("abcdefghij")
    with pytest.raises(ProblemError, match=r"keeps only 4 of 40 .* 10 classes: raise it to 0\.25"):
        validation_rows(labels, names, 0.1, 0)
    assert len(validation_rows(labels, names, 0.25, 0)[1]) == 10


def test_a_share_that_is_too_small_can_be_mended():
    with pytest.raises(ProblemError) as caught:
        validation_rows(np.repeat(np.arange(10), 4), tuple("abcdefghij"), 0.1, 0)
    mend = caught.value.problem.mend
    assert mend.title == "Raise the validation share to 0.25"
    assert mend.apply(Project()).data.validation == 0.25


def test_a_share_that_leaves_too_little_to_learn_from_is_refused():
    labels = np.repeat(np.arange(3), [2, 2, 2])
    with pytest.raises(ProblemError, match=r"leaves only 1 of 6 images .* lower it") as caught:
        validation_rows(labels, NAMES, 0.8, 0)
    assert caught.value.problem.where == "data.validation"


@given(st.lists(st.integers(0, 2), min_size=60, max_size=120), st.integers(0, 99), st.data())
def test_the_name_belongs_to_the_pixels_however_it_is_split(labels, seed, data):
    labels = np.array([0, 1, 2] * 12 + labels)
    every = np.arange(len(labels))
    sound = np.sort(data.draw(st.permutations(every.tolist()).map(lambda p: p[5:])))
    sound = np.union1d(sound, every[:36])
    pixels = np.zeros((len(sound), 1, 1, 1), np.float32) + sound[:, None, None, None] / 1000
    files = tuple(f"{row}.png" for row in every)

    images = whole(pixels.astype(np.float32), labels[sound], NAMES, sound, files=files)
    dataset = prepare(images, Data(validation=0.3), seed)

    for split in (dataset.train, dataset.validation, dataset.test):
        told = [int(split.file(index).removesuffix(".png")) for index in split.indices.tolist()]
        assert told == (1000 * split.images[:, 0, 0, 0]).round().astype(int).tolist()
