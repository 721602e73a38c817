from __future__ import annotations

import pytest

from engine.analysis.mistakes import Cell
from gui.widgets.gallery.listed import Listed
from gui.widgets.gallery.words import cell_words, count_words, none_words

NAMES = ("zero", "one\ntwo", "R&D")


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (Cell(0, 2), "true zero, predicted R&D"),
        (Cell(1, 1), "true one two, predicted one two"),
        (Cell(true=1), "true one two"),
        (Cell(predicted=2), "predicted R&D"),
        (Cell(), "all errors"),
        (Cell(right=True), "all right"),
        (Cell(true=0, right=True), "true zero, right"),
        (Cell(true=7), "true 7"),
    ],
)
def test_a_cell_is_said_in_words(cell, words):
    assert cell_words(cell, NAMES) == words


@pytest.mark.parametrize(
    ("listed", "more", "words"),
    [
        (Listed(), {}, "3 of 4 wrong"),
        (Listed((Cell(1, 2),)), {}, "3 of 4"),
        (Listed(right_too=True), {}, "3 of 4"),
        (Listed(), {"whole": False}, "3 of 4 wrong (sample)"),
        (Listed(), {"of": "training"}, "3 of 4 wrong, while learning"),
    ],
)
def test_the_count_says_of_how_many(answers, listed, more, words):
    assert count_words(3, answers([1] * 4, [2] * 4, **more), listed) == words


def test_nothing_wrong_is_good_news_and_nothing_chosen_is_not(answers):
    whole = answers([1], [1])

    assert none_words(whole, Listed()).startswith("No mistakes")
    assert none_words(whole, Listed((Cell(1, 2),))) == (
        "This evaluation has no image in this selection."
    )


def test_a_selection_that_a_sample_misses_may_have_images_at_the_end_of_the_epoch(answers):
    sample = answers([1], [1], whole=False)

    words = none_words(sample, Listed((Cell(1, 2),)))

    assert words.startswith("No image of this sample of 1 is in this selection.")
    assert words.endswith("at the end of each epoch.")
