"""How an image is read row by row, against torch's own layers and the network as a whole."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from engine.problems import ProblemError
from engine.project.layers import (
    Conv2d,
    Dense,
    Flatten,
    GlobalAvgPool,
    Gru,
    LayerNorm,
    Lstm,
    Parallel,
    PositionalEncoding,
    Residual,
    Rnn,
    Rows,
    SelfAttention,
)
from engine.project.project import Project
from engine.store.weights import About, save_weights, weights_of
from engine.training.control import Control
from engine.training.network import build
from engine.training.reading import RowReader, can_be_cut, reading, sequence_layers
from engine.training.run import run

IMAGE = np.random.default_rng(0).random((1, 8, 8), np.float32)
IMAGE[0, 0, 0] = 0  # what is dark
ENCODER = (
    Dense(units=6, activation="none"),
    PositionalEncoding(),
    Residual(layers=(LayerNorm(), SelfAttention(heads=2)), activation="none"),
    GlobalAvgPool(),
)
NETWORKS = {
    "recurrent": (Rows(), Rnn(units=4, gives="every step"), Gru(units=5, bidirectional=True)),
    "attention": (Rows(), *ENCODER),
    "learned": (Rows(), PositionalEncoding(encoding="learned"), SelfAttention(), GlobalAvgPool()),
    "after a convolution": (Conv2d(filters=2), Rows(), Lstm(units=3)),
    "laid out": (Rows(), Gru(units=3, gives="every step"), Flatten()),
    "in a branch": (Parallel(branches=((Rows(), Lstm(units=3)), (Flatten(),))),),
}


def read(project, image=IMAGE):
    torch.manual_seed(0)
    network = build(project)
    return network, reading(project, network, image, About(step=7, epoch=2))


def softmax_of(network, image):
    with torch.no_grad():
        return network(torch.from_numpy(image[None])).softmax(dim=1).numpy()[0]


@pytest.mark.parametrize("both", [False, True])
def test_states_and_predictions_are_those_of_torchs_own_lstm(both):
    project = Project().insert(0, Rows(), Lstm(units=5, depth=2, bidirectional=both))
    network, found = read(project)
    alone = nn.LSTM(8, 5, num_layers=2, batch_first=True, bidirectional=both)
    alone.load_state_dict(network.lstm_1.recurrent.state_dict())
    steps = torch.from_numpy(IMAGE)

    with torch.no_grad():
        states, _ = alone(steps)
        after_three, _ = alone(steps[:, :3])
        ends = torch.cat([after_three[:, -1, :5], after_three[:, 0, 5:]], dim=1)
        said = network.output(ends).softmax(dim=1)

    np.testing.assert_allclose(found.states["lstm_1"], states[0], atol=1e-6)
    np.testing.assert_allclose(found.probabilities[2], said[0], atol=1e-6)
    assert (found.step, found.epoch) == (7, 2)


@pytest.mark.parametrize("name", NETWORKS)
def test_after_the_last_row_it_says_what_the_network_says(name):
    network, found = read(Project().insert(0, *NETWORKS[name]))

    np.testing.assert_allclose(found.probabilities[-1], softmax_of(network, IMAGE), atol=1e-6)


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "after a convolution"])
def test_rows_that_are_not_read_yet_do_not_matter(name):
    project = Project().insert(0, *NETWORKS[name])
    other = IMAGE.copy()
    other[:, 5:] = 1 - other[:, 5:]

    before, after = read(project)[1].probabilities, read(project, other)[1].probabilities

    np.testing.assert_allclose(before[:5], after[:5], atol=1e-6)
    assert np.abs(before[-1] - after[-1]).max() > 1e-4


@pytest.mark.parametrize("name", NETWORKS)
def test_only_what_lays_no_steps_side_by_side_reads_a_part_alone(name):
    project = Project().insert(0, *NETWORKS[name])

    assert can_be_cut(project) == (name not in ("laid out", "in a branch"))


def test_where_it_can_not_read_a_part_the_rows_below_are_dark():
    network, found = read(Project().insert(0, *NETWORKS["laid out"]))
    seen = np.zeros_like(IMAGE)
    seen[:, :3] = IMAGE[:, :3]

    np.testing.assert_allclose(found.probabilities[2], softmax_of(network, seen), atol=1e-6)


def test_states_are_those_of_each_step_of_recurrent_and_attention_layers():
    project = Project().insert(0, Rows(), *ENCODER[:-1], Gru(units=3, bidirectional=True))
    _, found = read(project)

    assert [layer.name for layer in sequence_layers(project)] == ["self_attention_1", "gru_1"]
    shapes = {name: states.shape for name, states in found.states.items()}
    assert shapes == {"self_attention_1": (8, 6), "gru_1": (8, 6)}


# ---- with the weights of a run


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run that is over, and its project."""
    project = Project().insert(0, Rows(), Gru(units=3)).set_training(epochs=1, batch_size=256)
    folder = tmp_path_factory.mktemp("runs") / "rows"
    list(run(project, Control(), folder=folder))
    return project, folder


@pytest.mark.parametrize("running", [False, True])
def test_it_reads_with_the_newest_weights_of_the_run(trained, running):
    project, folder = trained

    found = RowReader(project, folder).read("image", IMAGE, running=running)

    assert found.step == 6  # of an epoch
    assert found.probabilities.shape == (8, 10)


@pytest.fixture
def with_best(trained, tmp_path):
    """The run, whose best weights are of another moment: all zero."""
    project, folder = trained
    copy = tmp_path / "rows"
    shutil.copytree(folder, copy)
    found = weights_of(copy, "best")
    zeros = {name: np.zeros_like(tensor) for name, tensor in found.tensors.items()}
    about = found.about.model_copy(update={"step": 3})
    save_weights(copy / "best.safetensors", replace(found, tensors=zeros, about=about))
    return project, copy


@pytest.mark.parametrize("running", [False, True])
def test_it_reads_with_the_best_weights_when_asked(with_best, running):
    reader = RowReader(*with_best)

    best = reader.read("image", IMAGE, running=running, which="best")

    assert best.step == 3
    np.testing.assert_allclose(best.probabilities, 0.1, atol=1e-6)
    assert reader.read("image", IMAGE, running=running).step == 6
    assert reader.read("image", IMAGE, running=running, which="best") is best


def test_best_weights_that_became_better_are_read_anew(with_best):
    project, folder = with_best
    reader = RowReader(project, folder)
    reader.read("image", IMAGE, running=True, which="best")
    path = folder / "best.safetensors"
    found = weights_of(folder, "best")
    save_weights(path, replace(found, about=found.about.model_copy(update={"step": 5})))
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))

    assert reader.read("image", IMAGE, running=True, which="best").step == 5


def test_a_run_that_has_kept_no_best_weights_says_so(with_best):
    project, folder = with_best
    (folder / "best.safetensors").unlink()

    with pytest.raises(ProblemError, match="has kept no best weights"):
        RowReader(project, folder).read("image", IMAGE, running=False, which="best")


def test_what_was_read_once_is_remembered(trained):
    project, folder = trained
    reader = RowReader(project, folder)
    first = reader.read("image", IMAGE, running=False)

    assert reader.read("image", IMAGE, running=False) is first
    assert reader.read("another", IMAGE, running=False) is not first


def test_a_run_without_weights_says_so(tmp_path):
    project = Project().insert(0, Rows(), Gru())

    with pytest.raises(ProblemError, match="The weights of this run are not saved yet"):
        RowReader(project, tmp_path).read("image", IMAGE, running=True)
