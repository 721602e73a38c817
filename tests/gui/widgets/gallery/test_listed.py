from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.analysis.mistakes import Cell
from gui.selection import Shelf
from gui.widgets.gallery.listed import Listed


@pytest.fixture
def evaluation(answers):
    made = answers([4, 7, 1, 4, 0], [9, 1, 1, 9, 3])
    return replace(made, rows=np.array([10, 3, 20, 5, 8]))


@pytest.fixture
def likeness():
    return np.random.default_rng(0).permutation(25)


def positions(listed, evaluation, likeness):
    return listed.positions(evaluation, 10, likeness).tolist()


def test_without_a_filter_all_mistakes_are_listed(evaluation, likeness):
    assert positions(Listed(sorting="index"), evaluation, likeness) == [0, 1, 3, 4]
    assert positions(Listed(sorting="index", right_too=True), evaluation, likeness) == [
        0,
        1,
        2,
        3,
        4,
    ]


def test_cells_restrict(evaluation, likeness):
    assert positions(Listed((Cell(4, 9),), sorting="index"), evaluation, likeness) == [0, 3]


def test_a_shelf_shows_all_of_its_images_in_its_order(evaluation, likeness):
    shelf = Shelf("some", np.array([20, 999, 5, 10]))

    assert positions(Listed(shelf=shelf, sorting="shelf"), evaluation, likeness) == [2, 3, 0]
    assert positions(Listed(shelf=shelf, sorting="index"), evaluation, likeness) == [0, 2, 3]


def test_a_shelf_and_cells_restrict_together(evaluation, likeness):
    shelf = Shelf("some", np.array([20, 5, 10]))

    listed = Listed((Cell(4, 9),), shelf, sorting="shelf")

    assert positions(listed, evaluation, likeness) == [3, 0]


def test_an_empty_shelf_lists_nothing(evaluation, likeness):
    shelf = Shelf("none", np.empty(0, np.int64))

    assert positions(Listed(shelf=shelf), evaluation, likeness) == []


def test_likeness_sorts_by_the_rank_of_each_image(evaluation, likeness):
    found = positions(Listed(sorting="likeness", like=5), evaluation, likeness)

    assert found == sorted([0, 1, 3, 4], key=lambda place: likeness[evaluation.rows[place]])


def test_an_empty_evaluation_lists_nothing(answers, likeness):
    shelf, nothing = Shelf("some", np.array([1])), answers(*np.empty((2, 0), int))
    for listed in (Listed(), Listed(shelf=shelf), Listed(sorting="likeness", like=1)):
        assert positions(listed, nothing, likeness) == []
