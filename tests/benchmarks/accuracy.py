"""What a preset reaches over several seeds, and how long it takes; and Keras beside it.

    uv run --group bench python -m tests.benchmarks.accuracy quick-99 [--seeds 5] [--keras]

Each seed is a fresh process of the command line. The seconds are those of the training with its
evaluations, without loading data and libraries. With --keras, cnn-small is trained in Keras on
TensorFlow after each seed until it is right about as many test digits, 15 epochs at most; only its
fitting counts. Needs MNIST in the folder that LAYERSCOPE_DATA names.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

WANTED = {"quick-99": 0.99, "best": 0.995}


def main() -> int:
    """Measure and print; 1 where the mean is below what the preset's name promises."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("preset", choices=WANTED)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", help="for Layerscope, instead of the fastest number")
    parser.add_argument("--keras", action="store_true")
    parser.add_argument("--peers-python", default=sys.executable, help="the interpreter for Keras")
    options = parser.parse_args()
    runs, kerases = [], []
    for seed in range(options.seeds):
        runs.append(train(options.preset, seed, options.threads))
        tell(f"seed {seed}: {in_words(runs[-1]['test_accuracy'], runs[-1]['seconds'])}")
        if options.keras:
            kerases.append(keras_until(WANTED[options.preset], options.peers_python))
            tell(f"Keras: {in_words(max(kerases[-1]['test_accuracy']), kerases[-1]['seconds'])}")
    return summary(options.preset, runs, kerases)


def train(preset: str, seed: int, threads: str | None) -> dict[str, Any]:
    """Train a preset by the command line."""
    with tempfile.TemporaryDirectory(prefix="accuracy-") as folder:
        command = [sys.executable, "-m", "gui.app", "train", preset, "--seed", str(seed), "--json"]
        command += ["--run-dir", str(Path(folder) / "run")]
        return result_of(command + (["--threads", threads] if threads else []))


def keras_until(wanted: float, python: str) -> dict[str, Any]:
    """Train cnn-small in Keras until it reaches an accuracy."""
    return result_of([python, "-m", "tests.benchmarks.race.keras_until_peer", str(wanted)])


def result_of(command: list[str]) -> dict[str, Any]:
    """Run a command; its last line is its result."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stderr.strip().splitlines()[-1] if done.stderr else done.returncode)
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def summary(preset: str, runs: list[dict[str, Any]], kerases: list[dict[str, Any]]) -> int:
    """Print means and spread; tell whether the promise is kept."""
    reached = [run["test_accuracy"] for run in runs]
    spread = f" ± {100 * stdev(reached):.2f}" if len(reached) > 1 else ""
    print(
        f"{preset}: {100 * mean(reached):.2f}{spread} % of the test digits, lowest "
        f"{100 * min(reached):.2f}, highest {100 * max(reached):.2f}, in "
        f"{median(run['seconds'] for run in runs):.1f} seconds (median of {len(runs)} seeds)"
    )
    if kerases:
        there = sum(max(run["test_accuracy"]) >= WANTED[preset] for run in kerases)
        ratio = median(
            slow["seconds"] / fast["seconds"] for fast, slow in zip(runs, kerases, strict=True)
        )
        print(
            f"cnn-small in Keras {kerases[0]['keras']}: there in {there} of {len(kerases)} runs, "
            f"after {median(len(run['test_accuracy']) for run in kerases)} epochs and "
            f"{median(run['seconds'] for run in kerases):.1f} seconds (medians); "
            f"{ratio:.1f} times as long"
        )
    return 0 if mean(reached) >= WANTED[preset] else 1


def in_words(accuracy: float, seconds: float) -> str:
    """Say a result in a few words."""
    return f"{100 * accuracy:.2f} % in {seconds:.1f} s"


def tell(line: str) -> None:
    """Keep the person informed, beside what is printed at the end."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
