"""Arrays become pictures that Qt can draw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage


def as_picture(image: NDArray[np.float32]) -> QImage:
    """Make a picture of an image (C, H, W) in 0..1; C is 1 (grey) or 3 (RGB)."""
    pixels = np.round(255 * np.clip(image, 0, 1)).astype(np.uint8)
    channels, height, width = pixels.shape
    if channels == 3:
        data = np.ascontiguousarray(pixels.transpose(1, 2, 0))
        made = QImage(data.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    else:
        data = np.ascontiguousarray(pixels[0])
        made = QImage(data.data, width, height, width, QImage.Format.Format_Grayscale8)
    return made.copy()  # the array's memory is not Qt's to keep
