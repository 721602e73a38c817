"""Modules that hold others side by side."""

from __future__ import annotations

import torch
from torch import nn


class Residual(nn.Module):
    """Adds what comes in to what the layers make of it (He et al. 2015)."""

    def __init__(self, body, shortcut=None):
        super().__init__()
        self.body = body
        self.shortcut = shortcut or nn.Identity()

    def forward(self, values):
        return self.body(values) + self.shortcut(values)


class Concatenate(nn.ModuleList):
    """Gives the same to each branch, and lays what they give side by side."""

    def __init__(self, *branches, dim=1):
        super().__init__(branches)
        self.dim = dim

    def forward(self, values):
        return torch.cat([branch(values) for branch in self], dim=self.dim)


class Add(nn.ModuleList):
    """Gives the same to each branch, and adds up what they give."""

    def __init__(self, *branches):
        super().__init__(branches)

    def forward(self, values):
        return sum(branch(values) for branch in self)
