from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from engine.project.layers import Dense, Dropout, Flatten
from engine.project.optimizers import Adam, RmsProp, Sgd
from engine.project.project import Project
from gui.widgets.run_changes import MOST_LINES, RunChanges

RUNNING = Project().insert(0, Flatten(), Dropout(), Dense(), Dropout(rate=0.25))


@pytest.fixture
def strip(show):
    strip = show(RunChanges(), 300, 200)
    strip.told = []
    strip.wanted.connect(lambda *change: strip.told.append(change))
    return strip


def press(strip, qtbot):
    strip.button.setFocus()
    qtbot.keyClick(strip.button, Qt.Key.Key_Space)


def test_without_a_run_nothing_is_said(strip):
    strip.show_edited(RUNNING)
    strip.show_running(None)

    assert not strip.isVisible()


def test_a_run_like_the_project_says_what_can_be_changed(strip):
    strip.show_edited(RUNNING)
    strip.show_running(RUNNING)

    assert strip.isVisible()
    assert strip.sentence.text().startswith("A run is training.")
    assert not strip.button.isVisible()


def test_every_change_is_listed_and_asked_for_once(strip, qtbot):
    edited = (
        RUNNING.set_optimizer(learning_rate=0.01, weight_decay=0.5)
        .set_training(batch_size=64)
        .set_layer("dropout_2", rate=0.75)
    )
    strip.show_running(RUNNING)
    strip.show_edited(edited)

    assert strip.list.text().splitlines() == [
        "Batch size 32 → 64",
        "Learning rate 0.001 → 0.01",
        "Weight decay 0 → 0.5",
        "Rate of dropout_2 0.25 → 0.75",
    ]
    press(strip, qtbot)

    assert strip.told == [
        ("batch_size", 64),
        ("optimizer.learning_rate", 0.01),
        ("optimizer.weight_decay", 0.5),
        ("layers.dropout_2.rate", 0.75),
    ]


def test_what_was_asked_for_is_not_asked_for_again(strip, qtbot):
    strip.show_running(RUNNING)
    strip.show_edited(RUNNING.set_training(batch_size=64))

    press(strip, qtbot)

    assert not strip.button.isEnabled()
    assert strip.button.text() == "Comes with the next batch"

    strip.show_edited(RUNNING.set_training(batch_size=128))

    assert strip.button.isEnabled()
    assert strip.button.text() == "Apply to the run"


def test_another_run_may_be_asked_for_the_same(strip, qtbot):
    edited = RUNNING.set_training(batch_size=64)
    strip.show_running(RUNNING)
    strip.show_edited(edited)
    press(strip, qtbot)
    strip.show_running(None)

    strip.show_running(RUNNING)

    assert strip.button.isEnabled()


def test_once_the_run_has_it_the_button_goes(strip):
    edited = RUNNING.set_optimizer(learning_rate=0.01)
    strip.show_running(RUNNING)
    strip.show_edited(edited)

    strip.show_running(edited)

    assert strip.isVisible()
    assert not strip.button.isVisible()


def test_what_the_run_can_not_change_is_not_offered(strip):
    strip.show_running(RUNNING)
    strip.show_edited(RUNNING.set_training(epochs=99, clip_norm=1, seed=3).set_optimizer(beta1=0.5))

    assert strip.changes == {}


def test_another_optimizer_offers_what_both_have(strip):
    running = RUNNING.set_training(optimizer=Sgd(learning_rate=0.5))
    strip.show_running(running)

    strip.show_edited(running.set_training(optimizer=RmsProp(learning_rate=0.25, momentum=0.5)))
    assert strip.changes == {"optimizer.learning_rate": 0.25, "optimizer.momentum": 0.5}

    strip.show_edited(running.set_training(optimizer=Adam(learning_rate=0.25)))
    assert strip.changes == {"optimizer.learning_rate": 0.25}


def test_a_dropout_layer_that_the_run_lacks_is_not_offered(strip):
    strip.show_running(RUNNING)
    strip.show_edited(RUNNING.remove(["dropout_1"]).insert(1, Dropout(name="dropout_9", rate=0.1)))

    assert not any("dropout_9" in field for field in strip.changes)


def test_many_changes_are_counted_and_all_asked_for(strip, qtbot):
    running = Project().insert(0, Flatten(), *(Dropout() for _ in range(MOST_LINES + 3)))
    edited = running
    for layer in running.layers[1:]:
        edited = edited.set_layer(layer.name, rate=0.125)
    strip.show_running(running)
    strip.show_edited(edited)

    assert strip.list.text().splitlines()[MOST_LINES:] == ["and 3 more"]
    press(strip, qtbot)

    assert len(strip.told) == MOST_LINES + 3
