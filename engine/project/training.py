"""How the network is trained: the settings beside its layers."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from engine.project.augmentation import Augmentation
from engine.project.losses import AnyLoss, CrossEntropy
from engine.project.optimizers import Adam, AnyOptimizer
from engine.project.schedules import AnySchedule, Constant
from engine.project.stopping import EarlyStopping

DeviceName = Literal["auto", "cpu", "cuda", "mps"]
WRITTEN_IF_USED = ("clip_norm", "schedule", "early_stopping", "augmentation")
"""Fields that the first project files don't have. Left out while they are at their default, they
leave those files as they are, and a project without them opens in any Layerscope.
"""


class Training(BaseModel):
    """The settings of a training, as a value."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    optimizer: AnyOptimizer = Field(
        default_factory=Adam,
        title="Optimizer",
        description="How a step changes the weights once the gradients are known.",
    )
    clip_norm: float = Field(
        0.0,
        ge=0,
        le=1_000_000,
        allow_inf_nan=False,
        title="Clip gradients",
        description="The largest norm of all gradients together: larger ones are scaled down to "
        "it (Pascanu et al. 2013), so that no step is wild. 0 is off.",
    )
    schedule: AnySchedule = Field(
        default_factory=Constant,
        title="Schedule",
        description="How the learning rate changes over the run.",
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
    early_stopping: EarlyStopping = Field(
        default_factory=EarlyStopping,
        title="Early stopping",
        description="Whether the run may end before its last epoch.",
    )
    augmentation: Augmentation = Field(
        default_factory=Augmentation,
        title="Augmentation",
        description="Random changes to each training image, each time it is seen.",
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

    @model_serializer(mode="wrap")
    def _write(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = write(self)
        default = Training()
        for name in WRITTEN_IF_USED:
            if getattr(self, name) == getattr(default, name):
                content.pop(name, None)
        return content
