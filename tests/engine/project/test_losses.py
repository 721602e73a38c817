from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.project.format import dumps, loads
from engine.project.losses import LOSS_TYPES, CrossEntropy, MeanSquaredError
from engine.project.project import Project


@st.composite
def batches(draw):
    """Draw scores (N, K) and labels (N,)."""
    count, classes = draw(st.integers(1, 8)), draw(st.integers(2, 6))
    scores = draw(arrays(np.float64, (count, classes), elements=st.floats(-50, 50)))
    labels = draw(arrays(np.int64, count, elements=st.integers(0, classes - 1)))
    return scores, labels


def softmax(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def loss(kind, scores, labels):
    return float(kind().of(torch.from_numpy(scores), torch.from_numpy(labels)))


@given(batches())
def test_cross_entropy_is_minus_log_of_the_true_class(batch):
    scores, labels = batch
    expected = -np.log(softmax(scores)[np.arange(len(labels)), labels]).mean()

    assert loss(CrossEntropy, scores, labels) == pytest.approx(expected, rel=1e-6, abs=1e-12)


@given(batches())
def test_mean_squared_error_is_taken_from_one_hot(batch):
    scores, labels = batch
    expected = ((softmax(scores) - np.eye(scores.shape[1])[labels]) ** 2).mean()

    assert loss(MeanSquaredError, scores, labels) == pytest.approx(expected, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("kind", LOSS_TYPES, ids=lambda kind: kind.__name__)
def test_json_gives_the_same_loss_back(kind):
    project = Project().set_training(loss=kind())

    assert loads(dumps(project)) == project


@pytest.mark.parametrize("kind", LOSS_TYPES, ids=lambda kind: kind.__name__)
def test_its_gradient_lowers_it(kind):
    scores = torch.zeros(4, 3, requires_grad=True)
    labels = torch.tensor([0, 1, 2, 0])
    before = kind().of(scores, labels)
    before.backward()

    assert kind().of(scores - 0.1 * scores.grad, labels) < before
