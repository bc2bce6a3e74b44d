"""Bars across: a row for each stage, or for as many neighbours each where there are too many; numbers beside them."""

from __future__ import annotations

import functools
import math

from gradtui_engine.core.figures import percent, short, times

from ...text.language import tr
from ...text.scale import Scale, bar, cell_of, halves, marked
from ...text.spans import Line, Span, first_fit, page, runs, width_of
from ...text.undefined import defined
from .bar_data import Bars, is_known, is_row_known
from .quantities import Series
from .scene import Scene
from .stage_rows import StageRow, each_row, label_room, named, names_room, stage_rows

#: Width of a number, of the factor column, and the pane width from which on there is room for the latter.
_NUMBER = 8
_FACTOR = 10
_FACTOR_FROM = 48
#: Rows from which on the columns of numbers get a line with their names.
_HEAD_FROM = 8
#: Lines of a row, at the most: more would look like blocks, not like a sequence.
_TALLEST = 4
#: Cells from which on a row of several stages names both its ends; the bar has two thirds of what is left.
_BOTH_ENDS_FROM = 24


def view(scene: Scene, drawn: Bars, width: int, height: int) -> list[Line]:
    """Bars across, a number beside each; two series side by side."""
    rows = _rows(scene, height)
    label = label_width(scene, rows, width)
    lines = [_head(scene, drawn, width, label, rows)] if _head_rows(height) else []
    tall = _tall(rows, height - len(lines))
    for row in rows:
        picked = scene.stage in row
        line: Line = [
            ("▸ " if picked else "  ", "cursor"),
            (label_of(scene, row, label) + " ", "cursor" if picked else "label"),
        ]
        further = [[(" " * (label + 3), "label"), *each] for each in _below(scene, drawn, row, width - label - 3, tall)]
        lines += [[*line, *bar_cells(scene, drawn, row, width - label - 3)], *further]
    return page(lines, width, height)


def label_of(scene: Scene, row: StageRow, room: int) -> str:
    """The name of a row in so many cells: numbers, or the names of modules."""
    text = named(row, scene.names, room) if scene.names else row.label(room)
    return " " * (room - width_of([(text, "")])) + text


def stage_at(scene: Scene, height: int, y: int) -> int | None:
    """The stage of a row of the pane's inside (a mouse click): of several the one whose value stands there."""
    rows, place = _rows(scene, height), y - _head_rows(height)
    place //= _tall(rows, height - _head_rows(height))
    return rows[place].low if 0 <= place < len(rows) else None


def _head_rows(height: int) -> int:
    return 1 if height >= _HEAD_FROM else 0


def _tall(rows: tuple[StageRow, ...], room: int) -> int:
    """So many lines has each row, where there are more lines than stages."""
    return min(max(1, room // len(rows)), _TALLEST)


def _rows(scene: Scene, height: int) -> tuple[StageRow, ...]:
    return stage_rows(len(scene.stages), height - _head_rows(height))


def label_width(scene: Scene, rows: tuple[StageRow, ...], width: int) -> int:
    """Cells of the rows' names."""
    if scene.names:
        return names_room(scene.names, rows, width)
    count = rows[0].high + 1 if rows else len(scene.stages)
    whole = label_room(count, len(rows))
    return whole if width - whole - 3 >= _BOTH_ENDS_FROM else max(2, len(str(count - 1)))


# -- what the columns are ----------------------------------------------------------------------------------


def _head(scene: Scene, drawn: Bars, width: int, label: int, rows: tuple[StageRow, ...]) -> Line:
    """How many stages a row has, and what the columns of numbers are."""
    start: Line = [("t".rjust(label + 2) + " " if scene.over_time else " " * (label + 3), "dim")]
    room = width - label - 3
    several = len(drawn.series) > 1
    factor = 0 if several else _with_factor(scene, room)
    size = half_room(room) + _NUMBER + 1 if several else room - factor
    for series in drawn.series:
        name = tr(series.symbol) + (" " if several else "")
        left = size - width_of([(name, "")])
        said = first_fit(left - 1, *([(text, "dim")] for text in (*_told(scene, drawn, rows), "")))
        # Once: of the second series the rows are the same.
        said = said if series is drawn.series[0] else []
        start += [*said, (" " * (left - width_of(said)) + name, series.style or "dim")]
    named = tr("factor")
    return [*start, (" " * (factor - width_of([(named, "dim")])) + named, "dim")] if factor else start


def _told(scene: Scene, drawn: Bars, rows: tuple[StageRow, ...]) -> tuple[str, ...]:
    """3 layers a row, the bar is what is left after them: the longest form first."""
    stages = len(rows[0].stages) if rows else 1
    size = each_row(scene.record.axis, stages)
    if not size:
        return ()
    what = tr(drawn.quantity.told_of_row)
    if stages == 2:
        halved = tr("{each}: upper and lower half", each=size)
        return tr("{each}; number: {what}", each=halved, what=what), halved, size
    return tr("{each}: {what}", each=size, what=what), size


def half_room(room: int) -> int:
    """Cells of a bar where two stand side by side."""
    return max(4, room // 2 - _NUMBER - 1)


def _with_factor(scene: Scene, room: int) -> int:
    return _FACTOR if room >= _FACTOR_FROM - 5 and scene.state.quantity == "gradient" else 0


# -- a row -------------------------------------------------------------------------------------------------


def bar_cells(scene: Scene, drawn: Bars, row: StageRow, room: int) -> Line:
    """One row: its bars with their numbers, in exactly `room` cells; before they are computed, a dot."""
    if len(drawn.series) > 1:
        half, line = half_room(room), list[Span]()
        for series in drawn.series:
            line += _bar(scene, drawn, series, row, half)
            shown = number(scene, drawn, _value(drawn, series, row)) if _known(scene, drawn, series, row) else ""
            line.append((shown.rjust(_NUMBER) + " ", style_of(scene, series, _value(drawn, series, row))))
        return line
    factor = _with_factor(scene, room)
    cells = max(4, room - _NUMBER - 1 - factor)
    series = drawn.series[0]
    line = _bar(scene, drawn, series, row, cells)
    if not _known(scene, drawn, series, row):
        return line
    value = _value(drawn, series, row)
    line.append((number(scene, drawn, value).rjust(_NUMBER + 1), style_of(scene, series, value)))
    if factor:
        # The last stage has none; of nothing that arrives it is a dash.
        text = "" if scene.stages[row.low].factor is None else times(row.product(drawn.factors))
        line.append((text.rjust(factor), "dim"))
    return line


def _below(scene: Scene, drawn: Bars, row: StageRow, room: int, tall: int) -> list[Line]:
    """The further lines of a tall row: the bar goes on, and half of the last line is air."""
    if tall == 1:
        return []
    several = len(drawn.series) > 1
    cells = half_room(room) if several else max(4, room - _NUMBER - 1 - _with_factor(scene, room))
    whole: Line = []
    for series in drawn.series:
        whole += [*_bar(scene, drawn, series, row, cells, further=True), (" " * (_NUMBER + 1), "dim")]
    upper = [(halves(text, " " * len(text)) if style != "reference" else text, style) for text, style in whole]
    return [*[whole] * (tall - 2), upper]


def number(scene: Scene, drawn: Bars, value: float | None) -> str:
    """A value of this quantity, as it stands beside its bar."""
    return (percent if drawn.quantity.share else short)(defined(value, scene.record))


def _value(drawn: Bars, series: Series, row: StageRow) -> float | None:
    return drawn.quantity.of_row(row, series.values)


def _known(scene: Scene, drawn: Bars, series: Series, row: StageRow) -> bool:
    """Of what is left at the end of a row's way the end has to be known, of a mean all."""
    if drawn.quantity.of_row is StageRow.lowest:
        return is_known(scene, series, row.low)
    return is_row_known(scene, series, row)


def style_of(scene: Scene, series: Series, value: float | None) -> str:
    if series.style or value is None:
        return series.style or "dim"
    return scene.health(value) if scene.state.quantity == "gradient" else "text"


def _bar(scene: Scene, drawn: Bars, series: Series, row: StageRow, room: int, further: bool = False) -> Line:
    """The bar, the reference line where the bar does not cover it, and the tick of what theory predicts.

    further: below its first line; a dot and a tick stand in that one alone.
    """
    values, value = _values(scene, drawn, series, row)
    style = style_of(scene, series, value) if values else "dim"
    predicted = row.geometric_mean(drawn.predicted) if drawn.quantity.predicted and values and not further else None
    return list(_drawn(drawn.scale, values, room, style, drawn.quantity.reference, predicted, further))


def _values(scene: Scene, drawn: Bars, series: Series, row: StageRow) -> tuple[tuple[float | None, ...], float | None]:
    """The values of the bar, and the one whose style it has; no values where nothing is known.

    Where every row has two stages they are its halves, each as long as its own number; of more it is the row's number.
    """
    if len(row.stages) == row.stride == 2:
        known = {stage: series.values[stage] for stage in row.stages if is_known(scene, series, stage)}
        return (tuple([known.get(stage) for stage in row.stages]), known[min(known)]) if known else ((), None)
    if not _known(scene, drawn, series, row):
        return (), None
    value = _value(drawn, series, row)
    return (value,), value


#: The bars of two networks of 60 layers, as they stand: in most frames few of them are others.
@functools.lru_cache(maxsize=256)
def _drawn(
    scale: Scale,
    values: tuple[float | None, ...],
    room: int,
    style: str,
    reference: float | None,
    predicted: float | None,
    further: bool,
) -> tuple[Span, ...]:
    """A bar of one value, or of two halves; without a value a dot."""
    scale = marked(scale, reference, room)
    texts = [" " * room if value is None else bar(scale, value, room) for value in values]
    text = texts[0] if len(texts) == 1 else halves(*texts) if texts else (" " if further else "·").ljust(room)
    cells = [(glyph, style) for glyph in text]
    if reference is not None:
        mark = cell_of(scale, reference, room)
        if cells[mark][0] == " ":
            cells[mark] = ("│", "reference")
    if predicted is not None and math.isfinite(predicted):
        cells[cell_of(scale, predicted, room)] = ("◇", "strong")
    return tuple(runs(cells))
