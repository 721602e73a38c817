"""What Keras can't express is named, or left as a marked gap. No layer of ours is such."""

from __future__ import annotations

import ast

import pytest

from engine.export.script import FRAMEWORKS, script
from engine.problems import ProblemError
from engine.project.layers import Activation, Conv2d, Dense, Flatten, Layer, Parallel, Residual
from engine.project.project import Project

SENTENCE = r"{} \({}\) can't be written in Keras. Export to PyTorch, or remove it."
SAME = Conv2d(filters=1, kernel_size=1)


class TorchOnly(Activation):
    """A layer that says nothing of Keras."""

    title = "Torch only"
    keras_calls = Layer.keras_calls


class Tower(Parallel):
    """Parallel branches whose joint Keras lacks."""

    title = "Tower"

    def keras_joint(self):
        return self.keras_calls(())


class Highway(Residual):
    """A residual block whose shortcut Keras lacks."""

    title = "Highway"

    def keras_shortcut(self, shape):
        return self.keras_calls(shape)


def following(*layers):
    return Project().insert(0, *layers, Flatten(), Dense(units=7))


IN_A_BLOCK = (Residual(layers=(TorchOnly(), SAME)),)
JOINT = (Tower(branches=((SAME,), ())),)
SHORTCUT = (Highway(layers=(Conv2d(filters=3, padding="same"),)),)
CASES = {
    "a layer of its own": (following(TorchOnly()), "Torch only", "activation_1"),
    "within a block": (following(*IN_A_BLOCK), "Torch only", "activation_1"),
    "a block's joint": (following(*JOINT), "Tower", "parallel_1"),
    "a block's shortcut": (following(*SHORTCUT), "Highway", "residual_1"),
    "a joint within a block": (
        following(Residual(layers=(*JOINT, SAME))),
        "Tower",
        "parallel_1",
    ),
}
each_case = pytest.mark.parametrize(("project", "title", "name"), CASES.values(), ids=CASES)


@each_case
def test_what_keras_lacks_is_named(project, title, name):
    with pytest.raises(ProblemError, match=SENTENCE.format(title, name)) as caught:
        script(project, "keras")

    assert caught.value.problem.where == name
    assert script(project, "pytorch").text


@each_case
def test_a_gap_is_marked_where_it_is_asked_for(project, title, name):
    made = script(project, "keras", gaps=True)

    part = f"{name}_shortcut" if title == "Highway" else name
    lines = made.text.splitlines()
    (said,) = [line for line in lines if line.startswith("# GAP")]
    assert said == f"# GAP: {part} can't be written in Keras. The script stops there."
    assert f'Gap("{title}", name="{part}")' in "".join(lines[at] for at in made.lines[name])
    assert made.text.count("class Gap(") == 1
    assert "raise NotImplementedError" in made.text
    assert "layers.Dense(7" in made.text
    ast.parse(made.text)


def test_a_joint_that_is_missing_takes_the_ends_of_all_branches():
    text = script(following(*JOINT), "keras", gaps=True).text

    assert 'parallel_1 = Gap("Tower", name="parallel_1")([conv2d_1, inputs])' in text


def test_a_shortcut_that_is_missing_takes_the_input_and_is_joined():
    text = script(following(*SHORTCUT), "keras", gaps=True).text

    assert 'residual_1_shortcut = Gap("Highway", name="residual_1_shortcut")(inputs)' in text
    assert 'layers.Add(name="residual_1")([conv2d_1, residual_1_shortcut])' in text


def test_activation_is_joined_where_there_is_one_branch():
    one = script(following(Tower(branches=((SAME,),))), "keras")

    assert "Tower" not in one.text


def test_every_part_that_is_missing_is_marked():
    text = script(following(TorchOnly(), *IN_A_BLOCK, *JOINT), "keras", gaps=True).text

    marked = [line.split()[2] for line in text.splitlines() if line.startswith("# GAP")]
    assert marked == ["activation_1", "activation_2", "parallel_1"]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_only_keras_lacks_anything(framework):
    project = following(*IN_A_BLOCK)

    assert ("Gap" in script(project, framework, gaps=True).text) == (framework == "keras")
