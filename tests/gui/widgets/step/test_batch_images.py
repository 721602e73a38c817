from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from engine.training.look import BatchLook
from gui.theme import DARK, LIGHT
from gui.widgets.step.batch_images import BatchImages, outcome

NAMES = tuple(f"class {number}" for number in range(10))


def look_of(labels, before, after, shape=(1, 8, 8)):
    count = len(labels)
    return BatchLook(
        images=np.random.default_rng(0).random((count, *shape), np.float32),
        rows=np.arange(count),
        labels=np.asarray(labels),
        predicted_before=np.asarray(before),
        confidence_before=np.full(count, 0.4, np.float32),
        predicted_after=np.asarray(after),
        confidence_after=np.full(count, 0.6, np.float32),
        loss_before=2.0,
        loss_after=1.0,
        rate=0.1,
        layers=(),
    )


FOUR = look_of([0, 1, 2, 3], before=[0, 5, 2, 4], after=[0, 5, 6, 3])


@pytest.fixture
def images(show):
    return show(BatchImages(), 300, 240)


def show_batch(images, look, names=NAMES):
    origins = [f"Image {place}." for place in range(len(look.images))]
    images.show_batch(look, look.images, names, origins)


def test_an_outcome_is_told_by_both_answers():
    assert [outcome(FOUR, place) for place in range(4)] == ["right", "wrong", "spoilt", "corrected"]


def test_what_the_step_changed_comes_first_and_is_marked(images):
    show_batch(images, FOUR)

    assert [images.item(place).text() for place in range(4)] == [
        "class 3: ✗ class 4 → ✓ class 3",
        "class 2: ✓ class 2 → ✗ class 6",
        "class 1: ✗ class 5",
        "class 0: ✓ class 0",
    ]


def test_a_tile_is_told_in_sentences(images):
    show_batch(images, FOUR)

    words = images.item(0).toolTip()
    assert words == (
        "Image 3.\nIt is class 3. Before the step the network said class 4 (40.0 %), after it "
        "class 3 (60.0 %)."
    )
    assert images.item(0).data(Qt.ItemDataRole.AccessibleTextRole) == words


def test_another_batch_takes_the_place_of_the_one_before(images):
    show_batch(images, FOUR)

    show_batch(images, look_of([1], [1], [1]))

    assert [images.item(place).text() for place in range(images.count())] == ["class 1: ✓ class 1"]


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32), (3, 300, 200), (1, 1, 1)])
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_images_of_any_size_are_drawn(images, shape, theme):
    images.set_theme(theme)
    show_batch(images, look_of([0, 1], [1, 1], [0, 1], shape))

    drawn = images.grab().toImage()

    colors = {drawn.pixelColor(x, y).name() for x in range(110) for y in range(60)}
    assert theme.success in colors


def test_long_names_and_no_numbers_are_no_obstacle(images):
    look = look_of([0, 1], [1, 1], [0, 1])
    look.confidence_after[:] = np.nan
    show_batch(images, look, [f"a very long name\nof class {number} " * 9 for number in range(10)])

    images.grab()

    assert "\n" not in images.item(0).text()
