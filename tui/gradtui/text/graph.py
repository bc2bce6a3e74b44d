"""Graphs that people read: curves in dots over numbered axes, each with its name at its end.

All in text of our own, so that a frame costs a millisecond or two, and that every set of glyphs can draw it: in braille
dots, eight a cell, or in ASCII in the curve's letter.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .dots import ACROSS, DOWN, Array, Canvas, inked
from .spans import Line, Span, runs, width_of

#: A function is looked at so many times in each column of dots: a spike between two of them is seen.
_SAMPLES = 5
#: A reference line is one dot in so many.
_SPARSE = 2
#: Columns of dots of a dash, and of a dash and the gap behind it.
_DASH, _DASHES = 4, 6
#: How far from its curve, in rows, a name may stand.
_NEAR = (0, -1, 1, -2, 2, -3, 3, -4, 4)

Labels = tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class Axes:
    """What the canvas spans, and the places that are marked on its edges, each with its label."""

    x: tuple[float, float]
    y: tuple[float, float]
    x_labels: Labels = ()
    y_labels: Labels = ()

    @property
    def margin(self) -> int:
        """Cells before the canvas: the labels of y, and the axis."""
        return max((width_of([(label, "")]) for _, label in self.y_labels), default=0) + 1


@dataclass(frozen=True, slots=True)
class Even:
    """A span, and ticks on it that are equally many cells apart."""

    span: tuple[float, float]
    ticks: tuple[float, ...]


def square(x: tuple[float, float], y: tuple[float, float], columns: int, rows: int) -> Axes:
    """Axes that hold both ranges, and on which one is as long to the right as upwards.

    A cell has two columns and four rows of dots, and is twice as high as wide: dots are squares.
    """
    across, up = max(columns * ACROSS - 1, 1), max(rows * DOWN - 1, 1)
    unit = max((x[1] - x[0]) / across, (y[1] - y[0]) / up)
    (left, right), (bottom, top) = (
        ((low + high - unit * dots) / 2, (low + high + unit * dots) / 2) for (low, high), dots in ((x, across), (y, up))
    )
    return Axes((left, right), (bottom, top))


def even(span: tuple[float, float], tick: float, steps: Sequence[float], cells: int, dots: int) -> Even:
    """The narrowest span around this one on which ticks are whole cells apart, each in the middle of its cell.

    One of them is at `tick`, the others a step of `steps` apart, of which the one is chosen that leaves least air. A
    cell has so many dots. Without room for any step the span is as it was, without ticks.
    """
    low, high = span
    best: Even = Even(span, ())
    for step in steps:
        for apart in range(max(cells, 1), 0, -1):
            unit = step / (apart * dots)  # of a dot
            # The cell of `tick`, counted from the low end: as few as hold what is below, and what is above must fit.
            below, above = ((place / unit) for place in (tick - low, high - tick))
            middle = (dots - 1) / 2
            first = math.ceil((below - middle) / dots - 1e-9)
            last = cells - 1 - math.ceil((above - middle) / dots - 1e-9)
            if last < first:
                continue
            here = (first + last + 1) // 2 * dots + middle
            found = tick - here * unit, tick + (cells * dots - 1 - here) * unit
            if not best.ticks or found[1] - found[0] < (best.span[1] - best.span[0]) * (1 - 1e-9):
                numbers = range(math.ceil((low - tick) / step - 1e-9), math.floor((high - tick) / step + 1e-9) + 1)
                best = Even(found, tuple([tick + number * step for number in numbers]))
            break
    return best


#: The last place, column and row of cells, where a curve is seen; None where it is not.
Tip = tuple[int, int] | None


class Graph(Canvas):
    """A canvas with axes: x runs over its columns, and `right` more cells beside them are for names of curves."""

    def __init__(self, axes: Axes, width: int, rows: int, right: int = 0) -> None:
        super().__init__(max(1, width - axes.margin - right), rows, axes.y)
        self.axes, self.width = axes, width
        for row in self.cells:
            row += [(" ", "text")] * right

    # -- curves ------------------------------------------------------------------------------------------------

    def function(self, f: Callable[[Array], Array], style: str, letter: str, dashed: bool = False) -> Tip:
        """A function as a joined line, with a gap where it has no finite value, cut off at the edges.

        dashed tells it from another one without colour.
        """
        low, high = self.axes.x
        dots = self.columns * ACROSS
        step = (high - low) / max(dots - 1, 1)
        shares = np.linspace(-0.5, 0.5, _SAMPLES)
        x = np.clip(low + step * (np.arange(dots)[:, None] + shares[None, :]), low, high)
        with np.errstate(all="ignore"):
            y = np.asarray(f(x), dtype=np.float64)
        y[~np.isfinite(y)] = np.nan
        least, most = np.full(dots, np.nan), np.full(dots, np.nan)
        known = np.isfinite(y).any(axis=1)
        least[known], most[known] = np.nanmin(y[known], axis=1), np.nanmax(y[known], axis=1)
        bottom, top = self.bounds
        outside = (most < bottom) | (least > top)
        least[outside], most[outside] = np.nan, np.nan
        drawn = inked(self._dots(most), self._dots(least), self.rows * DOWN)
        self._ink(drawn, style, letter, dashed)
        seen = np.flatnonzero(np.isfinite(least))
        if not seen.size:
            return None
        last = int(seen[-1])
        # Where the curve leaves, its name stands at the edge that it leaves through.
        value = float(np.clip(y[last][np.isfinite(y[last])][-1], bottom, top))
        return last // ACROSS, self.row(value)

    def path(self, x: Array, y: Array, style: str, letter: str, dashed: bool = False) -> Tip:
        """Points joined by lines, in their order; what lies outside is not drawn."""
        across, down = self._places(np.asarray(x, np.float64), np.asarray(y, np.float64))
        far = np.maximum(np.abs(np.diff(across)), np.abs(np.diff(down)))
        along = np.concatenate(([0.0], np.cumsum(far)))
        steps = np.linspace(0.0, along[-1], int(2 * along[-1]) + 2)
        columns, rows = np.rint(np.interp(steps, along, across)), np.rint(np.interp(steps, along, down))
        inside = (columns >= 0) & (columns < self.columns * ACROSS) & (rows >= 0) & (rows < self.rows * DOWN)
        columns, rows = columns[inside].astype(np.int64), rows[inside].astype(np.int64)
        if not columns.size:
            return None
        drawn = self._nothing()
        drawn[rows, columns] = True
        self._ink(drawn, style, letter, dashed)
        return int(columns[-1]) // ACROSS, int(rows[-1]) // DOWN

    def fill(self, inside: Callable[[Array, Array], NDArray[np.bool_]], style: str, letter: str = ".") -> None:
        """One dot in two where inside(x, y) says so: an area behind the curves that are drawn later."""
        (left, right), (bottom, top) = self.axes.x, self.bounds
        x = np.linspace(left, right, self.columns * ACROSS)[None, :]
        y = np.linspace(top, bottom, self.rows * DOWN)[:, None]
        sparse = np.add.outer(np.arange(self.rows * DOWN), np.arange(self.columns * ACROSS)) % 2 == 0
        self.ink(np.broadcast_to(inside(x, y), sparse.shape) & sparse, style, letter)

    # -- lines of reference, marks, names ------------------------------------------------------------------------

    def across(self, y: float, style: str = "dim") -> None:
        """A sparse line from side to side."""
        row = round(float(self._places(np.zeros(1), np.array([y]))[1][0]))
        if 0 <= row < self.rows * DOWN:
            drawn = self._nothing()
            drawn[row, ::_SPARSE] = True
            self.ink(drawn, style, "-")

    def upright(self, x: float, style: str = "dim") -> None:
        """A sparse line from top to bottom."""
        column = round(float(self._places(np.array([x]), np.zeros(1))[0][0]))
        if 0 <= column < self.columns * ACROSS:
            drawn = self._nothing()
            drawn[::_SPARSE, column] = True
            self.ink(drawn, style, ":")

    def cell(self, x: float, y: float) -> Tip:
        """The cell, column and row, in which a point lies; None where it lies outside."""
        across, down = self._places(np.array([x]), np.array([y]))
        if not (np.isfinite(across).all() and np.isfinite(down).all()):
            return None
        column, row = round(float(across[0])) // ACROSS, round(float(down[0])) // DOWN
        return (column, row) if 0 <= column < self.columns and 0 <= row < self.rows else None

    def mark(self, x: float, y: float, glyph: str, style: str) -> Tip:
        """A glyph at a point; nothing where that lies outside."""
        place = self.cell(x, y)
        if place is not None:
            self.cells[place[1]][place[0]] = (glyph, style)
        return place

    def name(self, tip: Tip, *texts: Span) -> bool:
        """The first of the texts that has room beside a place, at its right or its left, on its row or near it.

        A line of reference is covered only where else there is no room for any of them.
        """
        if tip is None:
            return False
        column, row = tip
        for covered, text in itertools.product((("dim",), ("dim", "reference")), texts):
            size = width_of([text])
            for near in _NEAR:
                for start in (column + 2, column + 1, column - size - 1, column - size // 2):
                    if self.free(start, row + near, size, covered) and (near or start != column - size // 2):
                        self.write(start, row + near, text)
                        return True
        return False

    def write(self, column: int, row: int, text: Span) -> None:
        """A text from a cell on. It stands in its first cell: a glyph of double width takes two of them."""
        size = width_of([text])
        self.cells[row][column : column + size] = [text, *[("", text[1])] * (size - 1)]

    def free(self, start: int, row: int, size: int, covered: tuple[str, ...] = ("dim",)) -> bool:
        """Whether nothing but what has these styles stands in these cells, nor right before or behind them."""
        if not 0 <= row < self.rows or start < 0 or start + size > len(self.cells[row]):
            return False
        room = self.cells[row][max(0, start - 1) : start + size + 1]
        return all(text == " " or style in covered for text, style in room)

    # -- the whole -----------------------------------------------------------------------------------------------

    def lines(self) -> list[Line]:
        """The canvas with its axes: two lines more than it has rows, each as wide as was asked for at most."""
        labels: dict[int, str] = {}
        for place, label in self.axes.y_labels:
            if self.bounds[0] <= place <= self.bounds[1]:
                labels.setdefault(self.row(place), label)
        margin = self.axes.margin
        lines: list[Line] = []
        for number, row in enumerate(self.cells):
            label = labels.get(number, "")
            blank = " " * (margin - 1 - width_of([(label, "")]))
            lines.append([(f"{blank}{label}{'┤' if label else '│'}", "label"), *runs(row)])
        return [*lines, self._x_axis(), self._x_labels()]

    def column_of(self, x: float) -> int:
        """The column of cells of a value of x."""
        return round(float(self._places(np.array([x]), np.zeros(1))[0][0])) // ACROSS

    def _x_axis(self) -> Line:
        cells = ["─"] * self.columns
        for place, _ in self.axes.x_labels:
            column = self.column_of(place)
            if 0 <= column < self.columns:
                cells[column] = "┬"
        return [(" " * (self.axes.margin - 1) + "└" + "".join(cells), "label")]

    def _x_labels(self) -> Line:
        """Each label in the middle under its place; one that has no room is left out."""
        line: Line = []
        end, margin = 0, self.axes.margin
        for place, label in self.axes.x_labels:
            size = width_of([(label, "label")])
            start = min(margin + self.column_of(place) - size // 2, self.width - size)
            if start < end + (end > 0) or start < 0:
                continue
            line += [(" " * (start - end), "label"), (label, "label")]
            end = start + size
        return line

    def _ink(self, drawn: NDArray[np.bool_], style: str, letter: str, dashed: bool) -> None:
        if dashed:
            drawn[:, np.arange(drawn.shape[1]) % _DASHES >= _DASH] = False
        self.ink(drawn, style, letter)

    def _nothing(self) -> NDArray[np.bool_]:
        return np.zeros((self.rows * DOWN, self.columns * ACROSS), dtype=bool)

    def _places(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Column and row of dots of points, wherever they lie."""
        (left, right), (bottom, top) = self.axes.x, self.bounds
        with np.errstate(all="ignore"):
            across = (x - left) / (right - left) * (self.columns * ACROSS - 1)
            down = (top - y) / (top - bottom) * (self.rows * DOWN - 1)
        return across, down
