"""The fastest honest loop of plain PyTorch: what a program can hardly be quicker than.

    python -m tests.benchmarks.race.floor_peer mlp-128

nn.Sequential, autograd and torch.optim, with all that makes them quick: one tensor of images on
the device, batches gathered by a permutation, channels last, a fused optimizer, freed memory kept
by the C library, and the better number of threads, measured beforehand. It shows nothing, keeps
nothing and validates nothing.
"""

from __future__ import annotations

import copy
import ctypes
import os
import sys
from statistics import median
from time import perf_counter

import torch
import torch.nn.functional as F  # noqa: N812  its name in every PyTorch lesson
from torch import Tensor, nn, optim

from tests.benchmarks.race.peer import answer, read_task, training_digits
from tests.benchmarks.race.recipes import Recipe

TRIALS = 3


def network(recipe: Recipe) -> nn.Sequential:
    """Build the network. Pooling comes before ReLU: to the bit the same, and a quarter the work."""
    modules: list[nn.Module] = []
    channels, side = 1, 28
    for filters in recipe.convolutions:
        modules += [nn.Conv2d(channels, filters, 3), nn.MaxPool2d(2), nn.ReLU()]
        channels, side = filters, (side - 2) // 2
    modules.append(nn.Flatten())
    width = channels * side * side
    for units in recipe.dense:
        modules += [nn.Linear(width, units), nn.ReLU()]
        width = units
    return nn.Sequential(*modules, nn.Linear(width, 10))


def optimizer(recipe: Recipe, model: nn.Module) -> optim.Optimizer:
    """Make the optimizer: one kernel for all weights."""
    if recipe.optimizer == "sgd":
        return optim.SGD(
            model.parameters(), recipe.learning_rate, momentum=recipe.momentum, fused=True
        )
    return optim.Adam(model.parameters(), recipe.learning_rate, fused=True)


def keep_freed_memory() -> None:
    """Let glibc keep freed memory for the next step instead of giving it back to the system."""
    if sys.platform.startswith("linux"):
        trim_threshold, mmap_threshold = -1, -3  # of malloc.h
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(mmap_threshold, 1 << 30)
        mallopt(trim_threshold, 1 << 30)


def train(
    model: nn.Module,
    optimizer: optim.Optimizer,
    images: Tensor,
    labels: Tensor,
    batch: int,
    steps: int,
) -> float:
    """Take steps and give the last loss, which waits for what a GPU still has to do."""
    order = torch.randperm(len(labels), device=labels.device)
    shuffled = labels[order]
    loss = torch.zeros(())
    for start in range(0, steps * batch, batch):
        scores = model(images.index_select(0, order[start : start + batch]))
        loss = F.cross_entropy(scores, shuffled[start : start + batch])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    return loss.item()


def choose_threads(recipe: Recipe, model: nn.Module, images: Tensor, labels: Tensor) -> int:
    """Find the number of threads with the quickest steps, tried on copies, in turn."""
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    candidates = [count for count in (1, 2, 4, 8, 16, 32) if count <= cores]
    seconds: dict[int, list[float]] = {count: [] for count in candidates}
    for _ in range(TRIALS):
        for count in candidates:
            torch.set_num_threads(count)
            trial = copy.deepcopy(model)
            began = perf_counter()
            train(trial, optimizer(recipe, trial), images, labels, recipe.batch, recipe.warm_up)
            seconds[count].append(perf_counter() - began)
    return min(candidates, key=lambda count: median(seconds[count]))


def main() -> None:
    """Warm up, and train on the clock."""
    task = read_task(__doc__)
    recipe = task.recipe
    keep_freed_memory()
    torch.manual_seed(0)
    pixels, classes = training_digits(recipe.images)
    images = torch.from_numpy(pixels[:, None].astype("float32") / 255)
    images = images.to(task.device).contiguous(memory_format=torch.channels_last)
    labels = torch.from_numpy(classes).to(task.device)
    model = network(recipe).to(task.device).to(memory_format=torch.channels_last)
    if task.device == "cpu":
        torch.set_num_threads(choose_threads(recipe, model, images, labels))

    steps = optimizer(recipe, model)
    train(model, steps, images, labels, recipe.batch, recipe.warm_up)
    began = perf_counter()
    loss = train(model, steps, images, labels, recipe.batch, task.steps)
    answer(
        seconds=perf_counter() - began,
        steps=task.steps,
        parameters=sum(weights.numel() for weights in model.parameters()),
        loss=loss,
        versions={"torch": torch.__version__},
        threads=torch.get_num_threads(),
        device=torch.cuda.get_device_name() if task.device == "cuda" else None,
    )


if __name__ == "__main__":
    main()
