"""A layer that is added as the README tells: all else follows from its one class."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CHAPTER = re.compile(r"### Add a layer in one place\n.*?```python\n(.*?)```", re.DOTALL)
TYPES = "LAYER_TYPES: tuple[type[Layer], ...] = (\n"
OF_EVERY_TYPE = (  # tests that go through all layer types
    "tests/engine/project/test_layers.py",
    "tests/gui/forms/test_form.py",
    "tests/gui/views/test_palette.py",
    "tests/gui/views/test_network.py",
)


@pytest.fixture
def program(tmp_path):
    """Copy the program and its tests, and add the README's layer to it."""
    for part in ("engine", "gui", "resources", "tests"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (code,) = CHAPTER.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    layers = tmp_path / "engine" / "project" / "layers"
    with (layers / "core.py").open("a", encoding="utf-8") as core:
        core.write(f"\n\n{code}")
    types = (layers / "__init__.py").read_text(encoding="utf-8")
    assert TYPES in types
    added = f"from engine.project.layers.core import Maxout\n\n{TYPES}    Maxout,\n"
    (layers / "__init__.py").write_text(types.replace(TYPES, added), encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_the_readmes_layer_is_a_layer_like_any_other(program):
    tests = ["tests/maxout_checks.py", *OF_EVERY_TYPE]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "maxout"]

    done = subprocess.run(
        [*command, *tests], cwd=program, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) >= 20
    assert "skipped" not in done.stdout
