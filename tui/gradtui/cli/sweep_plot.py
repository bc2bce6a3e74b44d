"""What `gradtui sweep --plot` adds: each measure over x, a curve for each row of the plane, or for some of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from string import ascii_lowercase

import numpy as np

from gradtui_engine.sweeps.axis import Axis

from ..text import plot
from ..text.language import tr
from ..text.sweep_words import axis_name, brief_value, measure_name
from ..text.training_plots import linear_axis, log_axis
from .sweep_report import Swept

_ROWS, _LEAST = 18, 30
#: Rows of the plane that have a curve, at the most, and labels of an axis.
_CURVES, _TICKS = 6, 6
#: From such a ratio of the largest to the smallest number on the axis is logarithmic.
_WIDE = 1e2

Points = list[tuple[float, float]]


def plots(swept: Swept, width: int, colour: bool, blocks: bool) -> list[str]:
    """The plots of all measures, under one another."""
    lines: list[str] = []
    for measure in swept.sweep.measures:
        lines += ["", *_plot(swept, measure, width, colour, blocks)] if lines else _plot(
            swept, measure, width, colour, blocks
        )  # fmt: skip
    return lines


def _plot(swept: Swept, measure: str, width: int, colour: bool, blocks: bool) -> list[str]:
    sweep = swept.sweep
    title = tr("{measure} over {axis}", measure=measure_name(sweep.expressions[measure]), axis=axis_name(sweep.x))
    chosen = _chosen(sweep.shape[1])
    rows = {j: _points(swept, measure, j) for j in chosen}
    values = [value for points in rows.values() for _, value in points]
    if not values:
        return [title, tr("no finite value")]
    log = min(values) > 0 and max(values) > _WIDE * min(values)
    several = len(rows) > 1
    drawn = [
        plot.Marked(
            [(at, math.log10(value) if log else value) for at, value in points],
            letter if several else "braille" if blocks else "*",
        )
        for letter, points in zip(ascii_lowercase, rows.values(), strict=False)
    ]
    low, high, ticks = log_axis(values) if log else linear_axis(values)
    places = [_place(sweep.x, i) for i in range(sweep.shape[0])]
    lines = plot.marked_plot(
        drawn, (), (min(places), max(places)), (low, high), ticks, max(width, _LEAST), _ROWS, colour, blocks,
        _labels(sweep.x),
    )  # fmt: skip
    told = [title, *lines]
    if several and sweep.y is not None:
        y = sweep.y
        names = (f"{letter} {brief_value(y.values[j])}" for letter, j in zip(ascii_lowercase, chosen, strict=False))
        told.append(f"{axis_name(y)}: {tr(', ').join(names)}")
    lost = sum(len(swept.sweep.x.values) - len(points) for points in rows.values())
    return [*told, tr("{count} cells have no finite number", count=lost)] if lost else told


def _chosen(rows: int) -> list[int]:
    """The first row, the last one, and some between, evenly."""
    return sorted({round(place) for place in np.linspace(0, rows - 1, min(rows, _CURVES)).tolist()})


def _points(swept: Swept, measure: str, row: int) -> Points:
    x = swept.sweep.x
    points: Points = []
    for i in range(len(x.values)):
        cell = swept.cells.get((i, row))
        value = None if cell is None else cell.values.get(measure)
        if isinstance(value, float) and math.isfinite(value):
            points.append((_place(x, i), value))
    return points


def _place(x: Axis, index: int) -> float:
    """Where a value stands on the axis: names one after the other."""
    value = x.values[index]
    if not x.numeric or not isinstance(value, int | float):
        return float(index)
    return math.log10(value) if x.log else float(value)


def _labels(x: Axis) -> Mapping[float, str]:
    """Labels at some of the values."""
    every = range(0, len(x.values), max(1, math.ceil(len(x.values) / _TICKS)))
    return {_place(x, index): brief_value(x.values[index]) for index in every}
