"""Each check finds what it looks for, and the report's exit code follows what is required."""

from __future__ import annotations

import builtins
import sys
import tempfile

import pytest

from engine import doctor
from engine.doctor import Finding, examine, fits
from engine.problems import Problem
from engine.project.sources import KNOWN_SOURCES

NMS = RuntimeError("operator torchvision::nms does not exist")


@pytest.fixture
def broken_import(monkeypatch):
    """Let the import of a module fail."""
    real = builtins.__import__

    def break_(name, error):
        def fail(module, *rest, **options):
            if module == name:
                raise error
            return real(module, *rest, **options)

        monkeypatch.setattr(builtins, "__import__", fail)

    return break_


@pytest.mark.parametrize(
    ("finding", "line"),
    [
        (Finding(True, "numpy 2.0", "pip install numpy"), "ok numpy 2.0"),
        (Finding(False, "No numpy", "pip install numpy"), "!! No numpy. pip install numpy"),
        (Finding(False, "No GPU", "Fine", required=False), "-- No GPU. Fine"),
        (Finding(False, "No display. Get one"), "!! No display. Get one"),
    ],
)
def test_a_line_marks_what_is_wrong_and_says_how_to_mend_it(finding, line):
    assert str(finding) == line


@pytest.mark.parametrize(
    ("findings", "code"),
    [
        ([Finding(True, "a"), Finding(True, "b")], 0),
        ([Finding(True, "a"), Finding(False, "b", required=False)], 0),
        ([Finding(False, "a"), Finding(True, "b")], 1),
    ],
)
def test_only_what_is_required_makes_it_fail(monkeypatch, findings, code):
    monkeypatch.setattr(doctor, "findings", lambda: iter(findings))
    shown = []

    assert examine(shown.append) == code
    assert shown == [str(finding) for finding in findings]


def test_an_old_python_is_found(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))

    assert str(doctor.python()) == "!! Python 3.10.4. Layerscope needs Python 3.11 or newer"


@pytest.mark.parametrize(
    ("installed", "limit", "fitting"),
    [
        ("2.8.0", ">=2.8", True),
        ("2.7.9", ">=2.8", False),
        ("2.15.0+cu132", ">=2.8", True),
        ("6.11.3", "<6.12", True),
        ("6.12.0", "<6.12", False),
        ("6.9.2", ">=6.10", False),
        ("11", ">=11.0", True),
    ],
)
def test_versions_are_compared_by_their_numbers(installed, limit, fitting):
    assert fits(installed, limit) is fitting


@pytest.mark.parametrize(
    ("requirement", "line"),
    [
        ("no-such-thing>=1", '!! no-such-thing is not installed. pip install "no-such-thing>=1"'),
        (
            "PySide6-Essentials<6.12,>=6.10",
            "!! PySide6-Essentials is 6.12.0, and <6.12,>=6.10 is needed. "
            'pip install "PySide6-Essentials<6.12,>=6.10"',
        ),
        ("numpy>=2.0", "ok numpy 2.1"),
        ("tqdm", "ok tqdm 4.67"),
    ],
)
def test_a_package_is_held_against_its_requirement(monkeypatch, requirement, line):
    versions = {"PySide6-Essentials": "6.12.0", "numpy": "2.1", "tqdm": "4.67"}

    def version(name):
        if name not in versions:
            raise doctor.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(doctor, "version", version)

    assert str(doctor.package(requirement)) == line


def test_every_declared_package_is_checked():
    names = [finding.text.split()[0] for finding in doctor.packages()]

    assert names[0] == "Layerscope"
    assert {"numpy", "torch", "pydantic", "tqdm"} <= set(names)


def test_a_program_that_is_not_installed_is_found(monkeypatch):
    def version(name):
        raise doctor.PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "version", version)

    assert [str(finding) for finding in doctor.packages()] == [
        "!! Layerscope is not installed. In its folder: pip install ."
    ]


def test_torch_takes_a_step():
    assert "builds a network and takes a step" in str(doctor.pytorch())
    assert doctor.pytorch().fine


def test_a_torch_that_does_not_work_is_found(monkeypatch):
    def fail():
        raise OSError("libcudart.so.13: cannot open shared object file")

    monkeypatch.setattr(doctor, "_take_a_step", fail)

    assert str(doctor.pytorch()).startswith("!! PyTorch does not work (libcudart.so.13: cannot")


def test_a_torchvision_of_another_build_is_explained(broken_import):
    broken_import("torchvision", NMS)

    line = str(doctor.torchvision())

    assert line.startswith("!! torchvision can't be imported: it was built for another PyTorch")
    assert line.endswith("pip install --force-reinstall torch torchvision")


def test_another_failure_of_torchvision_is_told_as_it_is(broken_import):
    broken_import("torchvision", ImportError("No module named 'torchvision'"))

    assert "No module named 'torchvision'" in str(doctor.torchvision())


@pytest.mark.parametrize(("there", "mark"), [(True, "ok Training runs on cuda"), (False, "-- Tr")])
def test_a_graphics_processor_is_welcome_and_not_required(monkeypatch, there, mark):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)

    assert str(doctor.accelerator()).startswith(mark)


@pytest.mark.parametrize(
    ("problem", "required"), [(None, True), (Problem("There is no display."), False)]
)
def test_window_libraries_are_required_where_a_window_can_open(monkeypatch, problem, required):
    monkeypatch.setattr(doctor, "missing_qt_libraries", lambda: ["libegl1", "libxcb-cursor0"])
    monkeypatch.setattr(doctor, "display_problem", lambda: problem)

    finding = doctor.window_libraries()

    assert finding.required is required
    assert str(finding).endswith("sudo apt install libegl1 libxcb-cursor0")


def test_no_display_is_told_and_not_required(monkeypatch):
    monkeypatch.setattr(doctor, "display_problem", lambda: Problem("There is no display. Get one."))

    assert str(doctor.display()) == "-- There is no display. Get one."


def test_a_folder_that_can_be_written_is_named(tmp_path):
    finding = doctor.writable("Runs", tmp_path / "new")

    assert str(finding) == f"ok Runs are kept in {tmp_path / 'new'}"
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.parametrize(("required", "mark"), [(True, "!!"), (False, "--")])
def test_a_folder_that_can_not_be_written_is_found(tmp_path, required, mark):
    (tmp_path / "file").write_text("")

    line = str(doctor.writable("Runs", tmp_path / "file" / "home", required))

    assert line.startswith(f"{mark} Runs can't be written in {tmp_path / 'file' / 'home'} (")
    assert "LAYERSCOPE_HOME" in line


def test_a_folder_on_a_full_disk_is_found(tmp_path, monkeypatch):
    def full(**_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)

    assert "(No space left on device)" in str(doctor.writable("Runs", tmp_path))


def test_each_known_dataset_is_looked_for(tmp_path):
    lines = [str(finding) for finding in doctor.datasets(tmp_path)]

    assert len(lines) == len(KNOWN_SOURCES)
    assert lines[0] == "ok Digits 8×8 is there"
    assert all(line.startswith("-- ") and str(tmp_path) in line for line in lines[1:])
