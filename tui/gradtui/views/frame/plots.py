"""What plots in panes have in common: samples of a function, ticks, labels under the axis, a rug of values."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from gradtui_engine.core.figures import rounded

from ...text.heat import Array
from ...text.plot import Axes, Series
from ...text.scale import counted, upwards
from ...text.spans import Line, width_of

#: Points per cell of the canvas: two columns of dots a cell, and two more where a curve is steep.
_DENSITY = 4


def numbers(values: Array) -> tuple[float, ...]:
    return tuple(np.asarray(values, dtype=np.float64).tolist())


def array(value: float) -> Array:
    return np.asarray(value, dtype=np.float64)


def curve(function: Callable[[Array], Array], bounds: tuple[float, float], cells: int, style: str) -> Series:
    """A function as a joined line. Where it is not finite the line has a gap."""
    x = np.linspace(*bounds, max(2, cells * _DENSITY))
    with np.errstate(all="ignore"):
        return Series(numbers(x), numbers(function(x)), style)


def dotted(
    function: Callable[[Array], Array], bounds: tuple[float, float], cells: int, style: str, marker: str, every: int = 2
) -> Series:
    """A function as one glyph in every second (third, …) cell: told from a line without colour."""
    x = np.linspace(*bounds, max(2, cells))[::every]
    with np.errstate(all="ignore"):
        return Series(numbers(x), numbers(function(x)), style, marker)


def level(y: float, bounds: tuple[float, float], cells: int) -> Series:
    """A horizontal line of reference."""
    return Series(numbers(np.linspace(*bounds, max(2, cells))), (y,) * max(2, cells), "dim", "╌")


def ticks(low: float, high: float, most: int) -> list[float]:
    """At most so many round numbers between low and high: steps of 1, 2 or 5 times a power of ten."""
    span = high - low
    if not (math.isfinite(span) and span > 0 and most > 0):
        return []
    power = 10.0 ** math.floor(math.log10(span / most))
    for step in (power, 2 * power, 5 * power, 10 * power, 20 * power):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first + 1 <= most:
            return [number * step for number in range(first, last + 1)]
    return []


def with_zero_on_a_row(bounds: tuple[float, float], rows: int) -> tuple[float, float]:
    """The bounds of y, widened so that 0 lies in the middle of a row: else 0 and 0.0002 stand in different ones."""
    low, high = bounds
    if rows < 3 or not low <= 0 <= high:
        return bounds
    candidates = []
    for below in range(rows):
        above = rows - 1 - below
        if (low < 0 and not below) or (high > 0 and not above):
            continue
        step = max(-low / below if below else 0.0, high / above if above else 0.0)
        candidates.append((step, below))
    step, below = min(candidates)
    return (-below * step, (rows - 1 - below) * step)


def labelled(places: Sequence[float]) -> tuple[tuple[float, str], ...]:
    return tuple((place, rounded(place, 4)) for place in places)


def labels_under(axes: Axes, labels: Sequence[tuple[float, str]], width: int) -> Line:
    """The row of labels under the x axis, each in the middle under its place; one that has no room is left out."""
    line: Line = []
    end = 0
    for place, label in labels:
        size = width_of([(label, "label")])
        start = min(axes.margin + axes.column(place, width) - size // 2, width - size)
        if start < end + (end > 0):
            continue
        line += [(" " * (start - end), "label"), (label, "label")]
        end = start + size
    return line


def rug(values: Array, axes: Axes, width: int, height: int) -> list[Line]:
    """How many of the values lie over each cell of the x axis, as bars; one value shows as an eighth at least."""
    cells = width - axes.margin
    low, high = axes.x
    finite = values[np.isfinite(values)].astype(np.float64)
    places = np.rint((finite - low) / (high - low) * (cells - 1)).astype(np.int64)
    counts = np.bincount(places[(places >= 0) & (places < cells)], minlength=cells)
    bars = upwards(counted(counts.tolist(), height), height)
    return [[(" " * axes.margin, "text"), (row, "text")] for row in bars]
