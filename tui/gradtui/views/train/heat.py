"""The heat map: stages upwards, iterations to the right, and how much gradient each stage got. A and B on one scale.

Of many iterations in a column, and of many stages in a row, it is the mean that is shaded (of a norm the mean of its
logarithms); where one iteration is over ten times as large there is a mark, so that no spike is lost.
"""

from __future__ import annotations

import math

import numpy as np

from gradtui_engine.core.figures import percent, power_of_ten, short
from gradtui_engine.core.message import English

from ...model.keys import shown_keys
from ...text.axis_words import AXIS_WORDS
from ...text.heat import Array
from ...text.language import tr
from ...text.spans import Line, Span, first_title, page, runs, width_of, wrap
from ..frame.iteration_axis import IterationAxis
from ..frame.stage_rows import StageRow, each_row, named, names_room, stage_rows
from ..frame.training_sides import Side, Sides, at
from .quantities import Band, bands, once, quantity_of
from .shades import Range, exceeded, is_share, legend, range_of, scale_words, shaded
from .words import absent, called, waiting

#: Rows from which on the shades are explained under the map, and where some cell is beyond the scale.
_LEGEND_FROM, _BEYOND_FROM = 11, 6
#: Between a row's number and its cells where backpropagation is truncated: no gradient comes down past it.
WALL = "━"
#: Rows from which on two numbers of each stage have a map each; else the first one has all of them.
_TWO_FROM = 7
#: What the stages at the ends are, and the columns from which on they are named.
_ENDS: dict[str, tuple[English, English]] = {
    "layer": ("input", "output"),
    "block": ("input", "output"),
    "time": ("start", "end"),
}
_ENDS_FROM = 70
#: Columns from which on a row of several stages names both its ends.
_BOTH_FROM = 30


def title(sides: Sides, letter: str, width: int) -> str:
    side = _side(sides, letter)
    quantity = quantity_of(sides.quantity)
    if side is None:
        return first_title(width, f"{letter} · {tr(quantity.label)}", letter)
    found = bands(side.snapshot, sides.quantity, sides.axis_kind)
    head = f"{letter} · " if sides.raced else ""
    if not found:
        return first_title(width, f"{head}{tr(quantity.label)}", letter)
    symbols = tr(" and ").join(tr(band.symbol) for band in found)
    words = AXIS_WORDS[side.snapshot.axis]
    held = f" · {tr('scale locked')}" if sides.lock is not None else ""
    scale = scale_words(found[0], range_of(sides)) + held
    whole = tr("{symbols}, {stages} by iterations", symbols=symbols, stages=tr(words.stages))
    stage = stage_of(side, sides)
    numbers = tr(", ").join(_number(band, side, sides) for band in found)
    here = f" · {tr('{place}: {value}', place=side.place(stage), value=numbers)}"
    if side not in sides.here:
        here = f" · {absent(side)[1]}"
    return first_title(
        width,
        f"{head}{whole} · {scale}{here}",
        f"{head}{symbols} · {scale}{here}",
        f"{head}{symbols} · {scale}",
        f"{head}{scale}",
        f"{head}{symbols}",
        letter,
    )


def _number(band: Band, side: Side, sides: Sides) -> str:
    """The selected stage's number at the cursor; a dash where it has none."""
    if stage_of(side, sides) not in band.stages:
        return short(None)
    return text_of_value(band, float(band.values[at(side, sides.iteration), stage_of(side, sides)]))


def text_of_value(band: Band, value: float) -> str:
    if band.log:
        # A power of ten that float64 has no number for is written as what it is.
        return short(10.0**value) if not value < -300 or math.isinf(value) else power_of_ten(round(value))
    return percent(value) if is_share(band) else short(value)


def stage_of(side: Side, sides: Sides) -> int:
    """The selected stage; of a network that is not as deep, its last one."""
    return min(sides.stage, count_of(side) - 1)


def count_of(side: Side) -> int:
    """How many stages there are."""
    return int(side.snapshot.columns["gradient"].shape[1])


def _side(sides: Sides, letter: str) -> Side | None:
    return next((side for side in sides if side.letter == letter), None)


# -- the map -----------------------------------------------------------------------------------------------


def view(sides: Sides, letter: str, width: int, height: int) -> list[Line]:
    side = _side(sides, letter)
    if side is None:
        return page(wrap(_waiting(sides), width), width, height)
    found = bands(side.snapshot, sides.quantity, sides.axis_kind)
    if not found:
        return page(wrap(_absent(sides), width), width, height)
    bounds, axis = range_of(sides), axis_of(side, sides, width, height)
    margin = margin_of(side, sides, width, height)
    drawn = parts(side, found, sides, height)
    lines: list[Line] = []
    seen: set[Span] = set()
    for band, rows in drawn:
        for number, (row, cells) in enumerate(zip(rows, _shaded(side, band, axis, rows, bounds), strict=True)):
            seen.update(cells)
            cells[axis.cell(sides.iteration)] = ("│", "cursor")
            picked = stage_of(side, sides) in row
            # Of two maps each says in its first row which it is.
            name = _brief(sides, band) if len(drawn) > 1 and number == 0 else _end(side, row, width)
            digits = _digits(side, rows, width)
            label = f"{'▸' if picked else ''}{_label(side, row, digits - 1)}".rjust(digits)
            label = f"{name} {label}" if name else label
            space = " " * (margin - 1 - _cells(label))
            # Of several stages in a row the wall is somewhere among them.
            wall = (WALL, "strong") if any(stage in row for stage in side.walls) else (" ", "label")
            lines.append([(f"{space}{label}", "cursor" if picked else "label"), wall, *runs(cells)])
    lines.append([(" " * margin, "label"), *axis.ruler(side.snapshot.count, sides.iteration, sides.marks)])
    if len(lines) < height:
        several = each_row(side.snapshot.axis, _most(drawn))
        said = [tr("{each}: {what}", each=several, what=tr("their mean"))] if several else []
        if side.walls:
            said.insert(0, tr("{mark} cut: truncate {count}", mark=WALL, count=side.walls.step))
        lines.append([(" " * margin, "label"), *legend(found[0], bounds, width - margin, seen, said)])
    return page(lines, width, height)


def _waiting(sides: Sides) -> str:
    return waiting(sides, "Here: how much gradient each stage gets in each iteration; full is much, blank is none.")


def _brief(sides: Sides, band: Band) -> str:
    shown = next(row for row in quantity_of(sides.quantity).bars if row.name == band.name)
    return tr(shown.brief or band.symbol)


Part = tuple[Band, tuple[StageRow, ...]]


def parts(side: Side, found: tuple[Band, ...], sides: Sides, height: int) -> list[Part]:
    """Each map that is drawn, with its rows, the last stage (next to the output) on top."""
    # Where a row is several stages the line under the map says so.
    several = any(count_of(each) >= height for each in sides)
    least = _BEYOND_FROM if exceeded(sides) or several else _LEGEND_FROM
    rows = height - 1 - (height >= least)
    if rows < 1:
        return []
    if len(found) == 1 or rows < _TWO_FROM - 1:
        return [(found[0], _rows(found[0], rows))]
    # Of as many rows each, or neighbours of the one would be twice as many stages as those of the other.
    return [(band, _rows(band, rows // 2)) for band in found]


def _rows(band: Band, rows: int) -> tuple[StageRow, ...]:
    """Of the stages that have a number."""
    return stage_rows(band.stages.stop, rows, band.stages.start)


def _most(drawn: list[Part]) -> int:
    """So many stages has a row."""
    return max([1, *(len(row.stages) for _, rows in drawn for row in rows)])


def _label(side: Side, row: StageRow, width: int) -> str:
    """The numbers of a row's stages; the names of modules."""
    return named(row, side.names, width) if side.names else row.label(width)


def _end(side: Side, row: StageRow, width: int) -> str:
    """What the first and the last stage are, where there is room for the words."""
    if width < _ENDS_FROM or side.snapshot.axis not in _ENDS:
        return ""
    low, high = _ENDS[side.snapshot.axis]
    last = count_of(side) - 1
    return tr(low) if row.low == 0 else tr(high) if row.high == last else ""


def _digits(side: Side, rows: tuple[StageRow, ...], width: int) -> int:
    """Cells of the rows' numbers, or of their names, with the mark of the selected one."""
    if side.names:
        return 1 + names_room(side.names, rows, width)
    least = len(str(count_of(side) - 1))
    return 1 + max([2, least, *(len(row.label(width)) for row in rows if width >= _BOTH_FROM)])


def margin_of(side: Side, sides: Sides, width: int, height: int) -> int:
    """Cells before the map: the stages' numbers, the names of the ends where there is room for them, and a blank."""
    found = bands(side.snapshot, sides.quantity, sides.axis_kind)
    drawn = parts(side, found, sides, height) if found else []
    digits = max([_digits(side, (), width), *(_digits(side, rows, width) for _, rows in drawn)])
    names = [_brief(sides, band) for band in found] if len(found) > 1 else []
    ends = [] if width < _ENDS_FROM else [*map(tr, _ENDS.get(side.snapshot.axis, ()))]
    return max([0, *(_cells(name) + 1 for name in (*names, *ends))]) + digits + 1


def _cells(text: str) -> int:
    return width_of([(text, "")])


def axis_of(side: Side, sides: Sides, width: int, height: int) -> IterationAxis:
    return sides.axis(max(1, width - margin_of(side, sides, width, height)))


def _shaded(side: Side, band: Band, axis: IterationAxis, rows: tuple[StageRow, ...], bounds: Range) -> list[list[Span]]:
    """A cell for each column: of what is trained a shade, of the rest nothing."""
    # The rows stay where they are while the cursor moves.
    means, most = once(side.snapshot, (band.name, band.log, axis, rows), lambda: _grouped(band, axis, rows))
    arriving = None
    if _is_judged(side, band):
        arriving = once(side.snapshot, (band.name, band.log, axis), lambda: axis.means(band.values[:, -1:]))
    cells = shaded(band, means, most, bounds, arriving)
    return [[*row, *[(" ", "text")] * (axis.cells - len(row))] for row in cells]


def _is_judged(side: Side, band: Band) -> bool:
    """Whether the verdict follows this gradient, as in Explore: ∂L/∂c of a cell that has it, else ∂L/∂h."""
    return band.name == ("cell_gradient_norm" if "cell_gradient" in side.snapshot.columns else "gradient_norm")


def _grouped(band: Band, axis: IterationAxis, rows: tuple[StageRow, ...]) -> tuple[Array, Array | None]:
    """The mean of each row in each column, (columns, rows); and of several iterations the largest, as it would lie on
    that mean: a stage's is measured by its own mean, as stages of one row may be decades apart.
    """
    first = band.stages.start
    values = band.values[:, first : band.stages.stop]
    # From the lowest row on: where its stages begin. The map has the highest first.
    starts = [row.low - first for row in reversed(rows)]
    sizes = [len(row.stages) for row in rows]
    of_stages = axis.means(values)
    with np.errstate(invalid="ignore"):
        means = np.add.reduceat(of_stages, starts, axis=1)[:, ::-1] / sizes
        if not axis.several:
            return means, None
        above = np.maximum.reduceat(axis.most(values) - of_stages, starts, axis=1)[:, ::-1]
        return means, means + above


def _absent(sides: Sides) -> str:
    quantity = quantity_of(sides.quantity)
    if any(side.snapshot.axis == "module" for side in sides):
        return tr("{quantity}: no number of it is in this recording", quantity=tr(quantity.label))
    return tr(
        "{quantity}: not kept of every iteration. {key} opens the iteration under the cursor, which has it.",
        quantity=tr(quantity.label), key=shown_keys("next"),
    )  # fmt: skip


# -- what is under the mouse, and in words -----------------------------------------------------------------


def under(sides: Sides, letter: str, width: int, height: int, x: int, y: int) -> tuple[int, int] | None:
    """The iteration and the stage under a cell of the pane's inside; None beside the map."""
    side = _side(sides, letter)
    if side is None:
        return None
    found = bands(side.snapshot, sides.quantity, sides.axis_kind)
    if not found:
        return None
    rows = [row for _, shown in parts(side, found, sides, height) for row in shown]
    iteration = axis_of(side, sides, width, height).iteration_at(x - margin_of(side, sides, width, height))
    if iteration is None or not 0 <= y < len(rows):
        return None
    return min(iteration, side.snapshot.count - 1), rows[y].low


def said(sides: Sides, letter: str) -> list[str]:
    """The stages' numbers at the cursor, and how they were at the first iteration."""
    side = _side(sides, letter)
    if side is None:
        return [_waiting(sides)]
    found = bands(side.snapshot, sides.quantity, sides.axis_kind)
    if not found:
        return [_absent(sides)]
    here = at(side, sides.iteration)
    lines = []
    for band in found:
        lines.append(
            tr(
                "{symbol}, at {first} and at {here}:",
                symbol=tr(band.symbol),
                first=called(side, 0),
                here=called(side, here),
            )
        )
        for stage in reversed(band.stages):
            first, now = (text_of_value(band, float(band.values[place, stage])) for place in (0, here))
            place = side.place(stage)
            lines.append(tr("{place}: {first}, {now}", place=place, first=first, now=now))
    return lines
