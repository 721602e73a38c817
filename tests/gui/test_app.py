from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, QTimer

from engine.data import load
from engine.places import data_folder
from engine.problems import ProblemError
from engine.project.presets import FIRST, preset
from engine.store.projects import save_project
from engine.store.runs import read_log
from gui import app as program
from gui.background import Task
from gui.views.curves import CurvesView

ROOT = Path(__file__).parent.parent.parent
PATIENCE_SECONDS = 60

OPEN_AND_CLOSE = """
import gc, sys
from gui import app as program
from PySide6.QtCore import QTimer

keep_house = program.housekeeping

def housekeeping(app, window):
    app.processEvents()
    print("visible", window.isVisible())
    print("project", window.document.name)
    print("loaded", *sorted({"torch", "sklearn", "torchvision", "pyqtgraph"} & set(sys.modules)))
    keep_house(app, window)
    print("collector", gc.isenabled())
    QTimer.singleShot(0, window.close)

program.housekeeping = housekeeping
sys.exit(program.main(sys.argv[1:]))
"""

TRAIN = """
import sys
from gui import app as program
from PySide6.QtCore import QTimer

keep_house = program.housekeeping

def housekeeping(app, window):
    keep_house(app, window)
    window.document.edit("Epochs", window.document.project.set_training(epochs=100_000))
    window.session.run_changed.connect(
        lambda run, kinds: "epoch" in kinds and print("training", window.session.folder, flush=True)
    )
    window.running.train()

program.housekeeping = housekeeping
sys.exit(program.main([]))
"""


def environment(**changes: str | None) -> dict[str, str]:
    """Give the environment with changes; None takes a variable away."""
    merged = {**os.environ, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def run(*arguments, **changes):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment(**changes),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


@pytest.fixture
def command_line(monkeypatch):
    """Stand in for the command line and for the window, and remember what they got."""
    got = []
    monkeypatch.setattr("engine.cli.main", lambda arguments: got.append(("cli", arguments)) or 7)
    monkeypatch.setattr(program, "open_window", lambda name: got.append(("window", name)) or 8)
    return got


@pytest.mark.parametrize(
    "arguments",
    [["train", "digits-mlp"], ["train", "a", "b", "c"], ["doctor"], ["--help"], ["--version"],
     ["-h"], ["--nonsense"]],
)  # fmt: skip
def test_the_command_line_gets_its_commands_and_options(command_line, arguments):
    assert program.main(arguments) == 7
    assert command_line == [("cli", arguments)]


@pytest.mark.parametrize(
    ("arguments", "project"), [([], None), (["digits-mlp"], "digits-mlp"), (["a.json"], "a.json")]
)
def test_everything_else_opens_the_window(command_line, arguments, project):
    assert program.main(arguments) == 8
    assert command_line == [("window", project)]


def test_the_programs_own_arguments_are_taken(command_line, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["layerscope", "mlp-128"])

    program.main()

    assert command_line == [("window", "mlp-128")]


def test_two_projects_at_once_are_refused(command_line, capsys):
    assert program.main(["a.json", "b.json"]) == 2
    assert capsys.readouterr().err == "layerscope: one project at a time, please.\n"
    assert command_line == []


@pytest.mark.usefixtures("qapp")
def test_a_project_that_does_not_exist_is_told_in_a_sentence(capsys):
    assert program.main(["no-such-project"]) == 2

    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("layerscope: ")
    assert "no-such-project" in lines[0]


@pytest.mark.usefixtures("qapp")
def test_a_damaged_project_is_told_in_a_sentence(capsys, tmp_path):
    path = tmp_path / "bad.json"
    path.write_text("{")

    assert program.main([str(path)]) == 2

    assert len(capsys.readouterr().err.splitlines()) == 1


def test_missing_system_libraries_are_told_with_the_way_to_install_them(monkeypatch, capsys):
    monkeypatch.setattr("engine.platform_check.missing_qt_libraries", lambda: ["libegl1", "libgl1"])

    assert program.main([]) == 1

    assert capsys.readouterr().err.endswith("sudo apt-get install libegl1 libgl1\n")


def test_without_a_display_it_says_what_to_do_and_ends():
    result = run("-m", "gui.app", DISPLAY=None, WAYLAND_DISPLAY=None, QT_QPA_PLATFORM=None)

    assert result.returncode == 1
    assert result.stderr.startswith("layerscope: There is no display to open the window on.")
    assert len(result.stderr.splitlines()) == 1


def test_the_window_is_there_before_torch_is_loaded(own_home):
    result = run("-c", OPEN_AND_CLOSE, "mlp-128", LAYERSCOPE_HOME=str(own_home))

    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == [
        "visible True",
        f"project {preset('mlp-128').title}",
        "loaded",
        "collector False",
    ]
    assert "Traceback" not in result.stderr


def test_a_signal_ends_a_training_and_keeps_the_run(own_home):
    process = subprocess.Popen(
        [sys.executable, "-c", TRAIN],
        cwd=ROOT,
        env=environment(LAYERSCOPE_HOME=str(own_home)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        folder = Path(process.stdout.readline().removeprefix("training ").strip())
        process.send_signal(signal.SIGTERM)
        _, complaints = process.communicate(timeout=PATIENCE_SECONDS)
    finally:
        process.kill()
        process.wait()

    assert process.returncode == 128 + signal.SIGTERM, complaints
    assert "Traceback" not in complaints
    last = list(read_log(folder))[-1]
    assert (last["event"], last["reason"]) == ("Finished", "stopped")
    assert {"best.safetensors", "last.safetensors", "evaluation.npz"} <= {
        path.name for path in folder.iterdir()
    }


def test_the_exit_code_tells_which_signal_ended_it(window, monkeypatch, qtbot):
    codes, handlers, warm = [], {}, []
    monkeypatch.setattr(signal, "signal", handlers.__setitem__)
    monkeypatch.setattr(program, "warm_up", lambda _: warm.append(True))
    app = program.make_app()
    monkeypatch.setattr(app, "exit", codes.append)
    program.housekeeping(app, window)
    qtbot.waitUntil(lambda: bool(warm))

    for number in (signal.SIGINT, signal.SIGTERM):
        handlers[number](number, None)

    assert codes == [130, 143]


@pytest.mark.usefixtures("qapp")
def test_a_window_opens_with_the_first_lesson(make_window):
    assert make_window().document.project == preset(FIRST)


@pytest.mark.usefixtures("qapp")
def test_a_window_opens_with_a_preset(make_window):
    window = make_window("cnn-small")

    assert window.document.project == preset("cnn-small")
    assert not window.document.modified


@pytest.mark.usefixtures("qapp")
def test_a_window_opens_with_a_file_and_remembers_it(make_window, tmp_path):
    path = tmp_path / "mine.layerscope.json"
    save_project(path, preset("cnn-two"))

    window = make_window(str(path))

    assert window.document.project == preset("cnn-two")
    assert window.settings.recent == [path]


@pytest.mark.usefixtures("qapp")
def test_a_file_that_can_not_be_opened_makes_no_window(tmp_path):
    with pytest.raises(ProblemError):
        program.make_window(str(tmp_path / "none.json"))


@pytest.mark.usefixtures("qapp")
def test_numbers_have_a_point_whatever_the_desktop_speaks():
    QLocale.setDefault(QLocale(QLocale.Language.German))

    program.make_app()

    assert QLocale().decimalPoint() == "."


@pytest.mark.usefixtures("qapp")
def test_the_window_has_an_icon():
    assert not program.make_app().windowIcon().pixmap(32, 32).isNull()


def test_plots_and_libraries_are_loaded_behind_the_window(window, qtbot):
    program.warm_up(window)

    qtbot.waitUntil(lambda: bool(window.centralWidget().findChildren(CurvesView)))
    qtbot.waitUntil(
        lambda: not any(task.running for task in window.findChildren(Task)),
        timeout=1000 * PATIENCE_SECONDS,
    )
    assert {"torch.optim", "sklearn.model_selection"} <= set(sys.modules)
    qtbot.waitUntil(lambda: bool(_timers_at_work(window)))  # it collects garbage from now on
    for timer in _timers_at_work(window):
        timer.stop()


def test_pages_are_laid_out_behind_the_window_before_they_are_shown(window, qtbot):
    page = window.mistakes.gallery.parentWidget()
    assert page.size() != window.mistakes.waiting.size()

    program.rehearse_views(window)

    qtbot.waitUntil(lambda: page.size() == window.mistakes.waiting.size())
    assert page.isHidden()
    qtbot.waitUntil(lambda: not _timers_at_work(window))


def test_the_images_are_read_before_the_first_training_asks(monkeypatch):
    project, read = preset(FIRST), []
    load._last.clear()
    program.load_training(project)
    monkeypatch.setattr(load, "read", lambda *_: read.append(True))

    load.load(project.data, project.training.seed, data_folder())

    assert not read


def test_files_of_the_persons_own_are_left_to_train(project_of, monkeypatch):
    loaded = []
    monkeypatch.setattr(load, "load", lambda *_: loaded.append(True))

    program.load_training(project_of())

    assert not loaded


def test_an_unexpected_error_is_told_in_the_window(window, capsys):
    try:
        raise RuntimeError("boom")
    except RuntimeError as error:
        program.tell(window, type(error), error, error.__traceback__)

    assert "RuntimeError: boom" in window.banner.sentence.text()
    assert "boom" in capsys.readouterr().err


def test_leaving_does_not_wait_for_a_thread_at_work():
    script = (
        "import threading, time\n"
        "from gui.app import leave\n"
        "threading.Thread(target=time.sleep, args=(60,)).start()\n"
        "leave(3)\n"
    )

    done = subprocess.run([sys.executable, "-c", script], timeout=30, check=False)

    assert done.returncode == 3


def _timers_at_work(window):
    return [timer for timer in window.findChildren(QTimer) if timer.isActive()]
