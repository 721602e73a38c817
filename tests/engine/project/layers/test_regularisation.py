from __future__ import annotations

import pytest
import torch

from engine.project.layers import Dropout, SpatialDropout2d
from tests.engine.project.layers.modules import module


def test_dropout_zeroes_its_share_and_scales_the_rest():
    torch.manual_seed(0)
    ones = torch.ones(100, 100)

    dropped = module(Dropout(rate=0.25), (100,))(ones)

    assert dropped.unique().tolist() == [0, pytest.approx(4 / 3)]
    assert (dropped == 0).float().mean() == pytest.approx(0.25, abs=0.02)


def test_spatial_dropout_zeroes_whole_channels():
    torch.manual_seed(0)
    ones = torch.ones(20, 50, 3, 3)

    dropped = module(SpatialDropout2d(rate=0.25), (50, 3, 3))(ones)

    assert dropped.unique().tolist() == [0, pytest.approx(4 / 3)]
    assert (dropped == dropped[:, :, :1, :1]).all()
    assert (dropped == 0).float().mean() == pytest.approx(0.25, abs=0.05)


@pytest.mark.parametrize("kind", [Dropout, SpatialDropout2d])
def test_a_summary_tells_the_rate(kind):
    assert kind(rate=0.125).summary() == "12.5 %"
