"""Keras on TensorFlow: train cnn-small until it is right about 99 % of the test digits.

python -m tests.benchmarks.race.keras_until_peer 0.99
"""

from __future__ import annotations

import json
import sys
from time import perf_counter

import keras
import numpy as np

from tests.benchmarks.race.keras_peer import network, optimizer
from tests.benchmarks.race.peer import mnist_folder, read_bytes
from tests.benchmarks.race.recipes import RECIPES

MOST_EPOCHS = 15


def main() -> None:
    """Fit epoch after epoch; only fitting is on the clock, looking at the test set is not."""
    wanted = float(sys.argv[1])
    recipe = RECIPES["cnn-small"]
    model = network(recipe)
    model.compile(optimizer(recipe), "sparse_categorical_crossentropy", metrics=["accuracy"])
    images, labels = digits("train", 60_000)
    test_images, test_labels = digits("t10k", 10_000)
    seconds, reached = 0.0, []
    while len(reached) < MOST_EPOCHS and max(reached, default=0.0) < wanted:
        began = perf_counter()
        model.fit(images, labels, batch_size=recipe.batch, epochs=1, verbose=0)
        seconds += perf_counter() - began
        _, accuracy = model.evaluate(test_images, test_labels, batch_size=1000, verbose=0)
        reached.append(accuracy)
    answer = {"seconds": seconds, "test_accuracy": reached, "keras": keras.__version__}
    print(json.dumps(answer), flush=True)


def digits(part: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Give images (N, 28, 28, 1) in 0..1 and labels (N,)."""
    folder = mnist_folder()
    images = np.frombuffer(read_bytes(folder, f"{part}-images-idx3-ubyte"), np.uint8, offset=16)
    labels = np.frombuffer(read_bytes(folder, f"{part}-labels-idx1-ubyte"), np.uint8, offset=8)
    return images.reshape(count, 28, 28, 1).astype("float32") / 255, labels.astype(np.int64)


if __name__ == "__main__":
    main()
