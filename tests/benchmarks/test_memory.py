"""Trainings that are started and stopped leave nothing behind, in a window of its own process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.platform_check import missing_qt_libraries

ROOT = Path(__file__).parents[2]
needs_qt = pytest.mark.skipif(bool(missing_qt_libraries()), reason="Qt lacks libraries")


@needs_qt
@pytest.mark.slow
def test_fifty_trainings_leave_no_thread_and_little_memory(tmp_path):
    command = [sys.executable, "-m", "tests.benchmarks.memory", "--cycles", "50"]
    without_mnist = os.environ | {"LAYERSCOPE_DATA": str(tmp_path)}

    ended = subprocess.run(
        command, cwd=ROOT, env=without_mnist, capture_output=True, text=True, timeout=280
    )

    print(ended.stdout)
    assert ended.returncode == 0, ended.stdout + ended.stderr
