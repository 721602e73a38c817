from __future__ import annotations

import numpy as np
import pytest

from engine.data.dataset import Split
from gui.widgets.lens import nearest_images
from gui.widgets.lens.nearest_images import NearestImages, Question, neighbours

NAMES = ("even", "odd")
RNG = np.random.default_rng(3)
IMAGES = RNG.random((40, 1, 8, 8), np.float32)
TRAIN = Split(IMAGES, np.arange(40) % 2, 100 + np.arange(40))


def question(row, own=None):
    return Question(TRAIN, NAMES, IMAGES[row], int(TRAIN.labels[row]), own)


def brute_force(row):
    distances = np.sqrt(((IMAGES.astype(float) - IMAGES[row]) ** 2).sum(axis=(1, 2, 3)))
    return [int(place) for place in np.argsort(distances, kind="stable")]


@pytest.fixture
def nearest(show):
    return show(NearestImages(), 500, 120)


def test_the_nearest_are_those_of_brute_force():
    assert [row for row, _ in neighbours(question(5), lambda *_: None)] == brute_force(5)[:8]


def test_an_image_is_not_its_own_neighbour():
    found = [row for row, _ in neighbours(question(5, own=5), lambda *_: None)]

    assert found == brute_force(5)[1:9]


def test_they_are_shown_with_their_classes_and_another_class_stands_out(nearest, qtbot):
    nearest.ask(question(4, own=4))
    qtbot.waitUntil(lambda: len(nearest.row.tiles) == 8)

    rows = brute_force(4)[1:9]
    assert [tile.caption for tile in nearest.row.tiles] == [NAMES[row % 2] for row in rows]
    assert [tile.stands_out for tile in nearest.row.tiles] == [row % 2 == 1 for row in rows]
    assert f"Image {100 + rows[0]} of the training set" in nearest.row.tiles[0].words
    assert "distance" in nearest.row.words_at(nearest.row.place(0).center().x())
    assert "of another class" in nearest.title.text()


def test_only_the_answer_to_the_newest_question_is_shown(nearest, qtbot, monkeypatch):
    asked = []

    def watched(question, progress):
        asked.append(question)
        return neighbours(question, progress)

    monkeypatch.setattr(nearest_images, "neighbours", watched)
    questions = [question(row) for row in range(4)]
    for one in questions:
        nearest.ask(one)
    qtbot.waitUntil(lambda: len(nearest.row.tiles) == 8)

    assert asked == [questions[0], questions[3]]
    assert f"Image {100 + 3} " in nearest.row.tiles[0].words


def test_what_was_asked_before_hiding_is_answered_when_it_is_shown_again(nearest, qtbot):
    nearest.ask(question(4))
    nearest.hide()
    assert nearest.row.tiles == ()

    nearest.show()

    qtbot.waitUntil(lambda: len(nearest.row.tiles) == 8)


def test_a_lone_training_image_has_no_neighbours(nearest, qtbot):
    lone = Split(IMAGES[:1], np.array([0]), np.array([7]))
    nearest.ask(Question(lone, NAMES, IMAGES[0], 0, own=0))

    qtbot.waitUntil(lambda: "no other" in nearest.title.text())
    assert nearest.row.tiles == ()


def test_what_goes_wrong_is_said(nearest, qtbot, monkeypatch):
    def broken(question, progress):
        raise RuntimeError("no such memory")

    monkeypatch.setattr(nearest_images, "neighbours", broken)
    nearest.ask(question(0))

    qtbot.waitUntil(lambda: "no such memory" in nearest.title.text())
