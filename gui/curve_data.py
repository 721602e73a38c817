"""Growing curves made ready to draw: cut down to what the pixels can show, and smoothed.

Both look things up in an index that grows with the curve, so that a frame costs the same after a
million points as after a thousand.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.training.history import Columns

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
BLOCK = 16  # points; what is shorter is quicker looked at than looked up


class CurveIndex:
    """Where a growing curve is lowest and highest, at every scale, and its running sums.

    Level k holds, for each whole block of 16·2^k points, the places of its lowest and its highest
    point. Points that are not finite count for nothing. It takes about two bytes a point.
    """

    def __init__(self) -> None:
        self._levels: list[Columns] = []  # place of the lowest point, of the highest
        self._sums = Columns(2)  # sum and number of the finite points up to a block's end
        self._sums.append(0.0, 0.0)

    def extend(self, y: Floats) -> None:
        """Take in what is new of a curve that has only grown since the last time."""
        done = len(self._sums) - 1
        whole = len(y) // BLOCK
        if whole == done:
            return
        blocks = y[done * BLOCK : whole * BLOCK].reshape(-1, BLOCK)
        finite = np.isfinite(blocks)
        self._sums.extend(
            self._sums.column(0)[-1] + np.where(finite, blocks, 0.0).sum(axis=1).cumsum(),
            self._sums.column(1)[-1] + finite.sum(axis=1).cumsum(),
        )
        places = np.arange(done * BLOCK, whole * BLOCK).reshape(-1, BLOCK)
        self._add(0, *_extremes(y, places, places))
        level = 1
        while level <= len(self._levels) and len(self._levels[level - 1]) >= 2:
            below = self._levels[level - 1]
            have = len(self._levels[level]) if level < len(self._levels) else 0
            pairs = slice(2 * have, len(below) // 2 * 2)
            low, high = (below.column(side)[pairs].reshape(-1, 2) for side in (0, 1))
            if not len(low):
                return
            self._add(level, *_extremes(y, low, high))
            level += 1

    def outline(self, y: Floats, first: int, last: int, most: int) -> Places:
        """Give the places of the points that show the curve from `first` up to before `last`.

        Short stretches are given whole. Long ones are cut into about `most` blocks (2 or more): the
        lowest and the highest point of each, and the last of all. Drawn on `most` pixels it looks
        the same, peaks included. Blocks stay where they are while the curve grows, so that the
        picture does not shimmer.
        """
        count = last - first
        if count <= 2 * most:
            return _finite(y, np.arange(first, last))
        size = 1 << int(np.ceil(np.log2(count / most)))
        start, whole = first // size, last // size  # blocks
        if size < BLOCK:
            blocks = np.arange(start * size, whole * size).reshape(-1, size)
            low, high = _extremes(y, blocks, blocks)
        else:
            level = self._levels[(size // BLOCK).bit_length() - 1]
            low, high = (level.column(side)[start:whole] for side in (0, 1))
        rest = np.arange(whole * size, last)[None]
        if rest.size:
            tail = _extremes(y, rest, rest)
            low, high = np.append(low, tail[0]), np.append(high, tail[1])
        pairs = np.stack([np.minimum(low, high), np.maximum(low, high)], axis=1)
        places: Places = np.append(pairs, last - 1)
        return _finite(y, places[np.append(places[1:] != places[:-1], True)])

    def smoothed(
        self, y: Floats, share: float, first: int, last: int, most: int
    ) -> tuple[Places, Floats]:
        """Average over a sliding window of `share` of the curve: at most `most` places from `first`
        up to before `last`, and the means there.

        The window is centred and shorter near the ends, so that the curve keeps its length.
        """
        if last <= first:
            return np.empty(0, np.int64), np.empty(0)
        stride = 1 << max(0, int(np.ceil(np.log2((last - first) / most))))
        places = np.arange(first // stride * stride, last, stride)
        if places[-1] != last - 1:
            places = np.append(places, last - 1)
        half = int(share * len(y) / 2)
        reach = np.minimum(half, np.minimum(places, len(y) - 1 - places))
        ends = self._up_to(y, np.concatenate([places + reach + 1, places - reach]))
        sums, counts = ends[:, : len(places)] - ends[:, len(places) :]
        there = counts > 0
        return places[there], sums[there] / counts[there]

    def _up_to(self, y: Floats, ends: Places) -> NDArray[np.float64]:
        """Give (2, N): sum and number of the finite points before each end."""
        blocks = ends // BLOCK
        places = (blocks * BLOCK)[:, None] + np.arange(BLOCK)
        rest = np.take(y, places, mode="clip")
        counted = (places < ends[:, None]) & np.isfinite(rest)
        rest[~counted] = 0.0
        return np.stack(
            [
                self._sums.column(0)[blocks] + rest.sum(axis=1),
                self._sums.column(1)[blocks] + counted.sum(axis=1),
            ]
        )

    def _add(self, level: int, low: Places, high: Places) -> None:
        if level == len(self._levels):
            self._levels.append(Columns(2, np.int32))
        self._levels[level].extend(low, high)


def _extremes(y: Floats, low: Places, high: Places) -> tuple[Places, Places]:
    """Choose of each row the place of the lowest and of the highest finite point."""
    rows = np.arange(len(low))
    below, above = y[low], y[high]
    lowest = np.where(np.isfinite(below), below, np.inf).argmin(axis=1)
    highest = np.where(np.isfinite(above), above, -np.inf).argmax(axis=1)
    return low[rows, lowest], high[rows, highest]


def _finite(y: Floats, places: Places) -> Places:
    return places[np.isfinite(y[places])]


@dataclass
class GrowingCurve:
    """A column of growing rows over their first column, in the units that are drawn."""

    rows: Columns
    column: int
    y_times: float = 1.0  # such as 100 for percent
    _index: CurveIndex = field(default_factory=CurveIndex)

    def between(self, low: float, high: float) -> tuple[int, int]:
        """Give the first place and the one after the last of what is seen from x `low` to `high`,
        with a neighbour on each side, to which lines lead.
        """
        ends = np.array([low, high])
        first, last = np.searchsorted(self.rows.column(0), ends)
        return max(int(first) - 1, 0), min(int(last) + 1, len(self.rows))

    def outline(self, first: int, last: int, most: int) -> tuple[Floats, Floats]:
        """Give (x, y) of the points that show this stretch on `most` pixels."""
        y = self._indexed()
        places = self._index.outline(y, first, last, most)
        return self._x(places), self.y_times * y[places]

    def smoothed(self, share: float, first: int, last: int, most: int) -> tuple[Floats, Floats]:
        """Give (x, y) of this stretch, averaged over a sliding share of the whole curve."""
        places, means = self._index.smoothed(self._indexed(), share, first, last, most)
        return self._x(places), self.y_times * means

    def _indexed(self) -> Floats:
        y = self.rows.column(self.column)
        self._index.extend(y)
        return y

    def _x(self, places: Places) -> Floats:
        x: Floats = self.rows.column(0)[places]
        return x


def room_for(epochs: float) -> float:
    """Round up to one of four steps a doubling, so that a growing axis moves seldom."""
    step = 2.0 ** np.floor(np.log2(epochs)) / 4
    return float(np.ceil(epochs / step) * step)


def span_of(values: list[Floats]) -> tuple[float, float] | None:
    """Give a range that holds all values, or None where there are none. It is rounded outwards, so
    that it moves seldom, and has margins.
    """
    ends = [end for part in values if len(part) for end in (part.min(), part.max())]
    if not ends:
        return None
    low, high = float(min(ends)), float(max(ends))
    if high - low < 1e-9 * max(abs(low), abs(high), 1e-9):
        margin = 0.1 * (abs(low) if abs(low) > 1e-3 else 1.0)  # 0 % needs no axis of 0.0001
        return low - margin, high + margin
    step = 10.0 ** np.floor(np.log10((high - low) / 10))
    step *= max((times for times in (2, 5) if times * step <= (high - low) / 10), default=1)
    low, high = step * np.floor(low / step), step * np.ceil(high / step)
    margin = 0.04 * (high - low)
    return float(low - margin), float(high + margin)
