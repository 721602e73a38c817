from __future__ import annotations

import pytest

from gui.widgets.network.words import LEAST_WIDTH, ElidedLabel, TitleLine


def painted(label, width):
    label.resize(width, 20)
    return label.grab().toImage()


def test_a_label_gives_way():
    label = ElidedLabel("a rather long line of words")

    assert label.minimumSizeHint().width() == LEAST_WIDTH < label.sizeHint().width()


def test_a_label_without_room_is_cut_off_and_keeps_its_text():
    label, other = ElidedLabel("a rather long line"), ElidedLabel("a rather long word")

    assert painted(label, 60) == painted(other, 60)
    assert painted(label, 300) != painted(other, 300)
    assert label.text() == "a rather long line"


@pytest.fixture
def line(qapp):
    line = TitleLine()
    line.show_title("Convolution 2D", "Conv")
    return line


def test_a_title_makes_room_for_its_name(line):
    before = line.sizeHint().width()

    line.show_name("conv2d_1")

    assert line.sizeHint().width() > before


def test_a_title_without_room_for_its_name_is_the_short_one(line):
    short = TitleLine()
    short.show_title("Conv", "Conv")
    for each in (line, short):
        each.show_name("conv2d_1")
    width = short.sizeHint().width()

    assert painted(line, width) == painted(short, width)
    assert painted(line, 300) != painted(short, 300)
