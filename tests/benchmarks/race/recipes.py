"""What is raced: four networks of first lessons, as plain numbers that every framework can build.

They are the presets of the same names; a test compares them. The peers import nothing of the
engine, so that they run in an interpreter that has only their own framework.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """A network, how it is trained, and how many of its steps are timed.

    Each convolution is 3x3, unpadded, with ReLU, and is followed by max pooling 2x2; each dense
    layer has ReLU; a dense layer of ten classes with softmax and cross-entropy ends the network.
    """

    name: str
    convolutions: tuple[int, ...]  # filters of each
    dense: tuple[int, ...]  # units of each hidden layer
    parameters: int
    optimizer: str  # "adam" with betas 0.9 and 0.999, or "sgd"
    learning_rate: float
    momentum: float  # of sgd
    batch: int
    images: int  # that are learned from: MNIST's 60,000 less those for validation
    warm_up: int  # steps before the clock starts
    steps: int  # steps on the clock

    @property
    def longest(self) -> int:
        """How many steps the clock can run at most: to the last full batch of an epoch."""
        return self.images // self.batch - self.warm_up


# The small networks are timed over nearly an epoch. The large ones over two and three fifths of
# it, which hold their share of what the program does between steps within an epoch.
_RECIPES = (
    Recipe("mlp-128", (), (128,), 101_770, "adam", 0.001, 0.0, 32, 54_000, 80, 1600),
    Recipe("mlp-128-64", (), (128, 64), 109_386, "adam", 0.001, 0.0, 32, 48_000, 80, 1400),
    Recipe("cnn-small", (32,), (128,), 693_962, "adam", 0.001, 0.0, 32, 54_000, 48, 672),
    Recipe("cnn-two", (32, 64), (128,), 225_034, "sgd", 0.01, 0.9, 128, 54_000, 20, 252),
)
RECIPES = {recipe.name: recipe for recipe in _RECIPES}
