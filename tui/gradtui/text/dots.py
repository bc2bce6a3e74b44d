"""Curves in dots, eight a cell: of each column of dots the smallest and the largest value, so that none hides a spike.

What plotext would take 6 to 20 ms for is a tenth of one here: these are drawn while a training goes on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import glyphs
from .spans import Line, Span, runs

Array = NDArray[Any]

#: Dots of a cell: two columns of four.
ACROSS, DOWN = 2, 4
#: The bit of each dot in Unicode's braille patterns, by row and column.
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
_BRAILLE = 0x2800
#: Styles of what stands behind curves: a curve takes its place.
FAINT = ("label", "dim", "reference")


@dataclass(frozen=True, eq=False)
class Curve:
    """A curve: its smallest and largest value in each column of dots (NaN where it has none), and the letter that tells
    it from others where there is no colour: in ASCII it is drawn in that letter.
    """

    low: Array
    high: Array
    style: str
    letter: str = ""


def named(letter: str, name: str) -> str:
    """The name of a curve at its end; behind its letter where it is drawn in that."""
    return f"{letter} {name}" if glyphs.current() == glyphs.ASCII else name


class Canvas:
    """Cells to draw in, `rows` by `columns`; bounds are the values at the lower and at the upper edge."""

    def __init__(self, columns: int, rows: int, bounds: tuple[float, float]) -> None:
        self.columns, self.rows, self.bounds = columns, rows, bounds
        self.cells: list[list[Span]] = [[(" ", "text")] * columns for _ in range(rows)]

    def row(self, value: float) -> int:
        """The row of cells in which a value lies, 0 the upper one; beyond the edge, the row at the edge."""
        return int(self._dots(np.array([value]))[0]) // DOWN

    def level(self, value: float, style: str, glyph: str = "╌") -> None:
        """A line across, from edge to edge."""
        self.cells[self.row(value)][: self.columns] = [(glyph, style)] * self.columns

    def draw(self, curve: Curve) -> None:
        """A joined curve, over what is there."""
        self.ink(inked(self._dots(curve.high), self._dots(curve.low), self.rows * DOWN), curve.style, curve.letter)

    def ink(self, drawn: NDArray[np.bool_], style: str, letter: str = "") -> None:
        """Dots, (rows · 4, columns · 2), over what is there: of another curve in the same cell the dots stay."""
        patterns = np.einsum("rdcs,ds->rc", drawn.reshape(self.rows, DOWN, self.columns, ACROSS), _BITS)
        plain = letter.lower() if glyphs.current() == glyphs.ASCII else ""
        for row, column in np.argwhere(patterns).tolist():
            pattern = int(patterns[row, column])
            there, of = self.cells[row][column]
            if of not in FAINT and there and _BRAILLE < ord(there[0]) < _BRAILLE + 256:
                pattern |= ord(there[0]) - _BRAILLE
            self.cells[row][column] = (plain or chr(_BRAILLE + pattern), style)

    def put(self, column: int, value: float, glyph: str, style: str) -> None:
        """A glyph where a value lies."""
        self.cells[self.row(value)][column] = (glyph, style)

    def cursor(self, column: int) -> None:
        """The column under the cursor: a line where nothing else stands, what stands there in the cursor's style."""
        for row in self.cells:
            text = row[column][0]
            row[column] = ("│" if text in " ╌" else text, "cursor")

    def lines(self) -> list[Line]:
        return [runs(row) for row in self.cells]

    def _dots(self, values: Array) -> Array:
        """The row of dots of each value; NaN where there is none."""
        low, high = self.bounds
        last = self.rows * DOWN - 1
        with np.errstate(all="ignore"):
            places = np.rint((high - values) / (high - low) * last)
        return np.clip(places, 0, last)


def inked(top: Array, bottom: Array, rows: int) -> NDArray[np.bool_]:
    """(rows, columns): the dots between top and bottom, and those that join neighbouring columns."""
    joined_top, joined_bottom = top.copy(), bottom.copy()
    # Only up to the neighbour's end: a column keeps what it says of its own values as far as it can.
    joined_top[1:] = np.fmin(top[1:], np.where(np.isnan(top[1:]), np.nan, bottom[:-1] + 1))
    joined_bottom[1:] = np.fmax(bottom[1:], np.where(np.isnan(bottom[1:]), np.nan, top[:-1] - 1))
    places = np.arange(rows)[:, None]
    with np.errstate(invalid="ignore"):
        between: NDArray[np.bool_] = (places >= joined_top) & (places <= joined_bottom)
    return between
