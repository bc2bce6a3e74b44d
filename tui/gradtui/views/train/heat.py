"""The heat map: stages upwards, iterations to the right, and how much gradient each stage got. A and B on one scale.

Of many iterations in a column it is the mean that is shaded (of a norm the mean of its logarithms); a column in which
one of them is over ten times as large has a mark, so that no spike is lost.
"""

from __future__ import annotations

import math

from gradtui_engine.core.figures import percent, power_of_ten, short
from gradtui_engine.core.message import English
from gradtui_engine.program.program import place_of

from ...model.commands import shown_keys
from ...text.axis_words import AXIS_WORDS
from ...text.language import tr
from ...text.spans import Line, Span, first_title, page, runs, width_of, wrap
from ..frame.bars import shown_stages
from .axis import IterationAxis
from .quantities import Band, bands, quantity_of
from .shades import Range, exceeded, is_share, legend, range_of, scale_words, shaded
from .sides import Side, Sides, at
from .words import absent, waiting

#: Rows from which on the shades are explained under the map, and where some cell is beyond the scale.
_LEGEND_FROM, _BEYOND_FROM = 11, 6
#: Rows from which on two numbers of each stage have a map each; else the first one has all of them.
_TWO_FROM = 7
#: What the stages at the ends are, and the columns from which on they are named.
_ENDS: dict[str, tuple[English, English]] = {"layer": ("input", "output"), "time": ("start", "end")}
_ENDS_FROM = 70


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
    here = f" · {tr('{place}: {value}', place=tr(place_of(side.snapshot.axis, stage)), value=numbers)}"
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
    bounds, axis = range_of(sides), axis_of(side, sides, width)
    margin = margin_of(side, sides, width)
    drawn = parts(side, found, sides, height)
    lines: list[Line] = []
    marks: set[str] = set()
    for band, stages in drawn:
        for number, (stage, row) in enumerate(zip(stages, _shaded(band, axis, stages, bounds), strict=True)):
            marks.update(glyph for glyph, _ in row)
            row[axis.cell(sides.iteration)] = ("│", "cursor")
            picked = stage == stage_of(side, sides)
            # Of two maps each says in its first row which it is.
            name = _brief(sides, band) if len(drawn) > 1 and number == 0 else _end(side, stage, width)
            label = f"{'▸' if picked else ''}{stage}".rjust(_digits(side))
            label = f"{name} {label}" if width >= _ENDS_FROM else (name or label)
            space = " " * (margin - 1 - _cells(label))
            lines.append([(f"{space}{label} ", "cursor" if picked else "label"), *runs(row)])
    lines.append([(" " * margin, "label"), *axis.ruler(side.snapshot.count, sides.iteration, sides.marks)])
    if len(lines) < height:
        lines.append([(" " * margin, "label"), *legend(found[0], bounds, width - margin, frozenset(marks))])
    return page(lines, width, height)


def _waiting(sides: Sides) -> str:
    return waiting(sides, "Here: how much gradient each stage gets in each iteration; full is much, blank is none.")


def _brief(sides: Sides, band: Band) -> str:
    shown = next(row for row in quantity_of(sides.quantity).bars if row.name == band.name)
    return tr(shown.brief or band.symbol)


def parts(side: Side, found: tuple[Band, ...], sides: Sides, height: int) -> list[tuple[Band, list[int]]]:
    """Each map that is drawn, with the stages that have a row in it, the last one (next to the output) on top."""
    least = _BEYOND_FROM if exceeded(sides) else _LEGEND_FROM
    rows = height - 1 - (height >= least)
    if rows < 1:
        return []
    if len(found) == 1 or rows < _TWO_FROM - 1:
        return [(found[0], _shown(found[0], rows, stage_of(side, sides)))]
    upper = (rows + 1) // 2
    sizes = zip(found, (upper, rows - upper), strict=True)
    return [(band, _shown(band, size, stage_of(side, sides))) for band, size in sizes]


def _shown(band: Band, rows: int, selected: int) -> list[int]:
    """The stages that have a row: of those that have a number all, or evenly spaced ones and the selected one."""
    first = band.stages.start
    inside = min(max(selected, first), band.stages.stop - 1)
    return [first + stage for stage in shown_stages(len(band.stages), rows, inside - first)]


def _end(side: Side, stage: int, width: int) -> str:
    """What the first and the last stage are, where there is room for the words."""
    if width < _ENDS_FROM:
        return ""
    low, high = _ENDS[side.snapshot.axis]
    last = count_of(side) - 1
    return tr(low) if stage == 0 else tr(high) if stage == last else ""


def _digits(side: Side) -> int:
    """Cells of the stages' numbers, with the mark of the selected one."""
    return max(3, len(str(count_of(side) - 1)) + 1)


def margin_of(side: Side, sides: Sides, width: int) -> int:
    """Cells before the map: the stages' numbers, the names of the ends where there is room for them, and a blank."""
    found = bands(side.snapshot, sides.quantity, sides.axis_kind)
    names = [_brief(sides, band) for band in found] if len(found) > 1 else []
    if width < _ENDS_FROM:
        return max([_digits(side), *map(_cells, names)]) + 1
    return max(_cells(name) for name in (*names, *map(tr, _ENDS[side.snapshot.axis]))) + 1 + _digits(side) + 1


def _cells(text: str) -> int:
    return width_of([(text, "")])


def axis_of(side: Side, sides: Sides, width: int) -> IterationAxis:
    return IterationAxis(sides.span, max(1, width - margin_of(side, sides, width)))


def _shaded(band: Band, axis: IterationAxis, stages: list[int], bounds: Range) -> list[list[Span]]:
    """A cell for each column: of what is trained a shade, of the rest nothing."""
    values = band.values[:, stages]
    most = axis.most(values) if axis.total > axis.cells else None
    rows = shaded(band, axis.means(values), most, bounds)
    return [[*row, *[(" ", "text")] * (axis.cells - len(row))] for row in rows]


def _absent(sides: Sides) -> str:
    quantity = quantity_of(sides.quantity)
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
    stages = [stage for _, shown in parts(side, found, sides, height) for stage in shown]
    iteration = axis_of(side, sides, width).iteration_at(x - margin_of(side, sides, width))
    if iteration is None or not 0 <= y < len(stages):
        return None
    return min(iteration, side.snapshot.count - 1), stages[y]


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
        lines.append(tr("{symbol}, at iteration 0 and at iteration {number}:", symbol=tr(band.symbol), number=here))
        for stage in reversed(band.stages):
            first, now = (text_of_value(band, float(band.values[place, stage])) for place in (0, here))
            place = tr(place_of(side.snapshot.axis, stage))
            lines.append(tr("{place}: {first}, {now}", place=place, first=first, now=now))
    return lines
