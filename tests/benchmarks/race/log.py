"""Reads the speed of a training from the log that Layerscope keeps of every run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Stretch:
    """A part of a training, from one report to another."""

    first: int  # steps done at its start
    last: int  # and at its end
    seconds: float
    loss: float  # of its last report
    parameters: int
    threads: int


def timed_stretch(lines: Iterable[dict[str, Any]], warm_up: int, steps: int) -> Stretch | None:
    """Find the reports around the `steps` after the `warm_up`, within the first epoch.

    What happens between them counts: reports, samples of the validation set, the log itself. What
    comes after the epoch's last step does not, since no other participant does it. None where the
    log has fewer than two reports in that stretch.
    """
    started: dict[str, Any] | None = None
    reports: list[dict[str, Any]] = []
    for line in lines:
        if line["event"] == "Started":
            started = line
        elif line["event"] == "Progress" and started is not None:
            end = min(warm_up + steps, started["steps_per_epoch"])
            if warm_up <= line["step"] <= end:
                reports.append(line)
    if started is None or len(reports) < 2:
        return None
    first, last = reports[0], reports[-1]
    return Stretch(
        first=first["step"],
        last=last["step"],
        seconds=last["at"] - first["at"],
        loss=last["loss"],
        parameters=started["parameters"],
        threads=started["threads"],
    )
