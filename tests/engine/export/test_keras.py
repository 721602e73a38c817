"""The Keras script, executed: shapes, parameters, predictions and steps are ours."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.export.script import script
from engine.project.layers import (
    Dense,
    Flatten,
    Gru,
    Lstm,
    Rnn,
    Rows,
    SelfAttention,
    Weighted,
    penalties,
)
from engine.project.optimizers import Sgd
from engine.project.presets import presets
from engine.project.project import Project
from engine.training.network import build, trained
from engine.training.step import PlainStep
from tests.engine.export.projects import EVERY, NETWORKS, OPTIMIZERS, small
from tests.engine.export.running import (
    FIT,
    NETWORK,
    TRAINING,
    between,
    run,
    run_without_drawing,
    take_over,
    weighted_weights,
)
from tests.engine.export.sequence_weights import fewer_parameters

keras = pytest.importorskip("keras", reason="Keras is not installed; it is in the group keras")
pytestmark = [pytest.mark.exports, pytest.mark.filterwarnings("ignore")]  # its backends' own

HEAD = "import math\nimport keras\nimport numpy as np\nfrom keras import layers\n"
ALL = {**presets(), **NETWORKS}


@pytest.fixture(autouse=True)
def without_onednn():
    """Its gradients of a shortcut that shrinks few channels are wrong as Keras lays them out, and
    it writes past its memory (https://github.com/uxlfoundation/oneDNN/issues/6035).
    """
    before = torch.backends.mkldnn.enabled
    torch.backends.mkldnn.enabled = False
    yield
    torch.backends.mkldnn.enabled = before


def model_of(project, stop=TRAINING):
    """Build the model by the script's own lines; up to `stop`, which may be its compiling."""
    channels, height, width = project.input_shape
    images = np.random.default_rng(0).random((20, height, width, channels), np.float32)
    text = HEAD + between(script(project, "keras").text, NETWORK, stop)
    return run(text, SEED=0, EPOCHS=1, BATCH_SIZE=32, train_images=images)["model"]


@pytest.mark.parametrize("name", ALL)
def test_parameters_and_shapes_are_ours(name):
    project = ALL[name]
    model = model_of(project)

    wanted = project.trainable - fewer_parameters(project)
    assert sum(np.prod(w.shape) for w in model.trainable_weights) == wanted
    for row in project.walk():
        layer = model.get_layer(row.layer.name)
        shape = row.output_shape
        last = (*shape[1:], shape[0]) if len(shape) == 3 else shape
        assert tuple(layer.output.shape[1:]) == last


@pytest.mark.parametrize("name", ALL)
def test_our_weights_give_our_predictions(name):
    project = ALL[name].set_data(standardise=False)
    torch.manual_seed(1)
    ours, theirs = build(project), model_of(project)
    images = torch.rand(16, *project.input_shape)
    ours(images)  # moves the running means
    ours.eval()
    take_over(project, ours, theirs)

    with torch.no_grad():
        wanted = ours(images).numpy()
    found = theirs.predict(images.permute(0, 2, 3, 1).numpy(), verbose=0)

    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-4)


def test_first_weights_spread_as_torchs():
    project = NETWORKS["dense"]
    torch.manual_seed(0)
    ours, theirs = build(project), model_of(project)

    for name in ("dense_1", "output"):
        module, layer = ours.get_submodule(name), theirs.get_layer(name)
        for weight, value in zip((module.weight, module.bias), layer.get_weights(), strict=True):
            limit = module.in_features**-0.5
            assert np.abs(value).max() <= limit
            assert value.std() == pytest.approx(weight.std().item(), rel=0.5)


@pytest.mark.parametrize("name", ["later", "reshaped", "fine", "fine recurrent", "fine attention"])
def test_every_kernel_starts_as_wide_as_ours(name):
    project = NETWORKS[name]
    ours, theirs = build(project), model_of(project)

    for row in project.walk():
        if isinstance(row.layer, Weighted) and not as_keras_starts(row.layer):
            for part, wanted in weighted_weights(row, ours).items():
                found = theirs.get_layer(part).get_weights()
                for mine, weights in zip(wanted, found, strict=True):
                    if weights.size > 20:  # fewer spread by chance
                        assert weights.std() == pytest.approx(mine.std(), rel=0.35)


def as_keras_starts(layer):
    """Tell whether a layer's first weights are left to Keras, as a comment of the script says."""
    return layer.group == "Sequence" and layer.initialisation == "default"


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_optimizer_takes_our_steps(name):
    clip_norm = 0.0 if OPTIMIZERS[name].weight_decay else 0.5  # with both, a comment tells
    project = small(optimizer=OPTIMIZERS[name], clip_norm=clip_norm)
    torch.manual_seed(0)
    ours, theirs = build(project), model_of(project, FIT)
    take_over(project, ours, theirs)
    optimizer = project.training.optimizer.build(ours.parameters())
    rng = np.random.default_rng(0)

    for _ in range(5):
        images = torch.from_numpy(rng.random((32, 1, 8, 8), np.float32))
        labels = torch.from_numpy(rng.integers(0, 10, 32))
        optimizer.zero_grad()
        project.training.loss.of(ours(images), labels).backward()
        torch.nn.utils.clip_grad_norm_(ours.parameters(), clip_norm or float("inf"))
        optimizer.step()
        theirs.train_on_batch(images.permute(0, 2, 3, 1).numpy(), labels.numpy())

    for layer in ("dense_1", "output"):
        kernel, bias = theirs.get_layer(layer).get_weights()
        module = ours.get_submodule(layer)
        apart = np.abs(kernel - module.weight.detach().numpy().T)
        assert np.quantile(apart, 0.98) < 1e-4  # a gradient of nearly 0 is all rounding
        assert np.median(np.abs(bias - module.bias.detach().numpy())) < 1e-4


PENALISED = {
    "dense": (Flatten(), Dense(units=8, l2=0.05), Dense(units=6, bias=False, frozen=True)),
    "recurrent": (  # without the second biases of PyTorch's RNN and LSTM, which learn as well
        Rows(),
        Rnn(units=6, gives="every step", bias=False, l2=0.05),
        Lstm(units=5, gives="every step", depth=2, bidirectional=True, frozen=True, l2=0.1),
        Gru(units=5, gives="every step", bidirectional=True, l2=0.02, initialisation="he"),
        Lstm(units=4, depth=2, bias=False, l2=0.1, initialisation="xavier"),
    ),
    "attention": (
        Rows(),
        SelfAttention(heads=2, l2=0.05),
        SelfAttention(heads=4, frozen=True, l2=0.1),
        SelfAttention(heads=1, bias=False, l2=0.02, initialisation="he"),
        Flatten(),
    ),
}


@pytest.mark.parametrize("layers", PENALISED.values(), ids=PENALISED)
def test_penalties_and_frozen_layers_take_our_steps(layers):
    optimizer = Sgd(momentum=0, weight_decay=0.02)
    project = Project().insert(0, *layers).set_training(optimizer=optimizer)
    ours, theirs = build(project), model_of(project, FIT)
    take_over(project, ours, theirs)
    step = PlainStep(
        ours,
        project.training.loss,
        optimizer.build(trained(ours)),
        l2=penalties(project.walk()),
    )
    rng = np.random.default_rng(0)

    for _ in range(5):
        images = torch.from_numpy(rng.random((32, 1, 8, 8), np.float32))
        labels = torch.from_numpy(rng.integers(0, 10, 32))
        step(images, labels, optimizer.learning_rate)
        theirs.train_on_batch(images.permute(0, 2, 3, 1).numpy(), labels.numpy())

    for row in project.walk():
        for part, wanted in weighted_weights(row, ours).items() if row.parameters else ():
            for value, ours_then in zip(theirs.get_layer(part).get_weights(), wanted, strict=True):
                np.testing.assert_allclose(value, ours_then, atol=1e-5)


@pytest.mark.parametrize("name", EVERY)
def test_it_trains_and_tests(name):
    project = EVERY[name].set_training(batch_size=256)  # a few steps tell enough
    names = run_without_drawing(script(project, "keras").text)

    assert 0 <= names["test_accuracy"] <= 1
    assert np.isfinite(names["test_loss"])
    assert len(names["predicted"]) == 360
