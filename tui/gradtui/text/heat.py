"""Heat maps and histograms: values as shades and colours, in few levels."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradtui_engine.core.figures import short

from .language import tr
from .scale import counted, upwards
from .spans import Line, Span

Array = NDArray[Any]

#: Shades from low to high; colour repeats what the shade says. Few levels: runs of one style stay long.
SHADES = " ░▒▓█"
LEVELS = 9
#: The cell of each level; −1 is what is not finite.
_CELLS = {-1: ("!", "broken")} | {
    level: (SHADES[level * (len(SHADES) - 1) // (LEVELS - 1)], f"heat{level}") for level in range(LEVELS)
}


def levels(values: Array, low: float, high: float) -> NDArray[np.int64]:
    """Each value as a level 0 … LEVELS−1 of the range; −1 where it is not finite."""
    # In quarters, so that the span of the largest numbers is a number too.
    span = high * 0.25 - low * 0.25
    with np.errstate(all="ignore"):
        quarters = values.astype(np.float64) * 0.25 - low * 0.25
        scaled = quarters / span * LEVELS if span > 0 else np.full(values.shape, LEVELS // 2)
        shades = np.clip(np.nan_to_num(scaled, nan=0.0), 0, LEVELS - 1).astype(np.int64)
    return np.where(np.isfinite(values), shades, -1)


def heat_rows(values: Array, low: float, high: float) -> list[Line]:
    """One line per row of values, one cell per value."""
    return [_runs(row) for row in levels(values, low, high).tolist()]


def heat_cells(row: list[int]) -> list[Span]:
    """A cell for each level of a row, for whoever draws something over some of them."""
    return [_CELLS[level] for level in row]


def _runs(row: list[int]) -> Line:
    """Neighbours of one level are one span. Not `runs`: each level has a style of its own, and there are many cells."""
    return [(_CELLS[level][0] * len(list(same)), _CELLS[level][1]) for level, same in itertools.groupby(row)]


def legend(low: float, high: float) -> Line:
    """What the shades mean: low, the shades, high."""
    return [(f"{short(low)} ", "label"), *_runs(list(range(LEVELS))), (f" {short(high)}", "label")]


def finite_range(values: Array) -> tuple[float, float]:
    """Smallest and largest finite value; (0, 0) where there is none."""
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def shade_range(values: Array) -> tuple[float, float]:
    """What the shades span: the 2nd to the 98th percentile, or a few outliers would leave one shade for the rest."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 0.0
    low, high = np.percentile(finite.astype(np.float64) * 0.25, (2, 98))
    return float(low) * 4, float(high) * 4


def histogram(values: Array, width: int, height: int) -> list[Line]:
    """Bars upwards over the range of the finite values, with the range under them."""
    low, high = finite_range(values)
    finite = values[np.isfinite(values)]
    if not finite.size:
        return [[(tr("no finite value"), "broken")]]
    if not high > low:
        return [[(tr("all values are {value}", value=short(low)), "text")]]
    counts, _ = np.histogram(finite.astype(np.float64) * 0.25, bins=width, range=(low * 0.25, high * 0.25))
    lines: list[Line] = [[(row, "text")] for row in upwards(counted(counts.tolist(), height), height)]
    left, right = short(low), short(high)
    line = left + "─" * max(1, width - len(left) - len(right)) + right
    zero = round(-low * 0.25 / (high * 0.25 - low * 0.25) * (width - 1)) if low < 0 < high else -1
    if len(left) < zero < width - len(right):
        line = line[:zero] + "0" + line[zero + 1 :]
    return [*lines, [(line[:width], "label")]]
