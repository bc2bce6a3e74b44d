"""Where the cells of a plane stand: each a block of whole characters across, and of halves of one up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradtui_engine.core.numerics import Array

#: Blocks from so many characters, and points, on may differ by one: the plane fills its room. Smaller ones are all
#: alike, as one of two beside one of one looks twice as large.
_UNEVEN_WIDE, _UNEVEN_HIGH = 3, 2
#: The widest and the highest block on average: what is wider looks like a bar.
_WIDEST, _HIGHEST = 9, 10


@dataclass(frozen=True, slots=True)
class Geometry:
    """A plane of so many columns and rows in `width` characters and `points` up, of which a line has `halves`: of half
    blocks 2.

    Where there are more cells than points, every second, third … of them is shown.
    """

    columns: int
    rows: int
    width: int
    points: int
    halves: int
    every_x: int
    every_y: int

    @classmethod
    def of(cls, columns: int, rows: int, width: int, height: int, halves: int) -> Geometry:
        room = height * halves
        every_x, every_y = math.ceil(columns / max(width, 1)), math.ceil(rows / max(room, 1))
        across, up = math.ceil(columns / every_x), math.ceil(rows / every_y)
        wide = _extent(across, max(width, 1), _UNEVEN_WIDE, _WIDEST)
        return cls(columns, rows, wide, _extent(up, max(room, 1), _UNEVEN_HIGH, _HIGHEST), halves, every_x, every_y)

    @property
    def across(self) -> int:
        """Columns that are shown."""
        return math.ceil(self.columns / self.every_x)

    @property
    def up(self) -> int:
        """Rows that are shown."""
        return math.ceil(self.rows / self.every_y)

    @property
    def height(self) -> int:
        """Lines."""
        return math.ceil(self.points / self.halves)

    @property
    def merged(self) -> bool:
        """Whether not every cell is shown."""
        return self.every_x > 1 or self.every_y > 1

    def column_at(self, x: int) -> int | None:
        """The column of cells at a character; None beside them."""
        return x * self.across // self.width * self.every_x if 0 <= x < self.width else None

    def row_at(self, point: int) -> int | None:
        """The row of cells at a point, counted from below."""
        return point * self.up // self.points * self.every_y if 0 <= point < self.points else None

    def points_of(self, line: int) -> tuple[int, ...]:
        """The points of a line, the upper one first, counted from below."""
        lowest = (self.height - 1 - line) * self.halves
        return tuple(range(lowest + self.halves - 1, lowest - 1, -1))

    def middle(self, column: int, row: int) -> tuple[int, int]:
        """The character and the line in the middle of a cell."""
        x = (_first(column // self.every_x, self.width, self.across)
             + _first(column // self.every_x + 1, self.width, self.across) - 1) // 2  # fmt: skip
        point = (_first(row // self.every_y, self.points, self.up)
                 + _first(row // self.every_y + 1, self.points, self.up) - 1) // 2  # fmt: skip
        return x, self.height - 1 - point // self.halves

    def place(self, across: Array, up: Array) -> tuple[Array, Array]:
        """Characters and lines of points that are given in columns and rows: 0 is the middle of the first."""
        x = (across / self.every_x + 0.5) * self.width / self.across
        y = self.height - (up / self.every_y + 0.5) * self.points / self.up / self.halves
        return np.floor(x), np.floor(y)


def _extent(count: int, room: int, uneven: int, most: int) -> int:
    """Points that so many blocks take of a room: all of it, or as many as blocks of one size take."""
    size = max(1, room // count)
    return min(room, count * most) if size >= uneven else count * size


def _first(block: int, room: int, count: int) -> int:
    """The first point of a block: the least whose block is this one."""
    return -(-block * room // count)


def positions(values: Sequence[object], log: bool, wanted: Array) -> Array:
    """Where values lie along an axis, in cells: between two of them by interpolation, in the logarithm where log; NaN
    beyond the outermost cells' edges. Names have the numbers of their cells."""
    numbers = np.array([value if isinstance(value, int | float) else np.nan for value in values], dtype=np.float64)
    if len(numbers) < 2:
        return np.full(np.shape(wanted), np.nan)
    if not np.isfinite(numbers).all():
        numbers = np.arange(len(numbers), dtype=np.float64)
    with np.errstate(all="ignore"):
        along, asked = (np.log(numbers), np.log(wanted)) if log else (numbers, np.asarray(wanted, dtype=np.float64))
    cells = np.arange(len(numbers), dtype=np.float64)
    if along[0] > along[-1]:
        along, cells = along[::-1], cells[::-1]
    found = np.interp(asked, along, cells)
    # Half a cell beyond either end is still on the plane.
    first, last = (along[1] - along[0]) / 2, (along[-1] - along[-2]) / 2
    with np.errstate(invalid="ignore"):
        below, above = asked < along[0], asked > along[-1]
        step = np.sign(cells[1] - cells[0])
        found = np.where(below, cells[0] + step * (asked - along[0]) / (2 * first), found)
        found = np.where(above, cells[-1] + step * (asked - along[-1]) / (2 * last), found)
        outside = (asked < along[0] - first) | (asked > along[-1] + last) | ~np.isfinite(asked)
    return np.where(outside, np.nan, found)
