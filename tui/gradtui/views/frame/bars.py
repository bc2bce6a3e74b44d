"""The bars: one per stage on one axis, across or (over time) upwards, with a reference line and theory's prediction."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

from gradtui_engine.analysis.record import Record
from gradtui_engine.core.figures import exact, percent, short

from ...text.axis_words import AXIS_WORDS
from ...text.language import tr
from ...text.scale import LinearScale, Scale, bar, cell_of, columns, finite, scale_of
from ...text.spans import Line, Span, first_fit, first_title, page, runs, width_of, wrap
from ...text.undefined import defined
from .once import once
from .quantities import KNOWN, QUANTITIES, Quantity, Series, absent
from .scene import Scene
from .timeaxis import MARGIN, TimeAxis

#: Width of a number, of the factor column, and the pane width from which on there is room for the latter.
_NUMBER = 8
_FACTOR = 8
_FACTOR_FROM = 46
#: Rows from which on the columns of numbers get a line with their names.
_HEAD_FROM = 8


@dataclass(frozen=True)
class Bars:
    """What is drawn: the quantity's series on one scale."""

    quantity: Quantity
    series: tuple[Series, ...]
    predicted: tuple[float | None, ...]
    scale: Scale
    #: Whether no stage has any of it.
    absent: bool


def bars_of(scene: Scene) -> Bars:
    """The quantity that the state asks for, on its axis: the held one, the given one, or the whole record's own."""
    state = scene.state
    known = _known(scene.record)
    key = state.quantity, state.axis_kind, state.lock or scene.given_scale
    if key not in known:
        quantity = QUANTITIES[state.quantity]
        series = quantity.series(scene.record)
        predicted = tuple(quantity.predictions(scene.record))
        scale = state.lock or scene.given_scale or own_scale(scene)
        known[key] = Bars(quantity, series, predicted, scale, quantity.is_absent(scene.record))
    return known[key]


@once
def _known(record: Record) -> dict[tuple[str, str, Scale | None], Bars]:
    """The bars of a record by quantity, kind of axis and the scale that is held, those that were asked for."""
    return {}


def own_scale(*scenes: Scene) -> Scale:
    """The axis of whole records, so that it stays where it is during playback; several share one."""
    state = scenes[0].state
    quantity = QUANTITIES[state.quantity]
    kind = state.axis_kind or quantity.axis
    values: list[float] = []
    for scene in scenes:
        for series in quantity.series(scene.record):
            values += finite(series.values)
        values += finite(quantity.predictions(scene.record))
    if quantity.share and kind == "linear":
        return LinearScale(0.0, 1.0)
    if quantity.reference is not None and quantity.reference > 0:
        values.append(quantity.reference)
    return scale_of(kind, values)


def title(scene: Scene, width: int) -> str:
    drawn = bars_of(scene)
    symbols = tr(" and ").join(tr(line.symbol) for line in drawn.series)
    place = tr(AXIS_WORDS[scene.record.axis].stage)
    held = tr("scale locked") if scene.state.lock is not None else tr("scale auto")
    axis = f"{tr(drawn.scale.kind)} {drawn.scale.label}"
    whole = tr(drawn.quantity.title, symbols=symbols, place=place)
    label = tr(drawn.quantity.label)
    mark = ""
    if drawn.quantity.reference:
        value = exact(drawn.quantity.reference)
        # Upright bars have their reference across.
        upright = scene.over_time and not scene.state.rows
        mark = " · " + (tr("─ marks {value}", value=value) if upright else tr("│ marks {value}", value=value))
    follows = _followed(scene)
    return first_title(
        width,
        *((f"{whole} · {axis} · {held}{mark}{follows}", f"{symbols} · {axis}{follows}") if follows else ()),
        f"{whole} · {axis} · {held}{mark}",
        f"{label} {symbols} · {axis} · {held}{mark}",
        f"{label} {symbols} · {axis} · {held}",
        f"{symbols} · {axis} · {held}",
        f"{symbols} · {axis}",
        axis,
        symbols,
    )


def _followed(scene: Scene) -> str:
    """What the verdict follows, where these bars could be taken for something else."""
    signal = scene.record.outcome.signal
    if scene.state.quantity != "gradient" or not scene.over_time or not signal.carried:
        return ""
    if "ratio_with_every_loss" in signal.numbers:
        return f" · {tr('verdict: the last loss alone')}"
    return f" · {tr('verdict: {symbol}', symbol='‖∂L/∂c‖')}" if scene.follows_cell else ""


def view(scene: Scene, width: int, height: int) -> list[Line]:
    drawn = bars_of(scene)
    if drawn.absent:
        return page(wrap(absent(scene, drawn.quantity), width), width, height)
    if scene.over_time and not scene.state.rows:
        return _columns(scene, drawn, width, height)
    return _rows(scene, drawn, width, height)


def shown_stages(count: int, height: int, selected: int) -> list[int]:
    """Which stages get a row, the last on top: all, or evenly spaced ones with the ends and the selected one."""
    if count <= height:
        return list(range(count - 1, -1, -1))
    if height == 1:
        return [selected]
    sampled = [round((count - 1) * index / (height - 1)) for index in range(height)]
    if selected not in sampled:
        # The nearest row gives way; the ends only where there is no row between them.
        inner = range(1, height - 1) if height > 2 else range(height)
        sampled[min(inner, key=lambda index: abs(sampled[index] - selected))] = selected
    return sorted(set(sampled), reverse=True)


def stage_at(scene: Scene, width: int, height: int, x: int, y: int) -> int | None:
    """The stage under a cell of the pane's inside (a mouse click)."""
    if scene.over_time and not scene.state.rows:
        return TimeAxis.of(len(scene.stages), width).stage_at(x)
    head = _head_rows(height)
    shown = shown_stages(len(scene.stages), height - head, scene.stage)
    return shown[y - head] if 0 <= y - head < len(shown) else None


def _head_rows(height: int) -> int:
    return 1 if height >= _HEAD_FROM else 0


def is_known(scene: Scene, series: Series, stage: int) -> bool:
    """Whether the number of a stage has been computed at the cursor."""
    return KNOWN[series.when](scene.timeline, scene.at, stage)


# -- across ------------------------------------------------------------------------------------------------


def _rows(scene: Scene, drawn: Bars, width: int, height: int) -> list[Line]:
    """Bars across, a number beside each; two series side by side."""
    head = _head_rows(height)
    stages = shown_stages(len(scene.stages), height - head, scene.stage)
    label = label_width(scene)
    lines = [_head(scene, drawn, width, label)] if head else []
    for index in stages:
        picked = index == scene.stage
        line: Line = [
            ("▸ " if picked else "  ", "cursor"),
            (str(index).rjust(label) + " ", "cursor" if picked else "label"),
        ]
        lines.append([*line, *bar_cells(scene, drawn, index, width - label - 3)])
    return page(lines, width, height)


def label_width(scene: Scene) -> int:
    return max(2, len(str(len(scene.stages) - 1)))


def _head(scene: Scene, drawn: Bars, width: int, label: int) -> Line:
    """What the columns are."""
    start: Line = [("t".rjust(label + 2) + " " if scene.over_time else " " * (label + 3), "dim")]
    room = width - label - 3
    if len(drawn.series) > 1:
        half = _half(room)
        cells = [_right(tr(line.symbol) + " ", half + _NUMBER + 1, line.style) for line in drawn.series]
        return [*start, *cells]
    factor = _with_factor(scene, room)
    room -= factor
    symbol = _right(tr(drawn.series[0].symbol), room, "dim")
    return [*start, symbol, *([_right(tr("factor"), factor, "dim")] if factor else [])]


def _right(text: str, width: int, style: str) -> Span:
    return " " * (width - width_of([(text, style)])) + text, style or "dim"


def _half(room: int) -> int:
    return max(4, room // 2 - _NUMBER - 1)


def _with_factor(scene: Scene, room: int) -> int:
    return _FACTOR if room >= _FACTOR_FROM - 5 and scene.state.quantity == "gradient" else 0


def bar_cells(scene: Scene, drawn: Bars, index: int, room: int) -> Line:
    """One stage: its bars with their numbers, in exactly `room` cells; before they are computed, a dot."""
    if len(drawn.series) > 1:
        half, line = _half(room), list[Span]()
        for series in drawn.series:
            value = series.values[index]
            line += _bar(scene, drawn, series, index, half)
            shown = _number(scene, drawn, value) if is_known(scene, series, index) else ""
            line.append((shown.rjust(_NUMBER) + " ", series.style))
        return line
    factor = _with_factor(scene, room)
    cells = max(4, room - _NUMBER - 1 - factor)
    series = drawn.series[0]
    line = _bar(scene, drawn, series, index, cells)
    if not is_known(scene, series, index):
        return line
    value = series.values[index]
    line.append((_number(scene, drawn, value).rjust(_NUMBER + 1), _style(scene, series, value)))
    if factor:
        measured = scene.stages[index].factor
        line.append((("" if measured is None else _times(defined(measured, scene.record))).rjust(factor), "dim"))
    return line


def _times(factor: float | None) -> str:
    return short(factor) if factor is None else f"×{short(factor)}"


def _number(scene: Scene, drawn: Bars, value: float | None) -> str:
    return (percent if drawn.quantity.share else short)(defined(value, scene.record))


def _style(scene: Scene, series: Series, value: float | None) -> str:
    if series.style or value is None:
        return series.style or "dim"
    return scene.health(value) if scene.state.quantity == "gradient" else "hidden"


def _bar(scene: Scene, drawn: Bars, series: Series, index: int, room: int) -> Line:
    """The bar, the reference line where the bar does not cover it, and the tick of what theory predicts."""
    value = series.values[index]
    style = _style(scene, series, value)
    known = is_known(scene, series, index)
    text = bar(drawn.scale, value, room) if known and value is not None else ("·" if not known else "").ljust(room)
    cells = [(glyph, style if known else "dim") for glyph in text]
    if drawn.quantity.reference is not None:
        mark = cell_of(drawn.scale, drawn.quantity.reference, room)
        if cells[mark][0] == " ":
            cells[mark] = ("│", "reference")
    predicted = drawn.predicted[index]
    if predicted is not None and known and math.isfinite(predicted):
        cells[cell_of(drawn.scale, predicted, room)] = ("◇", "cursor")
    return runs(cells)


# -- upwards -----------------------------------------------------------------------------------------------


def _columns(scene: Scene, drawn: Bars, width: int, height: int) -> list[Line]:
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


def _band(scene: Scene, drawn: Bars, number: int, axis: TimeAxis, width: int, height: int) -> list[Line]:
    if height < 1:
        return []
    series, scale = drawn.series[number], drawn.scale
    style = series.style or "hidden"
    reference = drawn.quantity.reference
    mark = cell_of(scale, reference, height) if reference is not None else -1
    values = tuple([series.values[stage] for stage in axis.columns])
    standing, absent = _upright(scale, values, height, mark, style), _column(scale, None, False, height, mark, style)
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
    number_text = _number(scene, drawn, series.values[selected]) if shown else "–"
    ticks = _ticks(scale, reference, mark, height)
    lines: list[Line] = []
    for row in range(height - 1, -1, -1):
        lines.append([(ticks.get(row, "").rjust(MARGIN - 1).ljust(MARGIN), "label"), *runs(cells[row])])
    lines[0] += _beside(series, number_text, style, width - MARGIN - len(axis.columns))
    return lines


@functools.lru_cache(maxsize=32)
def _upright(
    scale: Scale, values: tuple[float | None, ...], height: int, mark: int, style: str
) -> tuple[tuple[Span, ...], ...]:
    """The bars of a band as they stand once their numbers are known: most stay what they were."""
    return tuple([_column(scale, value, True, height, mark, style) for value in values])


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
