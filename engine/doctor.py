"""Checks the installation: what is there, what is missing, and how to mend it."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from engine.data.load import found
from engine.places import data_folder, home
from engine.platform_check import display_problem, missing_qt_libraries
from engine.project.presets import FIRST, preset
from engine.project.sources import KNOWN_SOURCES
from engine.training.device import choose_device
from engine.training.network import build

LEAST_PYTHON = (3, 11)
REINSTALL_TORCH = "Install the two as one pair: pip install --force-reinstall torch torchvision"


@dataclass(frozen=True)
class Finding:
    """One line of the report. What is not required may be missing without harm."""

    fine: bool
    text: str
    mend: str = ""
    required: bool = True

    def __str__(self) -> str:
        if self.fine:
            return f"ok {self.text}"
        mark = "!!" if self.required else "--"
        return f"{mark} {self.text}. {self.mend}" if self.mend else f"{mark} {self.text}"


def examine(show: Callable[[str], None]) -> int:
    """Check everything and show a line each; 0 if all that is required is fine, else 1."""
    healthy = True
    for finding in findings():
        show(str(finding))
        healthy &= finding.fine or not finding.required
    return 0 if healthy else 1


def findings() -> Iterator[Finding]:
    """Check one thing after another."""
    yield python()
    yield from packages()
    yield pytorch()
    yield torchvision()
    yield accelerator()
    yield display()
    yield window_libraries()
    yield writable("Runs and settings", home())
    yield writable("Datasets", data_folder(), required=False)
    yield from datasets(data_folder())


def python() -> Finding:
    """Check the version of Python."""
    return Finding(
        sys.version_info >= LEAST_PYTHON,
        f"Python {dotted(sys.version_info[:3])}",
        f"Layerscope needs Python {dotted(LEAST_PYTHON)} or newer",
    )


def dotted(numbers: tuple[object, ...]) -> str:
    """Write (3, 11) as 3.11."""
    return ".".join(map(str, numbers))


def packages() -> Iterator[Finding]:
    """Check Layerscope itself and every package that it declares to need."""
    try:
        yield Finding(True, f"Layerscope {version('layerscope')}")
    except PackageNotFoundError:
        yield Finding(False, "Layerscope is not installed", "In its folder: pip install .")
        return
    for requirement in requires("layerscope") or ():
        yield package(requirement)


def package(requirement: str) -> Finding:
    """Check one requirement, such as "numpy>=2.0" or "a<2,>=1.5"; pyproject uses these two."""
    name, *limits = re.findall(r"^[\w.-]+|[<>]=?[\d.]+", requirement)
    mend = f'pip install "{requirement}"'
    try:
        installed = version(name)
    except PackageNotFoundError:
        return Finding(False, f"{name} is not installed", mend)
    if all(fits(installed, limit) for limit in limits):
        return Finding(True, f"{name} {installed}")
    return Finding(False, f"{name} is {installed}, and {','.join(limits)} is needed", mend)


def fits(installed: str, limit: str) -> bool:
    """Compare a version with a limit such as ">=2.8" or "<6.12"."""
    mine, other = numbers(installed), numbers(limit.lstrip("<>="))
    return mine < other if limit.startswith("<") else mine >= other


def numbers(text: str) -> tuple[int, ...]:
    """Read "2.15+cu132" as (2, 15, 0)."""
    parts = [int(part) for part in re.findall(r"\d+", text.partition("+")[0])]
    return (*parts, 0, 0, 0)[:3]


def pytorch() -> Finding:
    """Check that PyTorch builds a network and takes a step."""
    try:
        import torch

        _take_a_step()
    except Exception as error:
        return Finding(False, f"PyTorch does not work ({error})", REINSTALL_TORCH)
    return Finding(True, f"PyTorch {torch.__version__} builds a network and takes a step")


def _take_a_step() -> None:
    import torch

    project = preset(FIRST)
    network = build(project)
    optimizer = project.training.optimizer.build(network.parameters())
    scores = network(torch.rand(2, *project.input_shape))
    loss = project.training.loss.of(scores, torch.tensor([0, 1]))
    loss.backward()
    optimizer.step()


def torchvision() -> Finding:
    """Check that torchvision can be imported; beside a torch of another build it fails whole."""
    try:
        import torchvision
    except Exception as error:
        return Finding(False, f"torchvision can't be imported: {_reason(error)}", REINSTALL_TORCH)
    return Finding(True, f"torchvision {torchvision.__version__} can be imported")


def _reason(error: Exception) -> str:
    if "torchvision::nms does not exist" in str(error):
        return "it was built for another PyTorch, such as one for CUDA beside one for the CPU"
    return str(error)


def accelerator() -> Finding:
    """Check whether a graphics processor can train."""
    try:
        device = choose_device("auto").type
    except Exception as error:
        return Finding(False, f"The devices can't be listed ({error})", REINSTALL_TORCH)
    return Finding(
        device != "cpu",
        f"Training runs on {device}",
        "That is fine for digits; a CUDA or MPS device that PyTorch can use would be taken",
        required=False,
    )


def display() -> Finding:
    """Check that there is a display for the window; training needs none."""
    problem = display_problem()
    if problem is None:
        return Finding(True, "There is a display for the window")
    return Finding(False, str(problem), required=False)


def window_libraries() -> Finding:
    """Check the system's libraries that a window needs; without a display nobody misses them."""
    missing = missing_qt_libraries()
    if not missing:
        return Finding(True, "The system libraries of the window are there")
    return Finding(
        False,
        f"The window lacks {len(missing)} system libraries",
        f"On Debian and Ubuntu: sudo apt install {' '.join(missing)}",
        required=display_problem() is None,
    )


def writable(what: str, folder: Path, required: bool = True) -> Finding:
    """Check that files can be kept in a folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Finding(
            False,
            f"{what} can't be written in {folder} ({error.strerror})",
            "Set LAYERSCOPE_HOME, and LAYERSCOPE_DATA for datasets, to folders that can be",
            required,
        )
    return Finding(True, f"{what} are kept in {folder}")


def datasets(folder: Path) -> Iterator[Finding]:
    """Check which of the public datasets are there."""
    for kind in KNOWN_SOURCES:
        there = found(kind(), folder)
        yield Finding(
            there,
            f"{kind.title} is {'there' if there else 'not in ' + str(folder)}",
            "The window offers to download it, or to use files that are elsewhere",
            required=False,
        )
