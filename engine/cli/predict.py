"""layerscope predict: what a trained network says to pictures of one's own."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from engine.cli.terminal import DONE, WRONG, complain, write
from engine.places import data_folder
from engine.store.weights import KEPT, weights_of
from engine.training.predict import Answer, Predictor

SHOWN = 3  # classes of a picture


def fill(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `layerscope predict`."""
    add = parser.add_argument
    add("run", metavar="RUN", type=Path, help="the folder of a run, or a file of weights")
    add(
        "images",
        metavar="IMAGE",
        type=Path,
        nargs="+",
        help="a picture of any size, or a folder of pictures; they are made grey, small and light "
        "on dark as the run's own images were",
    )
    add("--weights", choices=KEPT, help="of the run: its best (what is taken otherwise), or last")
    add("--data", metavar="DIR", type=Path, help="the folder that datasets are looked for in")
    add("--json", action="store_true", help="print one line of JSON for each picture")
    parser.set_defaults(command=_predict)


def _predict(options: argparse.Namespace) -> int:
    weights = weights_of(options.run.absolute(), options.weights)
    predictor = Predictor(weights, options.data or data_folder())
    code = DONE
    for one in predictor.answers(options.images):
        if isinstance(one, Answer):
            write(sys.stdout, (_json(one) if options.json else _words(one)) + "\n")
        else:
            complain(str(one.problem))
            code = WRONG
    return code


def _words(answer: Answer) -> str:
    (first, likely), *others = answer.ranked[:SHOWN]
    next_ones = ", ".join(f"{name} {share:.1%}" for name, share in others)
    note = " (inverted, as the run's own images are)" if answer.inverted else ""
    return f"{answer.path}: {first} {likely:.1%}; then {next_ones}{note}"


def _json(answer: Answer) -> str:
    (first, likely), *others = answer.ranked[:SHOWN]
    told = {
        "file": str(answer.path),
        "class": first,
        "probability": likely,
        "next": [{"class": name, "probability": share} for name, share in others],
        "inverted": answer.inverted,
    }
    return json.dumps(told, ensure_ascii=False)
