"""Arrays as heat maps: numbers become colours, one pixel each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from gui.theme import Theme, between

STEPS = 127  # colours on each side of zero


def diverging(values: NDArray[np.float32], most: float, theme: Theme) -> QImage:
    """Draw numbers (T, F) in -most..most: blue above zero, orange below, as the panel at zero."""
    above = _ramp((theme.panel, theme.right[1]))
    below = _ramp((theme.panel, theme.wrong[1]))[:0:-1]
    share = np.clip(np.nan_to_num(values) / max(most, 1e-12), -1, 1)
    return _picture(np.concatenate([below, above]), share * STEPS + STEPS)


def rising(shares: NDArray[np.float32], theme: Theme) -> QImage:
    """Draw shares (T, K) in 0..1: as the panel at 0, blue at 1."""
    return _picture(
        _ramp((theme.panel, theme.right[1])), np.clip(np.nan_to_num(shares), 0, 1) * STEPS
    )


def _ramp(colors: tuple[str, str]) -> NDArray[np.uint8]:
    mixed = (between(colors, step / STEPS) for step in range(STEPS + 1))
    return np.array([(each.red(), each.green(), each.blue()) for each in mixed], np.uint8)


def _picture(colors: NDArray[np.uint8], places: NDArray[np.floating]) -> QImage:
    pixels = np.ascontiguousarray(colors[np.rint(places).astype(np.intp)])
    height, width, _ = pixels.shape
    form = QImage.Format.Format_RGB888
    return QImage(pixels.data, width, height, 3 * width, form).copy()  # the memory is the array's
