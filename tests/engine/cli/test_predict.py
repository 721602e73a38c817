"""layerscope predict, and training from weights, as a terminal meets them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from engine import cli
from engine.export.onnx import PACKAGES
from engine.project.presets import preset
from engine.store.projects import save_project
from engine.store.runs import START
from engine.store.weights import project_in

QUICK = ("--epochs", "6", "--threads", "1", "--device", "cpu")


@pytest.fixture
def layerscope(capsys):
    def call(*arguments):
        code = cli.main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return call


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a run on the bundled digits."""
    path = tmp_path_factory.mktemp("trained") / "run"
    assert cli.main(["train", "digits-mlp", *QUICK, "--run-dir", str(path)]) == 0
    return path


@pytest.fixture
def pictures(tmp_path):
    """Digits as a person has them: large, and dark on light."""
    found = []
    for digit in (0, 1, 4):
        pixels = 255 - np.kron(load_digits().images[digit] * 15.9, np.ones((20, 20)))
        found.append(tmp_path / f"{digit}.png")
        Image.fromarray(pixels.astype(np.uint8)).convert("RGB").save(found[-1])
    return found


def test_digits_are_recognised(layerscope, folder, pictures):
    code, out, _ = layerscope("predict", folder, *pictures)

    assert code == 0
    for line, path in zip(out.splitlines(), pictures, strict=True):
        assert line.startswith(f"{path}: {path.stem} ")
        assert line.endswith("(inverted, as the run's own images are)")
        assert line.count("%") == 3


def test_json_is_a_line_for_each_picture(layerscope, folder, pictures):
    _, out, _ = layerscope("predict", folder, "--json", "--weights", "last", pictures[0].parent)

    told = [json.loads(line) for line in out.splitlines()]
    assert [(one["file"], one["class"]) for one in told] == [
        (str(path), path.stem) for path in pictures
    ]
    for one in told:
        assert one["inverted"]
        assert 1 >= one["probability"] >= one["next"][0]["probability"]
        assert len(one["next"]) == 2


def test_a_file_of_weights_answers_as_its_run(layerscope, folder, pictures):
    from_file = layerscope("predict", folder / "best.safetensors", *pictures)

    assert from_file == layerscope("predict", folder, *pictures)


def test_what_is_no_picture_ends_with_2_and_the_rest_is_answered(layerscope, folder, pictures):
    bad = pictures[0].with_name("bad.png")
    bad.write_bytes(b"?")

    code, out, err = layerscope("predict", folder, bad, pictures[1])

    assert code == 2
    assert f"{pictures[1]}: 1 " in out
    assert err.startswith(f"layerscope: {bad} is no picture")


def test_what_is_no_run_gets_one_sentence(layerscope, tmp_path):
    code, out, err = layerscope("predict", tmp_path, tmp_path)

    assert (code, out) == (2, "")
    assert "holds no weights" in err


# ---- onnx


@pytest.mark.exports
def test_a_run_becomes_an_onnx_model(layerscope, folder, tmp_path):
    for name in PACKAGES:
        pytest.importorskip(name, reason="ONNX is an extra: pip install layerscope[onnx]")
    path = tmp_path / "a.onnx"

    code, out, _ = layerscope("export", folder, "--to", "onnx", "--out", path)

    assert code == 0
    assert out.startswith(f"Written to {path}. Its scores for 64 images of noise differ")
    assert path.stat().st_size > 10_000


def test_onnx_needs_a_file_to_write(layerscope, folder):
    code, _, err = layerscope("export", folder, "--to", "onnx")

    assert code == 2
    assert "--to onnx needs --out" in err


# ---- train from weights


def test_training_starts_from_weights_and_says_what_it_takes(layerscope, folder, tmp_path):
    command = ("train", "digits-mlp", "--epochs", "1", "--threads", "1", "--device", "cpu")
    place = ("--run-dir", tmp_path / "warm")

    code, out, err = layerscope(*command, *place, "--weights", folder, "--json")

    cold = json.loads(layerscope(*command, "--json")[1])
    assert code == 0
    assert "Layers that take the weights over: dense_1, output." in err
    assert (tmp_path / "warm" / START).exists()
    assert json.loads(out)["validation_accuracy"] > cold["validation_accuracy"]
    assert layerscope("verify", tmp_path / "warm")[0] == 0


def test_weights_that_do_not_fit_begin_no_run(layerscope, folder, tmp_path):
    other = tmp_path / "other.json"
    save_project(other, preset("digits-mlp").set_layer("dense_1", units=7))

    code, _, err = layerscope("train", other, "--run-dir", tmp_path / "a", "--weights", folder)

    assert code == 2
    assert "No layer of this network can start from the weights" in err
    assert not (tmp_path / "a").exists()


def test_a_runs_weights_open_as_its_project(folder):
    assert project_in(folder / "best.safetensors").title
