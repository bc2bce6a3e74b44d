"""A cell's gates over the iterations: how far each is open on average, and the deciding one step by step.

The gate of the direct path is the factor of the gradient that carries: where it opens, the gradient comes back.
"""

from __future__ import annotations

import numpy as np

from gradtui_engine.cells.cell import Cell, Gate
from gradtui_engine.core.figures import short

from ...text.heat import Array, heat_cells
from ...text.language import tr
from ...text.scale import UP
from ...text.spans import Line, first_fit, first_title, page, runs, wrap
from ..frame.iteration_axis import IterationAxis
from ..frame.stage_rows import StageRow, each_row, stage_rows
from ..frame.training_sides import Side, Sides, at
from .shades import shown_levels
from .words import called, waiting

#: Rows of the map, at the least, beside the gates' lines.
_LEAST_MAP = 2
#: Cells before a gate's line, A f, and behind it, a blank and a number such as -7.4e-10.
_MARGIN, _NUMBER = 5, 9


def with_gates(sides: Sides) -> list[Side]:
    return [side for side in sides if "gates" in side.snapshot.columns and side.training is not None]


def title(sides: Sides, width: int) -> str:
    # Of two kinds of cells the letters alone would not say whose they are.
    mixed = len({_cell(side).name for side in with_gates(sides)}) > 1
    heads = (f"{side.letter + ' ' if mixed else ''}{_named(gate)}" for side, gate in _rows(sides))
    named = tr(", ").join(dict.fromkeys(heads))
    return first_title(
        width,
        *(
            (
                tr("gates, iteration by iteration · {names} · mean over steps, units and samples", names=named),
                tr("gates, iteration by iteration · {names}", names=named),
                tr("gates · {names}", names=named),
                named,
            )
            if named
            else ()
        ),
        tr("gates, iteration by iteration"),
        tr("gates"),
    )


def _named(gate: Gate) -> str:
    return f"{gate.letter} {tr(gate.name)}"


def in_order(cell: Cell) -> list[Gate]:
    """Its gates in the order in which people ask about them: that of the direct path, what is written, candidates."""
    path = cell.path.gate if cell.path is not None else ""
    return sorted(cell.gates, key=lambda gate: (gate.letter != path, gate.signed))


def _cell(side: Side) -> Cell:
    assert side.training is not None  # it is one of `with_gates`
    return side.training.experiment.resolved.kind


def _rows(sides: Sides) -> list[tuple[Side, Gate]]:
    """A line for each gate of each side, those that people ask about first on top, A's above B's."""
    found = [(number, side, gate) for side in with_gates(sides) for number, gate in enumerate(in_order(_cell(side)))]
    return [(side, gate) for _, side, gate in sorted(found, key=lambda row: row[0])]


def view(sides: Sides, width: int, height: int) -> list[Line]:
    rows = _rows(sides)
    if not rows:
        return page(wrap(_nothing(sides), width), width, height)
    axis = axis_of(sides, width)
    lines = [_line(side, gate, sides, axis) for side, gate in rows]
    count = _map_rows(len(rows), height)
    side, gate = _path_of(sides)
    lines = lines[: max(1, height - 1 - (count + 1 if count else 0))]
    if count:
        lines += [_map_head(side, gate, sides, width, count), *_map(side, gate, sides, axis, count)]
    ruler: Line = [(" " * _MARGIN, "label"), *axis.ruler(sides.count, sides.iteration, sides.marks)]
    return page([*lines, ruler] if len(lines) < height else lines, width, height)


def axis_of(sides: Sides, width: int) -> IterationAxis:
    return sides.axis(max(1, width - _MARGIN - _NUMBER))


def iteration_at(sides: Sides, width: int, x: int) -> int | None:
    """The iteration under a column of the pane (a mouse click)."""
    found = axis_of(sides, width).iteration_at(x - _MARGIN)
    return min(found, sides.count - 1) if found is not None and sides.started else None


def _nothing(sides: Sides) -> str:
    return tr("This cell has no gates.") if sides.started else waiting(sides, "Here: how far each gate opens.")


def _gate(side: Side, gate: Gate) -> Array:
    """The gate's mean of every step, in every iteration: (count, steps)."""
    block = _cell(side).block(gate.letter)
    values: Array = side.snapshot.columns["gates"][:, block]
    return values


def _line(side: Side, gate: Gate, sides: Sides, axis: IterationAxis) -> Line:
    """A f ▄▄▅▅▆▆▇ 0.83"""
    values = _gate(side, gate)
    means = axis.means(values).mean(axis=1)
    shares = (means + 1) / 2 if gate.signed else means
    text = "".join([UP[min(8, max(1, round(share * 8)))] if share == share else "!" for share in shares.tolist()])
    cells = [(glyph, "text") for glyph in text.ljust(axis.cells)]
    here = axis.cell(sides.iteration)
    cells[here] = ("│" if cells[here][0] == " " else cells[here][0], "cursor")
    label = f"{side.letter + ' ' if sides.raced else ''}{gate.letter}"
    place = sides.iteration
    number = short(float(values[place].mean(dtype=np.float64)) if place < len(values) else None)
    return [(label.rjust(_MARGIN - 1) + " ", "label"), *runs(cells), (f" {number}", "text")]


def _path_of(sides: Sides) -> tuple[Side, Gate]:
    """The gate on the direct path, of A where it has one."""
    for side, gate in _rows(sides):
        path = _cell(side).path
        if path is not None and path.gate == gate.letter:
            return side, gate
    return _rows(sides)[0]


def _map_rows(lines: int, height: int) -> int:
    """Rows of the map of steps and iterations; 0 where there is no room: the lines have it first, and the ruler."""
    rows = height - lines - 2
    return rows if rows >= _LEAST_MAP else 0


def _map_head(side: Side, gate: Gate, sides: Sides, width: int, rows: int) -> Line:
    """f, step by step (0 ░▒▓█ 1); each row is 4 steps; at the cursor most open at t = 37: 0.93"""
    values = _gate(side, gate)[at(side, sides.iteration)]
    step = int(np.argmax(values))
    letter = f"{side.letter + ' ' if sides.raced else ''}{gate.letter}"
    most = tr("most open at t = {step}: {value}", step=step + 1, value=short(float(values[step])))
    whole = tr("{gate}, step by step: 0 blank, 1 full", gate=letter)
    (highest, *_) = stage_rows(len(values), rows)
    each = each_row("time", len(highest.stages))
    several = f" · {each}" if each else ""
    return first_fit(
        width,
        [(whole, "label"), (f"{several} · {most}", "text")],
        *([[(whole, "label"), (several, "text")], [(letter, "label"), (several, "text")]] if several else ()),
        [(whole, "label"), (f" · {most}", "text")],
        [(f"{letter} · {most}", "text")],
        [(letter, "label")],
    )


def _map(side: Side, gate: Gate, sides: Sides, axis: IterationAxis, rows: int) -> list[Line]:
    """Steps upwards, iterations to the right: how far open the gate is."""
    values = _gate(side, gate)
    drawn = stage_rows(values.shape[1], rows)
    columns = axis.means(values)
    means = np.stack([columns[:, row.low : row.high + 1].mean(axis=1) for row in drawn], axis=1)
    shades = shown_levels(means, means == 0.0, 0.0, 1.0).T.tolist()
    here = axis.cell(sides.iteration)
    lines: list[Line] = []
    for row, levels in zip(drawn, shades, strict=True):
        cells = [*heat_cells(levels), *[(" ", "text")] * (axis.cells - len(levels))]
        cells[here] = ("│", "cursor")
        # Column 0 is the gate of step 1.
        picked = sides.stage - 1 in row
        steps = StageRow(row.low + 1, row.high + 1)
        label = f"{'▸' if picked else ''}{steps.label(_MARGIN - 1 - picked)}".rjust(_MARGIN - 1) + " "
        lines.append([(label, "cursor" if picked else "label"), *runs(cells)])
    return lines


def said(sides: Sides) -> list[str]:
    """Each gate at the first iteration, at the cursor and at the last one."""
    rows = _rows(sides)
    if not rows:
        return [_nothing(sides)]
    lines = []
    for side, gate in rows:
        values = _gate(side, gate).mean(axis=1, dtype=np.float64)
        lines.append(
            tr(
                "{side}, gate {name}: {first} at first, {here} at {moment}, {last} at the last one",
                side=side.letter,
                name=_named(gate),
                first=short(float(values[0])),
                here=short(float(values[at(side, sides.iteration)])),
                moment=called(side, at(side, sides.iteration)),
                last=short(float(values[-1])),
            )
        )
    return lines
