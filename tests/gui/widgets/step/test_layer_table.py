from __future__ import annotations

import math

import numpy as np
import pytest
from PySide6.QtCore import Qt

from engine.training.look import LayerLook, histogram
from gui.theme import DARK, LIGHT
from gui.widgets.step.layer_table import PAD, LayerTable

LAYER, ACTIVATION, ZEROS, GRADIENT, WEIGHTS = range(5)
VALUES = histogram(np.random.default_rng(0).normal(size=500).astype(np.float32))


def layer(name="dense_1", **values):
    known = {
        "title": "Dense",
        "group": "Core",
        "parameters": 1234,
        "activation_mean": 0.31,
        "activation_deviation": 0.5,
        "activation_zeros": 0.61,
        "activations": VALUES,
        "gradient_norm": 0.0456,
        "weight_norm": 2.0,
        "update_ratio": 1e-3,
        "gradients": VALUES,
        "weights": VALUES,
    }
    return LayerLook(name=name, **known | values)


FLATTEN = layer(
    "flatten_1",
    title="Flatten",
    parameters=0,
    gradient_norm=None,
    weight_norm=None,
    update_ratio=None,
    gradients=None,
    weights=None,
)


@pytest.fixture
def table(show):
    return show(LayerTable(), 430, 240)


def texts(table, row=0):
    return [table.layers.index(row, column).data() for column in range(5)]


def words(table, column, row=0):
    return table.layers.index(row, column).data(Qt.ItemDataRole.ToolTipRole)


def test_a_row_tells_a_layers_numbers(table):
    table.show_layers((layer(),))

    assert texts(table) == ["Dense", "0.31 ± 0.50", "61 %", "0.0456", "0.10 %"]
    assert words(table, LAYER) == "dense_1 has 1,234 parameters."
    assert "by 0.10 % of their norm, which was 2.00." in words(table, WEIGHTS)
    assert "The histogram goes from" in words(table, GRADIENT)


def test_layers_stand_in_the_networks_order(table):
    table.show_layers((FLATTEN, layer("dense_1"), layer("output", title="Output")))

    assert [texts(table, row)[0] for row in range(3)] == ["Flatten", "Dense", "Output"]


def test_a_layer_without_weights_says_so(table):
    table.show_layers((FLATTEN,))

    assert texts(table)[GRADIENT:] == ["–", "–"]
    assert words(table, WEIGHTS) == "flatten_1 has no weights to learn."
    assert not table.layers.marked


@pytest.mark.parametrize(
    ("ratio", "text", "advice"),
    [
        (0.03, "3.0 % ▲", "a smaller learning rate may help"),
        (2e-5, "0.0020 % ▼", "hardly learns"),
    ],
)
def test_a_change_far_from_usual_is_marked_and_explained(table, ratio, text, advice):
    table.show_layers((layer(update_ratio=ratio),))

    assert texts(table)[WEIGHTS] == text
    assert advice in words(table, WEIGHTS)
    assert table.layers.marked


def test_the_titles_say_what_the_columns_mean(table):
    titles = [
        table.layers.headerData(column, Qt.Orientation.Horizontal, role)
        for column in range(5)
        for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)
    ]

    assert all(titles)
    assert "About 0.1 % a step is usual" in titles[-1]


def test_numbers_that_are_none_are_told(table):
    nothing = dict.fromkeys(("activations", "gradients", "weights"))
    numbers = ("activation_mean", "activation_deviation", "gradient_norm", "update_ratio")
    table.show_layers((layer(**nothing, **dict.fromkeys(numbers, math.nan)),))

    assert texts(table) == ["Dense", "NaN", "61 %", "NaN", "NaN"]
    assert "None of its values is a finite number." in words(table, GRADIENT)


def test_the_selected_layer_stays_selected_from_step_to_step(table):
    table.show_layers((FLATTEN, layer()))
    table.selectRow(1)

    table.show_layers((FLATTEN, layer(gradient_norm=7.0)))

    assert [index.row() for index in table.selectionModel().selectedRows()] == [1]
    assert texts(table, 1)[GRADIENT] == "7.00"


def test_another_network_takes_the_place_of_the_one_before(table):
    table.show_layers((FLATTEN, layer()))

    table.show_layers((layer("conv2d_1"),))

    assert table.layers.rowCount() == 1


@pytest.mark.parametrize("width", [380, 430, 900])
def test_all_columns_fit_the_width(table, width):
    table.show_layers(tuple(layer(f"dense_{number}") for number in range(1, 9)))
    table.resize(width, 200)

    assert sum(table.columnWidth(column) for column in range(5)) <= table.viewport().width()


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_layers_are_drawn_in_the_themes_colours(table, theme):
    table.set_theme(theme)
    table.show_layers((FLATTEN, layer(update_ratio=0.03), layer(gradient_norm=math.nan)))

    image = table.grab().toImage()
    colors = {
        image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())
    }

    assert {theme.training, theme.groups["Core"], theme.warning} <= colors


def test_a_share_of_all_is_written_out_however_narrow_the_table(show):
    table = show(LayerTable(), 300, 200)
    room = table.columnWidth(ZEROS) - 2 * PAD

    assert table.fontMetrics().horizontalAdvance("100 %") <= room


def test_a_frozen_layer_is_called_so_and_not_marked(table):
    table.show_layers((layer(gradient_norm=None, gradients=None, update_ratio=0.0),))

    assert texts(table)[GRADIENT:] == ["frozen", "frozen"]
    assert "leaves its weights as they are" in words(table, WEIGHTS)
    assert not table.layers.marked
