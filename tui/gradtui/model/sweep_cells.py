"""What there is of a sweep at one moment: its cells so far, and what is still to come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from gradtui_engine.core.numerics import Array

if TYPE_CHECKING:
    from gradtui_engine.sweeps.cell import Cell
    from gradtui_engine.sweeps.sweep import Sweep

Place = tuple[int, int]
#: The coarser grids of `Sweep.cells`, the finest first.
_GRIDS = (2, 4, 8)


@dataclass(frozen=True, eq=False)
class SweepCells:
    """The cells of a sweep so far, by column and row; another object as soon as there are more.

    left: seconds until all of them are there, as far as that can be said; None where nothing is computed.
    """

    sweep: Sweep
    cells: Mapping[Place, Cell]
    going: bool = False
    left: float | None = None
    _made: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def total(self) -> int:
        columns, rows = self.sweep.shape
        return columns * rows

    @property
    def done(self) -> bool:
        return len(self.cells) == self.total

    def numbers(self, measure: str) -> Array:
        """(rows, columns) of a measure, the first row that of y's first value; NaN where there is no number."""
        if measure not in self._made:
            columns, rows = self.sweep.shape
            found = np.full((rows, columns), np.nan)
            for (i, j), cell in self.cells.items():
                value = cell.values.get(measure)
                if isinstance(value, int | float):
                    found[j, i] = value
            self._made[measure] = found
        made: Array = self._made[measure]
        return made

    def names(self, measure: str) -> dict[Place, str]:
        """The names that a measure has come to, as the verdict does."""
        found = {place: cell.values.get(measure) for place, cell in self.cells.items()}
        return {place: value for place, value in found.items() if isinstance(value, str)}

    def stand_in(self, place: Place) -> Place | None:
        """The cell that is shown at a place: its own, else the nearest before it that the coarser grids have; None
        where none has been computed."""
        if place in self.cells:
            return place
        for step in _GRIDS:
            nearest = place[0] - place[0] % step, place[1] - place[1] % step
            if nearest in self.cells:
                return nearest
        return None


class Curve(Protocol):
    """A curve of theory over a plane: its points in the axes' own units, joined or not; its name and source."""

    @property
    def name(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def points(self) -> Sequence[tuple[float, float]]: ...
    @property
    def joined(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class CurvesOf:
    """Theory's curves over the plane of a sweep."""

    sweep: Sweep

    def compute(self, watch: Any, known: Any = None) -> tuple[Curve, ...]:
        from gradtui_engine.sweeps.curves import curves  # with NumPy: not before a plane is looked at

        return curves(self.sweep)
