"""A network with blocks, shown as cards."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt

from engine.project.layers import BatchNorm, Conv2d, Dense, Flatten, Parallel, Residual
from engine.project.presets import preset
from engine.project.project import Project
from gui.theme import LIGHT


def small(**values: Any) -> Conv2d:
    return Conv2d(filters=2, padding="same", **values)


@pytest.fixture
def nested() -> Project:
    """conv2d_1, residual_1 (conv2d_2, batch_norm_1), parallel_1 (conv2d_3 | nothing), flatten_1,
    dense_1
    """
    return (
        preset("cnn-two")
        .model_copy(update={"layers": ()})
        .insert(
            0,
            small(),
            Residual(layers=(small(), BatchNorm())),
            Parallel(branches=((small(),), ())),
            Flatten(),
            Dense(units=4),
        )
    )


@pytest.fixture
def document(document, nested):
    document.replace(nested, None)
    return document


@pytest.fixture
def view(document, selection, show):
    from gui.views.network import NetworkView

    view = NetworkView(document, selection)
    view.set_theme(LIGHT)
    return show(view, 316, 1000)


@pytest.fixture
def column(view):
    return view.column


@pytest.fixture
def cards(column):
    return column.cards


@pytest.fixture
def click(column, qtbot):
    """Click on a card's head."""

    def click(name, modifiers=Qt.KeyboardModifier.NoModifier):
        qtbot.mouseClick(column.cards[name], Qt.MouseButton.LeftButton, modifiers, QPoint(60, 12))

    return click
