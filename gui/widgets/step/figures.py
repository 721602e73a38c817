"""How a step's figures are written: short, and honest about what is no number."""

from __future__ import annotations

import math

USUAL = 1e-3  # of the weights a step: the rule of thumb of many lessons
FAR = 10.0  # times more or less than usual is worth a mark
MORE, LESS = "▲", "▼"


def figure(value: float, digits: int = 3) -> str:
    """Write a number with so many digits: 0.0123, 45.6, 1.2e-07."""
    if not math.isfinite(value):
        return _beyond(value)
    if value == 0:
        return "0"
    if not 1e-4 <= abs(value) < 1e5:
        return f"{value:.1e}"
    return f"{value:,.{_decimals(value, digits)}f}"


def percentage(share: float) -> str:
    """Write a share in percent with two digits: 0.12 %, 46 %."""
    return f"{figure(100 * share, 2)} %" if math.isfinite(share) else _beyond(share)


def spread(mean: float, deviation: float) -> str:
    """Write a mean as exactly as its deviation lets it be of interest: 0.31 ± 0.38."""
    if not (math.isfinite(mean) and 1e-4 <= deviation < 1e5):
        return (
            f"{figure(mean, 2)} ± {figure(deviation, 2)}" if math.isfinite(mean) else _beyond(mean)
        )
    decimals = _decimals(deviation, 2)
    return f"{round(mean, decimals) + 0:,.{decimals}f} ± {deviation:,.{decimals}f}"


def mark(ratio: float) -> str:
    """Mark a change of weights that is far from what is usual; nothing where it is not."""
    if ratio > USUAL * FAR:
        return MORE
    return LESS if ratio < USUAL / FAR else ""


def _decimals(value: float, digits: int) -> int:
    return max(digits - 1 - math.floor(math.log10(abs(value))), 0)


def _beyond(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "∞" if value > 0 else "-∞"
