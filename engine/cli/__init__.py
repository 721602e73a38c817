"""The command line: trains and checks without a window.

Results go to stdout and everything else to stderr, so that a program can read the results.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import NoReturn

from engine.cli import doctor, export, predict, train, verify
from engine.cli.terminal import DONE, WRONG, complain, write
from engine.problems import ProblemError
from engine.project.presets import presets

COMMANDS = {
    "train": (train.fill, "train in this terminal"),
    "verify": (verify.fill, "train a run again and compare every number"),
    "predict": (predict.fill, "say what pictures of your own show"),
    "export": (export.fill, "print it as a script of its own"),
    "doctor": (doctor.fill, "check the installation"),
}
"""By its name: what declares a command's options, and what it does."""

USAGE = """layerscope [PROJECT]                  open the window
       layerscope train PROJECT [options]    train in this terminal
       layerscope verify RUN [options]       train a run again and compare every number
       layerscope predict RUN IMAGE...       say what pictures of your own show
       layerscope export PROJECT [options]   print it as a script or a notebook
       layerscope doctor                     check the installation"""


def main(argv: list[str]) -> int:
    """Carry out one of COMMANDS and give the exit code.

    0: done. 1: training failed, or doctor found a fault. 2: wrong usage, or a project that can't
    be trained, told in one sentence. 130, 143: interrupted by Ctrl+C or SIGTERM, the run is kept.
    """
    try:
        options = _parser().parse_args(argv)
        command: Callable[[argparse.Namespace], int] = options.command
        code = command(options)
    except ProblemError as error:
        complain(str(error))
        code = WRONG
    except SystemExit:  # argparse has shown its help or the version
        code = DONE
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    write(sys.stdout, "")  # a reader who has left shows here at the latest
    return code


class _Parser(argparse.ArgumentParser):
    """Says what is wrong as everything else does: one sentence, and exit code 2."""

    def error(self, message: str) -> NoReturn:
        raise ProblemError("{message}; see {prog} --help.", message=message, prog=self.prog)


def _parser() -> _Parser:
    parser = _Parser(
        prog="layerscope",
        usage=USAGE,
        description="Build a neural network by clicking, train it, look at what it gets wrong.",
        epilog=f"PROJECT is a project file or a preset: {', '.join(presets())}.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"layerscope {_version()}")
    commands = parser.add_subparsers(
        required=True, metavar="COMMAND", title="commands", prog="layerscope"
    )
    for name, (fill, words) in COMMANDS.items():
        fill(commands.add_parser(name, help=words, allow_abbrev=False))
    return parser


def _version() -> str:
    try:
        return version("layerscope")
    except PackageNotFoundError:
        return "(not installed)"
