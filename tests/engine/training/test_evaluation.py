from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score

from engine.project.layers import BatchNorm, Conv2d, Dense, Dropout, Flatten
from engine.training import evaluation
from engine.training.evaluation import answers, batch_rows, evaluated
from engine.training.network import build


def never():
    return False


@pytest.fixture
def network(make_project):
    """A network whose answers depend on the batch while it trains, with moved statistics."""
    torch.manual_seed(0)
    network = build(make_project(Conv2d(filters=4), BatchNorm(), Flatten(), Dropout(), Dense()))
    network(torch.rand(50, 1, 4, 4))
    return network


@pytest.mark.parametrize("count", [1, 16, 17, 33])
def test_answers_are_those_of_one_image_after_the_other(network, count):
    images = torch.rand(count, 1, 4, 4)

    scores = answers(network, images, 16, never)

    network.eval()
    with torch.no_grad():
        one_by_one = torch.cat([network(image[None]) for image in images])
    torch.testing.assert_close(scores, one_by_one, rtol=1e-5, atol=1e-6)


def test_evaluating_learns_nothing(network):
    before = {name: value.clone() for name, value in network.state_dict().items()}

    answers(network, torch.rand(20, 1, 4, 4), 16, never)

    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(weights.grad is None for weights in network.parameters())


def test_the_network_trains_on_afterwards(network):
    answers(network, torch.rand(20, 1, 4, 4), 16, never)

    assert all(module.training for module in network.modules())


@pytest.mark.parametrize("batches", [0, 1, 2])
def test_a_stop_between_two_batches_gives_no_answers(network, batches):
    asked = iter([False] * batches + [True] * 3)

    assert answers(network, torch.rand(33, 1, 4, 4), 16, lambda: next(asked)) is None
    assert network.training


def test_figures_are_scikit_learns():
    scores = torch.randn(60, 3, generator=torch.Generator().manual_seed(0))
    labels, rows = np.arange(60) % 3, np.arange(60)

    event = evaluated(scores, rows, labels, loss=0.5, step=4, epoch=2, of="validation", whole=True)

    probabilities = scores.softmax(1).numpy()
    assert event.accuracy == accuracy_score(labels, probabilities.argmax(axis=1))
    assert event.rows is rows
    assert event.labels is labels
    np.testing.assert_array_equal(event.predicted, probabilities.argmax(axis=1))
    np.testing.assert_array_equal(event.confidence, probabilities.max(axis=1))
    np.testing.assert_array_equal(event.true_probability, probabilities[rows, labels])
    np.testing.assert_array_equal(event.probabilities, probabilities)
    assert (event.step, event.epoch, event.of, event.whole) == (4, 2, "validation", True)
    assert event.loss == 0.5


@pytest.mark.parametrize(
    ("layers", "rows"),
    [
        ([Flatten(), Dense(units=8)], 4096),
        ([Conv2d(filters=100_000)], 16),
        ([Conv2d(filters=1000, kernel_size=3)], evaluation.LARGEST_OUTPUT // (4 * 4000)),
    ],
)
def test_as_many_rows_as_the_largest_output_lets_stay_in_the_cache(make_project, layers, rows):
    assert batch_rows(make_project(*layers)) == rows
