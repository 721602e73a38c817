"""Layerscope by its command line: train a preset, and read the steps' time from the run's log.

python -m tests.benchmarks.race.engine_peer mlp-128
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from engine.store.runs import LOG, read_log
from tests.benchmarks.race.log import timed_stretch
from tests.benchmarks.race.peer import Task, answer, mnist_folder, read_task

LOOK_SECONDS = 0.5  # between two looks at the log


def main() -> None:
    """Train until enough steps are in the log, and tell their time."""
    task = read_task(__doc__)
    mnist_folder()
    with tempfile.TemporaryDirectory(prefix="race-") as home:
        run = Path(home) / "run"
        train(task, run)
        stretch = timed_stretch(read_log(run), task.recipe.warm_up, task.steps)
    if stretch is None:
        raise SystemExit("The run's log holds no two reports of the steps to be timed.")
    answer(
        seconds=stretch.seconds,
        steps=stretch.last - stretch.first,
        parameters=stretch.parameters,
        loss=stretch.loss,
        versions={"torch": version("torch")},
        threads=stretch.threads,
    )


def train(task: Task, run: Path) -> None:
    """Run `layerscope train` for one epoch, or until it has done the steps that count."""
    command = [sys.executable, "-m", "gui.app", "train", task.recipe.name, "--json"]
    command += ["--epochs", "1", "--device", task.device, "--run-dir", str(run)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while process.poll() is None:
            time.sleep(LOOK_SECONDS)
            if os.name == "posix" and steps_done(run) >= task.recipe.warm_up + task.steps:
                process.send_signal(signal.SIGINT)  # elsewhere it ends with the epoch
                break
        code = process.wait(120)
    finally:
        process.kill()
    if code not in (0, 128 + signal.SIGINT, -signal.SIGINT):  # the last: it was ending by itself
        raise SystemExit(code)


def steps_done(run: Path) -> int:
    """Tell how many steps the log has told of so far."""
    if not (run / LOG).exists():
        return 0
    return max((line["step"] for line in read_log(run) if "step" in line), default=0)


if __name__ == "__main__":
    main()
