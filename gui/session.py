"""The Session owns the Run: the worker thread, the mailbox, the frame timer, the state."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Hashable
from enum import Enum
from pathlib import Path
from time import monotonic, thread_time
from typing import TYPE_CHECKING, get_args

from PySide6.QtCore import QObject, QTimer, Signal

from engine.mailbox import Mailbox
from engine.project.project import Project
from engine.store.runs import new_run_folder
from engine.training.control import Control
from engine.training.events import (
    Evaluated,
    Event,
    Failed,
    Finished,
    Loading,
    Resumed,
    Snapshot,
    Started,
    Stepped,
    Weights,
)
from engine.training.history import Kind, Run

if TYPE_CHECKING:
    from engine.training.resume import Continuation
    from engine.training.warm_start import WarmStart

FRAME_SECONDS = 1 / 30
SLOWEST_FRAME_SECONDS = 1.0
PAINT_BUDGET = 0.03  # the share of one core that showing a training may take
DEAREST_FRAME = SLOWEST_FRAME_SECONDS * PAINT_BUDGET  # seconds; a dearer one can't slow it more
SAVINGS = DEAREST_FRAME / 2  # processor time to begin with: the first points show at once
PICTURE_SECONDS = 2.0  # between two evaluations shown: matrix and images are dear, and to be read
CLOSE_SECONDS = 3.0


class State(Enum):
    """Where a training stands."""

    IDLE = "idle"
    PREPARING = "preparing"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    STOPPING = "stopping"

    @property
    def busy(self) -> bool:
        """Whether a worker is at work."""
        return self is not State.IDLE


class Session(QObject):
    """Starts and stops trainings, and shows the newest one's Run at the window's own pace."""

    state_changed = Signal(object)  # State
    run_changed = Signal(object, object)  # Run, frozenset[Kind]; at most once a frame

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = State.IDLE
        self.run: Run | None = None
        self.folder: Path | None = None
        self._control = Control()
        self._worker: threading.Thread | None = None
        self._mailbox: Mailbox[Event] = Mailbox(newest_of, left_of)
        self._pace = Pace()
        self._waiting: set[Kind] = set()
        self._pictured = 0.0
        self._picture_next = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._frame)

    def start(
        self, project: Project, *, steps: int | None = None, start: WarmStart | None = None
    ) -> None:
        """Train a project; it is frozen, so later edits can't disturb the run.

        With `steps` the training takes so many, and is paused. `start` are its first weights.
        """
        if not self.state.busy:
            folder = new_run_folder(project)
            self._begin(Run(project), folder, None, steps, start)

    def go_on(self, going_on: Continuation) -> None:
        """Train a run further that had ended, or one that branches off it."""
        if self.state.busy:
            going_on.give_up()
            return
        self._begin(going_on.run, going_on.folder, going_on, None, None)

    def _begin(
        self,
        run: Run,
        folder: Path,
        going_on: Continuation | None,
        steps: int | None,
        start: WarmStart | None,
    ) -> None:
        self.run, self.folder = run, folder
        self._control, self._pace = Control(), Pace()
        if steps is not None:
            self._control.step(steps)
        self._mailbox = Mailbox(newest_of, left_of)
        self._waiting, self._pictured, self._picture_next = set(), 0.0, False
        self._worker = threading.Thread(
            target=work,
            args=(run.project, self._control, folder, self._mailbox, going_on, start),
            name="training",
            daemon=True,
        )
        self._go(State.PREPARING if steps is None else State.PAUSING)
        self.run_changed.emit(run, frozenset[Kind](get_args(Kind) if going_on else {"started"}))
        self._worker.start()
        self._timer.start(round(1000 * FRAME_SECONDS))

    def show(self, run: Run, folder: Path) -> None:
        """Show a run that is over, as it was kept in its folder."""
        if self.state.busy:
            return
        self.run, self.folder = run, folder
        self.run_changed.emit(run, frozenset[Kind](get_args(Kind)))
        self.state_changed.emit(self.state)  # its folder is another one

    def stop(self) -> None:
        """Ask the training to end at the next batch; what it has learned stays."""
        if self.state.busy and self.state is not State.STOPPING:
            self._control.stop()
            self._go(State.STOPPING)

    def pause(self) -> None:
        """Ask the training to wait before its next batch."""
        if self.state in (State.PREPARING, State.RUNNING):
            self._control.pause()
            self._go(State.PAUSING)

    def run_on(self) -> None:
        """Let a paused training run."""
        if self.state in (State.PAUSING, State.PAUSED):
            self._control.go_on()
            begun = self.run is not None and self.run.started is not None
            self._go(State.RUNNING if begun else State.PREPARING)

    def step(self, count: int = 1) -> None:
        """Let a training take so many batches, and look at each."""
        if self.state.busy and self.state is not State.STOPPING:
            self._control.step(count)
            self._go(State.PAUSING)

    def change(self, field: str, value: float) -> None:
        """Give a field of the running project another value before its next batch."""
        if self.state.busy:
            self._control.change(field, value)

    def close(self) -> bool:
        """Stop and wait for the end, a few seconds at most; tell whether it came."""
        self.stop()
        worker = self._worker
        if worker is not None:
            worker.join(CLOSE_SECONDS)
        self._frame()
        self._timer.stop()
        return worker is None or not worker.is_alive()

    def _frame(self) -> None:
        """Take what came since the last frame and show it, once."""
        if self.run is None:
            return
        now = monotonic()
        waits = self._control.waiting  # before its last events are taken, not after
        for event in self._mailbox.collect():
            self._waiting.add(self.run.apply(event, now))
            self._follow(event)
        if self.state is State.PAUSING and waits:
            self._go(State.PAUSED)
        kinds = self._due(now)
        if kinds:
            self.run_changed.emit(self.run, kinds)
        interval = self._pace.interval(now, thread_time())
        if self._picture_next or self.state in (State.PAUSING, State.STOPPING):
            interval = FRAME_SECONDS
        self._timer.setInterval(round(1000 * interval))

    def _due(self, now: float) -> frozenset[Kind]:
        """Take the kinds of change to show now. Evaluations follow each other at some distance,
        and have a frame of their own, so that no frame holds the window up for long.
        """
        kinds = frozenset(self._waiting)
        if "evaluation" in kinds and "end" not in kinds:
            due = now - self._pictured >= PICTURE_SECONDS
            alone = self._picture_next or kinds == {"evaluation"}
            self._picture_next = due and not alone
            if due and alone:
                kinds, self._pictured = frozenset[Kind]({"evaluation"}), now
            else:
                kinds -= {"evaluation"}
        self._waiting -= kinds
        return kinds

    def _follow(self, event: Event) -> None:
        if isinstance(event, Started | Resumed) and self.state is State.PREPARING:
            self._go(State.RUNNING)
        if isinstance(event, Finished | Failed):
            self._timer.stop()
            self._go(State.IDLE)

    def _go(self, state: State) -> None:
        if state is not self.state:
            self.state = state
            if state in (State.PAUSING, State.STOPPING) and self._timer.isActive():
                self._timer.setInterval(round(1000 * FRAME_SECONDS))  # its end is waited for
            self.state_changed.emit(state)


class Pace:
    """Chooses the time between frames, so that showing a training costs a small share of a core.

    What counts is the processor time of the window's thread since the last frame: handlers and
    painting together. The share adds up as savings, which a frame spends; where they are used up,
    the next frame waits until they are made good. So the first frame, and one after a quiet while,
    comes at once.
    """

    def __init__(self) -> None:
        self._last: tuple[float, float] | None = None
        self._savings = SAVINGS

    def interval(self, now: float, thread_seconds: float) -> float:
        """Give the seconds to the next frame, told the time and the thread's processor time."""
        if self._last is not None:
            earned = PAINT_BUDGET * (now - self._last[0])
            spent = min(thread_seconds - self._last[1], DEAREST_FRAME)
            self._savings = min(self._savings + earned - spent, SAVINGS)
        self._last = now, thread_seconds
        return min(max(FRAME_SECONDS, -self._savings / PAINT_BUDGET), SLOWEST_FRAME_SECONDS)


def newest_of(event: Event) -> Hashable | None:
    """Tell which large events follow each other in the mailbox."""
    match event:
        case Evaluated(of=of, whole=whole):
            return of, whole
        case Loading():
            return "loading"
        case Stepped():
            return "step"
    return None


def left_of(event: Event) -> Event | None:
    """Tell what is left of a large event when a newer one follows it before it was collected."""
    return event.compact() if isinstance(event, Evaluated) else None


def work(
    project: Project,
    control: Control,
    folder: Path,
    mailbox: Mailbox[Event],
    going_on: Continuation | None,
    start: WarmStart | None = None,
) -> None:
    """Run the training in the worker thread; whatever happens ends in an event."""
    try:
        from engine.training.run import run as run_project  # brings all that reads images

        events = run_project(
            project, control, folder=folder, loading=mailbox.post, going_on=going_on, start=start
        )
        for event in events:
            if not isinstance(event, Weights | Snapshot):
                mailbox.post(event)
    except BaseException as error:
        mailbox.post(Failed(f"Training broke off: {error}", traceback.format_exc()))
