"""Which device trains: the person's choice, or the fastest that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.problems import ProblemError
from engine.project.training import DeviceName

if TYPE_CHECKING:
    import torch


def choose_device(name: DeviceName) -> torch.device:
    """Give torch's device; ProblemError where the machine has none of that name."""
    import torch

    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        return torch.device(next(kind for kind, there in available.items() if there))
    if not available[name]:
        raise ProblemError(
            "This machine has no {device} device that PyTorch can use. Choose auto or cpu.",
            device=name,
        )
    return torch.device(name)
