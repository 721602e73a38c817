"""Work that can't look at the control itself, such as reading a file, in a thread beside."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

from engine.data.dataset import Cancelled
from engine.training.control import Control

Result = TypeVar("Result")


def beside(control: Control, work: Callable[[], Result]) -> Result:
    """Do work in a thread of its own, while this one waits for it and for the person.

    A pause is taken up at once: the work goes on, and what follows it waits. After a stop nobody
    waits any longer: the work ends by itself, sooner where it looks at the control, too.

    Raises:
        Cancelled: the control was stopped.
        Exception: whatever the work raised.
    """
    outcome: Future[Result] = Future()
    outcome.add_done_callback(lambda _: control.wake())
    Thread(target=_fulfil, args=(outcome, work), name="beside", daemon=True).start()
    control.wait_for(outcome.done)
    if outcome.done() and outcome.exception() is not None:
        raise outcome.exception() or Cancelled
    if not control.hold():
        raise Cancelled
    return outcome.result()


def _fulfil(outcome: Future[Result], work: Callable[[], Result]) -> None:
    try:
        outcome.set_result(work())
    except BaseException as error:
        outcome.set_exception(error)
