from __future__ import annotations

import pytest

from gui.theme import LIGHT
from gui.widgets.symbols import ARROW, BARS, CROSS, DIAMOND, DOT, FORK, STAR, symbol


def looks(shape):
    image = symbol(shape, 10, LIGHT.text, LIGHT.panel).toImage()
    return bytes(image.constBits())


@pytest.mark.parametrize("shape", [DOT, STAR, DIAMOND, CROSS, BARS, ARROW, FORK])
def test_a_symbol_lies_in_its_square(qapp, shape):
    outline = shape.boundingRect()

    assert max(abs(outline.left()), outline.right(), abs(outline.top()), outline.bottom()) <= 0.5


def test_symbols_differ_by_shape_alone(qapp):
    assert len({looks(shape) for shape in (DIAMOND, CROSS, BARS, ARROW, FORK)}) == 5
