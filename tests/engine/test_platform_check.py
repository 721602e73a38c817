from __future__ import annotations

import ctypes
import sys

import pytest

from engine.platform_check import (
    DISPLAY_LIBRARIES,
    QT_LIBRARIES,
    display_problem,
    missing_qt_libraries,
)

VARIABLES = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


@pytest.fixture
def system(monkeypatch):
    """Pretend a system with these environment variables and no other display."""

    def pretend(platform="linux", **variables):
        monkeypatch.setattr(sys, "platform", platform)
        for name in VARIABLES:
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return pretend


@pytest.fixture
def without(monkeypatch):
    """Pretend that libraries can't be loaded."""

    def pretend(*sonames):
        def load(soname):
            if soname in sonames:
                raise OSError(f"{soname}: cannot open shared object file")

        monkeypatch.setattr(ctypes, "CDLL", load)

    return pretend


def test_a_missing_library_is_named_by_its_package(system, without):
    system()
    without("libxcb-cursor.so.0", "libEGL.so.1")

    assert missing_qt_libraries() == ["libegl1", "libxcb-cursor0"]


def test_without_a_display_the_displays_libraries_are_not_asked_for(system, without):
    system(QT_QPA_PLATFORM="offscreen")
    without("libEGL.so.1", *DISPLAY_LIBRARIES)

    assert missing_qt_libraries() == ["libegl1"]


def test_nothing_is_missing_where_all_can_be_loaded(system, without):
    system()
    without()

    assert missing_qt_libraries() == []


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_other_systems_bring_the_libraries_along(system, without, platform):
    system(platform)
    without(*QT_LIBRARIES)

    assert missing_qt_libraries() == []


@pytest.mark.skipif(sys.platform != "linux", reason="sonames of Linux")
def test_a_library_that_nobody_has_can_not_be_loaded(monkeypatch):
    monkeypatch.setitem(QT_LIBRARIES, "libno-such-thing.so.7", "no-such-package")

    assert "no-such-package" in missing_qt_libraries()


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"DISPLAY": ""},
        {"QT_QPA_PLATFORM": "xcb"},
        {"QT_QPA_PLATFORM": "wayland;xcb"},
        {"QT_QPA_PLATFORM": "wayland-egl"},
    ],
    ids=str,
)
def test_without_a_display_it_says_what_to_do(system, variables):
    system(**variables)

    sentence = str(display_problem())

    assert sentence.startswith("There is no display")
    for mend in ("desktop", "ssh -X", "xvfb-run", "layerscope train digits-mlp"):
        assert mend in sentence


@pytest.mark.parametrize(
    "variables",
    [
        {"DISPLAY": ":0"},
        {"WAYLAND_DISPLAY": "wayland-0"},
        {"QT_QPA_PLATFORM": "offscreen"},
        {"QT_QPA_PLATFORM": "offscreen:size=800x600"},
        {"QT_QPA_PLATFORM": "minimal"},
        {"QT_QPA_PLATFORM": "vnc"},
        {"QT_QPA_PLATFORM": "xcb", "DISPLAY": ":0"},
    ],
    ids=str,
)
def test_a_display_or_a_platform_without_one_is_fine(system, variables):
    system(**variables)

    assert display_problem() is None


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_other_systems_have_a_display_of_their_own(system, platform):
    system(platform)

    assert display_problem() is None
