"""What every participant shares: how it is asked, how it answers, and where the digits lie."""

from __future__ import annotations

import argparse
import gzip
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.benchmarks.race.recipes import RECIPES, Recipe

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


@dataclass(frozen=True)
class Task:
    """What a participant is asked to do."""

    recipe: Recipe
    steps: int  # on the clock, after the recipe's warm-up
    device: str


def read_task(about: str | None) -> Task:
    """Read the command line: a recipe's name, how many steps to time, and where."""
    parser = argparse.ArgumentParser(description=(about or "").split("\n")[0])
    parser.add_argument("recipe", choices=RECIPES)
    parser.add_argument("--steps", type=int, help="steps to time, instead of the recipe's")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    options = parser.parse_args()
    recipe = RECIPES[options.recipe]
    steps = min(options.steps or recipe.steps, recipe.longest)
    return Task(recipe, steps, options.device)


def answer(
    *,
    seconds: float,
    steps: int,
    parameters: int,
    loss: float,
    versions: dict[str, str],
    **more: object,
) -> None:
    """Print the one line that the race reads; `loss` is of the last batch, or a mean near it."""
    result = {
        "ms_per_step": 1000 * seconds / steps,
        "steps": steps,
        "parameters": parameters,
        "loss": loss,
        "versions": versions,
    }
    print(json.dumps(result | more), flush=True)


def mnist_folder() -> Path:
    """Find the folder of MNIST's files; SystemExit with a sentence where it is not there."""
    home = os.environ.get("LAYERSCOPE_DATA", "")
    folder = Path(home) / "MNIST" / "raw"
    if not home or not any((folder / name).exists() for name in (IMAGES, f"{IMAGES}.gz")):
        raise SystemExit("MNIST is not there: LAYERSCOPE_DATA must name the folder that holds it.")
    return folder


def read_bytes(folder: Path, name: str) -> bytes:
    """Read one of MNIST's files, packed or not."""
    path = folder / name
    return (
        path.read_bytes()
        if path.exists()
        else gzip.decompress((folder / f"{name}.gz").read_bytes())
    )


def training_digits(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the first `count` training digits: (N, 28, 28) bytes, and (N,) labels."""
    folder = mnist_folder()
    images = np.frombuffer(read_bytes(folder, IMAGES), np.uint8, offset=16).reshape(-1, 28, 28)
    labels = np.frombuffer(read_bytes(folder, LABELS), np.uint8, offset=8)
    return images[:count], labels[:count].astype(np.int64)
