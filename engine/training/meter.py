"""Sums up an epoch while it is learned from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


class Meter:
    """Sums an epoch's losses and right answers, and keeps the scores given to its images.

    Tensors are read only when asked for, since reading synchronises. `scores` (N, K) is filled
    from the first batch on, in the order of learning.
    """

    def __init__(self, scores: Tensor) -> None:
        self.scores = scores
        self.loss_sum = 0.0
        self.right = 0
        self.count = 0
        self._waiting: list[tuple[Tensor, Tensor, Tensor]] = []

    def add(self, loss: Tensor, scores: Tensor, labels: Tensor) -> None:
        """Keep a batch's mean loss, scores (N, K) and labels (N,) for the next reading."""
        self._waiting.append((loss.detach(), scores.detach(), labels))

    def read(self) -> tuple[float, float]:
        """Give mean loss and accuracy since the last reading."""
        import torch

        losses, scores, labels = zip(*self._waiting, strict=True)
        self._waiting.clear()
        sizes = torch.tensor([len(batch) for batch in labels], dtype=torch.float64)
        count = int(sizes.sum())
        given = torch.cat(scores, out=self.scores[self.count : self.count + count])
        loss_sum = float(torch.stack(losses).cpu().double() @ sizes)
        right = int((given.argmax(dim=1) == torch.cat(labels)).sum())
        self.loss_sum += loss_sum
        self.right += right
        self.count += count
        return loss_sum / count, right / count

    def means(self) -> tuple[float, float]:
        """Give mean loss and accuracy of all images so far."""
        return self.loss_sum / self.count, self.right / self.count

    def parts(self) -> tuple[dict[str, Tensor], dict[str, float]]:
        """Give all that it keeps, as tensors and plain numbers."""
        import torch

        losses = [loss for loss, _, _ in self._waiting]
        waiting = [scores for _, scores, _ in self._waiting]
        tensors = {
            "losses": torch.stack(losses) if losses else torch.empty(0),
            "sizes": torch.tensor([len(scores) for scores in waiting], dtype=torch.int64),
            "scores": torch.cat([self.scores[: self.count], *waiting]),
        }
        numbers = {"loss_sum": self.loss_sum, "right": self.right, "count": self.count}
        return tensors, numbers

    def put_back(
        self, tensors: dict[str, Tensor], numbers: dict[str, float], labels: Tensor
    ) -> None:
        """Take in what `parts` gave, and the labels (N,) of the epoch in the order of learning."""
        self.loss_sum, self.right = numbers["loss_sum"], int(numbers["right"])
        self.count = place = int(numbers["count"])
        scores = tensors["scores"].to(self.scores.device)
        self.scores[:place] = scores[:place]
        for loss, size in zip(tensors["losses"], tensors["sizes"].tolist(), strict=True):
            stretch = slice(place, place + size)
            self._waiting.append((loss, scores[stretch], labels[stretch]))
            place += size
