from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.widgets.gallery.grid import Grid

grids = st.builds(
    Grid.fitting,
    st.integers(0, 300),
    st.integers(1, 900),
    st.tuples(st.integers(1, 200), st.integers(1, 200)),
)


def area(grid: Grid, place: int) -> tuple[int, int, int, int]:
    left, top = grid.corner(place)
    return left, top, left + grid.across - 1, top + grid.down - 1


def touches(one, other) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


@given(grids)
def test_every_tile_is_found_at_its_own_corners(grid):
    for place in range(grid.count):
        left, top, right, bottom = area(grid, place)
        assert grid.at(left, top) == grid.at(right, bottom) == place


@given(grids, st.integers(-100, 1200), st.integers(-100, 3000))
def test_a_point_is_in_the_tile_that_covers_it_or_in_none(grid, x, y):
    covering = [p for p in range(grid.count) if touches(area(grid, p), (x, y, x, y))]

    assert ([] if grid.at(x, y) is None else [grid.at(x, y)]) == covering


@given(grids, st.integers(-100, 3000), st.integers(0, 900))
def test_a_strip_touches_whole_rows(grid, top, height):
    strip = (-(10**6), top, 10**6, top + height)

    seen = [p for p in range(grid.count) if touches(area(grid, p), strip)]

    assert list(grid.between(top, top + height)) == seen


@given(
    grids,
    st.integers(-100, 900),
    st.integers(-100, 3000),
    st.integers(0, 900),
    st.integers(0, 900),
)
def test_a_rectangle_touches_what_brute_force_finds(grid, left, top, width, height):
    rectangle = (left, top, left + width, top + height)

    found = [p for row in grid.inside(*rectangle) for p in row]

    assert found == [p for p in range(grid.count) if touches(area(grid, p), rectangle)]


@given(grids)
def test_the_grid_is_as_high_as_its_last_tile_reaches(grid):
    assert grid.height == max((area(grid, p)[3] + 1 for p in range(grid.count)), default=0)


@given(st.integers(1, 100), st.integers(0, 99), st.integers(-20, 20))
def test_moving_by_rows_stays_inside(count, place, rows):
    grid = Grid.fitting(count, 70, (10, 10))

    assert 0 <= grid.moved(min(place, count - 1), rows) < count


@pytest.mark.parametrize(
    ("place", "rows", "to"),
    [(1, 1, 5), (5, -1, 1), (1, -1, 1), (2, 1, 6), (3, 1, 6), (0, 9, 4), (6, -9, 2)],
)
def test_moving_keeps_the_column_where_the_last_row_has_it(place, rows, to):
    grid = Grid.fitting(7, 40, (10, 10))  # four columns, three tiles in the last row

    assert grid.moved(place, rows) == to


def test_a_tile_wider_than_the_view_is_a_column():
    assert Grid.fitting(3, 20, (50, 10)).columns == 1
