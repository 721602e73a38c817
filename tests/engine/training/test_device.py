from __future__ import annotations

import pytest
import torch

from engine.problems import ProblemError
from engine.training.device import choose_device


@pytest.fixture
def machine_with(monkeypatch):
    def pretend(*devices):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in devices)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in devices)

    return pretend


@pytest.mark.parametrize(
    ("there", "chosen"),
    [((), "cpu"), (("mps",), "mps"), (("cuda",), "cuda"), (("cuda", "mps"), "cuda")],
)
def test_auto_takes_the_fastest_there_is(machine_with, there, chosen):
    machine_with(*there)

    assert choose_device("auto") == torch.device(chosen)


@pytest.mark.parametrize("name", ["cpu", "cuda", "mps"])
def test_the_persons_choice_is_taken(machine_with, name):
    machine_with("cuda", "mps")

    assert choose_device(name) == torch.device(name)


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_what_is_not_there_gets_a_sentence(machine_with, name):
    machine_with()

    with pytest.raises(ProblemError, match=f"no {name} device .* Choose auto or cpu"):
        choose_device(name)
