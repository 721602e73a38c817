"""The starter projects reach what their lessons promise, on real images."""

from __future__ import annotations

import pytest

from engine.project.presets import FIRST, preset, presets
from engine.training.control import Control
from engine.training.events import Finished
from engine.training.run import run

PROMISED = {
    "mlp-128": 0.975,
    "mlp-128-wide-batch": 0.975,
    "mlp-128-64": 0.975,
    "cnn-small": 0.98,
    "cnn-two": 0.989,
    "quick-99": 0.99,
    "best": 0.995,
    "resnet-small": 0.992,
    "inception-small": 0.992,
    "lstm-rows": 0.985,
    "attention-rows": 0.97,
}
"""The test accuracies that the lessons report, or the preset's name; more is welcome."""

HALF_A_POINT = 0.005
A_TENTH = 0.001
MARGINS = {"resnet-small": A_TENTH, "inception-small": A_TENTH, "lstm-rows": A_TENTH}
"""Smaller ones, where several seeds lay close together."""

EPOCHS = {"attention-rows": 3, "best": 5}
"""Fewer than their own, which take many minutes: less is asked of them here."""


def accuracy(name: str) -> float:
    """Train a preset and give its test accuracy."""
    project = preset(name)
    project = project.set_training(epochs=EPOCHS.get(name, project.training.epochs))
    *_, end = run(project, Control())
    assert isinstance(end, Finished), end
    return end.test_accuracy


def test_the_first_one_reaches_97_percent():
    """Its test set has 360 images: one is 0.3 points, so that half a point would be luck."""
    assert accuracy(FIRST) == pytest.approx(0.97, abs=0.015)


@pytest.mark.slow
@pytest.mark.mnist
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", PROMISED)
def test_a_lesson_reaches_what_it_promises(name):
    assert accuracy(name) >= PROMISED[name] - MARGINS.get(name, HALF_A_POINT)


def test_every_preset_is_measured():
    assert {FIRST, *PROMISED} == set(presets())
