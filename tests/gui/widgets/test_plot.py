from __future__ import annotations

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from gui.theme import DARK, LIGHT
from gui.widgets.curve_plot import Plot
from gui.widgets.plot import ValueAxis, short


class OwnAxis(ValueAxis):
    """The same ticks, painted by pyqtgraph."""

    paint = pg.AxisItem.paint


def pixels(widget) -> np.ndarray:
    picture = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), -1).copy()


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("size", "x", "y"),
    [
        ((860, 190), (0, 1.3), (0, 100)),
        ((380, 120), (0, 0.37), (-3, 2)),
        ((545, 147), (0, 12), (91.2, 99.7)),
        ((300, 300), (0.9, 1.1), (1e-6, 2e-6)),
        ((700, 200), (0, 5000), (0, 123456)),
    ],
)
def test_axes_look_like_those_of_pyqtgraph(show, monkeypatch, theme, size, x, y):
    pictures = []
    for axis in (ValueAxis, OwnAxis):
        monkeypatch.setattr("gui.widgets.plot.ValueAxis", axis)
        plot = Plot("Loss", "epoch")
        for side in ("left", "bottom"):  # or pyqtgraph's would write thousandths as wholes
            plot.plot.getAxis(side).enableAutoSIPrefix(False)
        plot.set_theme(theme)
        show(plot.plot, *size)
        plot.plot.setXRange(*x, padding=0.02)
        plot.plot.setYRange(*y, padding=0)
        QApplication.processEvents()
        pictures.append(pixels(plot.plot))

    np.testing.assert_array_equal(*pictures)


def test_a_logarithmic_axis_writes_powers_of_ten(qapp):
    axis = ValueAxis("left")
    axis.logarithmic = True

    assert axis.tickStrings([-2, 0, 3], 1, 1) == ["0.01", "1", "1e3"]


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("0", "0"),
        ("0.0005", "0.0005"),
        ("20000", "20000"),
        ("6e+08", "6e8"),
        ("1.25e+10", "1.25e10"),
        ("-2e-05", "-2e-5"),
        ("150000", "1.5e5"),
    ],
)
def test_long_numbers_are_written_short(number, written):
    assert short(number) == written
    assert float(written) == float(number)


def test_a_loss_that_has_exploded_has_numbers_as_short_as_others(qapp):
    assert ValueAxis("left").tickStrings([0, 2e8, 4e8], 1, 2e8) == ["0", "2e8", "4e8"]


@pytest.mark.parametrize(("height", "most"), [(40, 2), (60, 4), (200, 9)])
def test_a_low_axis_has_few_numbers_rather_than_crowded_ones(qapp, height, most):
    ((_, values),) = ValueAxis("left").tickValues(8.0, 103.0, height)

    assert 1 <= len(values) <= most
    assert all(step >= 14 for step in np.diff(values) * height / 95)
