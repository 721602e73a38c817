"""Writing beside: in turn, and with every failure told once."""

from __future__ import annotations

from threading import Event, current_thread

import pytest

from engine.problems import ProblemError
from engine.store.writer import Writer


@pytest.fixture
def writer():
    made = Writer()
    yield made
    made.close()


def fail():
    raise ProblemError("The disk is full.")


def test_it_writes_in_another_thread_which_ends(writer):
    threads = []
    writer.write(lambda: threads.append(current_thread()))
    writer.close()

    assert threads != [current_thread()]
    assert not threads[0].is_alive()


def test_it_is_busy_until_all_is_written(writer):
    go = Event()
    assert not writer.busy

    writer.write(lambda: go.wait(60))
    assert writer.busy
    writer.check()
    assert writer.busy

    go.set()
    writer.wait()
    assert not writer.busy


def test_one_piece_after_the_other_is_written(writer):
    written = []
    for number in range(50):
        writer.write(lambda number=number: written.append(number))
    writer.wait()

    assert written == list(range(50))


@pytest.mark.parametrize("ask", [Writer.wait, lambda writer: writer.write(lambda: None)])
def test_a_failure_is_told_once(writer, ask):
    writer.write(fail)

    with pytest.raises(ProblemError, match="The disk is full"):
        ask(writer)
    ask(writer)
    writer.check()


def test_a_look_tells_a_failure_once_it_has_happened(writer):
    writer.write(fail)
    writer._under_way.exception()  # waits for it

    with pytest.raises(ProblemError, match="The disk is full"):
        writer.check()
    writer.check()
