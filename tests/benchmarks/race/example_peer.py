"""A loop in the manner of PyTorch's public MNIST example: a dataset of pictures and a DataLoader.

    python -m tests.benchmarks.race.example_peer mlp-128

After https://github.com/pytorch/examples/blob/main/mnist/main.py: torchvision's dataset, ToTensor,
Normalize, a shuffling DataLoader with its defaults, a module that is written out, and the loss
printed every ten batches. The networks and optimizers are the recipes'.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from time import perf_counter

import torch
import torch.nn.functional as F  # noqa: N812  its name in every PyTorch lesson
import torchvision
from torch import Tensor, nn, optim
from torch.utils.data import DataLoader, Subset
from torchvision import datasets, transforms

from tests.benchmarks.race.peer import IMAGES, LABELS, answer, mnist_folder, read_bytes, read_task
from tests.benchmarks.race.recipes import Recipe

LOG_INTERVAL = 10


class Net(nn.Module):
    """Convolutions with pooling where there are any, then dense layers."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        channels, side = 1, 28
        self.convolutions = nn.ModuleList()
        for filters in recipe.convolutions:
            self.convolutions.append(nn.Conv2d(channels, filters, 3))
            channels, side = filters, (side - 2) // 2
        width = channels * side * side
        self.dense = nn.ModuleList()
        for units in recipe.dense:
            self.dense.append(nn.Linear(width, units))
            width = units
        self.last = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        for convolution in self.convolutions:
            x = F.max_pool2d(F.relu(convolution(x)), 2)
        x = torch.flatten(x, 1)
        for dense in self.dense:
            x = F.relu(dense(x))
        return F.log_softmax(self.last(x), dim=1)


def optimizer(recipe: Recipe, model: nn.Module) -> optim.Optimizer:
    """Make the optimizer, with torch's defaults for all that the recipe leaves open."""
    if recipe.optimizer == "sgd":
        return optim.SGD(model.parameters(), recipe.learning_rate, momentum=recipe.momentum)
    return optim.Adam(model.parameters(), recipe.learning_rate)


def dataset(folder: str) -> datasets.MNIST:
    """Make torchvision's dataset, which wants its files unpacked: it gets copies in `folder`."""
    raw = Path(folder) / "MNIST" / "raw"
    raw.mkdir(parents=True)
    source = mnist_folder()
    for name in (IMAGES, LABELS, IMAGES.replace("train", "t10k"), LABELS.replace("train", "t10k")):
        (raw / name).write_bytes(read_bytes(source, name))
    transform = transforms.Compose(
        [transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))]
    )
    return datasets.MNIST(folder, train=True, download=False, transform=transform)


def train(
    model: nn.Module,
    device: torch.device,
    loader: DataLoader,
    optimizer: optim.Optimizer,
    warm_up: int,
    steps: int,
) -> tuple[float, float]:
    """Train on warm_up + steps batches; give the seconds of the steps, and the last loss."""
    model.train()
    began = perf_counter()
    loss = torch.zeros(())
    for batch_idx, (data, target) in enumerate(loader):
        if batch_idx == warm_up:
            loss.item()  # waits for what a GPU still has to do
            began = perf_counter()
        if batch_idx == warm_up + steps:
            break
        data, target = data.to(device), target.to(device)
        optimizer.zero_grad()
        loss = F.nll_loss(model(data), target)
        loss.backward()
        optimizer.step()
        if batch_idx % LOG_INTERVAL == 0:
            print(
                f"Train Epoch: 1 [{batch_idx}/{len(loader)}]\tLoss: {loss.item():.6f}",
                file=sys.stderr,
            )
    last = loss.item()
    return perf_counter() - began, last


def main() -> None:
    """Train one epoch, or as much of it as is asked for."""
    task = read_task(__doc__)
    recipe = task.recipe
    torch.manual_seed(1)
    device = torch.device(task.device)
    with tempfile.TemporaryDirectory(prefix="race-") as folder:
        digits = Subset(dataset(folder), range(recipe.images))
    loader = DataLoader(digits, batch_size=recipe.batch, shuffle=True)
    model = Net(recipe).to(device)
    seconds, loss = train(
        model, device, loader, optimizer(recipe, model), recipe.warm_up, task.steps
    )
    answer(
        seconds=seconds,
        steps=task.steps,
        parameters=sum(weights.numel() for weights in model.parameters()),
        loss=loss,
        versions={"torch": torch.__version__, "torchvision": torchvision.__version__},
    )


if __name__ == "__main__":
    main()
