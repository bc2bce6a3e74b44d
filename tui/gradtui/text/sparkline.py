"""A curve in one line of text: its course, not its numbers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from .scale import UP

#: Beyond such a ratio of the largest to the smallest the line is of logarithms: the end of a loss would lie flat.
_WIDE = 8.0
#: A linear line spans so much of the largest value at the least: noise is no course.
_LEAST = 0.1
BROKEN = "✗"


def sparkline(values: Sequence[float], cells: int) -> str:
    """The values in at most so many cells, each the mean of its part, lowest to highest; ✗ where one is no number."""
    count = min(len(values), max(cells, 0))
    if not count:
        return ""
    edges = [len(values) * place // count for place in range(count + 1)]
    means = [_mean(values[start:end]) for start, end in itertools.pairwise(edges)]
    finite = [mean for mean in means if math.isfinite(mean)]
    if not finite:
        return BROKEN * count
    low, high = min(finite), max(finite)
    log = low > 0 and high > _WIDE * low
    bottom, top = (math.log(low), math.log(high)) if log else _ends(low, high)
    levels = len(UP) - 2
    drawn = []
    for mean in means:
        if not math.isfinite(mean):
            drawn.append(BROKEN)
            continue
        place = (math.log(mean) if log else mean) - bottom
        share = place / (top - bottom) if top > bottom else 0.5
        drawn.append(UP[1 + round(share * levels)])
    return "".join(drawn)


def _ends(low: float, high: float) -> tuple[float, float]:
    """The ends of a linear axis: what hardly changes lies flat in its middle."""
    lacking = _LEAST * max(abs(low), abs(high)) - (high - low)
    return (low - lacking / 2, high + lacking / 2) if lacking > 0 else (low, high)


def _mean(values: Sequence[float]) -> float:
    """One that is no number says so: it is what a person looks for. The sum of large numbers may be none."""
    return math.fsum(value / len(values) for value in values) if all(map(math.isfinite, values)) else math.nan
