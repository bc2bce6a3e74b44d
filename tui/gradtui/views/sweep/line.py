"""A sweep along one axis: the measure as a curve over it, A's and B's."""

from __future__ import annotations

import math
from itertools import groupby

import numpy as np

from gradtui_engine.core.figures import percent, power_of_ten, short
from gradtui_engine.core.numerics import Array

from ...model.sweep_cells import SweepCells
from ...text.graph import Axes, Graph
from ...text.spans import Line, page
from .planes import Planes
from .shades import Shades, is_share
from .words import axis_name, value_text

#: Lines of the axis and its labels.
_AXIS = 2
_NONE = "×"


def view(planes: Planes, pane: str, width: int, height: int) -> list[Line]:
    cells = planes.cells(pane)
    assert cells is not None
    if height < _AXIS + 2 or width < 20:
        return page([], width, height)
    graph = _graph(planes, pane, width, height)
    shades = planes.shades(pane)
    for letter, style, one in _curves(planes, pane):
        numbers = one.numbers(shades.measure)[0]
        heights = _heights(numbers, shades)
        found = [(place, value) for place, value in enumerate(heights.tolist())]
        tip = None
        for known, run in groupby(found, lambda each: math.isfinite(each[1])):
            points = list(run)
            if known:
                xs, ys = np.array([place for place, _ in points], float), np.array([value for _, value in points])
                tip = graph.path(np.repeat(xs, 2), np.repeat(ys, 2), style, letter.lower()) or tip
        for place, cell in sorted(one.cells.items()):
            if cell.reason:
                graph.mark(float(place[0]), graph.bounds[0], _NONE, "broken")
        if len(planes.both) > 1:
            graph.name(tip, (letter, style))
    here = planes.spot[0]
    graph.upright(float(here), "cursor")
    name = axis_name(cells.sweep.x)
    said: Line = [(f" {name} →   {len(cells.cells)}/{cells.total}   ", "label"),
                  (f"▴ {value_text(cells.sweep.x.values[here])}", "cursor")]  # fmt: skip
    return page([*graph.lines(), said], width, height)


def _curves(planes: Planes, pane: str) -> list[tuple[str, str, SweepCells]]:
    """A's and B's in one plot; each pane's own one last, so that it lies on top."""
    found = [
        (letter, style, cells) for (letter, cells), style in zip(planes.letters, ("curve_1", "curve_2"), strict=False)
    ]
    return sorted(found, key=lambda each: each[0] == ("B" if pane == "sweep_b" else "A"))


def _heights(numbers: Array, shades: Shades) -> Array:
    if not shades.log:
        return numbers
    with np.errstate(all="ignore"):
        return np.where(numbers > 0, np.log10(numbers), np.where(numbers == 0, float(shades.scale.low), np.nan))


def _graph(planes: Planes, pane: str, width: int, height: int) -> Graph:
    cells, shades = planes.cells(pane), planes.shades(pane)
    assert cells is not None
    values = cells.sweep.x.values
    low, high = float(shades.scale.low), float(shades.scale.high)
    places = [low + (high - low) * part / 4 for part in range(5)]
    if shades.log:
        places = sorted({float(round(place)) for place in places})
        up = tuple((place, power_of_ten(round(place))) for place in places)
    else:
        text = percent if is_share(shades.measure) else short
        up = tuple((place, text(place)) for place in places)
    across = tuple((float(place), value_text(value)) for place, value in enumerate(values))
    axes = Axes((0.0, float(max(len(values) - 1, 1))), (low, high), across, up)
    return Graph(axes, width, height - _AXIS - 1, 2)


def column_at(planes: Planes, pane: str, width: int, height: int, x: int) -> int | None:
    """The cell nearest to a column of characters; None beside the curve."""
    cells = planes.cells(pane)
    if cells is None or height < _AXIS + 2 or width < 20:
        return None
    graph = _graph(planes, pane, width, height)
    at = x - graph.axes.margin
    if not 0 <= at < graph.columns:
        return None
    return min(range(cells.sweep.shape[0]), key=lambda column: abs(graph.column_of(float(column)) - at))
