"""Theory's curves over a plane that is printed: between which cells of a row each of them passes, and what it is."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gradtui_engine.core.numerics import Array
from gradtui_engine.sweeps.axis import Axis
from gradtui_engine.sweeps.curves import Curve, curves
from gradtui_engine.sweeps.sweep import Sweep

from ..text.language import tr
from ..views.sweep.geometry import positions

#: A mark for each curve, in order.
MARKS = "|:;/"


@dataclass(frozen=True)
class Passing:
    """Where a curve passes: its mark, its place among the columns (0 the middle of the first), and the row."""

    mark: str
    place: float
    row: int


@dataclass(frozen=True)
class Theory:
    """Where curves pass, and their names with their sources; both empty where theory says nothing of the plane."""

    passing: tuple[Passing, ...] = ()
    told: tuple[str, ...] = ()


def theory_of(sweep: Sweep) -> Theory:
    """What theory says over a plane: of the curves that are in it."""
    if sweep.y is None:
        return Theory()
    passing: list[Passing] = []
    taken: set[tuple[int, int]] = set()
    told: list[str] = []
    for curve in curves(sweep):
        if len(told) == len(MARKS):
            break
        mark = MARKS[len(told)]
        places = list(_passing(curve, sweep.x, sweep.y))
        # Where two pass between the same cells, the first of them stands.
        free = [(place, row) for place, row in places if (math.floor(place), row) not in taken]
        if free:
            passing += (Passing(mark, place, row) for place, row in free)
            taken.update((math.floor(place), row) for place, row in free)
            said = {"mark": mark, "name": tr(curve.name), "source": tr(curve.source)}
            told.append(tr("{mark} theory: {name} ({source})", **said))
    return Theory(tuple(passing), tuple(told))


def _passing(curve: Curve, x: Axis, y: Axis) -> Iterator[tuple[float, int]]:
    points = np.array(curve.points, dtype=np.float64).reshape(-1, 2)
    across, up = _cells(x, points[:, 0]), _cells(y, points[:, 1])
    found: dict[tuple[float, int], None] = {}
    places = list(zip(across.tolist(), up.tolist(), strict=True))
    if not curve.joined:
        found |= {(place, round(row)): None for place, row in places if math.isfinite(place + row)}
    for (x0, y0), (x1, y1) in itertools.pairwise(places) if curve.joined else ():
        if not math.isfinite(x0 + y0 + x1 + y1):
            continue
        for row in range(math.ceil(min(y0, y1) - 1e-9), math.floor(max(y0, y1) + 1e-9) + 1):
            share = 0.0 if y0 == y1 else (row - y0) / (y1 - y0)
            found[round(x0 + share * (x1 - x0), 6), row] = None
    yield from found


def _cells(axis: Axis, units: Array) -> Array:
    """Units of an axis in cells; along names they are cells already."""
    return positions(axis.values, axis.log, units) if axis.numeric else units


def marks_in(passing: Sequence[Passing], row: int) -> dict[int, str]:
    """By the column behind which it stands, −1 before the first: the mark of the curve that passes there."""
    return {math.floor(each.place): each.mark for each in passing if each.row == row}
