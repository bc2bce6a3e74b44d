"""Bars over time: upwards, time to the right, with a reference line."""

from __future__ import annotations

import functools

from gradtui_engine.core.figures import exact, power_of_ten

from ...text.language import tr
from ...text.scale import Scale, cell_of, columns, marked
from ...text.spans import Line, Span, first_fit, page, runs
from .bar_data import Bars, is_known
from .bar_rows import number, style_of
from .quantities import KNOWN, Series
from .scene import Scene, health_of
from .timeaxis import MARGIN, TimeAxis, walled


def stage_at(scene: Scene, width: int, x: int) -> int | None:
    """The stage of a column of the pane's inside (a mouse click)."""
    return TimeAxis.of(len(scene.stages), width).stage_at(x)


def view(scene: Scene, drawn: Bars, width: int, height: int) -> list[Line]:
    """Bars upwards, time to the right; two series one above the other, as high as each other, on one axis."""
    axis = TimeAxis.of(len(scene.stages), width)
    # Where there is no room for two the first one has what there is.
    shown = drawn.series[: max(1, height - 1)]
    rows, left = divmod(height - 1, len(shown))
    lines: list[Line] = []
    for place in range(len(shown)):
        # What cannot be shared out lies between them.
        lines += [[]] * (left if place else 0) + _band(scene, drawn, place, axis, rows)
    ruler = axis.ruler(scene.stage, _here(scene, drawn), scene.walls)
    return page([*lines, ruler], width, height)


def _here(scene: Scene, drawn: Bars) -> Line:
    """The numbers of the selected stage, each with what it is of; a dash before it is known."""
    values: Line = []
    for series in drawn.series:
        value = series.values[scene.stage]
        known = is_known(scene, series, scene.stage)
        text = number(scene, drawn, value) if known else "–"
        name = tr(series.brief or series.symbol)
        values.append((f"{name} {text}", style_of(scene, series, value) if known else "dim"))
    return values


def _band(scene: Scene, drawn: Bars, place: int, axis: TimeAxis, height: int) -> list[Line]:
    if height < 1:
        return []
    series, reference = drawn.series[place], drawn.quantity.reference
    scale = marked(drawn.scale, reference, height)
    mark = cell_of(scale, reference, height) if reference is not None else -1
    values = tuple([series.values[stage] for stage in axis.columns])
    styles = _styles(scene, series, values)
    standing, absent = _upright(scale, values, height, mark, styles), _column(scale, None, False, height, mark, "dim")
    cut = axis.among(scene.walls)
    standing = tuple(
        [_walled(column) if stage in cut else column for stage, column in zip(axis.columns, standing, strict=True)]
        if cut
        else standing
    )
    known, timeline, at = KNOWN[series.when], scene.timeline, scene.at
    upright = [
        column if known(timeline, at, stage) else absent for stage, column in zip(axis.columns, standing, strict=True)
    ]
    first, last = axis.span(scene.stage)
    if known(timeline, at, axis.columns[first]):
        here = _column(scale, values[first], True, height, mark, "cursor")
        here = _walled(here) if axis.columns[first] in cut else here
        upright[first:last] = [here] * (last - first)
    cells = list(zip(*upright, strict=True))
    ticks = _ticks(scale, reference, mark, height)
    lines: list[Line] = []
    for row in range(height - 1, -1, -1):
        lines.append([(ticks.get(row, "").rjust(MARGIN - 1).ljust(MARGIN), "label"), *runs(cells[row])])
    names = f"  {tr(series.symbol)}", f"  {tr(series.brief)}", f" {tr(series.brief)}"
    lines[0] += first_fit(axis.right, *([(name, "label")] for name in names if name.strip()), [])
    return lines


def _styles(scene: Scene, series: Series, values: tuple[float | None, ...]) -> tuple[str, ...]:
    """`style_of` each of them: of gradients found once, whatever the cursor does."""
    if series.style or scene.state.quantity != "gradient":
        return tuple([style_of(scene, series, value) for value in values])
    return _healths(values, scene.carried(-1))


@functools.lru_cache(maxsize=32)
def _healths(values: tuple[float | None, ...], at_output: float) -> tuple[str, ...]:
    return tuple(["dim" if value is None else health_of(value, at_output) for value in values])


@functools.lru_cache(maxsize=32)
def _upright(
    scale: Scale, values: tuple[float | None, ...], height: int, mark: int, styles: tuple[str, ...]
) -> tuple[tuple[Span, ...], ...]:
    """The bars of a band as they stand once their numbers are known: most stay what they were."""
    return tuple(
        [_column(scale, value, True, height, mark, style) for value, style in zip(values, styles, strict=True)]
    )


def _walled(column: tuple[Span, ...]) -> tuple[Span, ...]:
    """A bar with the wall above it, through which no gradient comes back."""
    return tuple([walled(cell) for cell in column])


def _column(scale: Scale, value: float | None, known: bool, height: int, mark: int, style: str) -> tuple[Span, ...]:
    """A bar upwards from its lowest cell, the reference line where it does not reach."""
    glyphs = columns(scale, value, height) if value is not None else " " * height
    cells = [(glyph, style if glyph != " " else "dim") for glyph in glyphs]
    if not known:
        cells[0] = ("·", "dim")
    if mark >= 0 and glyphs[mark] == " ":
        cells[mark] = ("─", "reference")
    return tuple(cells)


def _ticks(scale: Scale, reference: float | None, mark: int, height: int) -> dict[int, str]:
    """Labels of the axis by row; the reference keeps its own where it lies in the first or last row."""
    ticks = {0: scale.ends[0], height - 1: scale.ends[1]}
    if scale.kind == "log":
        # Between the ends the decade in the middle, where it has a line of air around it.
        power = int(scale.low + scale.high) // 2
        middle = cell_of(scale, 10.0**power, height)
        if min(abs(middle - other) for other in (0, height - 1, max(mark, 0))) >= 2:
            ticks[middle] = power_of_ten(power)
    if reference is not None:
        ticks[mark] = exact(reference)
    return ticks
