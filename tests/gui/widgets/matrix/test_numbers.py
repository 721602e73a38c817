from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import confusion_matrix

from engine.analysis.mistakes import Cell
from engine.training.events import EpochDone
from gui.widgets.matrix.legend import Legend
from gui.widgets.matrix.numbers import difference, earlier_one, numbers_of, same_images

NAMES = ("a", "b", "c")
COUNTS = np.array([[8, 2, 0], [1, 9, 0], [0, 0, 0]])
MATRICES = arrays(np.int64, (4, 4), elements=st.integers(0, 1000))


@pytest.mark.parametrize(("of", "normalize"), [("true", "true"), ("predicted", "pred")])
def test_shares_are_scikit_learns(of, normalize):
    rng = np.random.default_rng(0)
    labels, predicted = rng.integers(0, 3, 100), rng.integers(0, 2, 100)
    counts = confusion_matrix(labels, predicted, labels=range(3))

    shares = numbers_of(counts, NAMES, of).values

    expected = confusion_matrix(labels, predicted, labels=range(3), normalize=normalize)
    np.testing.assert_allclose(shares, expected)


@given(MATRICES, MATRICES)
def test_of_a_difference_fewer_errors_and_more_right_answers_are_better(now, then):
    numbers = difference(now, then, ("a", "b", "c", "d"), "epoch 1", same_images=True)

    for row, column in np.ndindex(4, 4):
        change = now[row, column] - then[row, column]
        better = change > 0 if row == column else change < 0
        assert (numbers.strengths[row, column] > 0) == better


@given(MATRICES)
def test_strengths_reach_from_nothing_to_the_end_of_their_scale(counts):
    strengths = numbers_of(counts, ("a", "b", "c", "d"), "").strengths

    assert strengths.min() >= 0
    assert strengths.max() == (counts.max() > 0)


def test_differences_of_other_images_are_in_points_of_the_true_class():
    numbers = difference(COUNTS, 10 * COUNTS.T, NAMES, "epoch 1", same_images=False)

    assert numbers.unit == "points"
    assert numbers.values[0, 1] == pytest.approx(0.2 - 1 / 9)
    assert numbers.full_text(numbers.values[0, 1]) == "+8.9 points"


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (Cell(0, 1), "true a, predicted b: 2 of 10 (20.0 %)"),
        (Cell(true=0), "true a, predicted another: 2 of 10 (20.0 %)"),
        (Cell(predicted=0), "predicted a, true another: 1 of 9 (11.1 %)"),
        (Cell(), "all errors: 3 of 20 (15.0 %)"),
        (Cell(right=True), "all right answers: 17 of 20 (85.0 %)"),
        (Cell(true=1, right=True), "true b, right: 9 of 10 (90.0 %)"),
        (Cell(2, 0), "true c, predicted a: 0 of 0 (0.0 %)"),
    ],
)
def test_each_part_is_said_in_words(qapp, cell, words):
    assert numbers_of(COUNTS, NAMES, "").words(cell) == words


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (Cell(0, 1), "+1 since epoch 1: worse"),
        (Cell(0, 0), "−1 since epoch 1: worse"),
        (Cell(1, 0), "−2 since epoch 1: better"),
        (Cell(1, 1), "+2 since epoch 1: better"),
        (Cell(2, 2), "as in epoch 1"),
    ],
)
def test_a_difference_says_whether_it_is_better(qapp, cell, words):
    then = np.array([[9, 1, 0], [3, 7, 0], [0, 0, 0]])

    numbers = difference(COUNTS, then, NAMES, "epoch 1", same_images=True)

    assert numbers.words(cell).endswith(words)


@pytest.fixture
def run(run_of, answers):
    """Samples in the middle of three epochs, the second of which was the best."""
    best = EpochDone(40, 2, 0.1, 0.9, 0.1, 0.9, best=True)
    return run_of(
        answers([1, 2], [1, 2]),
        answers([1], [2], epoch=2, whole=False),
        answers([1, 2], [1, 2], epoch=3),
        best,
        answers([1], [2], epoch=4, whole=False),
        answers([1, 2], [1, 2], epoch=5),
    )


@pytest.mark.parametrize(
    ("epoch", "which", "found"),
    [(5, "before", 3), (5, "first", 1), (5, "best", 2), (4, "before", 2), (2, "before", 1)],
)
def test_an_evaluation_is_compared_with_an_earlier_one_of_the_same_images(run, epoch, which, found):
    shown = run.evaluation("validation", 20 * epoch)

    earlier = earlier_one(run, shown, which)

    assert earlier is run.evaluation("validation", 20 * found)


@pytest.mark.parametrize("which", ["before", "first"])
def test_the_first_evaluation_has_none_before_it(run, which):
    assert earlier_one(run, run.evaluation("validation", 20), which) is None


def test_without_a_best_epoch_there_is_none_to_compare_with(run_of, answers):
    run = run_of(answers([1], [1]), answers([1], [1], epoch=2))

    assert earlier_one(run, run.evaluation("validation"), "best") is None


def test_images_are_the_same_in_any_order(answers):
    from dataclasses import replace

    one, less = answers([1, 2, 3], [1, 2, 3]), answers([1, 2], [1, 2])

    assert same_images(one, replace(one, rows=one.rows[::-1]))
    assert not same_images(one, less)
    assert not same_images(one, replace(one, rows=one.rows + 1))


def test_a_difference_without_any_says_so_in_its_legend(show):
    legend = show(Legend(), 400, 40)
    legend.show_numbers(difference(COUNTS, COUNTS, NAMES, "epoch 1", same_images=True))

    for scale in legend.scales:
        assert "there is no difference" in scale.accessibleName()
        colors = {scale.grab().toImage().pixelColor(x, 9).saturation() for x in range(90)}
        assert max(colors) < 60  # words, and no scale


def test_only_a_difference_can_be_unchanged():
    some = COUNTS + np.array([[0, 1, 0], [0, 0, 0], [0, 0, 0]])
    changed = difference(some, COUNTS, NAMES, "epoch 1", same_images=True)

    assert not changed.unchanged(right=False)
    assert changed.unchanged(right=True)
    assert not numbers_of(np.zeros((3, 3), int), NAMES, "").unchanged(right=False)
