"""Layerscope against other ways to train the same networks, a fresh process for each.

    uv run --group bench python -m tests.benchmarks.race [--rounds 3] [--only cnn-two] [--markdown]

Runs A B C … A B C … over the recipes and tells, in ms a step, medians, spread, ratios within each
round and whether they meet their targets, which are meant for two cores. Nothing else should run
meanwhile. Needs MNIST in the folder that LAYERSCOPE_DATA names. Who is missing (a package of the
group bench, or Xvfb for the window) is named and left out. Each participant also runs alone:

    uv run --group bench python -m tests.benchmarks.race.floor_peer mlp-128
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from tests.benchmarks.race import report
from tests.benchmarks.race.peer import mnist_folder
from tests.benchmarks.race.recipes import RECIPES
from tests.benchmarks.race.report import Finish

ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS = 300.0  # for one process
WRONG_USAGE = 2


def main() -> int:
    """Run the race and print what it came to."""
    options = read_options()
    try:
        mnist_folder()
    except SystemExit as missing:
        tell(str(missing))
        return WRONG_USAGE
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # ends the peer, too
    about = machine()
    finishes, problems = race(options)
    if options.json:
        outcome = {
            "machine": about | {"versions": report.versions(finishes)},
            "device": options.device,
            "finishes": [asdict(finish) for finish in finishes],
            "comparisons": [asdict(row) | {"met": row.met} for row in report.compare(finishes)],
            "problems": problems,
        }
        print(json.dumps(outcome))
    elif options.markdown:
        print(report.as_markdown(finishes, in_words(about, finishes, options)))
    else:
        print(report.as_text(finishes, targets=options.device == "cpu"))
        print(in_words(about, finishes, options))
        for problem in problems:
            print(f"NOT MEASURED: {problem}")
    return 0 if finishes else 1


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.race", description=(__doc__ or "").split("\n")[0]
    )
    add = parser.add_argument
    add("--rounds", type=int, default=3)
    add("--only", type=names_of(RECIPES), default=list(RECIPES), help="recipes, with commas")
    add("--without", type=names_of(report.TITLES), default=[], help="participants, with commas")
    add("--steps", type=int, help="steps to time, instead of each recipe's")
    add("--device", choices=("cpu", "cuda"), default="cpu")
    add("--peers-python", default=sys.executable, help="the interpreter for keras and jax")
    add("--json", action="store_true", help="print one object for machines")
    add("--markdown", action="store_true", help="print the table for the README")
    return parser.parse_args()


def names_of(known: Any) -> Any:
    """Give the type of an option that takes known names, with commas between them."""

    def names(text: str) -> list[str]:
        chosen = text.split(",")
        for name in chosen:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}")
        return chosen

    return names


def race(options: argparse.Namespace) -> tuple[list[Finish], list[str]]:
    """Run all rounds; give the times, and a line for each kind of failure."""
    finishes: list[Finish] = []
    problems: dict[str, None] = {}
    missing: set[str] = set()
    for number in range(1, options.rounds + 1):
        for recipe in options.only:
            for participant in report.TITLES:
                if participant in options.without or participant in missing:
                    continue
                if not report.takes_part(participant, RECIPES[recipe]):
                    continue
                outcome = run(participant, recipe, number, options)
                if isinstance(outcome, Finish) and outcome.fault is None:
                    finishes.append(outcome)
                    tell(f"round {number}  {recipe:12} {participant:8} {outcome.ms:8.3f} ms a step")
                    continue
                why = outcome.fault if isinstance(outcome, Finish) else outcome
                if "No module named" in str(why) or "not installed" in str(why):
                    missing.add(participant)
                    problems[f"{participant}: {why}"] = None
                else:
                    problems[f"{participant}, {recipe}: {why}"] = None
                tell(f"round {number}  {recipe:12} {participant:8} {why}")
    return finishes, list(problems)


def run(participant: str, recipe: str, number: int, options: argparse.Namespace) -> Finish | str:
    """Run one participant in a process of its own; give its time, or the last line it wrote."""
    python = options.peers_python if participant in ("keras", "jax") else sys.executable
    command = [python, "-m", f"tests.benchmarks.race.{participant}_peer", recipe]
    command += ["--device", options.device]
    command += ["--steps", str(options.steps)] if options.steps else []
    with (
        tempfile.TemporaryDirectory(prefix="race-", ignore_cleanup_errors=True) as folder,
        tempfile.TemporaryFile() as said,
        tempfile.TemporaryFile() as complained,
    ):
        code, peak = finish(command, folder, said, complained)
        if code is None:
            return f"was not done after {PATIENCE_SECONDS:.0f} seconds"
        if code != 0:
            return last_line(complained) or f"ended with code {code}"
        told = json.loads(last_line(said))
    return Finish(
        round=number,
        recipe=recipe,
        participant=participant,
        ms=told.pop("ms_per_step"),
        parameters=told.pop("parameters"),
        loss=told.pop("loss"),
        peak_bytes=peak,
        versions=told.pop("versions"),
        more=told,
    )


def finish(
    command: list[str], folder: str, said: IO[bytes], complained: IO[bytes]
) -> tuple[int | None, int | None]:
    """Run a command to its end; give its exit code and the peak resident size in bytes.

    The code is None where it was not done in time; the peak, of its largest process, is None where
    the system does not tell it. Temporary files go to the folder.
    """
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"TMPDIR": folder},
        stdout=said,
        stderr=complained,
        start_new_session=True,
    )
    until = time.monotonic() + PATIENCE_SECONDS
    try:
        while time.monotonic() < until:
            code, peak = look(process)
            if code is not None:
                return code, peak
            time.sleep(0.2)
        return None, None
    finally:
        kill(process)


def look(process: subprocess.Popen[bytes]) -> tuple[int | None, int | None]:
    """Tell whether a process has ended, and how much memory it took."""
    if not hasattr(os, "wait4"):
        return process.poll(), None
    ended, status, usage = os.wait4(process.pid, os.WNOHANG)
    if not ended:
        return None, None
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss
    return process.returncode, usage.ru_maxrss * unit


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process and what it has started; one that crashed leaves its screen behind."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()
    process.wait()


def last_line(stream: IO[bytes]) -> str:
    """Read the last line of a file that has something in it."""
    stream.seek(0)
    lines = [line.strip() for line in stream.read().decode(errors="replace").splitlines()]
    return next((line for line in reversed(lines) if line), "")


def machine() -> dict[str, Any]:
    """Tell what this machine is, and how busy it was before the race."""
    return {
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def cpu_model() -> str:
    """Name the processor."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or "unknown processor"


def in_words(about: dict[str, Any], finishes: list[Finish], options: argparse.Namespace) -> str:
    """Say in a few lines where and how this was measured."""
    packages = ", ".join(f"{name} {number}" for name, number in report.versions(finishes).items())
    devices = sorted({f.more["device"] for f in finishes if f.more.get("device")})
    on = f" and {', '.join(devices)}" if devices else ""
    times = "one round" if options.rounds == 1 else f"{options.rounds} rounds"
    return (
        f"Medians (lowest–highest) of {times} on {about['cpu']}, {about['cores']} cores{on}, "
        f"{about['system']}, Python {about['python']}; {packages or 'nobody finished'}. "
        f"Load before the race: {about['load']}."
    )


def tell(line: str) -> None:
    """Keep the person informed, beside what is printed at the end."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
