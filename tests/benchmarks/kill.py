"""What a kill -9 costs: the real program is killed at random moments, and goes on to the same end.

    uv run python -m tests.benchmarks.kill [--kills 20] [--preset digits-mlp] [--epochs N]
                                           [--seed 0] [--keep DIR] [--json]

Each run is `layerscope train PRESET --run-dir DIR --threads 1 --resume` again and again until it is
complete, and is then compared with one that nobody disturbed: its log but for the clock and the
interruptions, its weights, and all its evaluations must be equal to the last bit. A kill comes at
any moment, shortly after the start, at a file operation in the run's folder (where a checkpoint is
half-written), in the middle of an evaluation, or once the last epoch is over. Work lost is the
training since the newest sound checkpoint; curve lost is the time since the last line of the log
that is on disk. Needs MNIST in LAYERSCOPE_DATA for cnn-small, and signals of POSIX.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any, Literal

import numpy as np

from engine.store.checkpoints import Checkpoints
from engine.store.runs import LOG, RunFolder, read_log
from engine.training.reopen import reopen

ROOT = Path(__file__).parents[2]
EPOCHS = {"digits-mlp": 400, "cnn-small": 3}  # half a minute of training
WORK, CURVE = 10.0, 1.0  # seconds that a kill may cost
SPAN = 9.0  # seconds of training after which a kill at any moment has come, at the latest
PATIENCE = 600.0  # seconds for one life of the program
SILENT = ("Resumed", "Paused", "Continued")  # lines of an interrupted run alone

Place = Literal["moment", "start", "file", "evaluation", "end"]
PLACES: tuple[Place, ...] = ("moment", "file", "moment", "start", "file", "evaluation", "end")
MOST = {"file": 60, "evaluation": 300, "end": 12}  # operations until the kill


@dataclass(frozen=True)
class Life:
    """One process: where it was to be killed, whether it was, and what that cost in seconds."""

    place: Place
    killed: bool
    work: float = 0.0
    curve: float = 0.0


@dataclass
class Course:
    """The command of a run and what came of its lives."""

    arguments: list[str]
    folder: Path
    random: Random
    start: float = 0.0  # seconds from a process' begin to its first event
    span: float = 0.0  # seconds from there within which a kill at any moment comes
    lives: list[Life] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def told(self) -> Path:
        """The file in which a process notes the time of each line that it logs."""
        return self.folder.with_suffix(".told")

    def live(self, place: Place | None) -> Life:
        """Start the program, kill it unless it ends before, and see what is left.

        Raises:
            FailedRunError: it ended by itself otherwise than well.
        """
        before = lines_kept(self.folder)
        self.told.parent.mkdir(parents=True, exist_ok=True)
        self.told.unlink(missing_ok=True)
        trap = place if place in MOST else "none"
        number = self.random.randint(1, MOST.get(trap, 1))
        command = [sys.executable, "-m", "tests.benchmarks.kill", "child", str(self.told)]
        command += [trap, str(number), *self.arguments, "--run-dir", str(self.folder)]
        program = subprocess.Popen(
            command, cwd=ROOT, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        at = self._kill_later(program, place)
        stderr = program.communicate(timeout=PATIENCE)[1]
        said = (line for line in stderr.splitlines() if line.startswith("layerscope: "))
        self.notes.extend(f"after {number} of {place}: {line}" for line in said)
        if program.returncode == 0:
            return Life(place or "moment", killed=False)
        if program.returncode != -signal.SIGKILL:
            raise FailedRunError(f"ended with {program.returncode} after {place}: {stderr[-2000:]}")
        return Life(place or "moment", True, *cost(self.folder, self.told, at, before))

    def _kill_later(self, program: subprocess.Popen[str], place: Place | None) -> float | None:
        """Kill it from outside, if it is to be so; give the moment."""
        if place not in ("moment", "start"):
            return None
        longest = 1.2 * self.start if place == "start" else self.start + self.span
        try:
            program.wait(self.random.uniform(0, longest))
        except subprocess.TimeoutExpired:
            at = monotonic()
            program.kill()
            return at
        return None


class FailedRunError(Exception):
    """A run that does not go on, or not to the same end."""


def measured(kills: int, name: str, epochs: int, seed: int, home: Path) -> dict[str, Any]:
    """Kill so many times, resume each time, compare each run with the undisturbed one."""
    random = Random(seed)
    arguments = ["train", name, "--epochs", str(epochs), "--threads", "1", "--device", "cpu"]
    arguments.append("--resume")
    whole = Course(arguments, home / "whole" / "run", random)
    began = monotonic()
    whole.live(None)
    stamps = [float(line.split()[0]) for line in whole.told.read_text().splitlines()]
    start, span = stamps[0] - began, min(SPAN, 0.7 * (stamps[-1] - stamps[0]))
    lives: list[Life] = []
    failures: list[str] = []
    notes: list[str] = []
    runs = 0
    while killed(lives) < kills:
        runs += 1
        course = Course(arguments, home / f"killed-{runs}" / "run", random, start, span)
        try:
            run_to_the_end(course, kills - killed(lives))
            failures += [f"run {runs}: {line}" for line in unlike(whole.folder, course.folder)]
        except (FailedRunError, subprocess.TimeoutExpired) as failure:
            failures.append(f"run {runs}: {failure}")
            lives.append(Life("moment", killed=True))  # so that this comes to an end
        lives += course.lives
        notes += [f"run {runs}: {note}" for note in course.notes]
    return {"preset": name, "runs": runs, "failures": failures, "notes": notes, **figures(lives)}


def run_to_the_end(course: Course, kills: int) -> None:
    """Let a run be killed at most so many times, and complete."""
    while True:
        place = course.random.choice(PLACES) if killed(course.lives) < kills else None
        life = course.live(place)
        course.lives.append(life)
        print(f"{course.folder.parent.name}: {life}", file=sys.stderr)
        if not life.killed:
            return


def killed(lives: list[Life]) -> int:
    """Count the kills."""
    return sum(life.killed for life in lives)


def figures(lives: list[Life]) -> dict[str, Any]:
    """Sum up what the kills cost."""
    deaths = [life for life in lives if life.killed]
    result: dict[str, Any] = {
        "kills": len(deaths),
        "places": dict(Counter(life.place for life in deaths)),
    }
    for name in ("work", "curve"):
        lost = [getattr(life, name) for life in deaths]
        result[f"{name}_median"] = float(np.median(lost))
        result[f"{name}_p99"] = float(np.percentile(lost, 99))
        result[f"{name}_longest"] = max(lost)
    return result


# ---- what is left after a kill


def lines_kept(folder: Path) -> int:
    """Count the lines of the log that stay when the run goes on at its newest checkpoint."""
    checkpoint, _ = Checkpoints(folder).newest()
    if checkpoint is None:
        return 0
    with (folder / LOG).open("rb") as log:
        return log.read(int(checkpoint.state["log_bytes"])).count(b"\n")


def cost(folder: Path, told: Path, at: float | None, before: int) -> tuple[float, float]:
    """Give the seconds of work and of curve that are lost; `at` is the moment of the kill, and
    `before` the number of lines that were there when the process began.
    """
    stamps = [line.split() for line in told.read_text().splitlines()] if told.exists() else []
    if stamps and stamps[-1][1] == "killed":
        at = float(stamps.pop()[0])
    if not stamps or at is None:
        return 0.0, 0.0  # it was killed before it did anything
    clocks = [float(stamp[0]) for stamp in stamps]
    on_disk = (folder / LOG).read_bytes().count(b"\n") - before
    curve = at - clocks[max(on_disk, 1) - 1] if on_disk < len(clocks) else 0.0
    checkpoint, _ = Checkpoints(folder).newest()
    since = at - clocks[0]
    if checkpoint is not None:
        now = float(stamps[-1][1]) + at - clocks[-1]  # by the log's own clock
        since = min(since, now - float(checkpoint.state["at"]))
    return max(since, 0.0), curve


def unlike(whole: Path, other: Path) -> list[str]:
    """Say in what a run differs from the undisturbed one."""
    return [*unlike_logs(whole, other), *unlike_files(whole, other), *unlike_answers(whole, other)]


def unlike_logs(whole: Path, other: Path) -> list[str]:
    """Compare the logs, but for the clock and for what tells of an interruption."""
    first, second = (list(map(without_clock, told(folder))) for folder in (whole, other))
    for number, (one, another) in enumerate(zip(first, second, strict=False)):
        if one != another:
            return [f"line {number} of the log is {another}, not {one}"]
    return [] if len(first) == len(second) else [f"{len(second)} lines, not {len(first)}"]


def told(folder: Path) -> list[dict[str, Any]]:
    """Read a log without the lines of an interruption."""
    return [line for line in read_log(folder) if line["event"] not in SILENT]


def without_clock(line: dict[str, Any]) -> dict[str, Any]:
    """Leave the time out."""
    return {name: value for name, value in line.items() if name != "at"}


def unlike_files(whole: Path, other: Path) -> list[str]:
    """Compare the weights bit by bit, and whether the same files are there."""
    from safetensors.numpy import load_file

    found = [sorted(path.name for path in folder.iterdir()) for folder in (whole, other)]
    if found[0] != found[1]:
        return [f"its files are {found[1]}, not {found[0]}"]
    unlike = []
    for name in ("last.safetensors", "best.safetensors"):
        one, another = load_file(whole / name), load_file(other / name)
        if {n: t.tobytes() for n, t in one.items()} != {n: t.tobytes() for n, t in another.items()}:
            unlike.append(f"{name} differs")
    return unlike


def unlike_answers(whole: Path, other: Path) -> list[str]:
    """Compare all evaluations as they are read back."""
    one, another = reopen(whole), reopen(other)
    unlike = [f"reopened it warns: {warning}" for warning in another.warnings]
    for of, evaluations in one.evaluations.items():
        others = another.evaluations[of]
        if [answer.step for answer in evaluations] != [answer.step for answer in others]:
            unlike.append(f"the evaluations of {of} are of other steps")
        elif any(map(differ, evaluations, others)):
            unlike.append(f"the evaluations of {of} differ")
    return unlike


def differ(one: Any, another: Any) -> bool:
    """Compare the answers of two evaluations bit by bit."""
    names = ("rows", "predicted", "confidence", "true_probability", "probabilities")
    arrays = [[getattr(answer, name) for name in names] for answer in (one, another)]
    return any(
        (first is None) != (second is None)
        or (first is not None and first.tobytes() != second.tobytes())
        for first, second in zip(*arrays, strict=True)
    )


# ---- the process that is killed


def child(arguments: list[str]) -> int:
    """Be the program, with a witness of what it logs and a trap where it kills itself."""
    path, place, number, *rest = arguments
    note = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    snap = snapping(note, int(number))
    watch_log(note, snap if place == "end" else None)
    if place == "file":
        set_file_trap(snap, rest[rest.index("--run-dir") + 1])
    if place == "evaluation":
        set_evaluation_trap(snap)

    from gui.app import main

    return main(rest)


def snapping(note: int, number: int) -> Callable[[], None]:
    """Make the trap: its call of this number kills the process and tells when."""
    left = iter(range(number - 1))

    def snap() -> None:
        if next(left, None) is None:
            os.write(note, f"{monotonic()} killed\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)

    return snap


def watch_log(note: int, snap: Callable[[], None] | None) -> None:
    """Note each line that is logged; after the last epoch, let file operations spring the trap."""
    append = RunFolder.append

    def watched(folder: RunFolder, line: dict[str, Any]) -> None:
        append(folder, line)
        os.write(note, f"{monotonic()} {line['at']}\n".encode())
        if snap is not None and line["event"] == "Weights" and line["kind"] == "last":
            set_file_trap(snap, str(folder.path))
            snap()
        elif snap is not None and line["event"] == "Finished":
            snap()

    RunFolder.append = watched


def set_file_trap(snap: Callable[[], None], folder: str) -> None:
    """Let each opening, renaming, cutting or removing in the folder be a call of the trap."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        watched = event in ("open", "os.rename", "os.truncate", "os.remove")
        if watched and str(arguments[0]).startswith(folder):
            snap()

    sys.addaudithook(hook)


def set_evaluation_trap(snap: Callable[[], None]) -> None:
    """Let each batch of an evaluation be a call of the trap."""
    from engine.training import judge

    answers = judge.answers

    def trapped(network: Any, images: Any, rows: int, stopped: Callable[[], bool]) -> Any:
        def asked() -> bool:
            snap()
            return stopped()

        return answers(network, images, rows, asked)

    judge.answers = trapped


def main() -> int:
    """Measure and print; 1 where a run did not end as it should."""
    if sys.argv[1:2] == ["child"]:
        return child(sys.argv[2:])
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--preset", choices=EPOCHS, default="digits-mlp")
    parser.add_argument("--epochs", type=int, help="instead of what takes half a minute")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the runs here")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    epochs = options.epochs or EPOCHS[options.preset]
    with tempfile.TemporaryDirectory(prefix="layerscope-kill-") as temporary:
        home = (options.keep or Path(temporary)).absolute()
        result = measured(options.kills, options.preset, epochs, options.seed, home)
    print(json.dumps(result) if options.json else in_words(result))
    return 1 if result["failures"] else 0


def in_words(result: dict[str, Any]) -> str:
    """Write the result in lines."""
    places = ", ".join(f"{count} at {place}" for place, count in result["places"].items())
    lines = [f"{result['preset']}: {result['kills']} kills of {result['runs']} runs ({places})"]
    for name, aim in (("work", WORK), ("curve", CURVE)):
        median, p99, longest = (result[f"{name}_{what}"] for what in ("median", "p99", "longest"))
        lines.append(
            f"{name} lost: median {median:.2f} s, 99th percentile {p99:.2f} s, longest "
            f"{longest:.2f} s (aim {aim:g} s)"
        )
    lines.append(f"{len(result['failures'])} failures")
    return "\n".join([*lines, *result["failures"], *result["notes"]])


if __name__ == "__main__":
    sys.exit(main())
