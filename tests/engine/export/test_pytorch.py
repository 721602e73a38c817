"""The PyTorch script, executed: its module, its training and its numbers are ours."""

from __future__ import annotations

import gzip
import subprocess
import sys
from importlib.util import find_spec

import pytest
import torch

from engine.data.idx import find_pair, home
from engine.data.idx_format import is_packed
from engine.data.load import load
from engine.export import augment
from engine.export.pytorch import torch_options
from engine.export.schedules import factor
from engine.export.script import script
from engine.places import data_folder
from engine.project.presets import preset, presets
from engine.project.sources import Mnist
from engine.training import augment as engines
from engine.training.control import Control
from engine.training.network import build
from engine.training.run import run as run_project
from tests.engine.export.projects import EVERY, NETWORKS, OPTIMIZERS, SCHEDULES
from tests.engine.export.running import (
    NETWORK,
    TRAINING,
    between,
    run,
    run_without_drawing,
)


def module_of(project):
    """Build the module by the script's own lines."""
    text = between(script(project, "pytorch").text, NETWORK, TRAINING)
    imports = "from collections import OrderedDict\nimport torch\nfrom torch import nn\n"
    seed = project.training.seed
    return run(imports + text, SEED=seed, device=torch.device("cpu"))["model"]


@pytest.mark.parametrize("name", [*presets(), *NETWORKS])
def test_the_module_is_ours(name):
    project = {**presets(), **NETWORKS}[name]
    torch.manual_seed(project.training.seed)
    ours = build(project)

    theirs = module_of(project)

    assert str(theirs) == str(ours)
    assert list(theirs.state_dict()) == list(ours.state_dict())
    for key, value in ours.state_dict().items():
        assert torch.equal(theirs.state_dict()[key], value)  # the seed gives the same weights
    frozen = [not weights.requires_grad for weights in ours.parameters()]
    assert [not weights.requires_grad for weights in theirs.parameters()] == frozen


@pytest.mark.parametrize("name", NETWORKS)
def test_our_weights_give_our_outputs(name):
    project = NETWORKS[name]
    ours, theirs = build(project).eval(), module_of(project).eval()
    theirs.load_state_dict(ours.state_dict())
    images = torch.rand(5, *project.input_shape)

    torch.testing.assert_close(theirs(images), ours(images), rtol=0, atol=1e-6)


LONG = (
    "augmented",
    "augmented blocks",
    "lone last image",
)  # image by image, and in many small batches
TRAINED = [pytest.param(name, marks=pytest.mark.slow if name in LONG else ()) for name in EVERY]


@pytest.mark.parametrize("name", TRAINED)
def test_it_trains_and_tests(name, capsys):
    project = EVERY[name]
    if name not in LONG:
        project = project.set_training(batch_size=256)  # a few steps tell enough

    names = run_without_drawing(script(project, "pytorch").text)

    told = capsys.readouterr().out
    assert f"epoch {project.training.epochs}: loss" in told
    assert "test: loss" in told
    assert 0 <= names["test_accuracy"] <= 1
    assert len(names["predicted"]) == 360


def test_the_penalty_is_ours():
    names = run_without_drawing(script(EVERY["two penalties"], "pytorch").text)

    expected = 0.01 * (names["model"].dense_1.weight ** 2).sum()
    torch.testing.assert_close(names["penalty"](), expected)


def test_it_learns_the_digits():
    project = preset("digits-mlp").set_training(epochs=6)

    names = run_without_drawing(script(project, "pytorch").text)

    assert names["test_accuracy"] > 0.9


@pytest.mark.slow
@pytest.mark.mnist
def test_it_is_as_good_as_the_engine_on_mnist(tmp_path, monkeypatch):
    project = preset("mlp-128").set_training(epochs=3, batch_size=128, device="cpu")
    place = home(Mnist(), data_folder())
    raw = tmp_path / "data" / "MNIST" / "raw"  # where torchvision looks before it downloads
    raw.mkdir(parents=True)
    for part in ("train", "t10k"):
        pair = find_pair(place, part)
        for file, kind in ((pair.images, "images-idx3"), (pair.labels, "labels-idx1")):
            content = gzip.decompress(file.read_bytes()) if is_packed(file) else file.read_bytes()
            (raw / f"{part}-{kind}-ubyte").write_bytes(content)
    monkeypatch.chdir(tmp_path)

    names = run_without_drawing(script(project, "pytorch").text)

    *_, end = run_project(project, Control(), data=data_folder(), folder=tmp_path / "run")
    assert names["test_accuracy"] == pytest.approx(end.test_accuracy, abs=0.005)
    assert end.test_accuracy > 0.95


@pytest.mark.parametrize("seed", [0, 3])
def test_the_split_is_ours(seed, tmp_path):
    project = NETWORKS["standardised"].set_training(seed=seed)
    dataset = load(project.data, seed, tmp_path)

    names = run_without_drawing(script(project, "pytorch").text)

    for part, of in (("train", "training"), ("validation", "validation"), ("test", "test")):
        ours = dataset.split(of).images
        theirs = names[f"{part}_images"]
        assert sorted(image.tobytes() for image in theirs) == sorted(i.tobytes() for i in ours)
    standardised = dataset.standardised(dataset.test.images)
    torch.testing.assert_close(
        names["test_set"].tensors[0], torch.from_numpy(standardised), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_optimizer_is_ours(name):
    optimizer, weight = OPTIMIZERS[name], torch.nn.Parameter(torch.zeros(1))
    ours = optimizer.build([weight]).defaults

    theirs = getattr(torch.optim, optimizer.torch_name)([weight], **torch_options(optimizer))

    speed = {"fused", "foreach"}
    assert {key: theirs.defaults[key] for key in ours if key not in speed} == {
        key: value for key, value in ours.items() if key not in speed
    }


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_schedule_is_ours(name):
    schedule, steps = SCHEDULES[name], 60
    text = "import math\n" + "\n".join(part.text for part in factor(schedule))

    theirs = run(text, steps=steps)["factor"]

    ours = [schedule.factor(step / steps) for step in range(steps)]
    assert [theirs(step) for step in range(steps)] == pytest.approx(ours)


def test_erased_shapes_and_elastic_smoothness_are_ours():
    assert (augment.MOST_OBLONG, augment.SMOOTHNESS) == (engines.MOST_OBLONG, engines.SMOOTHNESS)


def test_the_whole_script_draws_the_mistakes(tmp_path):
    if find_spec("matplotlib") is None:
        pytest.skip("matplotlib, which the drawing needs, is not installed")
    file = tmp_path / "script.py"
    file.write_text(script(EVERY["dense"], "pytorch").text, encoding="utf-8")

    code = f"import matplotlib; matplotlib.use('Agg'); exec(open({str(file)!r}).read())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "test images are wrong" in done.stdout
