"""What a run's log tells that its training was given from outside, so that it can be given again:
changes on the way, thread counts, and the end that a person asked for.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from engine.data.limits import reading
from engine.problems import ProblemError
from engine.store.runs import LOG, read_log
from engine.training.control import Change, Control
from engine.training.reopen import CANCELLABLE_LINES
from engine.training.tuning import MOST_THREADS, ThreadTuner

Line = dict[str, Any]

LONGEST_NAME = 40  # letters of a version or a processor
LARGEST_VALUE = 1e38  # of a change
ENDS = ("Finished", "Failed")
NOT_REPEATED = (
    *("ThreadsChanged", "Paused", "Continued", "Resumed", "Warned", "Failed"),
    "RateDropped",  # older logs lack it, and it follows from the epochs
)
"""Events that come from outside or by the clock: a repetition need not tell them."""


@dataclass
class Script:
    """What was given to a training, by the number of steps done by then."""

    begin: int = 0
    parent: str = ""  # whose are the steps before that, where it is a branch
    branches: int = 0  # on the way: a parent may be a branch, too
    device: str = ""
    made_with: str = ""  # PyTorch's version and the processor; "" where an older log lacks them
    first_threads: int = 1
    threads: dict[int, int] = field(default_factory=dict)  # from the end of a step on
    restarts: dict[int, int] = field(default_factory=dict)  # thread counts, where it was resumed
    changes: dict[int, list[Change]] = field(default_factory=dict)
    last_step: int = 0
    warm: bool = False  # whether it began from weights that its folder keeps
    end: str = ""  # the reason that Finished gives, "failed", or "" where the log breaks off

    def hear(self, line: Line) -> None:
        """Take in a line of the log; those that say nothing, or nothing sound, are left out."""
        match line:
            case {"event": "Started", "threads": int(count), "device": str(device)}:
                self.device = device
                self.made_with = _made_with(line)
                self.first_threads = count if _sound(count) else 1
            case {"event": "WarmStarted"}:
                self.warm = True
            case {"event": "ThreadsChanged", "step": int(step), "threads": int(count)}:
                if _sound(count):
                    (self.restarts if step in self.restarts else self.threads)[step] = count
            case {"event": "Resumed", "step": int(step)}:
                self.restarts[step] = self.first_threads
            case {"event": "Changed", "step": int(step), "field": str(name), "new": value}:
                if isinstance(value, int | float) and abs(value) < LARGEST_VALUE:
                    self.changes.setdefault(step, []).append((name, value))
            case {"event": "Branched", "step": int(step), "parent": str(parent)}:
                self._leave_parent(step, parent)
            case {"event": "Finished", "reason": str(reason)}:
                self.end = reason
            case {"event": "Failed"}:
                self.end = "failed"
        match line:
            case {"step": int(step)}:
                self.last_step = max(self.last_step, step)

    def _leave_parent(self, step: int, parent: str) -> None:
        """Forget what was given before: the branch begins with its outcome."""
        self.begin, self.parent = step, parent
        self.branches += 1
        for given in (self.threads, self.restarts, self.changes):
            given.clear()


def made_with_here() -> str:
    """Say what trains here, as a log does."""
    return f"PyTorch {version('torch')} on {platform.machine()}"


def _made_with(line: Line) -> str:
    match line:
        case {"torch": str(torch), "machine": str(machine)}:
            return f"PyTorch {torch[:LONGEST_NAME]} on {machine[:LONGEST_NAME]}"
    return ""


def read_script(folder: Path, alive: Callable[[], None]) -> Script:
    """Read a run folder's log as far as its end; `alive` is called now and then.

    Raises:
        ProblemError: it does not begin as the log of a run does, or can't be read.
    """
    script = Script()
    for number, line in enumerate(_lines(folder)):
        if number % CANCELLABLE_LINES == 0:
            alive()
        script.hear(line)
        if not script.device:
            break
    if not script.device:
        raise ProblemError(
            "The log in {path} does not begin as the log of a run does, so it can't be repeated. "
            "Choose the folder of a run.",
            path=str(folder),
        )
    return script


def repeated_lines(folder: Path, script: Script) -> Iterator[Line]:
    """Give the lines that a repetition tells again, and where the run was resumed. What a branch
    has of its parent is left out.
    """
    parents = script.branches  # runs whose lines come before those of this one
    for line in _lines(folder):
        event = line.get("event")
        parents -= event == "Branched"
        if parents <= 0 and (event == "Resumed" or event not in NOT_REPEATED):
            yield line


def _lines(folder: Path) -> Iterator[Line]:
    """Read the log up to the run's end."""
    with reading(folder / LOG):
        for line in read_log(folder):
            yield line
            if line.get("event") in ENDS:
                return


def _sound(count: int) -> bool:
    return 1 <= count <= MOST_THREADS


class ReplayedThreads(ThreadTuner):
    """Sets torch's thread count at each step to what the log tells, and measures nothing."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.step = script.begin  # steps done
        self.changed = False  # never told: the log is not written again
        self._use(script.first_threads)

    @contextmanager
    def timing(self) -> Iterator[None]:
        """Set the count for a step, and afterwards that for what follows it."""
        self.restart()
        yield
        self.step += 1
        self._use(self._script.threads.get(self.step, self.threads))

    def restart(self) -> None:
        """Take the count with which the run was resumed after these steps, if it was."""
        self._use(self._script.restarts.get(self.step, self.threads))


class ReplayedControl(Control):
    """Asks a training for what a log tells that was asked of it.

    `tell` receives the number of steps done, often; it may raise Cancelled.
    """

    def __init__(
        self, script: Script, threads: ReplayedThreads, tell: Callable[[int], None]
    ) -> None:
        super().__init__()
        self._script, self._threads, self._tell = script, threads, tell
        self._ending = False  # whether all was told that came before the person's stop

    @property
    def stopped(self) -> bool:
        """Whether this is the place where the run was stopped."""
        return self._ending and self._threads.step >= self._script.last_step

    def reached(self, line: Line) -> None:
        """Know that the training has told all that comes before a line."""
        match line:
            case {"event": "Resumed", "step": self._threads.step}:
                self._threads.restart()
            case {"event": "Weights", "kind": "last"} | {"event": "Finished"}:
                self._ending = self._script.end == "stopped"

    @property
    def interrupted(self) -> bool:
        """Tell how far it is; gives whether judging is broken off, since it was stopped there."""
        self._tell(self._threads.step)
        return super().interrupted

    def take_changes(self, step: int) -> list[Change]:
        """Give the changes that were made after so many steps."""
        self._tell(step)
        return self._script.changes.get(step, [])
