"""When a run ends before its last epoch, and which measure of the validation set decides it."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

Watched = Literal["validation loss", "validation accuracy"]


def watch() -> Any:
    """Declare the measure that a run looks at after each epoch."""
    return Field(
        "validation loss",
        title="Watch",
        description="What must improve from epoch to epoch: the loss by falling, the accuracy by "
        "rising.",
    )


def measured(watch: Watched, loss: float, accuracy: float) -> float:
    """Choose the watched one of an epoch's two measures of the validation set."""
    return loss if watch == "validation loss" else accuracy


class EarlyStopping(BaseModel):
    """Ends a run that learns nothing more of use: Prechelt 1998, with Keras' patience."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    help: ClassVar[str] = (
        "Ends the run when the validation set no longer improves, which is when a network begins "
        "to learn its training images by heart."
    )

    on: bool = Field(
        False,
        title="Stop early",
        description="Whether the run may end before its last epoch.",
    )
    watch: Watched = watch()
    patience: int = Field(
        5,
        ge=1,
        le=100_000,
        title="Patience",
        description="The run ends after this many epochs in a row without an improvement.",
    )
    least_change: float = Field(
        0.0,
        ge=0,
        le=1000,
        allow_inf_nan=False,
        title="Least change",
        description="An epoch must be better than the best one by more than this to count as an "
        "improvement.",
    )
    restore_best: bool = Field(
        True,
        title="Restore the best",
        description="Ends with the weights of the best epoch: the test set is measured with them. "
        "Otherwise with those of the last epoch.",
    )
