"""Keras on TensorFlow as its first lessons use it: arrays in memory and model.fit.

python -m tests.benchmarks.race.keras_peer mlp-128
"""

from __future__ import annotations

import os
from time import perf_counter

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow as tf
from keras import layers

from tests.benchmarks.race.peer import answer, read_task, training_digits
from tests.benchmarks.race.recipes import Recipe


def network(recipe: Recipe) -> keras.Model:
    """Build the network, channels last."""
    model = keras.Sequential([keras.Input((28, 28, 1))])
    for filters in recipe.convolutions:
        model.add(layers.Conv2D(filters, 3, activation="relu"))
        model.add(layers.MaxPooling2D(2))
    model.add(layers.Flatten())
    for units in recipe.dense:
        model.add(layers.Dense(units, activation="relu"))
    model.add(layers.Dense(10, activation="softmax"))
    return model


def optimizer(recipe: Recipe) -> keras.optimizers.Optimizer:
    """Make the optimizer."""
    if recipe.optimizer == "sgd":
        return keras.optimizers.SGD(recipe.learning_rate, momentum=recipe.momentum)
    return keras.optimizers.Adam(recipe.learning_rate)


def main() -> None:
    """Fit a few batches, which compiles the step, and then fit on the clock."""
    task = read_task(__doc__)
    if task.device == "cpu":
        tf.config.set_visible_devices([], "GPU")
    elif not tf.config.list_physical_devices("GPU"):
        raise SystemExit("TensorFlow finds no GPU here.")
    recipe = task.recipe
    images, labels = training_digits(recipe.images)
    images = images[..., None].astype("float32") / 255
    model = network(recipe)
    model.compile(optimizer(recipe), "sparse_categorical_crossentropy", metrics=["accuracy"])

    # Without the bar that fit shows by itself: it would cost Keras time.
    first = recipe.warm_up * recipe.batch
    model.fit(images[:first], labels[:first], batch_size=recipe.batch, epochs=1, verbose=0)
    rows = task.steps * recipe.batch
    began = perf_counter()
    history = model.fit(images[:rows], labels[:rows], batch_size=recipe.batch, epochs=1, verbose=0)
    answer(
        seconds=perf_counter() - began,
        steps=task.steps,
        parameters=model.count_params(),
        loss=history.history["loss"][-1],
        versions={"keras": keras.__version__, "tensorflow": tf.__version__},
    )


if __name__ == "__main__":
    main()
