from __future__ import annotations

import os

import numpy as np
import pytest

from engine import cli
from engine.data.load import inspect
from engine.export.notebook import notebook
from engine.export.script import FRAMEWORKS, script
from engine.project.layers import Conv2d
from engine.project.presets import preset
from engine.project.sources import NpzFile
from engine.store.projects import save_project


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_export_prints_the_script(framework, capsys):
    assert cli.main(["export", "mlp-128", "--to", framework]) == cli.DONE

    assert capsys.readouterr().out == script(preset("mlp-128"), framework).text


def test_export_writes_the_script_to_a_file(tmp_path, capsys):
    file = tmp_path / "new folder" / "script.py"

    assert cli.main(["export", "mlp-128", "--to", "keras", "--out", str(file)]) == cli.DONE

    assert file.read_text(encoding="utf-8") == script(preset("mlp-128"), "keras").text
    assert not capsys.readouterr().out


def test_export_prints_and_writes_a_notebook(tmp_path, capsys):
    file = tmp_path / "mlp.ipynb"
    wanted = notebook(script(preset("mlp-128"), "pytorch").text)

    assert cli.main(["export", "mlp-128", "--to", "notebook"]) == cli.DONE
    assert cli.main(["export", "mlp-128", "--to", "notebook", "--out", str(file)]) == cli.DONE

    assert capsys.readouterr().out == file.read_text(encoding="utf-8") == wanted


@pytest.fixture
def own_project(tmp_path):
    """Save a project on a person's own files, and give both."""
    files = tmp_path / "mine.npz"
    images = np.random.default_rng(0).integers(0, 256, (60, 8, 8), np.uint8)
    np.savez(files, data=images, target=np.arange(60) % 3)
    source = inspect(NpzFile, files)
    project = preset("digits-mlp").set_data(source=source, validation=0.2)
    save_project(tmp_path / "mine.json", project.set_training(batch_size=4))
    return tmp_path / "mine.json", files


def test_a_persons_files_are_looked_at(own_project, capsys):
    path, _ = own_project

    assert cli.main(["export", str(path), "--to", "pytorch"]) == cli.DONE

    told = capsys.readouterr()
    assert 'archive["target"]' in told.out
    assert "usually" not in told.out
    assert not told.err


def test_of_files_that_are_gone_the_usual_layout_is_assumed_and_said(own_project, capsys):
    path, files = own_project
    files.unlink()

    assert cli.main(["export", str(path), "--to", "pytorch"]) == cli.DONE

    told = capsys.readouterr()
    assert "as they are usually laid out" in told.out
    assert str(files) in told.err
    assert "usually laid out" in told.err


def test_a_gap_is_left_only_where_it_is_asked_for(monkeypatch, capsys):
    monkeypatch.delattr(Conv2d, "keras_calls")

    assert cli.main(["export", "cnn-small", "--to", "keras"]) == cli.WRONG
    assert "conv2d_1" in capsys.readouterr().err
    assert cli.main(["export", "cnn-small", "--to", "keras", "--gaps"]) == cli.DONE
    assert 'Gap("Convolution 2D", name="conv2d_1")' in capsys.readouterr().out


def test_a_link_is_kept_and_what_it_leads_to_is_written(tmp_path):
    script_file, link = tmp_path / "script.py", tmp_path / "link.py"
    script_file.touch()
    link.symlink_to(script_file)

    assert cli.main(["export", "mlp-128", "--to", "keras", "--out", str(link)]) == cli.DONE

    assert link.is_symlink()
    assert "import keras" in script_file.read_text(encoding="utf-8")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes")
def test_a_pipe_is_left_alone(tmp_path, capsys):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    assert cli.main(["export", "mlp-128", "--to", "keras", "--out", str(pipe)]) == cli.WRONG

    assert "it is a pipe or a device" in capsys.readouterr().err
    assert pipe.is_fifo()


@pytest.mark.parametrize("form", ["keras", "notebook"])
def test_a_folder_is_no_file_to_write(tmp_path, form, capsys):
    assert cli.main(["export", "mlp-128", "--to", form, "--out", str(tmp_path)]) == cli.WRONG

    told = capsys.readouterr().err
    assert (
        told
        == f"layerscope: {tmp_path} could not be saved: it is a folder. Save under another name.\n"
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nothing", "--to", "keras"], "There is no file and no preset named nothing"),
        (["mlp-128", "--to", "jax"], "invalid choice"),
        (["mlp-128"], "--to"),
        (["mlp-128", "--to", "keras", "--out", "/dev/null/x.py"], "could not be saved"),
    ],
)
def test_what_is_wrong_is_one_sentence(arguments, sentence, capsys):
    assert cli.main(["export", *arguments]) == cli.WRONG

    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1
