"""How the network is trained: the settings beside its layers."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.project.losses import AnyLoss, CrossEntropy
from engine.project.optimizers import Adam, AnyOptimizer

DeviceName = Literal["auto", "cpu", "cuda", "mps"]


class Training(BaseModel):
    """The settings of a training, as a value."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    optimizer: AnyOptimizer = Field(
        default_factory=Adam,
        title="Optimizer",
        description="How a step changes the weights once the gradients are known.",
    )
    loss: AnyLoss = Field(
        default_factory=CrossEntropy, title="Loss", description="What training makes small."
    )
    batch_size: int = Field(
        32,
        ge=1,
        le=1_000_000,
        title="Batch size",
        description="Images in one step. Larger batches run faster and take fewer steps.",
    )
    epochs: int = Field(
        5,
        ge=1,
        le=100_000,
        title="Epochs",
        description="How often the network sees the whole training set.",
    )
    seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title="Seed",
        description="Decides the first weights, the split and the order of the images. The same "
        "seed gives the same run.",
    )
    device: DeviceName = Field(
        "auto",
        title="Device",
        description="Where the numbers are crunched. auto takes CUDA, then MPS, then the CPU.",
    )
