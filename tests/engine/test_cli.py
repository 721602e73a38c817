"""The command line as people, scripts and shells meet it."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from engine import cli
from engine.data import load
from engine.problems import Problem
from engine.project.layers import Dense, Flatten
from engine.project.losses import CrossEntropy
from engine.project.presets import preset, presets
from engine.project.project import Project
from engine.store.projects import load_project, save_project
from engine.store.runs import LOG, read_log
from engine.training import run as run_module
from engine.training.control import Control
from engine.training.events import EpochDone
from engine.training.run import run

ROOT = Path(__file__).parents[2]
SCRIPT = "import sys; from engine.cli import main; sys.exit(main(sys.argv[1:]))"
SHOWING_MODULES = """
import sys
from engine.cli import main
code = main(sys.argv[1:])
print("\\n", *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
sys.exit(code)
"""
QUICK = ("--epochs", "1", "--threads", "1", "--device", "cpu")
posix_only = pytest.mark.skipif(os.name != "posix", reason="signals and pipes of POSIX")


@pytest.fixture
def layerscope(capsys):
    """Run a command here: its exit code, stdout and stderr."""

    def call(*arguments):
        code = cli.main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return call


def without_clock(result):
    return {
        name: value
        for name, value in result.items()
        if name not in ("run", "seconds", "images_per_second")
    }


# ---- train


def test_the_result_is_one_object(layerscope, tmp_path):
    code, out, _ = layerscope("train", "digits-mlp", *QUICK, "--json", "--run-dir", tmp_path / "a")

    result = json.loads(out)
    lines = list(read_log(tmp_path / "a"))
    epoch = next(line for line in lines if line["event"] == "EpochDone")
    assert code == 0
    assert without_clock(result) == {
        "epochs": 1,
        "parameters": preset("digits-mlp").parameters,
        "train_accuracy": epoch["accuracy"],
        "validation_accuracy": epoch["validation_accuracy"],
        "test_accuracy": lines[-1]["test_accuracy"],
    }
    assert result["run"] == str(tmp_path / "a")
    assert result["images_per_second"] == pytest.approx(1149 / result["seconds"], rel=0.05)


def test_people_get_a_few_lines(layerscope, tmp_path):
    code, out, _ = layerscope("train", "digits-mlp", *QUICK, "--run-dir", tmp_path / "a")

    accuracy, size, folder = out.splitlines()
    assert code == 0
    assert re.fullmatch(r"Accuracy: train .*%, validation .*%, test .*%\.", accuracy)
    assert size.startswith(f"Epochs: 1, parameters: {preset('digits-mlp').parameters:,}, seconds: ")
    assert folder == f"Kept in {tmp_path / 'a'}"


def test_the_bar_goes_to_stderr(layerscope):
    load._last.clear()  # what another test has read would not be read, nor shown, again

    _, out, err = layerscope("train", "digits-mlp", *QUICK)

    assert "loading" in err
    for word in ("epoch 1/1", "1.15k/1.15k", "images/s", "loss ", "accuracy "):
        assert word in err
        assert word not in out


def test_later_epochs_show_the_validation_accuracy(layerscope):
    _, _, err = layerscope("train", "digits-mlp", *QUICK, "--epochs", "2")

    assert "validation " in err.splitlines()[-1]


def test_the_same_seed_gives_the_same_numbers(layerscope):
    results = [
        without_clock(json.loads(layerscope("train", "digits-mlp", *QUICK, "--json")[1]))
        for _ in range(2)
    ]

    assert results[0] == results[1]


def test_numbers_are_those_of_the_engine(layerscope):
    _, out, _ = layerscope("train", "digits-mlp", *QUICK, "--seed", "3", "--json")

    project = preset("digits-mlp").set_training(epochs=1, seed=3, device="cpu")
    *_, end = run(project, Control(), threads=1)
    assert json.loads(out)["test_accuracy"] == end.test_accuracy


def test_a_run_goes_to_a_new_folder_at_home(layerscope, own_home):
    _, out, _ = layerscope("train", "digits-mlp", *QUICK, "--json")

    folder = Path(json.loads(out)["run"])
    assert folder.parent == own_home / "runs"
    assert (folder / "last.safetensors").exists()


def test_a_folder_is_told_in_full(layerscope, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    _, out, _ = layerscope("train", "digits-mlp", *QUICK, "--json", "--run-dir", "here")

    assert json.loads(out)["run"] == str(tmp_path / "here")


def test_options_replace_the_projects_settings(layerscope, tmp_path):
    layerscope("train", "digits-mlp", *QUICK, "--seed", "7", "--run-dir", tmp_path / "a")

    kept = load_project(tmp_path / "a" / "project.json")
    line = next(read_log(tmp_path / "a"))
    assert kept == preset("digits-mlp").set_training(epochs=1, seed=7, device="cpu")
    assert line["threads"] == 1


def test_a_project_file_is_trained(layerscope, tmp_path):
    project = Project(title="mine").insert(0, Flatten(), Dense(units=3))
    save_project(tmp_path / "mine.layerscope.json", project)

    code, out, _ = layerscope("train", tmp_path / "mine.layerscope.json", *QUICK, "--json")

    assert code == 0
    assert json.loads(out)["parameters"] == 65 * 3 + 4 * 10


def test_data_are_looked_for_in_the_folder_given(layerscope, tmp_path, monkeypatch):
    monkeypatch.delenv("LAYERSCOPE_DATA", raising=False)

    code, out, err = layerscope("train", "mlp-128", "--data", tmp_path / "mine")

    assert (code, out) == (1, "")
    assert err.startswith(f"layerscope: MNIST is not in the data folder {tmp_path / 'mine'}")


def test_notes_on_the_data_are_told(layerscope, monkeypatch):
    real = run_module.load

    def load(*arguments):
        return replace(real(*arguments), notes=(Problem("{n} pictures are odd.", n=1200),))

    monkeypatch.setattr(run_module, "load", load)

    code, _, err = layerscope("train", "digits-mlp", *QUICK)

    assert code == 0
    assert "layerscope: 1,200 pictures are odd.\n" in err


def test_a_run_that_can_not_be_kept_is_told_and_trained(layerscope, tmp_path):
    (tmp_path / "file").write_text("")

    code, out, err = layerscope(
        "train", "digits-mlp", *QUICK, "--json", "--run-dir", tmp_path / "file" / "run"
    )

    assert code == 0
    assert json.loads(out)["test_accuracy"] > 0
    assert "layerscope: This run is no longer kept on disk" in err


def test_an_error_of_the_program_fails_with_its_traceback(layerscope, monkeypatch):
    monkeypatch.setattr(CrossEntropy, "of", lambda *_: 1 / 0)

    code, out, err = layerscope("train", "digits-mlp", *QUICK)

    assert (code, out) == (1, "")
    assert "Traceback" in err
    assert err.splitlines()[-1].startswith("Training broke off by an error of the program")


# ---- wrong usage


WRONG = [
    ([], "the following arguments are required: COMMAND; see layerscope --help."),
    (["fly"], "invalid choice: 'fly'"),
    (["train"], "the following arguments are required: PROJECT; see layerscope train --help."),
    (["train", "digits-mlp", "--fast"], "unrecognized arguments: --fast"),
    (["train", "digits-mlp", "--epoch", "3"], "unrecognized arguments: --epoch 3"),
    (["train", "digits-mlp", "--epochs"], "argument --epochs: expected one argument"),
    (["train", "none"], "There is no file and no preset named none. The presets are digits-mlp, "),
    (["train", "."], ". can't be opened. It is a folder."),
    (["train", "digits-mlp", "--epochs", "0"], "Epochs must be 1 or more, but it is '0'."),
    (["train", "digits-mlp", "--epochs", "x"], "Epochs must be a whole number, but it is 'x'."),
    (["train", "digits-mlp", "--epochs", "1.5"], "Epochs must be a whole number"),
    (["train", "digits-mlp", "--seed", "-1"], "Seed must be 0 or more, but it is '-1'."),
    (["train", "digits-mlp", "--device", "toaster"], "Device must be 'auto', 'cpu', "),
    (["train", "digits-mlp", "--threads", "0"], "threads: must be a whole number from 1 to 1,024"),
    (["train", "digits-mlp", "--threads", "x"], "threads: must be a whole number from 1 to 1,024"),
    (["train", "digits-mlp", "--threads", "-2"], "threads: must be a whole number from 1 to 1,024"),
    (["train", "digits-mlp", "--threads", "9" * 5000], "threads: must be a whole number from 1"),
    (["export", "digits-mlp"], "the following arguments are required: --to"),
    (["export", "digits-mlp", "--to", "tea"], "invalid choice: 'tea'"),
    (["doctor", "digits-mlp"], "unrecognized arguments: digits-mlp"),
]


@pytest.mark.parametrize(
    ("arguments", "sentence"), WRONG, ids=lambda value: " ".join(value)[:40].strip() or "nothing"
)
def test_wrong_usage_gets_one_sentence(layerscope, own_home, arguments, sentence):
    code, out, err = layerscope(*arguments)

    assert (code, out) == (2, "")
    assert err.startswith("layerscope: ")
    assert sentence in err
    assert err.count("\n") == 1
    assert list(own_home.iterdir()) == []


@pytest.mark.parametrize(
    ("project", "sentence"),
    [
        (Project(), "The network has no layers yet."),
        (Project().insert(0, Dense()), "Dense needs a row of numbers, but gets 1×8×8."),
        (Project().insert(0, Flatten(), Dense(units=10**9)), "Dense has 65,000,000,000 parameters"),
        (preset("digits-mlp").set_training(batch_size=5000), "The batch size of 5,000 is larger"),
    ],
    ids=lambda value: "" if isinstance(value, Project) else value[:20],
)
def test_a_project_that_can_not_be_trained_gets_one_sentence(
    layerscope, own_home, tmp_path, project, sentence
):
    save_project(tmp_path / "a.json", project)

    code, out, err = layerscope("train", tmp_path / "a.json")

    assert (code, out) == (2, "")
    assert err.startswith(f"layerscope: {sentence}")
    assert err.count("\n") == 1
    assert list(own_home.iterdir()) == []


def test_a_device_that_is_not_there_gets_one_sentence(layerscope, own_home, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    code, out, err = layerscope("train", "digits-mlp", "--device", "cuda")

    assert (code, out) == (2, "")
    assert err == (
        "layerscope: This machine has no cuda device that PyTorch can use. Choose auto or cpu.\n"
    )
    assert list(own_home.iterdir()) == []


def test_a_folder_that_holds_a_run_is_refused(layerscope, tmp_path):
    layerscope("train", "digits-mlp", *QUICK, "--run-dir", tmp_path)
    before = (tmp_path / LOG).read_bytes()

    code, _, err = layerscope("train", "digits-mlp", *QUICK, "--run-dir", tmp_path)

    assert code == 2
    assert "holds a run already" in err
    assert (tmp_path / LOG).read_bytes() == before


# ---- help


# ---- go on, and repeat


@pytest.fixture
def cut_off(layerscope, tmp_path, monkeypatch):
    """Train until a signal after the first epoch; give the folder."""
    folder = tmp_path / "cut"

    def stop_after_an_epoch(*arguments, **options):
        for event in run(*arguments, **options):
            yield event
            if isinstance(event, EpochDone):
                os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(cli.train, "run_project", stop_after_an_epoch)
        code, *_ = layerscope("train", "digits-mlp", *QUICK, "--epochs", "3", "--run-dir", folder)
    assert code == 143
    return folder


@posix_only
def test_a_run_goes_on_to_the_same_end(layerscope, cut_off, tmp_path):
    three = ("digits-mlp", *QUICK, "--epochs", "3", "--json")

    code, out, _ = layerscope("train", *three, "--run-dir", cut_off, "--resume")

    whole = layerscope("train", *three, "--run-dir", tmp_path / "whole")[1]
    assert code == 0
    assert without_clock(json.loads(out)) == without_clock(json.loads(whole))


@posix_only
def test_a_run_of_another_project_does_not_go_on(layerscope, cut_off):
    code, _, err = layerscope("train", "digits-mlp", *QUICK, "--run-dir", cut_off, "--resume")

    assert code == 2
    assert "another project" in err


def test_a_run_that_is_over_is_told_once_more(layerscope, tmp_path):
    command = ("train", "digits-mlp", *QUICK, "--run-dir", tmp_path / "a", "--resume", "--json")
    first = layerscope(*command)

    code, out, _ = layerscope(*command)

    assert code == first[0] == 0
    assert without_clock(json.loads(out)) == without_clock(json.loads(first[1]))


def test_to_go_on_needs_a_folder(layerscope):
    code, _, err = layerscope("train", "digits-mlp", *QUICK, "--resume")

    assert code == 2
    assert "--run-dir" in err


def test_a_run_is_verified(layerscope, tmp_path):
    layerscope("train", "digits-mlp", *QUICK, "--run-dir", tmp_path / "a")

    code, out, _ = layerscope("verify", tmp_path / "a", "--json")

    assert code == 0
    assert json.loads(out)["equal"]


def test_a_number_that_was_changed_is_found(layerscope, tmp_path):
    layerscope("train", "digits-mlp", *QUICK, "--run-dir", tmp_path / "a")
    log = tmp_path / "a" / LOG
    log.write_text(log.read_text().replace('"test_accuracy": 0.', '"test_accuracy": 0.1'))

    code, out, _ = layerscope("verify", tmp_path / "a")

    assert code == 1
    assert "Test accuracy was 0.1" in out


def test_a_folder_without_a_run_is_not_verified(layerscope, tmp_path):
    code, out, err = layerscope("verify", tmp_path)

    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1


def test_help_tells_of_the_window_and_every_command(layerscope):
    code, out, err = layerscope("--help")

    assert (code, err) == (0, "")
    assert "layerscope [PROJECT]" in out
    assert "open the window" in out
    assert all(command in out for command in cli.COMMANDS)
    assert all(name in "".join(out.split()) for name in presets())  # lines break at hyphens


def test_help_on_a_command_tells_of_its_options(layerscope):
    code, out, _ = layerscope("train", "--help")

    assert code == 0
    for option in ("--data", "--run-dir", "--epochs", "--seed", "--device", "--threads", "--json"):
        assert option in out


def test_the_version_is_told(layerscope):
    code, out, _ = layerscope("--version")

    assert code == 0
    assert re.fullmatch(r"layerscope \d+\.\d+\.\d+\n", out)


# ---- interrupted


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)
def test_a_signal_ends_the_training_and_keeps_the_run(
    layerscope, tmp_path, monkeypatch, number, code
):
    show = cli.bar.Bar.show

    def interrupted(bar, event, run):
        if isinstance(event, EpochDone) and event.epoch == 2:
            signal.raise_signal(number)
        show(bar, event, run)

    monkeypatch.setattr(cli.bar.Bar, "show", interrupted)

    ended, out, _ = layerscope(
        "train", "digits-mlp", *QUICK, "--epochs", "50", "--json", "--run-dir", tmp_path
    )

    result = json.loads(out)
    assert ended == code
    assert (result["epochs"], result["test_accuracy"]) == (2, None)
    assert result["validation_accuracy"] > 0
    assert (tmp_path / "last.safetensors").exists()
    assert list(read_log(tmp_path))[-1]["reason"] == "stopped"


def test_a_stop_while_images_are_read_has_no_figures(layerscope, monkeypatch):
    def load(data, seed, folder, progress):
        signal.raise_signal(signal.SIGINT)
        progress(0, 1)

    monkeypatch.setattr(run_module, "load", load)

    code, out, _ = layerscope("train", "digits-mlp", *QUICK, "--json")

    result = json.loads(out)
    assert code == 130
    assert (result["epochs"], result["train_accuracy"], result["seconds"]) == (0, None, 0)
    assert result["images_per_second"] is None


def test_a_stop_is_told_in_words(layerscope, monkeypatch):
    def load(data, seed, folder, progress):
        signal.raise_signal(signal.SIGINT)
        progress(0, 1)

    monkeypatch.setattr(run_module, "load", load)

    _, out, _ = layerscope("train", "digits-mlp", *QUICK)

    assert "Accuracy: not measured." in out


def test_signals_are_as_before_afterwards(layerscope):
    before = [signal.getsignal(number) for number in cli.stopping.SIGNALS]

    layerscope("train", "digits-mlp", *QUICK)

    assert [signal.getsignal(number) for number in cli.stopping.SIGNALS] == before


@pytest.fixture(scope="module")
def interrupted_program(tmp_path_factory):
    """Start a training as a program of its own, press Ctrl+C, and give its end and its folder."""
    if os.name != "posix":
        pytest.skip("signals of POSIX")
    folder = tmp_path_factory.mktemp("interrupted") / "run"
    arguments = ["digits-mlp", *QUICK, "--epochs", "100000", "--json", "--run-dir", str(folder)]
    with subprocess.Popen(
        [sys.executable, "-c", SHOWING_MODULES, "train", *arguments],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as program:
        until = time.monotonic() + 120
        while not (folder / LOG).exists() and time.monotonic() < until:
            time.sleep(0.02)
        program.send_signal(signal.SIGINT)
        out, err = program.communicate(timeout=120)
    return program.returncode, out, err, folder


def test_ctrl_c_in_a_terminal_keeps_the_run(interrupted_program):
    code, out, _, folder = interrupted_program

    assert code == 130
    assert json.loads(out)["test_accuracy"] is None
    assert (folder / "last.safetensors").exists()


def test_training_loads_no_window(interrupted_program):
    _, _, err, _ = interrupted_program

    modules = err.splitlines()[-1].split()
    assert {"engine", "torch"} <= set(modules)
    assert not {"PySide6", "shiboken6", "pyqtgraph", "gui"} & set(modules)


STUBBORN = """
import time
from engine.cli.stopping import stopping
from engine.training.control import Control
control = Control()
with stopping(control):
    print("ready", flush=True)
    while not control.stopped:
        time.sleep(0.01)
    print("asked to stop", flush=True)
    time.sleep(600)
"""


@posix_only
@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_kills_at_once(second):
    with subprocess.Popen(
        [sys.executable, "-c", STUBBORN], cwd=ROOT, text=True, stdout=subprocess.PIPE
    ) as program:
        assert program.stdout.readline() == "ready\n"
        program.send_signal(signal.SIGINT)
        assert program.stdout.readline() == "asked to stop\n"
        program.send_signal(second)
        assert program.wait(timeout=60) == -second


# ---- pipes and other programs


@posix_only
def test_a_reader_who_leaves_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)
    try:
        program = subprocess.run(
            [sys.executable, "-c", SCRIPT, "--help"],
            cwd=ROOT,
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
        )
    finally:
        os.close(writer)

    assert (program.returncode, program.stderr) == (0, "")


@posix_only
def test_what_follows_for_a_reader_who_has_left_goes_nowhere():
    reader, writer = os.pipe()
    os.close(reader)

    with os.fdopen(writer, "w") as stream:
        for _ in range(3):
            cli.write(stream, "for nobody\n")
        stream.write("nor this")


@posix_only
def test_a_reader_of_the_bar_who_leaves_does_not_end_the_training(layerscope, monkeypatch):
    reader, writer = os.pipe()
    os.close(reader)

    with os.fdopen(writer, "w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        code, out, _ = layerscope("train", "digits-mlp", *QUICK, "--json")

    assert code == 0
    assert json.loads(out)["test_accuracy"] > 0


def test_what_a_terminal_can_not_write_is_escaped():
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")

    cli.write(terminal, "Kept in 跑\n")

    assert terminal.buffer.getvalue() == b"Kept in \\u8dd1" + os.linesep.encode()


def test_doctor_is_a_command(layerscope):
    code, out, _ = layerscope("doctor")

    lines = out.splitlines()
    assert code == int(any(line.startswith("!!") for line in lines))
    assert lines[0].startswith("ok Python 3.")
