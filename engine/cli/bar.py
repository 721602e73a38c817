"""The bar on stderr."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

from tqdm import tqdm

from engine.cli.terminal import Stderr, complain
from engine.training.events import DataReady, Event, Failed, Finished, Loading, Progress, Warned
from engine.training.history import Run


class Bar:
    """Shows a run on stderr: a bar while images are read, and one while the network trains."""

    def __init__(self) -> None:
        self._bar: tqdm[NoReturn] | None = None

    def show(self, event: Event, run: Run) -> None:
        """Show what an event, which the run has taken in, changes."""
        match event:
            case Loading():
                self._show_loading(event)
            case DataReady(dataset=dataset):
                self.close()
                for note in dataset.notes:
                    complain(str(note))
            case Progress():
                self._show_progress(event, run)
            case Warned(message=message):
                complain(message)
            case Finished() | Failed():
                self.close()

    def show_verifying(self, done: int, total: int) -> None:
        """Show how far a run is repeated."""
        bar = self._bar or self._open(desc="verifying")
        bar.total = total
        bar.update(done - bar.n)

    def _show_loading(self, event: Loading) -> None:
        bar = self._bar or self._open(desc="loading")
        bar.total = event.total
        bar.update(event.done - bar.n)

    def _show_progress(self, event: Progress, run: Run) -> None:
        assert run.started is not None
        epochs, count = run.started.epochs, run.started.train_count
        bar = self._bar or self._open(unit=" images", total=epochs * count)
        bar.set_description(f"epoch {run.epoch}/{epochs}", refresh=False)
        bar.set_postfix_str(_figures(event, run), refresh=False)
        bar.update(run.images - bar.n)

    def _open(self, **options: Any) -> tqdm[NoReturn]:
        tqdm.monitor_interval = 0  # its thread would outlive the bar
        self._bar = tqdm(
            **options,
            unit_scale=True,
            file=Stderr(),
            dynamic_ncols=True,
            mininterval=0.2 if sys.stderr.isatty() else 10,  # seconds; a log file stays short
        )
        return self._bar

    def close(self) -> None:
        """Leave the bar as it is now."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _figures(event: Progress, run: Run) -> str:
    text = f"loss {event.loss:.4f}, accuracy {event.accuracy:.2%}"
    return f"{text}, validation {run.epochs[-1].validation_accuracy:.2%}" if run.epochs else text
