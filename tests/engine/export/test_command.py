from __future__ import annotations

import pytest

from engine import cli
from engine.export.script import FRAMEWORKS, script
from engine.project.presets import preset


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_export_prints_the_script(framework, capsys):
    assert cli.main(["export", "mlp-128", "--to", framework]) == cli.DONE

    assert capsys.readouterr().out == script(preset("mlp-128"), framework).text


def test_export_writes_the_script_to_a_file(tmp_path, capsys):
    file = tmp_path / "new folder" / "script.py"

    assert cli.main(["export", "mlp-128", "--to", "keras", "--out", str(file)]) == cli.DONE

    assert file.read_text(encoding="utf-8") == script(preset("mlp-128"), "keras").text
    assert not capsys.readouterr().out


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
