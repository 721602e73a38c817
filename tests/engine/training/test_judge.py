"""What a network is judged on and learns from: a split as tensors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.data.dataset import Cancelled, Split
from engine.training import judge
from engine.training.control import Control
from engine.training.judge import tensors

CPU = torch.device("cpu")
LAST = torch.channels_last


def colours(count=20, channels=3):
    values = np.random.default_rng(0).random((count, channels, 4, 5), np.float32)
    return Split(values, np.arange(count) % 3, np.arange(count))


@pytest.fixture
def standardised(dataset):
    return replace(
        dataset, mean=np.array([0.1, 0.2, 0.3], np.float32), deviation=np.full(3, 2, np.float32)
    )


def test_images_that_stay_as_they_are_take_no_memory(dataset):
    images, labels = tensors(dataset, dataset.train, CPU, LAST, Control())

    assert np.shares_memory(images.numpy(), dataset.train.images)
    assert np.shares_memory(labels.numpy(), dataset.train.labels)


@pytest.mark.parametrize("at_once", [3, 100])
def test_some_at_a_time_they_are_what_they_are_all_at_once(standardised, monkeypatch, at_once):
    monkeypatch.setattr(judge, "AT_ONCE", at_once)
    split = colours()

    images, _ = tensors(standardised, split, CPU, LAST, Control())

    whole = torch.from_numpy(standardised.standardised(split.images))
    whole = whole.contiguous(memory_format=LAST)
    assert torch.equal(images, whole)
    assert images.stride() == whole.stride()


def test_a_stop_ends_it(standardised):
    control = Control()
    control.stop()

    with pytest.raises(Cancelled):
        tensors(standardised, colours(), CPU, LAST, control)
