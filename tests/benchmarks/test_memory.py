"""Trainings that are started and stopped leave nothing behind, in a window of its own process.

LAYERSCOPE_CYCLES sets how many; 1,000 of them take some minutes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.platform_check import missing_qt_libraries

ROOT = Path(__file__).parents[2]
CYCLES = int(os.environ.get("LAYERSCOPE_CYCLES", "50"))
SECONDS_OF_CYCLE, SECONDS = 3, 130  # at most, and what comes before and after them

needs_qt = pytest.mark.skipif(bool(missing_qt_libraries()), reason="Qt lacks libraries")


@needs_qt
@pytest.mark.slow
def test_many_trainings_leave_no_thread_and_little_memory(tmp_path):
    command = [sys.executable, "-m", "tests.benchmarks.memory", "--cycles", str(CYCLES)]
    without_mnist = os.environ | {"LAYERSCOPE_DATA": str(tmp_path)}

    ended = subprocess.run(
        command,
        cwd=ROOT,
        env=without_mnist,
        capture_output=True,
        text=True,
        timeout=SECONDS + SECONDS_OF_CYCLE * CYCLES,
    )

    print(ended.stdout)
    assert ended.returncode == 0, ended.stdout + ended.stderr
