"""Work beside the window: what became of it arrives on the window's thread, and nothing is left."""

from __future__ import annotations

import threading
from functools import partial

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer

from engine.data.dataset import Progress
from engine.problems import ProblemError
from gui.background import RATE_SECONDS, Rate, Task


class Heard:
    """Writes down what a task tells, and on which thread."""

    def __init__(self, task: Task) -> None:
        self.said: list[tuple[object, ...]] = []
        self.threads: set[threading.Thread] = set()
        task.progressed.connect(partial(self._hear, "progressed"))
        task.done.connect(partial(self._hear, "done"))
        task.failed.connect(partial(self._hear, "failed"))
        task.cancelled.connect(partial(self._hear, "cancelled"))

    def _hear(self, kind: str, *values: object) -> None:
        self.said.append((kind, *values))
        self.threads.add(threading.current_thread())

    @property
    def ends(self) -> list[tuple[object, ...]]:
        return [words for words in self.said if words[0] != "progressed"]


@pytest.fixture
def parent(qapp):
    owner = QObject()
    yield owner
    for task in owner.findChildren(Task):
        task.close()


@pytest.fixture
def run(qtbot, parent):
    """Run a function in a task to its end; give what was heard."""

    def run(work) -> Heard:
        task = Task(work, parent)
        heard = Heard(task)
        task.start()
        qtbot.waitUntil(lambda: not task.running)
        return heard

    return run


def endless(progress: Progress, begun: threading.Event | None = None) -> None:
    """Work until it is cancelled."""
    pause = threading.Event()
    while True:
        progress(1, 2)
        if begun is not None:
            begun.set()
        pause.wait(0.005)


def started(parent: QObject, work) -> tuple[Task, Heard]:
    task = Task(work, parent)
    heard = Heard(task)
    task.start()
    return task, heard


def test_a_result_arrives_on_the_window_s_thread(run):
    heard = run(lambda progress: threading.current_thread())

    ((kind, worker),) = heard.ends
    assert kind == "done"
    assert worker is not threading.current_thread()
    assert heard.threads == {threading.current_thread()}


def test_progress_arrives_before_the_end_and_only_the_newest(run):
    def work(progress: Progress) -> None:
        for step in range(1000):
            progress(step, 1000)

    heard = run(work)

    assert heard.said[-1] == ("done", None)
    assert heard.said[-2] == ("progressed", 999, 1000)
    assert len(heard.said) < 100


def test_progress_counts_beyond_two_gibibytes(run):
    heard = run(lambda progress: progress(3 << 30, 5 << 30))

    assert ("progressed", 3 << 30, 5 << 30) in heard.said


def test_a_problem_becomes_its_sentence(run):
    def work(progress: Progress) -> None:
        raise ProblemError("The disk holds {count} bytes.", count=1200)

    ((kind, sentence, details),) = run(work).ends

    assert (kind, sentence) == ("failed", "The disk holds 1,200 bytes.")
    assert "ProblemError" in details


@pytest.mark.parametrize("error", [ZeroDivisionError("it was zero"), MemoryError(), SystemExit(3)])
def test_what_nobody_expected_is_told_with_its_traceback(run, error):
    def work(progress: Progress) -> None:
        raise error

    ((kind, sentence, details),) = run(work).ends

    assert kind == "failed"
    assert type(error).__name__ in sentence
    assert "Traceback" in details
    assert "in work" in details


def test_cancel_ends_the_work_at_its_next_progress(qtbot, parent):
    task, heard = started(parent, endless)
    qtbot.waitUntil(lambda: bool(heard.said))

    task.cancel()
    qtbot.waitUntil(lambda: not task.running)

    assert heard.ends == [("cancelled",)]


def test_after_cancel_neither_a_result_nor_a_problem_is_told(qtbot, parent):
    def results(progress: Progress) -> int:
        go.wait(5)
        return 1

    def refuses(progress: Progress) -> None:
        go.wait(5)
        raise ProblemError("The connection broke off.")

    for work in (results, refuses):
        go = threading.Event()
        task, heard = started(parent, work)
        task.cancel()
        go.set()
        qtbot.waitUntil(lambda task=task: not task.running)

        assert heard.ends == [("cancelled",)]


def test_a_fault_is_told_even_after_cancel(qtbot, parent):
    def work(progress: Progress) -> None:
        go.wait(5)
        raise ZeroDivisionError

    go = threading.Event()
    task, heard = started(parent, work)
    task.cancel()
    go.set()
    qtbot.waitUntil(lambda: not task.running)

    assert heard.ends[0][0] == "failed"


def test_close_cancels_and_waits(parent):
    begun = threading.Event()
    task, heard = started(parent, partial(endless, begun=begun))
    assert begun.wait(5)

    assert task.close()
    assert heard.ends == [("cancelled",)]
    assert not task.running


def test_close_gives_up_on_work_that_does_not_hear(parent, monkeypatch):
    monkeypatch.setattr("gui.background.CLOSE_SECONDS", 0.01)
    go = threading.Event()
    task, heard = started(parent, lambda progress: go.wait(10))

    assert not task.close(0.05)
    assert not task.running
    assert heard.ends == []
    go.set()


def test_close_after_the_end_does_nothing(qtbot, parent):
    task, heard = started(parent, lambda progress: 1)
    qtbot.waitUntil(lambda: not task.running)

    assert task.close()
    assert heard.ends == [("done", 1)]


def test_a_task_that_is_destroyed_ends_its_work(qtbot):
    stopped = threading.Event()

    def work(progress: Progress) -> None:
        try:
            endless(progress)
        finally:
            stopped.set()

    owner = QObject()
    Task(work, owner).start()
    owner.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    assert stopped.wait(5)


def test_the_end_leaves_no_thread_and_no_timer(run):
    before = threading.active_count()

    task_heard = run(lambda progress: 1)

    assert task_heard.ends
    assert threading.active_count() == before


def test_timers_stop_with_the_work(qtbot, parent):
    task, _ = started(parent, lambda progress: 1)
    qtbot.waitUntil(lambda: not task.running)

    assert not any(timer.isActive() for timer in task.findChildren(QTimer))


def test_a_slot_that_starts_the_next_task_is_heard(qtbot, parent):
    second = Task(lambda progress: 2, parent)
    heard = Heard(second)
    first = Task(lambda progress: 1, parent)
    first.done.connect(lambda _: second.start())

    first.start()
    qtbot.waitUntil(lambda: bool(heard.ends))

    assert heard.ends == [("done", 2)]


def test_a_rate_needs_a_moment():
    rate = Rate()
    assert rate.per_second is None
    rate.add(0, 100)
    rate.add(0.1, 200)

    assert rate.per_second is None
    assert rate.seconds_left(1000) is None


def test_a_rate_counts_from_its_first_mark():
    rate = Rate()
    rate.add(10, 5000)
    rate.add(12, 5400)

    assert rate.per_second == 200
    assert rate.seconds_left(6000) == 3


def test_a_rate_forgets_what_is_long_ago():
    rate = Rate()
    for second in range(100):
        rate.add(second, second * 10 if second < 50 else 500 + (second - 50) * 1000)

    assert rate.per_second == pytest.approx(1000)
    assert len(rate._marks) <= RATE_SECONDS + 2


def test_a_rate_begins_anew_when_the_count_does():
    rate = Rate()
    rate.add(0, 1000)
    rate.add(2, 3000)
    rate.add(3, 0)
    rate.add(5, 100)

    assert rate.per_second == 50


def test_nothing_that_moves_has_no_time_left():
    rate = Rate()
    rate.add(0, 10)
    rate.add(2, 10)

    assert rate.seconds_left(100) is None
