from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication

import gui.views
from engine.problems import ProblemError
from gui import preview as program
from gui.theme import THEMES
from gui.views.step import StepView
from gui.widgets.empty_state import EmptyState

VIEWS = sorted(path.stem for path in Path(gui.views.__file__).parent.glob("[!_]*.py"))
SIZE = QSize(380, 230)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The folder of a run of two epochs."""
    cache = tmp_path_factory.mktemp("preview")
    (cache / "beside").mkdir()
    return program.record(cache / "beside" / "digits", cache / "kept" / "digits", epochs=2)


@pytest.fixture
def scene(folder, qapp):
    return program.read_scene(folder)


@pytest.fixture(scope="module", autouse=True)
def _colours_come_back(_app) -> Iterator[None]:
    app = QApplication.instance()
    before = app.styleSheet(), app.palette()
    yield
    app.setStyleSheet(before[0])
    app.setPalette(before[1])


@pytest.fixture
def preview(scene, qtbot):
    """Show a view as the program does."""

    def preview(name, theme="light"):
        view = program.preview(scene, name, THEMES[theme], SIZE)
        qtbot.addWidget(view)
        return view

    return preview


def test_each_view_has_a_preview():
    assert sorted(program.PREVIEWS) == VIEWS


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("theme", THEMES)
def test_a_preview_is_painted_in_each_theme(preview, name, theme):
    picture = preview(name, theme).grab().toImage()

    assert picture.size().width() >= SIZE.width()
    ground = picture.pixelColor(1, 1).lightness()
    assert (ground < 128) == (theme == "dark")


@pytest.mark.parametrize("name", ["confusion", "curves", "image", "learning", "mistakes", "step"])
def test_a_view_shows_the_run_and_not_that_there_is_none(preview, name):
    view = preview(name)

    assert not [words for words in view.findChildren(EmptyState) if words.isVisible()]


def test_the_first_step_is_taken_again(preview):
    view = preview("step")

    assert isinstance(view, StepView)
    assert view.title.text().startswith("Step 1")


def test_without_a_view_all_are_named(capsys):
    assert program.main([]) == 0

    assert capsys.readouterr().out.split() == list(program.PREVIEWS)


def test_a_picture_is_saved(folder, tmp_path):
    picture = tmp_path / "status.png"

    code = program.main(
        ["status", "--size", "380x40", "--run", str(folder), "--save", str(picture)]
    )

    assert code == 0
    assert picture.stat().st_size > 0


def test_a_folder_that_holds_no_run_gets_a_sentence(tmp_path, capsys):
    assert program.main(["status", "--run", str(tmp_path), "--save", "x.png"]) == 1

    assert str(tmp_path) in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "380", "380x", "x230", "-1x5", "1.5x2"])
def test_what_is_no_size_gets_a_sentence(text, capsys):
    with pytest.raises(SystemExit):
        program.read_options(["curves", f"--size={text}"])

    assert "380x230" in capsys.readouterr().err


def test_the_run_is_recorded_once(folder, monkeypatch):
    monkeypatch.setattr(program, "_caches", lambda: [folder.parent.parent])
    monkeypatch.setattr(program, "record", lambda *_: pytest.fail("recorded again"))
    (folder.parent.parent / "preview").symlink_to(folder.parent)

    assert program.recorded_run().samefile(folder)


def test_where_nothing_can_be_kept_that_is_said(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(program, "_caches", lambda: [tmp_path / "file" / "cache"])

    with pytest.raises(ProblemError):
        program.recorded_run()
