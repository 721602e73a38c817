"""Asks a trained network about pictures of one's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.data.limits import reading
from engine.data.load import load
from engine.data.pictures import LARGEST, SUFFIXES, BrokenPictureError
from engine.problems import ProblemError
from engine.project.checks import machine_memory, problems
from engine.project.project import Project
from engine.store.weights import Preparation, Weights
from engine.training.evaluation import answers, batch_rows
from engine.training.preparation import Prepared, preparation_of, prepared
from engine.training.warm_start import blank, fit

if TYPE_CHECKING:
    from torch import nn

AT_ONCE = 256  # pictures

NO_PICTURE = (
    "{path} is no picture that can be read. Give a PNG, JPEG, BMP, GIF, TIFF or WebP file of at "
    "most {most} pixels."
)
NO_PICTURES = "{path} is a folder without pictures. Give one with PNG, JPEG or other picture files."
OTHER_LAYERS = (
    "The weights in {path} do not fit the project that they come with. {layer}: {reason} Choose "
    "another file."
)
LEFT_OVER = (
    "The weights in {path} do not fit the project that they come with, which has no {names}. "
    "Choose another file."
)
MEASURING = (
    "How the images of this run were prepared is not kept with its weights, and they can't be "
    "measured again. {reason}"
)


@dataclass(frozen=True)
class Answer:
    """What a network says to a picture."""

    path: Path
    ranked: tuple[tuple[str, float], ...]  # classes with their probabilities, the likeliest first
    inverted: bool  # its brightness was turned round, to be as that of the training images


@dataclass(frozen=True)
class Refused:
    """A picture that could not be asked about, and why."""

    problem: ProblemError


class Predictor:
    """A network with the weights that it has learned, ready for pictures."""

    def __init__(self, weights: Weights, data: Path) -> None:
        """Build the network; `data` is the folder of the datasets, looked into only for weights
        of older runs, which do not tell how their images were prepared.

        Raises:
            ProblemError: the weights have no project, or do not fit it.
        """
        self.project = weights.known_project
        self.network = network_of(weights)
        self.preparation = weights.about.preparation or _measured(self.project, data)
        self._classes = self.project.data.source.class_names
        self._shape = self.project.data.source.input_shape

    def answers(self, paths: Iterable[Path]) -> Iterator[Answer | Refused]:
        """Ask about picture files, and those in folders, in their order, some hundreds at once."""
        read = (self._read(one) for path in paths for one in pictures_in(path))
        while some := list(islice(read, AT_ONCE)):
            yield from self._answered(some)

    def probabilities(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Compute the classes' probabilities (N, K) of images (N, C, H, W) in 0..1."""
        return probabilities(self.network, self.standardised(images), batch_rows(self.project))

    def standardised(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Subtract the mean that the training images had, and divide by their deviation."""
        mean, deviation = (
            np.array(values, np.float32).reshape(-1, 1, 1)
            for values in (self.preparation.mean, self.preparation.deviation)
        )
        return (images - mean) / deviation

    def _answered(self, read: Sequence[Prepared | Refused]) -> Iterator[Answer | Refused]:
        sound = [one for one in read if isinstance(one, Prepared)]
        found = iter(self.probabilities(np.stack([one.image for one in sound])) if sound else ())
        for one in read:
            if isinstance(one, Prepared):
                yield Answer(one.path, ranked(next(found), self._classes), one.inverted)
            else:
                yield one

    def _read(self, found: Path | Refused) -> Prepared | Refused:
        if isinstance(found, Refused):
            return found
        try:
            with reading(found):
                found.stat()
            return prepared(found, self._shape, self.preparation.background)
        except BrokenPictureError:
            return Refused(ProblemError(NO_PICTURE, path=str(found), most=LARGEST))
        except ProblemError as error:
            return Refused(error)


def probabilities(
    network: nn.Module, images: NDArray[np.float32], rows_at_once: int
) -> NDArray[np.float32]:
    """Compute the softmax of a network's scores: images (N, C, H, W) in, (N, K) out."""
    import torch

    scores = answers(network, torch.from_numpy(images), rows_at_once, lambda: False)
    assert scores is not None
    result: NDArray[np.float32] = scores.softmax(dim=1).numpy()
    return result


def ranked(
    probabilities: NDArray[np.float32], classes: Sequence[str]
) -> tuple[tuple[str, float], ...]:
    """Put classes in the order of their probabilities (K,), the likeliest first."""
    order = np.argsort(-probabilities, kind="stable")
    return tuple((classes[number], float(probabilities[number])) for number in order)


def pictures_in(path: Path) -> Sequence[Path | Refused]:
    """List the pictures of a folder by their names; any other path stands for itself."""
    if not path.is_dir():
        return [path]
    try:
        with reading(path):
            found = sorted(one for one in path.iterdir() if one.suffix.lower() in SUFFIXES)
    except ProblemError as error:
        return [Refused(error)]
    return found or [Refused(ProblemError(NO_PICTURES, path=str(path)))]


def network_of(weights: Weights) -> nn.Sequential:
    """Build the network that weights belong to, with them in it.

    Raises:
        ProblemError: they have no project, or do not fit it.
    """
    import torch

    project = weights.known_project
    for problem in problems(project, machine_memory()):
        raise ProblemError(problem)
    found = fit(project, weights)
    for one in found.left:
        raise ProblemError(
            OTHER_LAYERS, path=str(weights.path), layer=one.layer, reason=str(one.why_not)
        )
    if found.unused:
        names = _short(", ".join(found.unused))
        raise ProblemError(LEFT_OVER, path=str(weights.path), names=names)
    network = blank(project)
    tensors = {name: torch.from_numpy(np.array(value)) for name, value in found.tensors.items()}
    network.load_state_dict(tensors, assign=True)
    return network.eval()


def _measured(project: Project, data: Path) -> Preparation:
    try:
        return preparation_of(load(project.data, project.training.seed, data))
    except ProblemError as error:
        raise ProblemError(MEASURING, reason=str(error)) from None


def _short(text: str, limit: int = 100) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
