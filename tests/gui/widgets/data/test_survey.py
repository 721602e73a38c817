"""What is found in a dataset, against a look at every pair of images."""

from __future__ import annotations

import threading
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.dataset import Dataset, Split, silent
from gui.widgets.data import survey as survey_module
from gui.widgets.data.browsed import Browsed, of_classes, of_twins, place_of
from gui.widgets.data.survey import (
    PAIRS,
    SETS,
    Measured,
    Survey,
    Twins,
    measured,
    twins_between,
    twins_within,
)

FEW = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=12)
"""Images of one pixel with their labels: so few values that many are equal."""


def dataset_of(*sets, classes: int = 3) -> Dataset:
    """Make a dataset of three lists of (pixel, label)."""
    splits = [split(each, first) for each, first in zip(sets, (100, 200, 300), strict=True)]
    names = tuple(f"class {number}" for number in range(classes))
    return Dataset(*splits, names, np.zeros(1, np.float32), np.ones(1, np.float32))


def split(pairs, first: int) -> Split:
    table = np.array(pairs, np.int64).reshape(-1, 2)
    images = (table[:, 0] / np.float32(4)).astype(np.float32).reshape(-1, 1, 1, 1)
    return Split(images, table[:, 1].copy(), first + np.arange(len(table)))


@given(FEW, FEW, FEW)
def test_shared_images_are_those_that_every_pair_shows(train, validation, test):
    dataset = dataset_of(train, validation, test)
    pairs = dict(zip(SETS, (train, validation, test), strict=True))

    for sets in PAIRS:
        first, last = (pairs[of] for of in sets)
        twins = twins_between(dataset, sets, silent)

        equal = {(a, b) for a, b in product(range(len(first)), range(len(last)))
                 if first[a][0] == last[b][0]}  # fmt: skip
        told = {(int(a), int(b)) for group in twins.groups for a, b in product(*group)}
        assert told == equal
        assert twins.images == len({b for _, b in equal})


@given(FEW)
def test_an_image_under_two_classes_is_told_of(train):
    twins = twins_within(dataset_of(train, [], []), "training", silent)

    classes = {pixel: {label for p, label in train if p == pixel} for pixel, _ in train}
    doubtful = sum(len(classes[pixel]) > 1 for pixel, _ in train)
    assert twins.torn_images == doubtful


def test_a_set_is_measured():
    found = measured(dataset_of([(0, 0), (2, 0), (3, 2)], [], []), "training", silent)

    assert found.pixels == (0, 0.75)
    np.testing.assert_allclose(found.means.ravel(), [0.25, 0, 0.75])


def test_a_set_without_images_is_measured_too():
    found = measured(dataset_of([(1, 1)], [], []), "test", silent)

    assert found.means.shape == (3, 1, 1, 1)
    assert not twins_within(dataset_of([(1, 1)], [], []), "test", silent).groups


class Heard:
    """Runs a survey and writes down what it tells."""

    def __init__(self, qtbot, dataset, of="training", prefer=None) -> None:
        self.survey = Survey()
        self.findings: list[Measured | Twins] = []
        self.failures: list[str] = []
        self.survey.found.connect(self.findings.append)
        self.survey.failed.connect(lambda sentence, _: self.failures.append(sentence))
        self.survey.begin(dataset, of)
        if prefer:
            self.survey.prefer(prefer)
        qtbot.waitUntil(lambda: not self.survey.running, timeout=20_000)

    @property
    def names(self) -> list[str]:
        return [
            f"measure {f.of}" if isinstance(f, Measured) else " ".join(f.sets)
            for f in self.findings
        ]


def test_the_set_that_is_shown_comes_first_and_then_what_spoils_a_test(qtbot):
    heard = Heard(qtbot, dataset_of([(1, 0)], [(2, 1)], [(1, 0)]), "validation")

    assert heard.names == [
        "measure validation",
        "training test",
        "validation test",
        "training validation",
        "validation",
        "training",
        "test",
        "measure training",
        "measure test",
    ]


def test_another_set_that_is_looked_at_comes_next(qtbot):
    heard = Heard(qtbot, dataset_of([(1, 0)], [(2, 1)], [(1, 0)]), "training", prefer="test")

    assert heard.names[:3] == ["measure training", "measure test", "test"]
    assert len(heard.names) == 9


def test_a_failure_is_told_and_the_rest_goes_on(qtbot, monkeypatch):
    def broken(*_):
        raise MemoryError

    monkeypatch.setattr(survey_module, "duplicates", broken)

    heard = Heard(qtbot, dataset_of([(1, 0)], [(2, 1)], [(1, 0)]))

    assert len(heard.failures) == 3
    assert len(heard.findings) == 6


def test_closing_ends_what_runs_and_nothing_more_is_told(qtbot, monkeypatch):
    begun, told = threading.Event(), []

    def long(images, progress):
        begun.set()
        while True:
            progress(0, 1)

    monkeypatch.setattr(survey_module, "duplicates", long)
    survey = Survey()
    survey.begin(dataset_of([(1, 0)], [(2, 1)], [(1, 0)]), "training")
    qtbot.waitUntil(begun.is_set, timeout=20_000)
    survey.found.connect(told.append)
    survey.failed.connect(lambda *words: told.append(words))

    survey.close()  # the fixtures wait for the thread, and fail where it stays

    assert not survey.running
    assert told == []


@given(FEW, st.sets(st.integers(0, 2)))
def test_a_filter_keeps_the_images_of_its_classes(test, classes):
    dataset = dataset_of([(0, 0)], [], test)

    browsed = of_classes(dataset, "test", sorted(classes))

    wanted = [row for row, (_, label) in enumerate(test) if not classes or label in classes]
    assert browsed.rows.tolist() == wanted
    assert browsed.total == len(test)


@given(FEW, FEW)
def test_duplicates_stand_next_to_each_other_and_keep_what_they_are(train, test):
    dataset = dataset_of(train, [], test)

    browsed = of_twins(dataset, twins_between(dataset, ("training", "test"), silent))

    assert browsed.groups is not None
    assert np.all(np.diff(browsed.groups) >= 0)
    for row in browsed.rows:
        assert_is_itself(dataset, browsed, row)
        alike = browsed.images[browsed.groups == browsed.groups[row]]
        assert (alike == browsed.images[row]).all()


def assert_is_itself(dataset: Dataset, browsed: Browsed, row: int) -> None:
    split = dataset.split(browsed.set_of(row))
    place = np.flatnonzero(split.indices == browsed.indices[row])
    assert browsed.labels[row] == split.labels[place]
    assert browsed.images[row] == split.images[place]


def test_of_very_many_duplicates_only_some_are_copied(monkeypatch):
    monkeypatch.setattr("gui.widgets.data.browsed.MOST_TWINS", 4)
    dataset = dataset_of([(1, 0)] * 7, [], [])

    browsed = of_twins(dataset, twins_within(dataset, "training", silent))

    assert len(browsed.rows) == 4
    assert browsed.total == 7


@pytest.mark.parametrize(
    ("of", "index", "place"),
    [
        ("training", 101, ("training", 1)),
        ("training", 200, ("validation", 0)),
        ("validation", 100, ("training", 0)),
        ("test", 300, ("test", 0)),
        ("test", 100, None),
        ("training", 300, None),
    ],
)
def test_an_image_is_found_by_its_index(of, index, place):
    dataset = dataset_of([(0, 0), (1, 1)], [(2, 2)], [(3, 0)])

    assert place_of(dataset, of, index) == place
