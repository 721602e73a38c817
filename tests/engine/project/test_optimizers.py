from __future__ import annotations

import pytest
import torch

from engine.problems import ProblemError
from engine.project.format import dumps, loads
from engine.project.optimizers import (
    OPTIMIZER_TYPES,
    Adagrad,
    Adam,
    AdamW,
    Optimizer,
    RmsProp,
    Sgd,
)
from engine.project.project import Project

every_type = pytest.mark.parametrize("kind", OPTIMIZER_TYPES, ids=lambda kind: kind.__name__)


def weights():
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(*shape, generator=generator).requires_grad_() for shape in [(7, 5), (5,)]]


def after_steps(optimizer, tensors, steps=5):
    """Take steps with the gradients of a fixed random series."""
    generator = torch.Generator().manual_seed(1)
    for _ in range(steps):
        for tensor in tensors:
            tensor.grad = torch.randn(tensor.shape, generator=generator)
        optimizer.step()
    return tensors


@every_type
def test_a_step_changes_every_weight(kind):
    tensors = weights()

    after_steps(kind().build(tensors), tensors, steps=1)

    assert all((now != before).all() for now, before in zip(tensors, weights(), strict=True))


PLAIN = {"foreach": False, "fused": False}


@pytest.mark.parametrize(
    ("ours", "torchs"),
    [
        (
            Sgd(learning_rate=0.1, momentum=0, weight_decay=0.01),
            lambda w: torch.optim.SGD(w, lr=0.1, weight_decay=0.01, **PLAIN),
        ),
        (
            Sgd(learning_rate=0.1, momentum=0.8, nesterov=True),
            lambda w: torch.optim.SGD(w, lr=0.1, momentum=0.8, nesterov=True, **PLAIN),
        ),
        (
            Adam(learning_rate=0.02, beta1=0.7, beta2=0.9, weight_decay=0.01),
            lambda w: torch.optim.Adam(w, lr=0.02, betas=(0.7, 0.9), weight_decay=0.01, **PLAIN),
        ),
        (
            AdamW(learning_rate=0.02, beta1=0.7, beta2=0.9, weight_decay=0.1),
            lambda w: torch.optim.AdamW(w, lr=0.02, betas=(0.7, 0.9), weight_decay=0.1, **PLAIN),
        ),
        (
            RmsProp(learning_rate=0.02, alpha=0.8, momentum=0.5, weight_decay=0.01),
            lambda w: torch.optim.RMSprop(
                w, lr=0.02, alpha=0.8, momentum=0.5, weight_decay=0.01, foreach=False
            ),
        ),
        (
            Adagrad(learning_rate=0.1, weight_decay=0.01),
            lambda w: torch.optim.Adagrad(w, lr=0.1, weight_decay=0.01, **PLAIN),
        ),
    ],
    ids=lambda value: value.title if isinstance(value, Optimizer) else "",
)
def test_it_steps_as_torchs_plain_one(ours, torchs):
    mine, theirs = weights(), weights()

    after_steps(ours.build(mine), mine)
    after_steps(torchs(theirs), theirs)

    for one, other in zip(mine, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "optimizer",
    [*(kind() for kind in OPTIMIZER_TYPES), RmsProp(momentum=0.9)],
    ids=lambda optimizer: optimizer.title,
)
def test_it_remembers_no_more_than_it_declares(optimizer):
    tensors = weights()
    built = optimizer.build(tensors)
    after_steps(built, tensors, steps=1)

    for tensor in tensors:
        remembered = [value for value in built.state[tensor].values() if torch.is_tensor(value)]
        assert sum(value.shape == tensor.shape for value in remembered) <= optimizer.slots


@every_type
def test_json_gives_the_same_optimizer_back(kind):
    project = Project().set_training(optimizer=kind(learning_rate=0.125, weight_decay=0.5))

    assert loads(dumps(project)) == project


@pytest.mark.parametrize("rate", [0, -1, 101, float("nan"), float("inf"), "fast"])
@every_type
def test_a_wrong_learning_rate_gets_a_sentence(kind, rate):
    project = Project().set_training(optimizer=kind())

    with pytest.raises(ProblemError, match=r"^Learning rate must be .*, but it is "):
        project.set_optimizer(learning_rate=rate)


@every_type
def test_every_field_explains_itself(kind):
    properties = kind.model_json_schema()["properties"]

    assert kind.title
    assert kind.help.endswith(".")
    assert all(
        field["title"] and field["description"].endswith(".")
        for name, field in properties.items()
        if name != "type"
    )


def test_nesterov_without_momentum_is_a_problem():
    assert "momentum is 0" in str(Sgd(momentum=0, nesterov=True).problem())
    assert Sgd(momentum=0.1, nesterov=True).problem() is None
