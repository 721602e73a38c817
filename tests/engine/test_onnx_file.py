"""ONNX files: the same answers in another program, and a sentence where packages are missing."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.export import onnx as module
from engine.onnx_file import in_words, write_onnx
from engine.problems import ProblemError
from engine.project.layers import BatchNorm, Conv2d, Dense, Dropout, Flatten, MaxPool2d
from engine.project.project import Project
from engine.store.weights import About, Preparation, Weights
from engine.training.network import build
from engine.training.predict import network_of
from tests.engine.export.projects import NETWORKS

PREPARATION = Preparation(mean=(0.25,), deviation=(0.5,), background=0.05)


installed = all(find_spec(name) for name in module.PACKAGES)
with_onnx = pytest.mark.skipif(
    not installed, reason="ONNX is an extra: pip install layerscope[onnx]"
)


@pytest.fixture(scope="module", autouse=True)
def _no_monitor():
    """Keep the exporter's progress bar from starting a thread that never ends."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tqdm.tqdm.monitor_interval", 0)
        yield


@pytest.fixture(scope="module")
def weights():
    layers = (Conv2d(filters=4), BatchNorm(), MaxPool2d(), Flatten(), Dropout(), Dense(units=8))
    project = Project(title="Läyers").insert(0, *layers)
    torch.manual_seed(3)
    tensors = {name: value.numpy() for name, value in build(project).state_dict().items()}
    about = About(weights="best", run="a run", preparation=PREPARATION)
    return Weights(tensors, about, project, Path("a.safetensors"))


@pytest.fixture(scope="module")
def written(weights, tmp_path_factory):
    """A file and the difference that was told of it."""
    path = tmp_path_factory.mktemp("onnx") / "a.onnx"
    return path, write_onnx(path, weights, Path())


@pytest.mark.exports
@with_onnx
@pytest.mark.parametrize("count", [1, 2, 7])
def test_scores_are_the_networks_for_any_number_of_images(written, weights, count):
    import onnxruntime

    images = np.random.default_rng(count).normal(size=(count, 1, 8, 8)).astype(np.float32)

    session = onnxruntime.InferenceSession(written[0], providers=["CPUExecutionProvider"])
    (scores,) = session.run(["scores"], {"images": images})

    with torch.inference_mode():
        ours = network_of(weights)(torch.from_numpy(images)).numpy()
    np.testing.assert_allclose(scores, ours, atol=1e-5)


@pytest.mark.exports
@with_onnx
@pytest.mark.parametrize("name", ["residual", "parallel", "later", "recurrent", "attention"])
def test_every_kind_of_network_gives_the_same_scores(name):
    project = NETWORKS[name]
    network = build(project)

    content = module.onnx_content(network, project.input_shape, {})

    for count in (1, 3):
        images = np.random.default_rng(0).random((count, *project.input_shape), np.float32)
        assert module.largest_difference(content, network, images) < 1e-5


@pytest.mark.exports
@with_onnx
def test_the_difference_is_told(written):
    path, difference = written

    assert 0 <= difference < 1e-5
    assert str(in_words(path, difference)).startswith(f"Written to {path}. Its scores for 64 image")


@pytest.mark.exports
@with_onnx
def test_the_file_is_sound_and_tells_classes_and_preparation(written, weights):
    import onnx

    model = onnx.load(written[0])
    onnx.checker.check_model(model, full_check=True)
    told = {entry.key: json.loads(entry.value) for entry in model.metadata_props}
    assert told["class_names"] == list("0123456789")
    assert told["preparation"] == {
        "scale": "0 to 1", "mean": [0.25], "deviation": [0.5], "background": 0.05,
    }  # fmt: skip
    assert (told["title"], told["run"], told["weights"]) == ("Läyers", "a run", "best")
    assert told["input_shape"] == [1, 8, 8]


@pytest.mark.exports
@with_onnx
def test_a_model_that_answers_otherwise_is_not_written(weights, tmp_path, monkeypatch):
    for difference in (0.5, float("nan")):
        monkeypatch.setattr("engine.onnx_file.largest_difference", lambda *_, d=difference: d)
        with pytest.raises(ProblemError, match="it was not written"):
            write_onnx(tmp_path / "a.onnx", weights, tmp_path)
    assert not (tmp_path / "a.onnx").exists()


def test_missing_packages_get_one_sentence(weights, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "onnxscript" else name)

    with pytest.raises(ProblemError) as refused:
        write_onnx(tmp_path / "a.onnx", weights, tmp_path)

    assert str(refused.value) == (
        "ONNX needs packages that are not installed: onnxscript. Install them with: "
        "pip install onnx onnxscript onnxruntime"
    )


@pytest.mark.exports
@with_onnx
def test_weights_too_large_for_the_format_are_refused(weights, monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 1000)

    with pytest.raises(ProblemError, match="an ONNX file of one piece holds 1 kB at most"):
        module.onnx_content(network_of(weights), (1, 8, 8), {})
