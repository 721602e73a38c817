"""The modules that torch lacks. An exported script prints the very class that was trained, so each
needs nothing but torch, nn and Python's own.
"""

from engine.modules.blocks import Add, Concatenate, Residual
from engine.modules.sequence import (
    EveryStep,
    LastStep,
    LearnedEncoding,
    MeanOfSteps,
    PositionalEncoding,
    Rows,
    SelfAttention,
)

__all__ = [
    "Add",
    "Concatenate",
    "EveryStep",
    "LastStep",
    "LearnedEncoding",
    "MeanOfSteps",
    "PositionalEncoding",
    "Residual",
    "Rows",
    "SelfAttention",
]
