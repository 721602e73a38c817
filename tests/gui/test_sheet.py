from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage

from engine.data.dataset import Cancelled, silent
from engine.problems import ProblemError
from engine.store.exports import Picked
from gui import sheet
from gui.sheet import GAP, TILE, WIDTH, write_sheet


def picked(count, shape=(1, 28, 28), level=1.0):
    rows = np.arange(count)
    sure = np.full(count, 0.9, np.float32)
    images = np.full((count, *shape), level, np.float32)
    labels = np.zeros(count, np.int64)
    return Picked("test", images, rows, rows, labels, labels + 1, sure, sure, None, ("a", "b"))


def caption(some, place):
    return ("a > b", "b: 90 %")


def test_every_image_is_on_the_sheet(qapp, tmp_path):
    write_sheet(tmp_path / "a.png", picked(7, level=0.2), caption, silent)

    page = QImage(str(tmp_path / "a.png"))
    color = QColor.fromRgb(51, 51, 51).rgb()
    columns = page.width() // WIDTH
    seen = [
        page.pixel((n % columns) * WIDTH + WIDTH // 2, _middle(page, n, columns)) for n in range(7)
    ]
    assert seen == [color] * 7


def _middle(page, number, columns):
    height = page.height() // -(-7 // columns)
    return number // columns * height + GAP + TILE // 2


def test_many_images_are_spread_over_pages(qapp, tmp_path, monkeypatch):
    monkeypatch.setattr(sheet, "PAGE", 4)

    assert write_sheet(tmp_path / "a.png", picked(9), caption, silent) == 9

    assert sorted(p.name for p in tmp_path.iterdir()) == ["a-2.png", "a-3.png", "a.png"]


def test_a_further_page_that_is_there_is_not_overwritten(qapp, tmp_path, monkeypatch):
    monkeypatch.setattr(sheet, "PAGE", 4)
    (tmp_path / "a-2.png").write_text("mine")

    with pytest.raises(ProblemError, match="is there already"):
        write_sheet(tmp_path / "a.png", picked(9), caption, silent)

    assert (tmp_path / "a-2.png").read_text() == "mine"
    assert not (tmp_path / "a.png").exists()


def test_a_cancelled_sheet_leaves_nothing(qapp, tmp_path, monkeypatch):
    monkeypatch.setattr(sheet, "PAGE", 4)

    def cancel(done, total):
        if done == total:
            raise Cancelled

    with pytest.raises(Cancelled):
        write_sheet(tmp_path / "a.png", picked(9), caption, cancel)

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("shape", [(3, 256, 256), (1, 8, 8), (3, 5, 9)])
def test_images_of_any_shape_are_painted(qapp, tmp_path, shape):
    write_sheet(tmp_path / "a.png", picked(1, shape), caption, silent)

    assert not QImage(str(tmp_path / "a.png")).isNull()
