from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from engine.project.augmentation import Augmentation
from engine.project.presets import preset
from gui.widgets import augmentation_preview
from gui.widgets.augmentation_preview import (
    COLUMNS,
    KEPT,
    ROWS,
    AugmentationPreview,
    examples,
    some_of,
)

ON = Augmentation(shift=0.1, rotate=15, noise=0.1)


def images(count=10, channels=1, height=8, width=8):
    return np.random.default_rng(0).random((count, channels, height, width), np.float32)


@pytest.fixture
def preview(show):
    return show(AugmentationPreview(), 300, 400)


def settle(qtbot, preview):
    qtbot.waitUntil(lambda: preview._task is None and bool(preview.changed.pictures), timeout=60000)


def drawn(grid):
    return [picture.convertToFormat(picture.Format.Format_RGB888) for picture in grid.pictures]


def test_at_first_it_says_how_to_see_anything(preview):
    assert preview.empty.isVisible()
    assert preview.empty.text() == "Nothing is changed: raise a limit to see examples."
    assert not preview.others.isVisible()


def test_with_limits_and_no_images_it_says_what_is_to_come(preview):
    preview.show_augmentation(ON)

    assert preview.empty.text() == "Examples appear here once the images are read."


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 20, 32), (1, 300, 200)])
def test_images_are_shown_as_they_are_and_changed(preview, qtbot, shape):
    preview.show_images(images(10, *shape))
    preview.show_augmentation(ON)
    settle(qtbot, preview)

    assert len(preview.originals.pictures) == COLUMNS
    assert len(preview.changed.pictures) == COLUMNS * ROWS
    assert not preview.empty.isVisible()
    assert all(
        changed != original
        for row in range(ROWS)
        for changed, original in zip(
            drawn(preview.changed)[row * COLUMNS :], drawn(preview.originals), strict=False
        )
    )


def test_the_same_changes_grow_and_others_are_others(preview, qtbot):
    preview.show_images(images())
    preview.show_augmentation(ON)
    settle(qtbot, preview)
    before = drawn(preview.originals), drawn(preview.changed)

    preview.show_augmentation(Augmentation(shift=0.11, rotate=15, noise=0.1))
    qtbot.waitUntil(lambda: drawn(preview.changed) != before[1])
    assert drawn(preview.originals) == before[0]

    qtbot.mouseClick(preview.others, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: drawn(preview.originals) != before[0])


def test_what_comes_while_it_works_is_shown_in_the_end(preview, qtbot, monkeypatch):
    asked = []

    def watched(some, augmentation, seed):
        asked.append(augmentation)
        return examples(some, augmentation, seed)

    monkeypatch.setattr(augmentation_preview, "examples", watched)
    preview.show_images(images())
    limits = [Augmentation(shift=part / 100) for part in range(1, 30)]
    for augmentation in limits:
        preview.show_augmentation(augmentation)
    settle(qtbot, preview)

    assert asked == [limits[0], limits[-1]]


def test_switched_off_it_is_empty_again(preview, qtbot):
    preview.show_images(images())
    preview.show_augmentation(ON)
    settle(qtbot, preview)

    preview.show_augmentation(Augmentation())

    assert preview.empty.isVisible()
    assert not preview.changed.isVisible()


@pytest.mark.parametrize("given", [None, images(0)])
def test_images_that_are_gone_are_shown_no_more(preview, qtbot, given):
    preview.show_images(images())
    preview.show_augmentation(ON)
    settle(qtbot, preview)

    preview.show_images(given)

    assert preview.empty.text() == "Examples appear here once the images are read."
    assert not preview.changed.pictures


def test_known_images_are_read_once_there_is_something_to_see(preview, qtbot):
    off = preset("digits-mlp")
    preview.show_project(off)
    assert preview._task is None

    preview.show_project(off.set_training(augmentation=ON))
    assert preview.empty.text() == "Examples appear here once the images are read."
    settle(qtbot, preview)

    assert not preview.empty.isVisible()
    assert preview.originals.pictures[0].size().toTuple() == (8, 8)


def test_a_persons_own_images_wait_until_they_are_read_for_training(preview, qtbot, project_of):
    preview.show_project(project_of().set_training(augmentation=ON))
    qtbot.waitUntil(lambda: preview._task is None)
    assert preview.empty.isVisible()

    preview.show_images(images())
    settle(qtbot, preview)

    assert not preview.empty.isVisible()


def test_another_source_takes_the_images_away_and_another_edit_does_not(preview, qtbot, project_of):
    project = project_of().set_training(augmentation=ON)
    preview.show_project(project)
    preview.show_images(images())
    settle(qtbot, preview)

    preview.show_project(project.set_training(epochs=7))
    assert preview.changed.pictures

    preview.show_project(project_of(classes=3).set_training(augmentation=ON))
    assert not preview.changed.pictures
    qtbot.waitUntil(lambda: preview._task is None)
    assert preview.empty.isVisible()


def test_images_that_were_taken_away_meanwhile_are_not_shown(preview, qtbot):
    preview.show_images(images())
    preview.show_augmentation(ON)
    assert preview._task is not None

    preview.show_images(None)
    qtbot.waitUntil(lambda: preview._task is None)

    assert not preview.changed.pictures
    assert preview.empty.isVisible()


def test_out_of_sight_nothing_is_made(qtbot):
    preview = AugmentationPreview()
    qtbot.addWidget(preview)

    preview.show_images(images())
    preview.show_augmentation(ON)

    assert preview._task is None


def test_a_failure_is_told(preview, qtbot, monkeypatch):
    def fail(*_):
        raise MemoryError("no room")

    monkeypatch.setattr(augmentation_preview, "examples", fail)
    preview.show_images(images())
    preview.show_augmentation(ON)

    qtbot.waitUntil(lambda: "no room" in preview.empty.text())
    assert preview.empty.isVisible()


def test_all_that_can_be_seen_or_pressed_has_a_name(preview):
    assert preview.others.text() == "Others"
    assert preview.originals.accessibleName() == "Images as they are"
    assert preview.changed.accessibleName() == "Images as training may see them"


def test_examples_are_the_images_and_then_changed_ones():
    some = images(3)

    made = examples(some, ON, 0)

    assert made.shape == (3 * (1 + ROWS), 1, 8, 8)
    assert sorted(made[:3].sum((1, 2, 3))) == sorted(some.sum((1, 2, 3)))
    np.testing.assert_array_equal(made, examples(some, ON, 0))


def test_one_image_is_enough():
    assert examples(images(1), ON, 0).shape == (1 + ROWS, 1, 8, 8)


def test_a_few_are_kept_of_many_and_bytes_become_shares():
    many = np.arange(1000, dtype=np.float32)[:, None, None, None] / 999

    assert len(some_of(many)) == KEPT
    assert some_of(many)[[0, -1]].ravel().tolist() == [0, 1]
    assert some_of(np.full((2, 1, 4, 4), 255, np.uint8)).max() == 1
    assert some_of(images(2)).dtype == np.float32
