"""Slices that cover all rows, few at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analysis.blocks import BLOCK_BYTES, blocks


@given(st.integers(0, 1000))
def test_every_row_is_in_one_block(count):
    images = np.zeros((0, 3, 64, 64), dtype=np.float32)

    rows = [row for block in blocks(images, count) for row in range(block.start, block.stop)]

    assert rows == list(range(count))


@pytest.mark.parametrize("side", [8, 28, 512])
def test_a_block_is_no_larger_than_its_bound(side):
    images = np.zeros((40, 1, side, side), dtype=np.float32)

    assert max(images[block].nbytes for block in blocks(images)) <= BLOCK_BYTES


def test_images_larger_than_the_bound_come_one_by_one():
    images = np.zeros((3, 3, 600, 600), dtype=np.float32)

    assert list(blocks(images)) == [slice(0, 1), slice(1, 2), slice(2, 3)]
