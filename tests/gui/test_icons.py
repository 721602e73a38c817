from __future__ import annotations

from typing import Literal

import pytest

from engine.project.layers import LAYER_TYPES, Flatten
from gui.icons import DRAWINGS, OF_GROUP, icon, layer_icon
from gui.theme import LIGHT


class Unheard(Flatten):
    type: Literal["unheard"] = "unheard"


@pytest.mark.parametrize("kind", LAYER_TYPES, ids=lambda kind: kind.__name__)
def test_every_layer_type_has_an_icon_of_its_own(qapp, kind):
    assert DRAWINGS.joinpath(f"{kind().type}.svg").is_file()
    assert not layer_icon(kind, LIGHT).pixmap(16, 16).isNull()


def test_a_layer_type_without_an_icon_gets_that_of_its_group(qapp):
    shown = layer_icon(Unheard, LIGHT).pixmap(24, 24).toImage()

    assert shown == icon("dense", LIGHT.groups["Core"]).pixmap(24, 24).toImage()


def test_every_group_has_an_icon():
    assert {kind.group for kind in LAYER_TYPES} <= set(OF_GROUP)
