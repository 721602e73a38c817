"""The starter projects are the networks of the first lessons, setting by setting."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

import pytest

from engine.problems import ProblemError
from engine.project.checks import problems
from engine.project.format import dumps
from engine.project.losses import CrossEntropy
from engine.project.optimizers import Adam, Sgd
from engine.project.presets import FIRST, SUFFIX, preset, presets
from engine.project.sources import BundledDigits, Mnist

ADAM = Adam(learning_rate=0.001, beta1=0.9, beta2=0.999, weight_decay=0)
SGD = Sgd(learning_rate=0.01, momentum=0.9, nesterov=False, weight_decay=0)


@dataclass
class Lesson:
    layers: list[str]
    parameters: int
    source: object
    optimizer: object
    batch_size: int
    epochs: int
    validation: float


MLP = ["Flatten", "128 · ReLU", "10 classes · softmax"]
LESSONS = {
    "mlp-128": Lesson(MLP, 101_770, Mnist(), ADAM, 32, 5, 0.1),
    "mlp-128-wide-batch": Lesson(MLP, 101_770, Mnist(), ADAM, 128, 10, 0.1),
    "mlp-128-64": Lesson([*MLP[:2], "64 · ReLU", MLP[2]], 109_386, Mnist(), ADAM, 32, 5, 0.2),
    "cnn-small": Lesson(["32 · 3×3 · ReLU", "2×2", *MLP], 693_962, Mnist(), ADAM, 32, 5, 0.1),
    "cnn-two": Lesson(
        ["32 · 3×3 · ReLU", "2×2", "64 · 3×3 · ReLU", "2×2", *MLP],
        225_034,
        Mnist(),
        SGD,
        128,
        10,
        0.1,
    ),
    "digits-mlp": Lesson(MLP, 9_610, BundledDigits(), ADAM, 32, 30, 0.2),
}


@pytest.mark.parametrize(("name", "lesson"), LESSONS.items(), ids=LESSONS)
def test_a_preset_is_its_lesson(name, lesson):
    project = preset(name)
    layers = [row.layer.summary() or row.layer.title for row in project.traced]
    training = project.training

    assert layers == lesson.layers
    assert project.parameters == lesson.parameters
    assert (project.data.source, project.data.validation) == (lesson.source, lesson.validation)
    assert not project.data.standardise
    assert training.optimizer == lesson.optimizer
    assert training.loss == CrossEntropy()
    assert (training.batch_size, training.epochs) == (lesson.batch_size, lesson.epochs)
    assert (training.seed, training.device) == (0, "auto")


SHOWN = (
    "quick-99",
    "best",
    "resnet-small",
    "inception-small",
    "lstm-rows",
    "attention-rows",
)


def test_the_presets_are_the_lessons_and_those_that_show_what_is_possible():
    assert set(presets()) == {*LESSONS, *SHOWN}


def test_the_first_one_needs_no_download():
    assert next(iter(presets())) == FIRST
    assert preset(FIRST).data.source == BundledDigits()


@pytest.mark.parametrize("name", presets())
def test_a_preset_is_ready_to_train_and_tells_what_it_is(name):
    project = preset(name)

    assert problems(project) == ()
    assert project.title
    assert project.about.endswith(".")


@pytest.mark.parametrize("name", presets())
def test_a_presets_file_is_as_the_program_would_write_it(name):
    written = files("resources").joinpath("presets", name + SUFFIX).read_text(encoding="utf-8")

    assert dumps(preset(name)) == written


def test_an_unknown_preset_lists_those_that_exist():
    with pytest.raises(ProblemError, match=r"no preset named mlp-129. .* digits-mlp, .*mlp-128"):
        preset("mlp-129")
