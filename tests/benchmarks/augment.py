"""What augmentation takes beside a training step of cnn-two; and torchvision's transforms with it.

    uv run python -m tests.benchmarks.augment [--rounds 7] [--threads N] [--torchvision] [--json]

In each round the step, as training takes it once it is recorded, and each augmentation are timed in
turn, on 128 images of noise in the size of MNIST's. A figure is the median of the rounds; a share
is the median of each round's augmentation over the same round's step. With --torchvision its v2
transforms are timed too, with the same limits: once on the whole batch, where all images are
changed alike, and once image by image, where each goes its own way.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from functools import partial
from statistics import median
from time import perf_counter

import torch
from torch import Tensor
from torchvision.transforms import v2

from engine.project.augmentation import Augmentation
from engine.project.presets import preset
from engine.training.allocator import keep_freed_memory
from engine.training.augment import augmented
from engine.training.capture import captured
from engine.training.network import build
from engine.training.step import PlainStep

BATCH = 128
CALLS = 20  # timed together in a round
MOST = 0.15  # of the step's time, for all at once
USUAL = {
    "shift": 0.1,
    "rotate": 12.0,
    "scale": 0.12,
    "shear": 6.0,
    "crop": 0.2,
    "elastic": 0.05,
    "erase": 0.15,
    "noise": 0.1,
}

Figures = dict[str, dict[str, float]]


def main() -> int:
    """Measure and print; 1 where all at once take more than their share."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--torchvision", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    keep_freed_memory()
    images = torch.rand(BATCH, 1, 28, 28).contiguous(memory_format=torch.channels_last)
    made = ours(images) | (torchvisions(images) if options.torchvision else {})
    figures = measured(step(images), made, options.rounds)
    print(json.dumps(figures) if options.json else in_words(figures, options.threads))
    return 0 if figures["all"]["share"] <= MOST else 1


def step(images: Tensor) -> Callable[[], object]:
    """Make cnn-two's step, recorded."""
    project = preset("cnn-two")
    settings = project.training
    labels = torch.randint(10, (BATCH,))
    network = build(project).to(memory_format=torch.channels_last)
    plain = PlainStep(network, settings.loss, settings.optimizer.build(network.parameters()))
    plain(images, labels, 0.001)
    recorded = captured(plain, images, labels)
    assert recorded is not plain
    return lambda: recorded(images, labels, 0.001)


def ours(images: Tensor) -> dict[str, Callable[[], object]]:
    """Make each change by itself, and all of them."""
    generator = torch.Generator().manual_seed(0)
    every = {name: Augmentation.model_validate({name: limit}) for name, limit in USUAL.items()}
    every["all"] = Augmentation.model_validate(USUAL)
    return {
        name: partial(augmented, images, augmentation, generator)
        for name, augmentation in every.items()
    }


def torchvisions(images: Tensor) -> dict[str, Callable[[], object]]:
    """Make the same of torchvision's transforms, with the whole batch and image by image."""
    bilinear = v2.InterpolationMode.BILINEAR
    moved = v2.RandomAffine(12, (0.1, 0.1), (0.88, 1.12), (-6, 6), bilinear)
    cropped = v2.RandomResizedCrop((28, 28), (0.8, 1.0), (1.0, 1.0))
    elastic = v2.ElasticTransform(20.0, 4.0)  # displaces by 1.4 pixels, 28 of which are an image
    erased, noisy = v2.RandomErasing(1.0, (0.0, 0.15)), v2.GaussianNoise(sigma=0.1)
    chains: Mapping[str, v2.Transform] = {
        "moves": moved,
        "crop": cropped,
        "elastic": elastic,
        "erase": erased,
        "noise": noisy,
        "all": v2.Compose([moved, cropped, elastic, erased, noisy]),
    }
    alike = {f"torchvision {name}": partial(chain, images) for name, chain in chains.items()}
    apart = {
        f"torchvision {name}, one by one": partial(one_by_one, chain, images)
        for name, chain in chains.items()
    }
    return {**alike, **apart}


def one_by_one(chain: v2.Transform, images: Tensor) -> Tensor:
    """Change each image by itself, since a transform draws its numbers once a call."""
    return torch.stack([chain(image) for image in images])


def measured(
    take_step: Callable[[], object], made: dict[str, Callable[[], object]], rounds: int
) -> Figures:
    """Time all in turn, round by round, after one round to warm up."""
    calls = {"step": take_step} | made
    times = [{name: timed(call) for name, call in calls.items()} for _ in range(rounds + 1)][1:]
    return {
        name: {
            "ms": median(one[name] for one in times),
            "share": median(one[name] / one["step"] for one in times),
        }
        for name in calls
    }


def timed(call: Callable[[], object]) -> float:
    """Give the ms of one call, of several one after another."""
    began = perf_counter()
    for _ in range(CALLS):
        call()
    return 1000 * (perf_counter() - began) / CALLS


def in_words(figures: Figures, threads: int) -> str:
    """Write a line for each thing that was timed."""
    lines = [f"{BATCH} images of 28×28, threads: {threads}"]
    for name, one in figures.items():
        share = "" if name == "step" else f"{one['share']:8.1%} of the step"
        lines.append(f"{name:<32} {one['ms']:7.2f} ms{share}")
    lines.append(f"all at once may take {MOST:.0%}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
