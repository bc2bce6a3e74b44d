"""The axis of a recorded training: as long as the training was in its own steps, wherever those that were recorded lie.

They are dense at the start and far apart later: evenly spaced, 300 steps of which the first eight were recorded would
be a picture of those eight.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...model.state import Steps
from ...text.dots import ACROSS
from ...text.heat import Array
from .iteration_axis import IterationAxis


@dataclass(frozen=True, slots=True)
class StepAxis(IterationAxis):
    """The iterations are those that were recorded; where each stands, its step says.

    A cell without any shows the one before it: what was not looked at is as it was when it last was.
    """

    steps: Steps

    @property
    def several(self) -> bool:
        return True

    @property
    def length(self) -> int:
        """Steps from 0 to the last that is known."""
        return self.steps.end + 1

    def label(self, iteration: int) -> str:
        return str(self.steps[iteration])

    def cell(self, iteration: int) -> int:
        return self.cell_of(self.steps[iteration])

    def cell_of(self, place: int) -> int:
        return min(place * self.cells // self.length, self.cells - 1)

    def iteration_at(self, cell: int) -> int | None:
        """The last iteration up to the end of a cell (a mouse click); None beside the axis."""
        if not 0 <= cell < self.cells:
            return None
        return self.steps.iteration(((cell + 1) * self.length - 1) // self.cells)

    def known(self, count: int) -> int:
        return self.cell(count - 1) + 1 if count > 0 else 0

    def least_and_most(self, values: Array) -> tuple[Array, Array]:
        return self.extremes(self._steps(len(values)), values)

    def extremes(self, steps: NDArray[np.int64], values: Array) -> tuple[Array, Array]:
        """The smallest and the largest finite of these values, one of each of these steps, in each column of dots; NaN
        where there is none."""
        first, full = _spans(steps, self.length, self.cells * ACROSS)
        least, most = np.full((2, self.cells * ACROSS), np.nan)
        if first.size:
            finite = np.where(np.isfinite(values), values, np.nan)
            least[full] = np.fmin.reduceat(finite, first)
            most[full] = np.fmax.reduceat(finite, first)
        return least, most

    def means(self, values: Array) -> Array:
        first, full = _spans(self._steps(len(values)), self.length, self.cells)
        if not first.size:
            return values[:0]
        sizes = np.diff(np.append(first, len(values)))
        with np.errstate(all="ignore"):
            means: Array = (np.add.reduceat(values, first).T / sizes).T
        return self._held(means, full, len(values))

    def most(self, values: Array) -> Array:
        first, full = _spans(self._steps(len(values)), self.length, self.cells)
        return self._held(np.maximum.reduceat(values, first), full, len(values)) if first.size else values[:0]

    def _held(self, found: Array, full: NDArray[np.int64], count: int) -> Array:
        """Of each known cell what it has, or what the one before it has: NaN before the first."""
        cells = self.known(count)
        place = np.searchsorted(full, np.arange(cells), side="right") - 1
        held = found[np.maximum(place, 0)].astype(float)
        held[place < 0] = np.nan
        return held

    def _steps(self, count: int) -> NDArray[np.int64]:
        return np.asarray(self.steps.numbers, dtype=np.int64)[:count]


@functools.lru_cache(maxsize=16)
def _edges(length: int, columns: int) -> NDArray[np.int64]:
    """The first step of each column, and what follows the last."""
    return -(-np.arange(columns + 1, dtype=np.int64) * length // columns)


def _spans(steps: NDArray[np.int64], length: int, columns: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Of the columns that have any of these steps, the place of the first one; and which columns they are."""
    places = np.searchsorted(steps, _edges(length, columns))
    full = np.flatnonzero(places[1:] > places[:-1])
    return places[full], full
