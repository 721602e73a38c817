"""The whole script: the first lines, the imports of what it uses, and its parts in their order."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from engine.export import keras, pytorch
from engine.export.layout import Layout
from engine.export.sets import Framework
from engine.export.text import Paragraph, comment, joined, literal, paragraph
from engine.problems import ProblemError
from engine.project.checks import problems
from engine.project.project import Project

FRAMEWORKS: dict[Framework, str] = {"pytorch": "PyTorch", "keras": "Keras"}

IMPORTS: tuple[dict[str, str], ...] = (
    {
        "copy": "import copy",
        "gzip": "import gzip",
        "math": "import math",
        "re": "import re",
        "OrderedDict": "from collections import OrderedDict",
        "Path": "from pathlib import Path",
    },
    {
        "keras": "import keras",
        "plt": "import matplotlib.pyplot as plt",
        "np": "import numpy as np",
        "torch": "import torch",
        "layers": "from keras import layers",
        "Image": "from PIL import Image, ImageOps",
        "load_digits": "from sklearn.datasets import load_digits",
        "confusion_matrix": "from sklearn.metrics import confusion_matrix",
        "train_test_split": "from sklearn.model_selection import train_test_split",
        "nn": "from torch import nn",
        "DataLoader": "from torch.utils.data import DataLoader, TensorDataset",
        "Dataset": "from torch.utils.data import DataLoader, Dataset, TensorDataset",
        "datasets": "from torchvision import datasets",
        "v2": "from torchvision.transforms import v2",
    },
)
"""The line that brings each name, in the order of isort: Python's own, then the others."""

PACKAGES = {
    "keras": "keras tensorflow",
    "torch": "torch",
    "datasets": "torchvision",
    "v2": "torchvision",
    "confusion_matrix": "scikit-learn",
    "plt": "matplotlib",
    "Image": "pillow",
}


@dataclass(frozen=True)
class Script:
    """A script's text, and which of its lines, from 0, write each layer, by the layer's name."""

    text: str
    lines: dict[str, range]


def script(
    project: Project, framework: Framework, layout: Layout | None = None, *, gaps: bool = False
) -> Script:
    """Write the project as a script that stands by itself; `layout` is that of a person's files.
    With `gaps` a layer that the framework lacks leaves a marked gap, at which the script stops.

    Raises:
        ProblemError: a shape or a setting does not fit, or the framework lacks a layer.
    """
    for problem in problems(project):
        raise ProblemError(problem)
    if framework == "pytorch":  # it has every layer: the network is trained with it
        parts = pytorch.parts(project, layout)
    else:
        parts = keras.parts(project, layout, gaps)
    body = [_constants(project), *parts]
    text, _ = joined(body)
    names = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    head = [_opening(project, framework), _about(project, names), *_imports(names)]
    return Script(*joined([*head, *body]))


def _opening(project: Project, framework: Framework) -> Paragraph:
    # Before anything foreign: a comment in the first two lines could declare an encoding.
    title = project.data.source.title
    what = title if title in _PLAIN else "images"
    return Paragraph(f'"""Train a network on {what} with {FRAMEWORKS[framework]}."""')


_PLAIN = ("MNIST", "Fashion-MNIST", "KMNIST")


def _about(project: Project, names: set[str]) -> Paragraph:
    packages = " ".join(dict.fromkeys(PACKAGES[name] for name in PACKAGES if name in names))
    lines = [comment(project.title), comment(project.about), f"# pip install {packages}"]
    return Paragraph("\n#\n".join(line for line in lines if line))


def _imports(names: set[str]) -> list[Paragraph]:
    used = names - ({"DataLoader"} if "Dataset" in names else set())
    groups = [[line for name, line in group.items() if name in used] for group in IMPORTS]
    return [Paragraph("\n".join(lines)) for lines in groups if lines]


def _constants(project: Project) -> Paragraph:
    training = project.training
    return paragraph(
        """
        SEED = $seed  # decides the split, the first weights and the order of the images
        EPOCHS = $epochs
        BATCH_SIZE = $batch_size
        """,
        seed=literal(training.seed),
        epochs=literal(training.epochs),
        batch_size=literal(training.batch_size),
    )
