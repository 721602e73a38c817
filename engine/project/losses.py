"""Every loss, one class each: its formula and how it is computed from the network's scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Union

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from torch import Tensor


class Loss(BaseModel):
    """What training makes small."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: ClassVar[str]
    help: ClassVar[str]

    type: str = ""

    def of(self, scores: Tensor, labels: Tensor) -> Tensor:
        """Compute the mean loss of a batch from logits (N, K) and class numbers (N,)."""
        raise NotImplementedError


class CrossEntropy(Loss):
    """-log p(true class), p being the softmax of the scores."""

    title = "Cross-entropy"
    help = "−log of the probability that the network gives to the true class. The usual choice."
    type: Literal["cross_entropy"] = "cross_entropy"

    def of(self, scores: Tensor, labels: Tensor) -> Tensor:
        from torch.nn.functional import cross_entropy

        return cross_entropy(scores, labels)


class MeanSquaredError(Loss):
    """mean over classes of (p - one_hot)^2, p being the softmax of the scores."""

    title = "Mean squared error"
    help = "The squared distance between the probabilities and 1 for the true class, 0 elsewhere."
    type: Literal["mean_squared_error"] = "mean_squared_error"

    def of(self, scores: Tensor, labels: Tensor) -> Tensor:
        from torch.nn.functional import mse_loss

        probabilities = scores.softmax(dim=1)
        # As one_hot does it, without a look at the labels, which no recorded step could take.
        wanted = probabilities.new_zeros(scores.shape).scatter(1, labels.unsqueeze(1), 1.0)
        return mse_loss(probabilities, wanted)


LOSS_TYPES: tuple[type[Loss], ...] = (CrossEntropy, MeanSquaredError)
if TYPE_CHECKING:
    AnyLoss = Loss
else:
    AnyLoss = Annotated[Union[LOSS_TYPES], Field(discriminator="type")]  # noqa: UP007  a tuple
