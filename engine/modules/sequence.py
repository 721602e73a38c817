"""Modules for sequences: (batch, steps, features)."""

from __future__ import annotations

import torch
from torch import nn


class Rows(nn.Module):
    """Makes each row of pixels, with all of its channels, one step of a sequence."""

    def forward(self, images):
        return images.permute(0, 2, 1, 3).flatten(2)


class EveryStep(nn.Module):
    """Reads a sequence, and gives the state after each step."""

    def __init__(self, recurrent):
        super().__init__()
        self.recurrent = recurrent

    def forward(self, steps):
        states, _ = self.recurrent(steps)
        return states


class LastStep(nn.Module):
    """Reads a sequence, and gives the state after the last step."""

    def __init__(self, recurrent):
        super().__init__()
        self.recurrent = recurrent

    def forward(self, steps):
        states, _ = self.recurrent(steps)
        if not self.recurrent.bidirectional:
            return states[:, -1]
        # Whoever reads backwards has read everything at the first step.
        size = self.recurrent.hidden_size
        return torch.cat([states[:, -1, :size], states[:, 0, size:]], dim=1)


class SelfAttention(nn.Module):
    """Lets each step gather what it needs from all steps (Vaswani et al. 2017)."""

    def __init__(self, features, heads, bias=True):
        super().__init__()
        self.attention = nn.MultiheadAttention(
            features,
            heads,
            bias=bias,
            batch_first=True,
        )

    def forward(self, steps):
        gathered, _ = self.attention(steps, steps, steps, need_weights=False)
        return gathered


class PositionalEncoding(nn.Module):
    """Adds waves of many lengths, by which each step can be told from the others."""

    def __init__(self, steps, features):
        super().__init__()
        position = torch.arange(steps)[:, None]
        feature = torch.arange(features)
        angles = position / 10000 ** (feature // 2 * 2 / features)
        waves = torch.where(feature % 2 == 0, angles.sin(), angles.cos())
        self.register_buffer("waves", waves)

    def forward(self, steps):
        return steps + self.waves[: steps.shape[1]]


class LearnedEncoding(nn.Module):
    """Adds to each step numbers of its own, which are learned."""

    def __init__(self, steps, features):
        super().__init__()
        self.offsets = nn.Parameter(0.02 * torch.randn(steps, features))

    def forward(self, steps):
        return steps + self.offsets[: steps.shape[1]]


class MeanOfSteps(nn.Module):
    """Takes the mean of each feature over all steps."""

    def forward(self, steps):
        return steps.mean(dim=1)
