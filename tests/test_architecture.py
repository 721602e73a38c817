"""The house rules, read from the sources: who may know whom, and what nobody may call.

Each rule is a pure function over parsed modules, and is shown to find an offence before it is
trusted to find none.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = {"torch", "torchvision", "sklearn"}
WINDOW = {"PySide6", "shiboken6", "pyqtgraph", "gui"}

# An engine room, and the rooms that it may know. What is not listed may know all of the engine.
KNOWS: dict[str, set[str]] = {
    "engine.problems": set(),
    "engine.places": set(),
    "engine.mailbox": set(),
    "engine.platform_check": {"engine.problems"},
    "engine.modules": set(),
    "engine.project": {"engine.problems", "engine.modules"},
    "engine.analysis": set(),
    "engine.export": {"engine.problems", "engine.project", "engine.data"},
    "engine.data": {"engine.problems", "engine.project"},
    "engine.store": {"engine.places", "engine.problems", "engine.project"},
    "engine.training": {
        "engine.places",
        "engine.problems",
        "engine.project",
        "engine.data",
        "engine.store",
        "engine.analysis",
    },
}
# A message's mend takes and gives a Project; it needs the name alone.
FOR_TYPES = {("engine.problems", "engine.project")}
MANY_VIEWS = {"gui.app", "gui.main_window", "gui.preview", "gui.running"}
BELOW_VIEWS = {"document", "session", "selection", "forms", "theme"}
CODE_RUNNERS = {"eval", "exec", "__import__", "import_module", "torch.load", "torch.save"}


@dataclass(frozen=True)
class Import:
    """A module that another one names, and where."""

    name: str
    at_load: bool  # outside any function
    for_types: bool  # under TYPE_CHECKING


def imports(source: str) -> Iterator[Import]:
    yield from _imports(ast.parse(source), at_load=True, for_types=False)


def _imports(node: ast.AST, at_load: bool, for_types: bool) -> Iterator[Import]:
    match node:
        case ast.Import(names=names):
            yield from (Import(alias.name, at_load, for_types) for alias in names)
        case ast.ImportFrom(module=module, level=0, names=names):
            yield Import(module or "", at_load, for_types)
            yield from (Import(f"{module}.{alias.name}", at_load, for_types) for alias in names)
        case ast.ImportFrom():
            raise AssertionError("a relative import; write the whole name")
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            at_load = False
    if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
        for child in node.body:
            yield from _imports(child, at_load, True)
        for child in node.orelse:
            yield from _imports(child, at_load, for_types)
        return
    for child in ast.iter_child_nodes(node):
        yield from _imports(child, at_load, for_types)


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def room(name: str) -> str:
    """engine.data.idx -> engine.data; engine itself is no room."""
    return ".".join(name.split(".")[:2])


def window_in_engine(module: str, source: str) -> list[str]:
    if not within(module, "engine"):
        return []
    return [used.name for used in imports(source) if used.name.split(".")[0] in WINDOW]


def wrong_rooms(module: str, source: str) -> list[str]:
    """Find the engine rooms that a module of the engine knows and may not."""
    mine = room(module)
    if mine not in KNOWS:
        return []
    allowed = KNOWS[mine] | {mine, "engine"}
    used = {(room(used.name), used.for_types) for used in imports(source)}
    return sorted(
        other
        for other, for_types in used
        if within(other, "engine")
        and other not in allowed
        and not (for_types and (mine, other) in FOR_TYPES)
    )


def wrong_views(module: str, source: str) -> list[str]:
    """Find the views that a module knows, where it is a view itself or stands below them."""
    if module in MANY_VIEWS or not within(module, "gui"):
        return []
    views = {used.name for used in imports(source) if used.name.startswith("gui.views.")}
    return sorted(view for view in views if not within(view, module))


def above_views(module: str, source: str) -> list[str]:
    """Find what wires views together where a view, or what is below the views, knows it."""
    parts = module.split(".")
    if parts[:2] != ["gui", "views"] and not (parts[0] == "gui" and parts[-1] in BELOW_VIEWS):
        return []
    above = ("gui.app", "gui.main_window", "gui.actions")
    return sorted({used.name for used in imports(source) if room(used.name) in above})


def heavy_at_load(module: str, source: str) -> list[str]:
    if within(module, "engine.modules"):  # which is loaded where a network is built
        return []
    return [
        used.name
        for used in imports(source)
        if used.name.split(".")[0] in HEAVY and used.at_load and not used.for_types
    ]


def unsafe(module: str, source: str) -> list[str]:
    """Find what could run code out of a file: pickle in any dress, eval and exec."""
    pickles = ("pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve")
    found = [used.name for used in imports(source) if used.name.split(".")[0] in pickles]
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return found + [name for call in calls if (name := _unsafe_call(call))]


def _unsafe_call(call: ast.Call) -> str | None:
    name = ast.unparse(call.func)
    if name.removeprefix("importlib.") in CODE_RUNNERS:
        return name
    if name in {"np.load", "numpy.load"}:
        return None if _forbids_pickle(call) else name
    return None


def _forbids_pickle(call: ast.Call) -> bool:
    return any(
        word.arg == "allow_pickle" and ast.unparse(word.value) == "False" for word in call.keywords
    )


RULES = (
    window_in_engine,
    wrong_rooms,
    wrong_views,
    above_views,
    heavy_at_load,
    unsafe,
)


def modules() -> Iterator[tuple[str, str]]:
    for package in ("engine", "gui"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield name.removesuffix(".__init__"), path.read_text(encoding="utf-8")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_no_module_breaks_a_rule(rule):
    offences = {name: found for name, source in modules() if (found := rule(name, source))}

    assert not offences


@pytest.mark.parametrize(
    ("rule", "module", "source"),
    [
        (window_in_engine, "engine.training.loop", "from PySide6.QtCore import QObject"),
        (window_in_engine, "engine.cli", "def main():\n    import gui.app"),
        (wrong_rooms, "engine.project.presets", "from engine.store.projects import load_project"),
        (wrong_rooms, "engine.store.runs", "import engine.training.events"),
        (wrong_rooms, "engine.analysis.mistakes", "from engine.project.project import Project"),
        (wrong_rooms, "engine.store.runs", "from engine import data"),
        (wrong_rooms, "engine.problems", "from engine.project.project import Project"),
        (wrong_views, "gui.views.curves", "from gui.views.network import NetworkView"),
        (wrong_views, "gui.views.curves", "from gui.views import network"),
        (wrong_views, "gui.session", "from gui.views.curves import CurvesView"),
        (above_views, "gui.views.curves", "from gui.main_window import MainWindow"),
        (above_views, "gui.document", "from gui import actions"),
        (heavy_at_load, "engine.training.loop", "import torch.nn as nn"),
        (heavy_at_load, "gui.views.inside", "class View:\n    from sklearn import metrics"),
        (heavy_at_load, "engine.data.load", "try:\n    import torchvision\nexcept ImportError: 1"),
        (unsafe, "engine.store.runs", "import pickle"),
        (unsafe, "engine.store.runs", "import numpy as np\nnp.load(path)"),
        (unsafe, "engine.store.runs", "np.load(path, allow_pickle=True)"),
        (unsafe, "engine.training.network", "def f(x):\n    return eval(x)"),
        (unsafe, "gui.session", "import torch\ntorch.load(path, weights_only=True)"),
    ],
)
def test_a_rule_finds_an_offence(rule, module, source):
    assert rule(module, source)


@pytest.mark.parametrize(
    ("rule", "module", "source"),
    [
        (wrong_rooms, "engine.problems", "if TYPE_CHECKING:\n    import engine.project.project"),
        (wrong_rooms, "engine.training.run", "from engine.store.runs import RunFolder"),
        (wrong_views, "gui.main_window", "from gui.views.curves import CurvesView"),
        (wrong_views, "gui.views.curves", "from gui.theme import Theme"),
        (heavy_at_load, "engine.training.loop", "def train():\n    import torch"),
        (heavy_at_load, "engine.training.loop", "if TYPE_CHECKING:\n    import torch"),
        (unsafe, "engine.store.runs", "np.load(path, allow_pickle=False)"),
        (unsafe, "engine.training.network", "network.eval()"),
    ],
)
def test_a_rule_lets_pass_what_is_allowed(rule, module, source):
    assert not rule(module, source)


@pytest.mark.parametrize(
    "module",
    [
        "engine.project.presets",
        "engine.project.checks",
        "engine.cli",
        "engine.training.run",
        "engine.training.history",
    ],
)
def test_importing_it_loads_no_heavy_library(module):
    program = f"import sys, {module}\nprint(*{HEAVY | WINDOW!r} & set(sys.modules))"

    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert result.stdout.split() == []
