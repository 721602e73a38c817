from __future__ import annotations

import numpy as np
import pytest

from gui.widgets.gallery.answers import Answers, origin_words, percent


@pytest.fixture
def words(run_of, answers):
    probabilities = np.full((2, 10), 0.01, np.float32)
    probabilities[0, 9], probabilities[0, 4], probabilities[1, 1] = 0.981, 0.015, 0.6

    def make(of="validation"):
        evaluation = answers([4, 1], [9, 1], probabilities=probabilities, of=of)
        run = run_of(evaluation)
        split = run.dataset.test if of == "test" else run.dataset.validation
        return Answers(evaluation, split, [str(n) for n in range(10)])

    return make


def test_a_caption_says_true_predicted_and_whose_the_probability_is(words):
    assert words().caption(0) == ("4 > 9", "9: 98.1 %")


def test_a_right_one_is_called_by_its_class(words):
    assert words().caption(1) == ("1", "1: 60.0 %")


def test_the_sentences_name_the_image_in_the_persons_own_files(words):
    assert words().sentences(0) == (
        "Image 1,000 of the training set, kept aside for validation.\n"
        "It is 4; the network says 9 and gives it 98.1 %; 4 gets 1.5 %."
    )
    assert words("test").origin(1) == "Image 5,001 of the test set."
    assert words("training").origin(1) == "Image 1,001 of the training set."
    assert "as the network says" in words().sentences(1)


def test_the_file_is_named_where_it_is_known_harmless_and_not_too_long():
    assert origin_words("test", 7, "cat/1.png") == "Image 7 of the test set. File: cat/1.png"
    assert origin_words("test", 7) == "Image 7 of the test set."
    said = origin_words("test", 7, "a\n\u202e" + 300 * "b")
    assert "\n" not in said
    assert "\u202e" not in said
    assert len(said) < 250


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (0.0, "0.0 %"),
        (0.5, "50.0 %"),
        (0.9994, "99.9 %"),
        (0.9996, "99.96 %"),
        (1.0, "99.99 %"),
        (float("nan"), "not a number"),
    ],
)
def test_a_probability_is_never_written_as_certainty(probability, text):
    assert percent(probability) == text
