"""Where the cells of a plane stand: each a block of whole characters across, and of halves of one up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradtui_engine.core.numerics import Array

#: The widest block, in characters and in halves of a row: what is wider looks like a bar.
_WIDEST, _TALLEST = 8, 8


@dataclass(frozen=True, slots=True)
class Geometry:
    """A plane of so many columns and rows in so many characters and lines; halves: points in a line, 2 of half blocks.

    Where there are more cells than points, every second, third … of them is shown.
    """

    columns: int
    rows: int
    wide: int
    high: int
    halves: int
    every_x: int
    every_y: int

    @classmethod
    def of(cls, columns: int, rows: int, width: int, height: int, halves: int) -> Geometry:
        points = height * halves
        every_x, every_y = math.ceil(columns / max(width, 1)), math.ceil(rows / max(points, 1))
        shown_x, shown_y = math.ceil(columns / every_x), math.ceil(rows / every_y)
        wide = max(1, min(width // shown_x, _WIDEST))
        high = max(1, min(points // shown_y, _TALLEST))
        return cls(columns, rows, wide, high, halves, every_x, every_y)

    @property
    def width(self) -> int:
        """Characters."""
        return math.ceil(self.columns / self.every_x) * self.wide

    @property
    def height(self) -> int:
        """Lines."""
        return math.ceil(math.ceil(self.rows / self.every_y) * self.high / self.halves)

    @property
    def merged(self) -> bool:
        """Whether not every cell is shown."""
        return self.every_x > 1 or self.every_y > 1

    def column_at(self, x: int) -> int | None:
        """The column of cells at a character; None beside them."""
        column = x // self.wide * self.every_x
        return column if x >= 0 and column < self.columns else None

    def row_at(self, point: int) -> int | None:
        """The row of cells at a point, counted from below."""
        row = point // self.high * self.every_y
        return row if point >= 0 and row < self.rows else None

    def points_of(self, line: int) -> tuple[int, ...]:
        """The points of a line, the upper one first, counted from below."""
        lowest = (self.height - 1 - line) * self.halves
        return tuple(range(lowest + self.halves - 1, lowest - 1, -1))

    def middle(self, column: int, row: int) -> tuple[int, int]:
        """The character and the line in the middle of a cell."""
        x = column // self.every_x * self.wide + (self.wide - 1) // 2
        point = row // self.every_y * self.high + self.high // 2 if self.high > 1 else row // self.every_y
        return x, self.height - 1 - min(point // self.halves, self.height - 1)

    def place(self, across: Array, up: Array) -> tuple[Array, Array]:
        """Characters and lines of points that are given in columns and rows: 0 is the middle of the first."""
        x = (across / self.every_x + 0.5) * self.wide
        y = self.height - (up / self.every_y + 0.5) * self.high / self.halves
        return np.floor(x), np.floor(y)


def positions(values: Sequence[object], log: bool, wanted: Array) -> Array:
    """Where values lie along an axis, in cells: between two of them by interpolation, in the logarithm where log; NaN
    beyond the outermost cells' edges."""
    numbers = np.array([value if isinstance(value, int | float) else np.nan for value in values], dtype=np.float64)
    if len(numbers) < 2 or not np.isfinite(numbers).all():
        return np.full(np.shape(wanted), np.nan)
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
