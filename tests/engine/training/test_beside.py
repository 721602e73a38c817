"""Work in a thread beside: nobody who pauses or stops waits for it."""

from __future__ import annotations

from threading import Event, Thread

import pytest

from engine.data.dataset import Cancelled
from engine.training.beside import beside
from engine.training.control import Control


class Worker(Thread):
    """Has work done beside, as the thread that trains has its images read."""

    def __init__(self, control, work):
        super().__init__()
        self.control, self.work, self.outcome = control, work, None
        self.start()

    def run(self):
        try:
            self.outcome = beside(self.control, self.work)
        except Cancelled as cancelled:
            self.outcome = cancelled


@pytest.fixture
def reading():
    """Work that takes as long as the test wants, and gives 7."""
    going_on = Event()

    def work():
        assert going_on.wait(10)
        return 7

    work.end = going_on.set
    yield work
    going_on.set()


def wait_until(holds):
    while not holds():
        pass


def test_its_result_is_given():
    assert beside(Control(), lambda: 7) == 7


def test_its_error_is_raised():
    with pytest.raises(ZeroDivisionError):
        beside(Control(), lambda: 1 / 0)


def test_a_stop_does_not_wait_for_it(reading):
    control = Control()
    worker = Worker(control, reading)

    control.stop()
    worker.join(10)

    assert isinstance(worker.outcome, Cancelled)


def test_a_pause_is_taken_up_while_it_goes_on(reading):
    control = Control()
    worker = Worker(control, reading)

    control.pause()
    wait_until(lambda: control.waiting)
    reading.end()
    worker.join(0.01)
    assert worker.is_alive()

    control.go_on()
    worker.join(10)
    assert worker.outcome == 7


def test_an_error_does_not_wait_for_the_end_of_a_pause():
    with pytest.raises(ZeroDivisionError):
        beside(Control(paused=True), lambda: 1 / 0)
