"""Panes over time: the cell state as units × time, and the gates' means through time."""

from __future__ import annotations

import re

import numpy as np

from gradtui_engine.analysis.record import Record
from gradtui_engine.cells.cell import Cell
from gradtui_engine.core.figures import decimals, short

from ...model.commands import shown_keys
from ...text.heat import Array, heat_rows, legend, shade_range
from ...text.language import tr
from ...text.scale import UP
from ...text.spans import Line, first_fit, first_title, page
from ...text.summary import resolved_of
from ..frame import spoken
from ..frame.once import once
from ..frame.scene import Scene
from ..frame.spoken import Lines
from ..frame.states import cell_states, gate_outputs
from ..frame.timeaxis import MARGIN, TimeAxis
from .cells.table import WORDS


def cell_title(scene: Scene, width: int) -> str:
    keys = f"{shown_keys('unit_before')} {shown_keys('next_unit')}"
    return first_title(
        width,
        tr("cell state c · units ↓ × time → · sample 1 · {keys} choose the unit", keys=keys),
        tr("cell state c · units ↓ × time → · sample 1"),
        tr("cell state c · units ↓ × time →"),
        tr("cell state c"),
    )


def cell_view(scene: Scene, width: int, height: int) -> list[Line]:
    """Shades of c for the first sample: every unit a row, in the time axis of the other panes."""
    axis = TimeAxis.of(len(scene.stages), width)
    states = cell_states(scene.record)[:, 0, :]
    bound = _bound(scene.record)
    count = max(1, min(states.shape[1], height - 1))
    # The selected unit is always in sight.
    start = min(max(0, scene.unit - count + 1), states.shape[1] - count)
    units = range(start, start + count)
    shades = _shades(scene.record, axis, start, count)
    lines: list[Line] = []
    for unit, shade in zip(units, shades, strict=True):
        picked = unit == scene.unit
        label = f"{'▸' if picked else ''}{unit + 1}".rjust(MARGIN - 1) + " "
        lines.append([(label, "cursor" if picked else "label"), *shade])
        if picked:
            value = short(float(states[scene.stage, unit]))
            forms: list[Line] = [[(f"  c {value}", "text")], [(f" c {value}", "text")], [(f" {value}", "text")], []]
            lines[-1] += first_fit(axis.right, *forms)
    foot: Line = [("".rjust(MARGIN), "label"), *legend(-bound, bound)]
    whole = tr("{shown} of {all} units", shown=count, all=states.shape[1])
    foot.append((f"  {whole}", "label"))
    return page([*lines, foot], width, height)


def _shades(record: Record, axis: TimeAxis, start: int, count: int) -> list[Line]:
    """The shades of so many units from start on: the same wherever the cursor is."""
    kept, key = _kept(record), (axis, start, count)
    if key not in kept:
        kept.clear()
        bound = _bound(record)
        kept[key] = heat_rows(cell_states(record)[list(axis.columns), 0, start : start + count].T, -bound, bound)
    return kept[key]


@once
def _kept(record: Record) -> dict[tuple[TimeAxis, int, int], list[Line]]:
    """The shades that were shown last."""
    return {}


@once
def _bound(record: Record) -> float:
    """What the shades of c span, to both sides of 0."""
    low, high = shade_range(cell_states(record)[:, 0, :])
    return max(abs(low), abs(high))


def gates_title(scene: Scene, width: int) -> str:
    place = scene.name(max(scene.stage, 1))
    return first_title(
        width,
        tr("gates · {names} · mean over units and samples · at {place}", names=_names(scene), place=place),
        tr("gates · {names} · at {place}", names=_names(scene), place=place),
        tr("gates · mean over units and samples · numbers at {place}", place=place),
        tr("gates, mean · at {place}", place=place),
        tr("gates"),
    )


def _names(scene: Scene) -> str:
    """f forget, i input, o output, g candidate: what the letters in the margin stand for."""
    rows = WORDS[scene.resolved.cell].gates
    return tr(", ").join(f"{gate.letter} {re.split('[:：]', tr(gate.meaning))[0]}" for gate in rows)


def gates_view(scene: Scene, width: int, height: int) -> list[Line]:
    """A line per gate: σ gates from 0 to 1, the candidate from −1 to 1."""
    cell = scene.resolved.kind
    axis = TimeAxis.of(len(scene.stages), width)
    means = _means(scene.record)
    here = max(scene.stage, 1) - 1
    first, last = axis.span(scene.stage)
    lines: list[Line] = []
    for gate in WORDS[cell.name].gates:
        row = _glyphs(scene.record)[gate.letter]
        text = "".join([row[stage] for stage in axis.columns])
        cells = [(text[:first], "text"), (text[first:last], "cursor"), (text[last:], "text")]
        mean = float(means[here, cell.block(gate.letter)])
        # A mean of little is 7.1e-4: two decimals where that has no room.
        texts = (f"  {short(mean)}", f" {short(mean)}", f" {decimals(mean, 2)}")
        number = first_fit(axis.right, *([(each, "text")] for each in texts))
        start: Line = [(gate.letter.rjust(MARGIN - 1) + " ", "label"), *[span for span in cells if span[0]]]
        lines.append(first_fit(width, [*start, *number, (f" {tr(gate.meaning)}", "label")], [*start, *number], start))
    return page(lines, width, height)


def _cell_of(record: Record) -> Cell:
    resolved = resolved_of(record.source)
    assert resolved is not None  # the pane wants an experiment
    return resolved.kind


@once
def _means(record: Record) -> Array:
    """The mean of each gate over units and samples: (steps, gates)."""
    gates = gate_outputs(record)
    steps, _, units = gates.shape
    count = _cell_of(record).blocks
    with np.errstate(all="ignore"):
        means: Array = gates.reshape(steps, -1, count, units // count).mean(axis=(1, 3))
    return means


@once
def _glyphs(record: Record) -> dict[str, str]:
    """Each gate as a glyph per stage; the initial state has none."""
    glyphs = {}
    for block, gate in enumerate(_cell_of(record).gates):
        means = _means(record)[:, block]
        shares = (means + 1) / 2 if gate.signed else means
        heights = (UP[min(8, max(1, round(float(share) * 8)))] if share == share else " " for share in shares)
        glyphs[gate.letter] = " " + "".join(heights)
    return glyphs


def cell_said(scene: Scene) -> Lines:
    states = cell_states(scene.record)
    unit = scene.unit
    yield tr("Size: mean of c without its sign, over units and samples. Unit {unit}: in sample 1.", unit=unit + 1)
    with np.errstate(all="ignore"):
        sizes = np.abs(states).mean(axis=(1, 2))
    for index, (size, value) in enumerate(zip(sizes, states[:, 0, unit], strict=True)):
        texts = (
            tr("size {value}", value=short(float(size))),
            tr("unit {unit}: {value}", unit=unit + 1, value=short(float(value))),
        )
        yield spoken.facts(scene, index, iter(texts))


def gates_said(scene: Scene) -> Lines:
    cell = scene.resolved.kind
    rows = WORDS[cell.name].gates
    for gate in rows:
        yield tr("gate {name}: {meaning}", name=gate.letter, meaning=tr(gate.meaning))
    for index, means in enumerate(_means(scene.record).tolist()):
        texts = (f"{gate.letter} {short(means[cell.block(gate.letter)])}" for gate in rows)
        yield spoken.facts(scene, index + 1, texts)
