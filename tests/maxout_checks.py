"""What follows from the README's class. test_new_layer.py runs this in a copy that has it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import engine
from engine.export.script import script
from engine.problems import ProblemError
from engine.project.checks import problems
from engine.project.layers import LAYER_TYPES, Flatten
from engine.project.project import Project
from engine.training.network import build
from gui.document import Document
from gui.selection import Selection
from gui.views.network import NetworkView
from tests.engine.export.running import run_without_drawing, take_over

(Maxout,) = [kind for kind in LAYER_TYPES if kind.__name__ == "Maxout"]
PROJECT = (
    Project()
    .insert(0, Flatten(), Maxout(units=8, pieces=3))
    .set_training(epochs=1)
    .set_optimizer(learning_rate=0.01)
)


def test_the_copy_is_tested_and_nothing_else():
    assert Path(engine.__file__).is_relative_to(Path.cwd())


def test_a_unit_gives_the_largest_of_its_pieces():
    network = build(PROJECT)
    images = torch.rand(5, 1, 8, 8)
    weight, bias = (each.detach().numpy() for each in network.maxout_1.parameters())

    given = network[:3](images).detach()

    pieces = images.flatten(1).numpy() @ weight.T + bias
    np.testing.assert_allclose(given, pieces.reshape(5, 8, 3).max(axis=2), rtol=1e-5, atol=1e-6)


def test_an_image_gets_a_sentence_with_its_mend():
    project = Project().insert(0, Maxout())

    (problem,) = [each for each in problems(project) if each.where == "maxout_1"]

    assert str(problem) == "Maxout needs a row of numbers, but gets 1×8×8. Add Flatten before it."
    assert not problems(problem.mend.apply(project))


def test_a_value_out_of_range_gets_a_sentence():
    with pytest.raises(ProblemError, match=r"Pieces must be 16 or less, but it is 17\."):
        PROJECT.set_layer("maxout_1", pieces=17)


def test_the_pytorch_script_trains():
    names = run_without_drawing(script(PROJECT, "pytorch").text)

    assert names["test_accuracy"] > 0.5
    assert str(names["model"]) == str(build(PROJECT))


@pytest.mark.filterwarnings("ignore")  # Keras' own
def test_the_keras_script_trains_and_computes_the_same():
    pytest.importorskip("keras", reason="Keras is not installed; it is in the group keras")
    names = run_without_drawing(script(PROJECT, "keras").text)
    ours, images = build(PROJECT).eval(), torch.rand(5, 1, 8, 8)
    take_over(PROJECT, ours, names["model"])

    found = names["model"].predict(images.permute(0, 2, 3, 1).numpy(), verbose=0)

    np.testing.assert_allclose(found, ours(images).detach().numpy(), rtol=0, atol=1e-4)


def test_it_is_added_edited_and_undone_in_the_window(qapp, qtbot):
    document = Document()
    document.replace(Project().insert(0, Flatten()), None)
    view = NetworkView(document, Selection())
    qtbot.addWidget(view)
    document.edit("Add Maxout", document.project.insert(1, Maxout()))
    assert "maxout_1" in view.column.cards

    document.edit("Change pieces", document.project.set_layer("maxout_1", pieces=4))
    assert document.project.traced[1].parameters == 64 * 4 * 65

    document.undo_stack.undo()
    assert document.project.layer("maxout_1").pieces == 2
    document.undo_stack.undo()
    assert "maxout_1" not in view.column.cards
