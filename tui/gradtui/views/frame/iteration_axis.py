"""The axis of iterations: which column shows which. What is trained is the solid part of it, the rest is dotted."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ...text.dots import ACROSS
from ...text.heat import Array
from ...text.spans import Line, Span, runs
from .plots import ticks

#: Columns that a number on the axis takes at least, with the gap behind it.
_TICK = 12


@dataclass(frozen=True, slots=True)
class IterationAxis:
    """`total` iterations, 0 the first, in so many cells. A cell has several of them, or an iteration several cells."""

    total: int
    cells: int

    @property
    def several(self) -> bool:
        """Whether a cell may have several iterations."""
        return self.total > self.cells

    @property
    def length(self) -> int:
        """So many numbers are on the axis."""
        return self.total

    def label(self, iteration: int) -> str:
        """The number of an iteration, as the axis writes it."""
        return str(iteration)

    def cell_of(self, place: int) -> int:
        """The cell of a number on the axis."""
        return min(self.cell(place), self.cells - 1)

    def cell(self, iteration: int) -> int:
        """The cell of an iteration: the middle one where it has several."""
        first = -(-iteration * self.cells // self.total) if self.total < self.cells else self._last(iteration)
        return max(0, min((first + self._last(iteration)) // 2, self.cells - 1))

    def _last(self, iteration: int) -> int:
        return ((iteration + 1) * self.cells - 1) // self.total

    def iteration_at(self, cell: int) -> int | None:
        """The first iteration of a cell (a mouse click); None beside the axis."""
        return cell * self.total // self.cells if 0 <= cell < self.cells else None

    def known(self, count: int) -> int:
        """The cells that `count` iterations fill, the last one perhaps in part."""
        return self._last(count - 1) + 1 if count > 0 else 0

    # -- many iterations in a column -----------------------------------------------------------------------

    def least_and_most(self, values: Array) -> tuple[Array, Array]:
        """The smallest and the largest finite of these values, one an iteration, in each column of dots; else NaN."""
        starts = _starts(self.total, self.cells * ACROSS)
        known = starts[: np.searchsorted(starts, len(values))]
        least, most = np.full((2, len(starts)), np.nan)
        if known.size:
            with np.errstate(invalid="ignore"):
                finite = np.where(np.isfinite(values), values, np.nan)
                # fmin and fmax pass over NaN.
                least[: len(known)] = np.fmin.reduceat(finite, known)
                most[: len(known)] = np.fmax.reduceat(finite, known)
        return least, most

    def means(self, values: Array) -> Array:
        """The mean of these rows, one an iteration, in each cell that has any: (cells, …)."""
        known = self._known_starts(len(values))
        if not known.size:
            return values[:0]
        sizes = np.maximum(np.diff(np.append(known, len(values))), 1)
        with np.errstate(all="ignore"):
            sums: Array = np.add.reduceat(values, known)
            means: Array = (sums.T / sizes).T
        return means

    def most(self, values: Array) -> Array:
        """The largest of these rows in each cell that has any: (cells, …)."""
        known = self._known_starts(len(values))
        return np.maximum.reduceat(values, known) if known.size else values[:0]

    def _known_starts(self, count: int) -> NDArray[np.int64]:
        starts = _starts(self.total, self.cells)
        return starts[: np.searchsorted(starts, count)]

    # -- the ruler -----------------------------------------------------------------------------------------

    def ruler(self, count: int, cursor: int, marks: Mapping[int, str] = MappingProxyType({})) -> Line:
        """The axis: solid as far as it is trained, dotted from there on; numbers, marks on them, the cursor on top."""
        known = self.known(count)
        cells: list[Span] = [("━", "label")] * known + [("┄", "dim")] * (self.cells - known)
        for place in ticks(0, self.length, max(2, self.cells // _TICK)):
            self._write(cells, str(round(place)), self.cell_of(round(place)), "label")
        for iteration, mark in marks.items():
            place = self.cell(iteration)
            self._clear(cells, place, place + 1, known)
            cells[place] = (mark, "strong")
        here = self.cell(cursor)
        number = self.label(cursor)
        label = f"▴{number}"
        if len(label) <= self.cells:
            start = min(here, self.cells - len(label))
            # Beside the edge the mark points from the other side of its number.
            label = label if start == here else f"{number}▴"
            start = start if start == here else max(0, here + 1 - len(label))
            self._clear(cells, start, start + len(label), known)
            cells[start : start + len(label)] = [(glyph, "cursor") for glyph in label]
        return runs(cells)

    def _write(self, cells: list[Span], label: str, start: int, style: str) -> None:
        start = max(0, min(start, self.cells - len(label)))
        around = cells[max(0, start - 1) : start + len(label) + 1]
        if len(label) <= self.cells and all(text in "━┄" for text, _ in around):
            cells[start : start + len(label)] = [(glyph, style) for glyph in label]

    def _clear(self, cells: list[Span], start: int, end: int, known: int) -> None:
        """Line instead of whole numbers that the cursor's would cut, or would stand beside."""
        while start > 0 and cells[start - 1][0].isdigit():
            start -= 1
        while end < self.cells and cells[end][0].isdigit():
            end += 1
        cells[start:end] = [("━", "label") if place < known else ("┄", "dim") for place in range(start, end)]


@functools.lru_cache(maxsize=16)
def _starts(total: int, columns: int) -> NDArray[np.int64]:
    """The first iteration of each column."""
    return np.arange(columns, dtype=np.int64) * total // columns
