"""Plots of a training, as text: the loss over the iterations, and a map of stages × iterations."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from rich.cells import cell_len

from gradtui_engine.core.figures import power_of_ten, short
from gradtui_engine.core.numerics import Array

from . import plot
from .glyphs import render
from .heat import LEVELS, finite_range, heat_rows
from .language import tr
from .spans import text_of

#: Beyond such a ratio of the largest loss to the smallest the axis is logarithmic.
_WIDE = 8.0
#: The least room of a plot, the most rows of a map, and the width from which on two maps stand side by side.
_LEAST, _MOST_ROWS, _TWO = 30, 16, 70
#: Labels of the axes.
_TICKS = 6


@dataclass(frozen=True)
class Curve:
    """Losses at iterations; with a mark that letter at each, else a line. joined: points with lines between them."""

    ks: tuple[float, ...]
    losses: tuple[float, ...]
    mark: str = ""
    joined: bool = True


@dataclass(frozen=True)
class Map:
    """log10 ‖∂L/∂h‖ (iterations, stages), the first of which is stage `first`."""

    name: str
    values: Array
    first: int


# -- the loss ----------------------------------------------------------------------------------------------


def loss_plot(
    curves: Sequence[Curve], levels: Sequence[float], width: int, height: int, colour: bool, blocks: bool
) -> list[str]:
    """The curves over one another, with a level line at each of `levels`; on a log axis where they span much."""
    width, height = max(width, _LEAST), max(height, 8)
    finite = [loss for curve in curves for loss in (*curve.losses, *levels) if math.isfinite(loss)]
    positive = [loss for loss in finite if loss > 0]
    if not finite:
        return [tr("no finite value")]
    log = len(positive) == len(finite) and max(positive) > _WIDE * min(positive)
    last = max(max(curve.ks, default=0.0) for curve in curves)
    drawn = []
    for curve in curves:
        points = [(k, math.log10(y) if log else y) for k, y in _thinned(curve, last, 2 * width) if math.isfinite(y)]
        drawn.append(plot.Marked(points, curve.mark or ("braille" if blocks else "*"), curve.joined))
    places = [math.log10(level) if log else level for level in levels if math.isfinite(level)]
    low, high, ticks = log_axis(positive) if log else linear_axis(finite)
    return plot.marked_plot(drawn, places, (0.0, max(last, 1.0)), (low, high), ticks, width, height, colour, blocks)


def _thinned(curve: Curve, last: float, buckets: int) -> Iterable[tuple[float, float]]:
    """The curve; of more points than can be told apart the smallest and the largest of each bucket."""
    points = list(zip(curve.ks, curve.losses, strict=True))
    if len(points) <= buckets or last <= 0:
        return points
    kept: list[tuple[float, float]] = []
    for _, group in itertools.groupby(points, key=lambda point: int(point[0] / last * buckets)):
        each = [point for point in group if math.isfinite(point[1])]
        if each:
            ends = {min(each, key=lambda point: point[1]), max(each, key=lambda point: point[1])}
            kept += sorted(ends)
    return kept


def log_axis(losses: Sequence[float]) -> tuple[float, float, dict[float, str]]:
    low, high = math.floor(math.log10(min(losses))), math.ceil(math.log10(max(losses)))
    stride = max(1, math.ceil((high - low) / _TICKS))
    return low, high, {power: power_of_ten(power) for power in range(low, high + 1) if power % stride == 0}


def linear_axis(losses: Sequence[float]) -> tuple[float, float, dict[float, str]]:
    low, high = min(losses), max(losses)
    low = 0.0 if 0 <= low < 0.5 * high else low
    high = high if high > low else low + 1.0
    step = plot.step_of(low, high, _TICKS)
    places = [step * number for number in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return low, high, {place: short(place) for place in places}


# -- stages × iterations -----------------------------------------------------------------------------------


def heat_maps(maps: Sequence[Map], width: int) -> list[str]:
    """The maps side by side where there is room, else under one another, on one scale, which stands beneath them."""
    gap = 2
    beside = len(maps) > 1 and width >= _TWO
    room = max((width - gap * (len(maps) - 1)) // len(maps) if beside else width, _LEAST // 2)
    ends = [finite_range(each.values) for each in maps if np.isfinite(each.values).any()]
    low = math.floor(min((low for low, _ in ends), default=0.0))
    high = max(math.ceil(max((high for _, high in ends), default=0.0)), low + 1)
    blocks = [_map(each, low, high, room) for each in maps]
    lines: list[str] = []
    if beside:
        rows = itertools.zip_longest(*blocks, fillvalue="")
        lines = [(" " * gap).join(_padded(row, room) for row in each).rstrip() for each in rows]
    else:
        for block in blocks:
            lines += block
    shades = text_of(heat_rows(np.arange(LEVELS, dtype=float)[None], 0.0, float(LEVELS))[0])
    broken = any(np.isnan(each.values).any() or np.isposinf(each.values).any() for each in maps)
    legend = tr("shades: {low} |{shades}| {high}", low=power_of_ten(low), shades=shades, high=power_of_ten(high))
    return [*lines, tr("{legend}; not finite: !", legend=legend) if broken else legend]


def _map(each: Map, low: float, high: float, room: int) -> list[str]:
    """Rows of stages, the last one on top, with its number where a row begins; the iterations under them."""
    count, stages = each.values.shape
    labels = [str(each.first + group[-1]) for group in np.array_split(np.arange(stages), min(stages, _MOST_ROWS))]
    margin = max(map(len, labels)) + 1
    cells = bucketed(each.values, min(stages, _MOST_ROWS), max(1, min(room - margin, count)))
    if count < room - margin:  # of few iterations each is as wide as there is room for
        cells = np.repeat(cells, (room - margin) // count, axis=1)
    shown = heat_rows(np.where(np.isneginf(cells), low, cells), low, high)
    rows = [
        f"{label:>{margin - 1}} {render(text_of(line))}" for label, line in zip(labels, shown, strict=True)
    ]  # fmt: skip
    axis = str(count - 1)
    wide = cells.shape[1]
    foot = " " * margin + ("0" + axis.rjust(wide - 1) if wide > len(axis) else axis)
    return [*([each.name] if each.name else []), *reversed(rows), foot]


def bucketed(values: Array, rows: int, columns: int) -> Array:
    """(iterations, stages) as (rows, columns): the mean of log10 in each, −inf where all are 0, NaN where one broke."""
    found = np.empty((rows, columns))
    for column, part in enumerate(np.array_split(values, columns, axis=0)):
        for row, block in enumerate(np.array_split(part, rows, axis=1)):
            if np.isnan(block).any() or np.isposinf(block).any():
                found[row, column] = np.nan
                continue
            finite = block[np.isfinite(block)]
            found[row, column] = finite.mean() if finite.size else -np.inf
    return found


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))
