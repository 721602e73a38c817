from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from engine.store.run_list import RunSummary
from gui.theme import DARK, LIGHT
from gui.widgets.runs.model import (
    BEST,
    DATA,
    EPOCHS,
    NAME,
    NETWORK,
    PARAMETERS,
    SIZE,
    STARTED,
    STATE,
    TEST,
    TIME,
    RunsModel,
)
from gui.widgets.runs.state_mark import state_color, state_mark

STATES = (
    "finished",
    "stopped",
    "early",
    "diverged",
    "failed",
    "crashed",
    "running",
    "damaged",
)


def summary(name: str, **values) -> RunSummary:
    fields = {
        "folder": Path("/runs") / name,
        "name": name,
        "note": "",
        "network": "Conv 32 · Pool",
        "data": "MNIST",
        "best_validation": 0.9812,
        "test": 0.97,
        "epochs_done": 3,
        "epochs": 5,
        "seconds": 83.0,
        "parameters": 1234567,
        "started": datetime(2026, 1, 2, 3, 4, 5),
        "state": "finished",
        "parent": "",
        "source": "",
        "size": 12_300_000,
        "trouble": "",
    }
    return RunSummary(**(fields | values))


@pytest.fixture
def model(qapp):
    return RunsModel()


def shown(model, column=NAME):
    return [model.index(row, column).data() for row in range(model.rowCount())]


def test_a_row_tells_the_run(model):
    model.show_runs([summary("One")])

    texts = {column: model.index(0, column).data() for column in range(model.columnCount())}

    assert texts == {
        NAME: "One",
        STARTED: "2026-01-02 03:04",
        NETWORK: "Conv 32 · Pool",
        DATA: "MNIST",
        BEST: "98.12 %",
        TEST: "97.00 %",
        EPOCHS: "3/5",
        TIME: "1:23",
        PARAMETERS: "1,234,567",
        STATE: "Finished",
        SIZE: "12.3 MB",
    }


def test_what_is_not_known_is_empty(model):
    model.show_runs([summary("One", best_validation=None, test=None, parameters=None, epochs=None)])

    texts = [model.index(0, column).data() for column in (BEST, TEST, PARAMETERS, EPOCHS)]
    assert texts == ["", "", "", "3"]


def test_a_damaged_run_says_why_in_place_of_its_network(model):
    model.show_runs([summary("One", state="damaged", trouble="Its log is missing.\nMore.")])

    assert model.index(0, NETWORK).data() == "Its log is missing."


def test_numbers_stand_on_the_right(model):
    model.show_runs([summary("One")])

    for column in (BEST, TEST, EPOCHS, TIME, PARAMETERS, SIZE):
        side = model.index(0, column).data(Qt.ItemDataRole.TextAlignmentRole)
        assert side & Qt.AlignmentFlag.AlignRight


@pytest.mark.parametrize(
    ("column", "field", "values"),
    [
        (BEST, "best_validation", [0.5, 0.95, 1.0]),
        (PARAMETERS, "parameters", [9, 80, 700]),
        (SIZE, "size", [999, 1000, 2_000_000]),
        (TIME, "seconds", [9.0, 61.0, 3601.0]),
        (EPOCHS, "epochs_done", [2, 10, 100]),
    ],
)
def test_numbers_are_sorted_as_numbers(model, column, field, values):
    names = ["least", "middle", "most"]
    runs = [summary(name, **{field: value}) for name, value in zip(names, values, strict=True)]
    model.show_runs([runs[1], runs[2], runs[0]])

    model.sort(column, Qt.SortOrder.AscendingOrder)
    assert shown(model) == names

    model.sort(column, Qt.SortOrder.DescendingOrder)
    assert shown(model) == names[::-1]


@pytest.mark.parametrize("way", list(Qt.SortOrder))
def test_unknown_numbers_come_last_either_way(model, way):
    shares = {"a": None, "b": 0.1, "c": None, "d": 0.2, "e": None}
    model.show_runs([summary(name, test=share) for name, share in shares.items()])

    model.sort(TEST, way)

    assert set(shown(model)[2:]) == {"a", "c", "e"}


def test_a_search_must_find_each_word_somewhere(model):
    model.show_runs(
        [
            summary("Wide", note="slow but GOOD"),
            summary("Deep", network="Dense 128", state="crashed"),
            summary("Small", data="Digits 8×8"),
        ]
    )

    model.sort(NAME)

    for text, names in (
        ("good wide", ["Wide"]),
        ("dense cut", ["Deep"]),
        ("digits", ["Small"]),
        ("pool", ["Small", "Wide"]),
        ("nowhere", []),
        ("", ["Deep", "Small", "Wide"]),
    ):
        model.search(text)
        assert shown(model) == names


def test_a_run_of_this_window_is_told_from_others(model):
    model.show_runs([summary("One", state="running"), summary("Two", state="running")])
    model.show_own(Path("/runs/Two"))

    words = dict(zip(shown(model), shown(model, STATE), strict=True))
    assert words == {"One": "Runs elsewhere", "Two": "Runs here"}


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_each_state_has_a_shape_of_its_own(qapp, theme):
    white = [_silhouette(state_mark(state, theme)) for state in STATES]

    assert len(set(white)) == len(STATES)
    assert all(state_color(state, theme).startswith("#") for state in STATES)


def _silhouette(picture):
    image = picture.toImage()
    return tuple(
        image.pixelColor(x, y).alpha() > 128
        for x in range(image.width())
        for y in range(image.height())
    )
