"""A trained network as an ONNX model, which other programs and devices can run.

The packages that this needs are an extra of the installation.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.problems import ProblemError, byte_size

if TYPE_CHECKING:
    from torch import nn

PACKAGES = ("onnx", "onnxscript", "onnxruntime")
INPUT, OUTPUT = "images", "scores"
SUFFIX = ".onnx"
LARGEST = 2_000_000_000  # bytes; protobuf, which the format is written in, ends at 2 GiB

NOT_INSTALLED = (
    "ONNX needs packages that are not installed: {names}. Install them with: pip install {all}"
)
TOO_LARGE = (
    "The weights take {size}, but an ONNX file of one piece holds {most} at most. Make the network "
    "smaller, or save its weights as safetensors."
)


def check_installed() -> None:
    """Refuse where a package is missing.

    Raises:
        ProblemError: it names the package, and how to install it.
    """
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise ProblemError(NOT_INSTALLED, names=", ".join(missing), all=" ".join(PACKAGES))


def onnx_content(network: nn.Module, shape: Sequence[int], facts: Mapping[str, Any]) -> bytes:
    """Give the bytes of an ONNX model: images (N, *shape) in, for any N, scores (N, K) out.

    `facts` are kept in the model's metadata, as JSON by their names.

    Raises:
        ProblemError: a package is missing, or the weights are too large for the format.
    """
    check_installed()
    size = sum(value.nbytes for value in network.state_dict().values())
    if size > LARGEST:
        raise ProblemError(TOO_LARGE, size=byte_size(size), most=byte_size(LARGEST))
    import torch

    with warnings.catch_warnings(action="ignore"):  # the exporter's, of its own inner workings
        program = torch.onnx.export(
            network.eval(),
            (torch.zeros(2, *shape),),  # of one image the exporter would take the number for fixed
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes=({0: torch.export.Dim("count", min=1)},),
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    for name, value in facts.items():
        model.metadata_props.add(key=name, value=json.dumps(value, ensure_ascii=False))
    content: bytes = model.SerializeToString()
    return content


def largest_difference(content: bytes, network: nn.Module, images: NDArray[np.float32]) -> float:
    """Run an ONNX model with onnxruntime, and tell how far its scores are from the network's."""
    import onnxruntime
    import torch

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors alone
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    (scores,) = session.run([OUTPUT], {INPUT: images})
    with torch.inference_mode():
        ours = network.eval()(torch.from_numpy(images)).numpy()
    return float(np.abs(scores - ours).max())
