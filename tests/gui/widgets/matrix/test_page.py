from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QByteArray
from PySide6.QtGui import QImage
from PySide6.QtSvg import QSvgRenderer

from gui.theme import LIGHT
from gui.widgets.matrix.numbers import difference, numbers_of
from gui.widgets.matrix.page import MatrixPage

CLASSES = [1, 2, 10, 62]


@pytest.fixture(params=CLASSES)
def page(request, qapp):
    classes = request.param
    counts = np.arange(classes * classes).reshape(classes, classes)
    names = tuple(f"class {number}" for number in range(classes))
    return MatrixPage(numbers_of(counts, names, ""), "My run", "10,000 images, epoch 3")


def test_a_picture_has_twice_the_pixels_and_is_white(page):
    picture = QImage.fromData(page.content(".png"))

    assert picture.size() == 2 * page.size
    assert picture.pixelColor(0, 0).name() == "#ffffff"
    painted = {picture.pixelColor(x, y).name() for x in range(0, picture.width(), 3)
               for y in range(0, picture.height(), 7)}  # fmt: skip
    assert LIGHT.right[1] in painted or len(page.numbers.names) == 1


def test_a_drawing_can_be_read_and_says_its_title(page):
    content = page.content(".svg")

    assert QSvgRenderer(QByteArray(content)).isValid()
    for words in (b"My run", b"10,000 images", b"true", b"predicted", b"errors"):
        assert words in content


def test_values_have_a_row_each_true_class(page):
    lines = page.content(".csv").decode("utf-8-sig").splitlines()

    assert len(lines) == len(page.numbers.names) + 2


def test_a_difference_is_saved_with_its_signs(qapp):
    counts = np.array([[5, 1], [0, 6]])
    numbers = difference(counts, counts.T, ("a", "b"), "epoch 1", same_images=True)

    content = MatrixPage(numbers, "My run", "").content(".svg")

    assert "−1" in content.decode()
