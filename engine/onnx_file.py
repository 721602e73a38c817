"""Writes the network of a run as an ONNX file, and checks that it gives the same answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.export.onnx import check_installed, largest_difference, onnx_content
from engine.problems import Problem, ProblemError
from engine.store.files import write_safely
from engine.store.weights import Weights
from engine.training.predict import Predictor

IMAGES = 64  # with which the answers are compared
MOST_DIFFERENT = 1e-3  # of the scores; rounding differs by a thousandth of that

WRITTEN = (
    "Written to {path}. Its scores for {count} images of noise differ from those of the network by "
    "{difference} at most, measured with onnxruntime."
)
DIFFERENT = (
    "The ONNX model gives other scores than the network (by up to {difference}), so it was not "
    "written. Please report it with the project."
)


def write_onnx(path: Path, weights: Weights, data: Path) -> float:
    """Write weights and their network as an ONNX file; give the largest difference of its scores.

    The file's metadata tell the classes, and how pictures are to be prepared. `data` is the folder
    of the datasets, which older runs have to be measured by.

    Raises:
        ProblemError: packages are missing, the weights do not fit, or the file can't be written.
    """
    check_installed()
    predictor = Predictor(weights, data)
    source = predictor.project.data.source
    facts = {
        "class_names": source.class_names,
        "input_shape": source.input_shape,
        "preparation": {"scale": "0 to 1", **predictor.preparation.model_dump(mode="json")},
        "title": predictor.project.title,
        "run": weights.about.run,
        "weights": weights.about.weights,
    }
    content = onnx_content(predictor.network, source.input_shape, facts)
    noise = np.random.default_rng(0).random((IMAGES, *source.input_shape), np.float32)
    difference = largest_difference(content, predictor.network, predictor.standardised(noise))
    if not difference <= MOST_DIFFERENT:  # nor is NaN
        raise ProblemError(DIFFERENT, difference=f"{difference:.3g}")
    write_safely(path, content)
    return difference


def in_words(path: Path, difference: float) -> Problem:
    """Say what was written."""
    return Problem(WRITTEN, path=str(path), count=IMAGES, difference=f"{difference:.2g}")
