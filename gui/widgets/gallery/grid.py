"""Where tiles of one size stand in a grid, by arithmetic: what it costs does not grow with them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Grid:
    """Tiles in reading order, in as many columns as fit, spread over the width; all in pixels."""

    count: int
    columns: int
    across: int  # from one tile's left edge to the next one's
    down: int  # from one tile's top edge to the next one's
    left: int  # what the division leaves over, half of it

    @classmethod
    def fitting(cls, count: int, width: int, tile: tuple[int, int]) -> Grid:
        """Fit tiles of a width and height, at least, into a width; there is always one column."""
        columns = max(1, width // tile[0])
        across = max(tile[0], width // columns)
        return cls(count, columns, across, tile[1], max(0, width - columns * across) // 2)

    @property
    def height(self) -> int:
        """How high all rows are together."""
        return -(-self.count // self.columns) * self.down

    def corner(self, place: int) -> tuple[int, int]:
        """Give a tile's left and top edge."""
        row, column = divmod(place, self.columns)
        return self.left + column * self.across, row * self.down

    def at(self, x: int, y: int) -> int | None:
        """Find the tile at a point; None where there is none."""
        column, row = (x - self.left) // self.across, y // self.down
        place = row * self.columns + column
        inside = 0 <= column < self.columns and row >= 0
        return place if inside and place < self.count else None

    def between(self, top: int, bottom: int) -> range:
        """Find the tiles in the rows that a strip touches; `bottom` is its last pixel."""
        first = max(0, top // self.down) * self.columns
        last = (bottom // self.down + 1) * self.columns
        return range(min(first, self.count), max(0, min(last, self.count)))

    def inside(self, left: int, top: int, right: int, bottom: int) -> list[range]:
        """Find the tiles that a rectangle touches, row by row; its last pixels belong to it."""
        first = max(0, (left - self.left) // self.across)
        last = min(self.columns - 1, (right - self.left) // self.across)
        starts = self.between(top, bottom)[:: self.columns]
        rows = [range(start + first, min(start + last + 1, self.count)) for start in starts]
        return [row for row in rows if len(row)]

    def moved(self, place: int, rows: int) -> int:
        """Give the tile so many rows below, or above, in its column, as far as there are any."""
        row, column = divmod(place, self.columns)
        last = (self.count - 1) // self.columns
        return min(max(0, min(row + rows, last)) * self.columns + column, self.count - 1)
