from __future__ import annotations

import pytest
from PySide6.QtGui import QFont, QFontMetrics

from gui.widgets.gallery.painter import shortened


@pytest.fixture
def metrics(qapp):
    return QFontMetrics(QFont())


@pytest.mark.parametrize(
    "line", ["a very long name > cat", "cat > a very long name", "both are long > as can be seen"]
)
def test_a_caption_that_is_too_long_keeps_both_names(metrics, line):
    short = shortened(metrics, line, 110)

    assert metrics.horizontalAdvance(short) <= 110
    assert short.count(" > ") == 1
    assert "…" in short
    assert ("cat" in short) == ("cat" in line)


@pytest.mark.parametrize("line", ["4 > 9", "4", "", " > "])
def test_a_caption_that_fits_stays_as_it_is(metrics, line):
    assert shortened(metrics, line, 60) == line


@pytest.mark.parametrize("line", ["m" * 100, "a > b > " + "c" * 100])
def test_another_line_is_shortened_in_its_middle(metrics, line):
    short = shortened(metrics, line, 110)

    assert metrics.horizontalAdvance(short) <= 110
    assert "…" in short
