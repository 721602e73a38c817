"""layerscope doctor: whether the installation is sound."""

from __future__ import annotations

import argparse
import sys

from engine.cli.terminal import write
from engine.doctor import examine


def fill(parser: argparse.ArgumentParser) -> None:
    """Declare what `layerscope doctor` does; it has no options."""
    parser.set_defaults(command=_doctor)


def _doctor(options: argparse.Namespace) -> int:
    del options
    return examine(lambda line: write(sys.stdout, f"{line}\n"))
