"""layerscope export: a project as a script of its own, or as a notebook."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from engine.cli.terminal import DONE, complain, write
from engine.export.layout import Layout
from engine.export.notebook import notebook
from engine.export.script import FRAMEWORKS, script
from engine.export.sets import Framework
from engine.onnx_file import in_words, write_onnx
from engine.places import data_folder
from engine.problems import ProblemError
from engine.project.project import Project
from engine.project.sources import FileSource
from engine.store.files import write_safely
from engine.store.projects import open_project
from engine.store.weights import weights_of

NOTEBOOK, ONNX = "notebook", "onnx"


def fill(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `layerscope export`."""
    add = parser.add_argument
    add("project", metavar="PROJECT", help="a project file or a preset; for onnx, a run's folder")
    add(
        "--to",
        metavar="FORM",
        required=True,
        choices=(*FRAMEWORKS, NOTEBOOK, ONNX),
        help="pytorch or keras, a script; notebook, the PyTorch script for Jupyter; or onnx, the "
        "network of a run with its best weights",
    )
    add("--out", metavar="FILE", type=Path, help="where to write it, instead of the terminal")
    add(
        "--gaps",
        action="store_true",
        help="leave a marked gap for a layer that the framework lacks, and write everything else",
    )
    parser.set_defaults(command=_export)


def _export(options: argparse.Namespace) -> int:
    if options.to == ONNX:
        return _export_onnx(options)
    project = open_project(options.project)
    framework: Framework = "pytorch" if options.to == NOTEBOOK else options.to
    text = script(project, framework, _layout(project), gaps=options.gaps).text
    if options.to == NOTEBOOK:
        text = notebook(text)
    if options.out is None:
        write(sys.stdout, text)
    else:
        write_safely(_file(options.out), text.encode())
    return DONE


def _export_onnx(options: argparse.Namespace) -> int:
    """Write the network of a run, or of a file of weights."""
    if options.out is None:
        raise ProblemError("--to onnx needs --out, the file to write.")
    path = _file(options.out)
    weights = weights_of(Path(options.project).absolute())
    write(sys.stdout, f"{in_words(path, write_onnx(path, weights, data_folder()))}\n")
    return DONE


def _file(out: Path) -> Path:
    """Give in full the file to write, which a link leads to."""
    return Path(os.path.realpath(out))


def _layout(project: Project) -> Layout | None:
    """Look at a person's files. Where they can't be read, say so: the script then assumes that
    they are laid out as usual.
    """
    from engine.export.find_layout import find_layout  # reads files, which most projects have not

    if not isinstance(project.data.source, FileSource):
        return None
    try:
        return find_layout(project.data.source)
    except ProblemError as error:
        complain(f"{error} The script reads such files as they are usually laid out and named.")
        return None
