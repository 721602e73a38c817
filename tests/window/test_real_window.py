"""The real window on a virtual X server with a window manager, from first click to reopening."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

LESSON = Path(__file__).with_name("first_lesson.py")
pytestmark = [pytest.mark.xvfb, pytest.mark.timeout(400)]


@pytest.fixture
def display(request: pytest.FixtureRequest) -> Iterator[str]:
    """Start an X server of a size, with openbox in it; give the name of its display."""
    receiving, sending = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(sending), "-screen", "0", f"{request.param}x24", "-noreset"],
        pass_fds=[sending],
        stderr=subprocess.DEVNULL,
    )
    os.close(sending)
    with os.fdopen(receiving) as said:
        name = f":{said.readline().strip()}"
    manager = subprocess.Popen(
        ["openbox", "--startup", "echo ready"],
        env=os.environ | {"DISPLAY": name},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    ready = b"ready\n" in manager.stdout  # which it says among other things
    try:
        assert ready
        yield name
    finally:
        manager.stdout.close()
        for process in (manager, server):
            process.terminate()
            process.wait(10)


@pytest.mark.parametrize(
    ("display", "theme"),
    [("1440x900", "light"), pytest.param("1280x720", "dark", marks=pytest.mark.slow)],
    indirect=["display"],
)
def test_a_newcomer_builds_trains_looks_saves_and_reopens(
    display: str, theme: str, own_home: Path, tmp_path: Path
) -> None:
    pictures = Path(os.environ.get("LAYERSCOPE_SCREENSHOTS", tmp_path)) / theme
    pictures.mkdir(parents=True, exist_ok=True)
    project = tmp_path / "mine.layerscope.json"
    for lesson in ("build", "reopen"):
        done = subprocess.run(
            [sys.executable, str(LESSON), lesson, str(project), str(pictures), theme],
            env=os.environ | {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "leaked" not in done.stderr
    assert (own_home / "runs").is_dir()
    assert len(list(pictures.glob("*.png"))) >= 7
