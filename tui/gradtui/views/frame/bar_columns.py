"""Bars over time: upwards, time to the right, with a reference line."""

from __future__ import annotations

import functools

from gradtui_engine.core.figures import exact

from ...text.language import tr
from ...text.scale import Scale, cell_of, columns
from ...text.spans import Line, Span, first_fit, page, runs
from .bar_data import Bars, is_known
from .bar_rows import number, style_of
from .quantities import KNOWN, Series
from .scene import Scene
from .timeaxis import MARGIN, TimeAxis


def stage_at(scene: Scene, width: int, x: int) -> int | None:
    """The stage of a column of the pane's inside (a mouse click)."""
    return TimeAxis.of(len(scene.stages), width).stage_at(x)


def view(scene: Scene, drawn: Bars, width: int, height: int) -> list[Line]:
    """Bars upwards, time to the right; two series one above the other, on one axis."""
    axis = TimeAxis.of(len(scene.stages), width)
    room = height - 1
    if len(drawn.series) == 1:
        return page([*_band(scene, drawn, 0, axis, width, room), axis.ruler(scene.stage)], width, height)
    upper = (room + 1) // 2
    lines = _band(scene, drawn, 0, axis, width, upper)
    if room > upper:
        lines += _band(scene, drawn, 1, axis, width, room - upper)
    return page([*lines, axis.ruler(scene.stage)], width, height)


def _band(scene: Scene, drawn: Bars, place: int, axis: TimeAxis, width: int, height: int) -> list[Line]:
    if height < 1:
        return []
    series, scale = drawn.series[place], drawn.scale
    reference = drawn.quantity.reference
    mark = cell_of(scale, reference, height) if reference is not None else -1
    values = tuple([series.values[stage] for stage in axis.columns])
    styles = tuple([style_of(scene, series, value) for value in values])
    standing, absent = _upright(scale, values, height, mark, styles), _column(scale, None, False, height, mark, "dim")
    known, timeline, at = KNOWN[series.when], scene.timeline, scene.at
    upright = [
        column if known(timeline, at, stage) else absent for stage, column in zip(axis.columns, standing, strict=True)
    ]
    first, last = axis.span(scene.stage)
    if known(timeline, at, axis.columns[first]):
        here = _column(scale, values[first], True, height, mark, "cursor")
        upright[first:last] = [here] * (last - first)
    cells = list(zip(*upright, strict=True))
    selected = scene.stage
    shown = is_known(scene, series, selected)
    number_text = number(scene, drawn, series.values[selected]) if shown else "–"
    ticks = _ticks(scale, reference, mark, height)
    lines: list[Line] = []
    for row in range(height - 1, -1, -1):
        lines.append([(ticks.get(row, "").rjust(MARGIN - 1).ljust(MARGIN), "label"), *runs(cells[row])])
    style = style_of(scene, series, series.values[selected])
    lines[0] += _beside(series, number_text, style, width - MARGIN - len(axis.columns))
    return lines


@functools.lru_cache(maxsize=32)
def _upright(
    scale: Scale, values: tuple[float | None, ...], height: int, mark: int, styles: tuple[str, ...]
) -> tuple[tuple[Span, ...], ...]:
    """The bars of a band as they stand once their numbers are known: most stay what they were."""
    return tuple(
        [_column(scale, value, True, height, mark, style) for value, style in zip(values, styles, strict=True)]
    )


def _column(scale: Scale, value: float | None, known: bool, height: int, mark: int, style: str) -> tuple[Span, ...]:
    """A bar upwards from its lowest cell, the reference line where it does not reach."""
    glyphs = columns(scale, value, height) if value is not None else " " * height
    cells = [(glyph, style if glyph != " " else "dim") for glyph in glyphs]
    if not known:
        cells[0] = ("·", "dim")
    if mark >= 0 and glyphs[mark] == " ":
        cells[mark] = ("─", "reference")
    return tuple(cells)


def _beside(series: Series, number: str, style: str, room: int) -> Line:
    """The selected stage's number with what it is of; alone where both have no room: the title says it too."""
    symbol = tr(series.brief or series.symbol)
    return first_fit(room, *([(text, style)] for text in (f"  {symbol} {number}", f" {symbol} {number}", f" {number}")))


def _ticks(scale: Scale, reference: float | None, mark: int, height: int) -> dict[int, str]:
    """Labels of the axis by row; the reference keeps its own where it lies in the first or last row."""
    ticks = {0: scale.ends[0], height - 1: scale.ends[1]}
    if reference is not None:
        ticks[mark] = exact(reference)
    return ticks
