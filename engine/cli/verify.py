"""layerscope verify: a run trained again, and every number compared."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.cli.bar import Bar
from engine.cli.stopping import stopping
from engine.cli.terminal import DONE, FAILED, complain, write
from engine.data.dataset import Cancelled
from engine.places import data_folder
from engine.training.control import Control
from engine.training.verify import verify


def fill(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `layerscope verify`."""
    add = parser.add_argument
    add("run", metavar="RUN", type=Path, help="the folder of a run")
    add("--data", metavar="DIR", type=Path, help="the folder that datasets are looked for in")
    add("--json", action="store_true", help="print the result as one line of JSON")
    parser.set_defaults(command=_verify)


def _verify(options: argparse.Namespace) -> int:
    control, bar = Control(), Bar()

    def progress(done: int, total: int) -> None:
        bar.show_verifying(done, total)

    with stopping(control) as signals:
        try:
            verdict = verify(
                options.run.absolute(), options.data or data_folder(), progress, control
            )
        except Cancelled:
            return 128 + signals[0]
        finally:
            bar.close()
    for note in verdict.notes:
        complain(str(note))
    told: dict[str, Any] = {
        "equal": verdict.equal,
        "compared": verdict.compared,
        "step": verdict.step,
    }
    if verdict.difference is not None:
        told["difference"] = asdict(verdict.difference)
    write(sys.stdout, (json.dumps(told) if options.json else str(verdict.words)) + "\n")
    return DONE if verdict.equal else FAILED
