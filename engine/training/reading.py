"""How a network with layers for sequences reads one image: row by row, state by state."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.problems import ProblemError
from engine.project.layers import Flatten, Layer, Rows, SelfAttention
from engine.project.layers.sequence import Recurrent
from engine.project.project import Project
from engine.store.checkpoints import Checkpoint, Checkpoints
from engine.store.weights import SUFFIX, About, Weights, kept_weights, weights_of
from engine.training.network import placed

if TYPE_CHECKING:
    from torch import Tensor, nn

MOST_REMEMBERED = 16  # readings

NOT_SAVED = (
    "The weights of this run are not saved yet. A running training saves them within seconds, or "
    "after its first epoch."
)


@dataclass(frozen=True, eq=False)
class Reading:
    """What a network with certain weights makes of an image (C, H, W), row by row.

    states: by the names of the recurrent and attention layers, (T, F): what such a layer gives
    after each of its T steps, having read the whole image. probabilities: (T, K) of the classes
    after the first step, the first two, and so on. `cut` tells whether the network read those
    steps alone; else it got the whole image, in which the rows below were left dark.
    """

    states: dict[str, NDArray[np.float32]]
    probabilities: NDArray[np.float32]
    cut: bool
    step: int
    epoch: int


def sequence_layers(project: Project) -> tuple[Layer, ...]:
    """List the layers whose states can be followed."""
    layers = (row.layer for row in project.walk())
    return tuple(layer for layer in layers if isinstance(layer, (Recurrent, SelfAttention)))


class RowReader:
    """Reads images with weights in a run's folder. Knows what it has read before."""

    def __init__(self, project: Project, folder: Path) -> None:
        self.project, self.folder = project, folder
        self._checkpoints = Checkpoints(folder)
        self._network: tuple[Hashable, nn.Sequential, About] | None = None
        self._known: dict[Hashable, Reading] = {}

    def read(
        self,
        key: Hashable,
        image: NDArray[np.float32],
        *,
        running: bool,
        which: Literal["last", "best"] = "last",
    ) -> Reading:
        """Read an image (C, H, W), standardised as the training images were; `key` tells it from
        others. While a training is `running`, its newest checkpoint gives the last weights; the
        best ones are those that it has kept so far.

        Raises:
            ProblemError: there are no such weights yet, or they can't be read.
        """
        at, network, about = self._built(*self._place(which, running))
        if (key, at) not in self._known:
            if len(self._known) >= MOST_REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[key, at] = reading(self.project, network, image, about)
        return self._known[key, at]

    def _built(
        self, at: Hashable, weights: Callable[[], Weights]
    ) -> tuple[Hashable, nn.Sequential, About]:
        from engine.training.predict import network_of  # brings what reads pictures

        if self._network is None or self._network[0] != at:
            found = weights()
            self._network = at, network_of(found), found.about
        return self._network

    def _place(
        self, which: Literal["last", "best"], running: bool
    ) -> tuple[Hashable, Callable[[], Weights]]:
        """Find weights: what tells them from those of other moments, and how they are read."""
        if which == "best":
            return self._kept("best")
        kept = [] if running else kept_weights(self.folder)
        # the last ones, those of the evaluations, where they are kept
        return self._kept(kept[-1]) if kept else self._checkpoint()

    def _checkpoint(self) -> tuple[Hashable, Callable[[], Weights]]:
        steps = [kept.step for kept in self._checkpoints.kept()]
        if not steps:
            raise ProblemError(NOT_SAVED)
        return steps[-1], lambda: self._weights(self._checkpoints.read(steps[-1]))

    def _weights(self, checkpoint: Checkpoint) -> Weights:
        mark = "network/"
        tensors = {
            name.removeprefix(mark): value
            for name, value in checkpoint.tensors.items()
            if name.startswith(mark)
        }
        about = About(weights="last", step=checkpoint.step, epoch=checkpoint.epoch)
        return Weights(tensors, about, self.project, self.folder)

    def _kept(self, which: Literal["last", "best"]) -> tuple[Hashable, Callable[[], Weights]]:
        path = self.folder / f"{which}{SUFFIX}"
        written = path.stat().st_mtime_ns if path.is_file() else None
        return (which, written), lambda: weights_of(self.folder, which)


def reading(
    project: Project, network: nn.Sequential, image: NDArray[np.float32], about: About
) -> Reading:
    """Let a project's network read one standardised image (C, H, W)."""
    import torch

    network.eval()
    images = torch.from_numpy(np.ascontiguousarray(image[None], np.float32))
    with torch.inference_mode():
        states = _states(project, network, images)
        cut = can_be_cut(project)
        scores = (_cut if cut else _darkened)(project, network, images)
    probabilities = scores.softmax(dim=1).numpy()
    return Reading(states, probabilities, cut, about.step, about.epoch)


def can_be_cut(project: Project) -> bool:
    """Tell whether the network can read a few steps as well as all of them: what follows Rows,
    which no block holds, lays no steps side by side.
    """
    at_top = any(isinstance(layer, Rows) for layer in project.layers)
    rows = project.walk()
    return at_top and not any(
        isinstance(row.layer, Flatten) and len(row.input_shape or ()) == 2 for row in rows
    )


def _cut(project: Project, network: nn.Sequential, images: Tensor) -> Tensor:
    """Give the scores (T, K) after the first steps alone."""
    import torch

    first = next(layer.name for layer in project.layers if isinstance(layer, Rows))
    count = 1 + list(dict(network.named_children())).index(first)
    steps = network[:count](images)
    return torch.cat([network[count:](steps[:, :end]) for end in range(1, steps.shape[1] + 1)])


def _darkened(project: Project, network: nn.Sequential, images: Tensor) -> Tensor:
    """Give the scores (H, K) of the image with the rows below left dark."""
    import torch

    scores = []
    for end in range(1, images.shape[2] + 1):
        seen = torch.full_like(images, float(images.min()))
        seen[:, :, :end] = images[:, :, :end]
        scores.append(network(seen))
    return torch.cat(scores)


def _states(
    project: Project, network: nn.Sequential, images: Tensor
) -> dict[str, NDArray[np.float32]]:
    """Listen to the layers while the network reads the whole image."""
    found: dict[str, NDArray[np.float32]] = {}

    def listen(name: str) -> Callable[..., None]:
        def hear(module: nn.Module, given: Any, output: Any) -> None:
            del module, given
            states = output[0] if isinstance(output, tuple) else output
            found[name] = states[0].numpy().copy()

        return hear

    hooks = []
    for each in placed(project, network):
        if isinstance(each.layer, (Recurrent, SelfAttention)):
            module = each.modules[0]
            module = getattr(module, "recurrent", module)  # whose states are those of every step
            hooks.append(module.register_forward_hook(listen(each.layer.name)))
    try:
        network(images)
    finally:
        for hook in hooks:
            hook.remove()
    return found
