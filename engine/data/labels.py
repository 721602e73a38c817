"""Labels of any kind become class names and numbers into them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.problems import ProblemError

Values = NDArray[Any]
Numbers = NDArray[np.int64]


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Order names as people do: 2 before 10. For use as a sort key."""
    parts = re.findall(r"[0-9]+|[^0-9]+", text)
    return tuple((0, int(p), "") if p[0] in "0123456789" else (1, 0, p.lower()) for p in parts)


def number(train: Values, test: Values | None) -> tuple[tuple[str, ...], Numbers, Numbers | None]:
    """Turn labels into class names and numbers into them.

    Takes whole numbers or strings (N,) and returns the names, sorted, and int64 (N,) each. The
    classes are those that occur in training.

    Raises:
        ProblemError: only one class, or a test label that never occurs in training.
    """
    values = _sorted(np.unique(train))
    names = tuple(str(value) for value in values)
    if len(names) < 2:
        raise ProblemError(
            "All {count} labels are {name}, but a network needs at least two classes to tell "
            "apart: choose data with more classes.",
            count=len(train),
            name=names[0] if names else "missing",
        )
    return names, _placed(train, values), None if test is None else _tested(test, values)


def _sorted(values: Values) -> Values:
    if values.dtype.kind != "U":
        return values
    return np.array(sorted(values.tolist(), key=lambda name: (natural(name), name)))


def _placed(labels: Values, values: Values) -> Numbers:
    order = np.argsort(values)
    return order[np.searchsorted(values, labels, sorter=order)].astype(np.int64)


def _tested(labels: Values, values: Values) -> Numbers:
    unknown = labels[~np.isin(labels, values)]
    if len(unknown):
        raise ProblemError(
            "{count} test labels are not among the classes of training, the first of them "
            "{label}: the test set may only hold classes that are trained.",
            count=len(unknown),
            label=str(unknown[0]),
        )
    return _placed(labels, values)
