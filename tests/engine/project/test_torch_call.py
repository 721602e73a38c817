from __future__ import annotations

import pytest
import torch
from torch import nn

from engine.project.torch_call import call


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        (call("nn.Flatten"), "nn.Flatten()"),
        (call("nn.Conv2d", 1, 32, 3, stride=2), "nn.Conv2d(1, 32, 3, stride=2)"),
        (call("nn.ZeroPad2d", (0, 1, 0, 1)), "nn.ZeroPad2d((0, 1, 0, 1))"),
        (call("nn.BatchNorm1d", 4, eps=1e-07), "nn.BatchNorm1d(4, eps=1e-07)"),
    ],
)
def test_a_call_is_printed_as_it_is_written_in_python(written, printed):
    assert str(written) == printed


def test_a_call_is_built_with_its_arguments_and_options():
    convolution = call("nn.Conv2d", 3, 8, 5, stride=2, bias=False).build()

    assert isinstance(convolution, nn.Conv2d)
    assert convolution.weight.shape == torch.Size([8, 3, 5, 5])
    assert convolution.stride == (2, 2)
    assert convolution.bias is None


def test_calls_are_values():
    assert call("nn.Linear", 3, 4) == call("nn.Linear", 3, 4)
    assert call("nn.Linear", 3, 4) != call("nn.Linear", 4, 3)
