"""Numbers as forms have them: the limits that a field declares, read and written with a point."""

from __future__ import annotations

from math import floor, isfinite, log10

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

LARGEST_INT = 2**31 - 1


def whole_limits(field: FieldInfo) -> tuple[int, int]:
    """Read the smallest and largest whole number that a field declares."""
    low, high = -LARGEST_INT, LARGEST_INT
    for limit in field.metadata:
        match limit:
            case Ge(ge=int(bound)):
                low = bound
            case Gt(gt=int(bound)):
                low = bound + 1
            case Le(le=int(bound)):
                high = bound
            case Lt(lt=int(bound)):
                high = bound - 1
    return low, min(high, LARGEST_INT)


def number_limits(field: FieldInfo) -> tuple[float, float]:
    """Read the smallest and largest number that a field with both declares."""
    low = next(limit.ge for limit in field.metadata if isinstance(limit, Ge))
    high = next(limit.le for limit in field.metadata if isinstance(limit, Le))
    return float(low), float(high)  # type: ignore[arg-type]


def step_of(field: FieldInfo) -> float:
    """Read the step in which a field's slider goes."""
    assert isinstance(field.json_schema_extra, dict)
    return float(field.json_schema_extra["step"])  # type: ignore[arg-type]


def as_number(text: str) -> float | None:
    """Read a number typed with a point; None where it is none."""
    try:
        return float(text)
    except ValueError:
        return None


def number_text(number: float) -> str:
    """Write a number so that reading it gives the same one, as short as that goes."""
    return f"{number:.12g}"


def stepped(number: float, steps: int) -> float:
    """Change a number by one in its leading digit's tenth: 0.01 to 0.011, 5 to 5.1."""
    if number == 0:
        return 0.0001 * steps
    if not isfinite(number):
        return number
    size = 10.0 ** floor(log10(abs(number)))
    return float(f"{number + steps * size / 10:.12g}")
