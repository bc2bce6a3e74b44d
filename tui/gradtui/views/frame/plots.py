"""What plots in panes have in common: their styles, ticks, a rug of values."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from gradtui_engine.core.figures import rounded

from ...text.dots import ACROSS
from ...text.graph import Axes, Labels
from ...text.heat import Array
from ...text.scale import counted, upwards
from ...text.spans import Line

#: The styles of two curves in one plot.
FIRST, SECOND = "curve_1", "curve_2"


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


def labelled(places: Sequence[float]) -> Labels:
    return tuple((place, rounded(place, 4)) for place in places)


def rug(values: Array, axes: Axes, columns: int, height: int) -> list[Line]:
    """How many of the values lie over each cell of the x axis, as bars; one value shows as an eighth at least."""
    counts = np.bincount(columns_of(values, axes, columns), minlength=columns)
    bars = upwards(counted(counts.tolist(), height), height)
    return [[(" " * axes.margin, "text"), (row, "text")] for row in bars]


def columns_of(values: Array, axes: Axes, columns: int) -> Array:
    """The column of cells of each value that lies on the x axis."""
    low, high = axes.x
    finite = values[np.isfinite(values)].astype(np.float64)
    places = np.rint((finite - low) / (high - low) * (columns * ACROSS - 1)).astype(np.int64) // ACROSS
    return np.asarray(places[(places >= 0) & (places < columns)])
