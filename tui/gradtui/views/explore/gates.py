"""How far the gates are open through time: each in several lines where there is room."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from gradtui_engine.analysis.record import Record
from gradtui_engine.cells.cell import Cell, Gate
from gradtui_engine.core.figures import decimals, percent, short

from ...text.heat import Array
from ...text.language import tr
from ...text.scale import UP, LinearScale, columns
from ...text.spans import Line, Span, first_fit, first_title, page, runs
from ...text.summary import resolved_of
from ..frame import spoken
from ..frame.once import once
from ..frame.scene import Scene
from ..frame.spoken import Lines
from ..frame.states import gate_outputs
from ..frame.timeaxis import MARGIN, TimeAxis, walled
from .cells.table import WORDS

#: Lines of a gate, at the most.
_TALLEST = 6


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
    cell = scene.resolved.kind
    return tr(", ").join(
        f"{row.letter} {re.split('[:：]', tr(row.meaning))[0]}{_range(cell.gates[cell.block(row.letter)])}"
        for row in rows
    )


def _range(gate: Gate) -> str:
    """Where it is not from 0 to 1: −1 … 1, or, of a candidate without an activation, anywhere; bars end at ±1."""
    return "" if not gate.signed else " −1 … 1" if gate.bounded else " −1 … 1 …"


def gates_view(scene: Scene, width: int, height: int) -> list[Line]:
    """A band for each gate: σ gates from 0 to 1, the candidate from a middle line to −1 and 1; what they come to."""
    cell = scene.resolved.kind
    rows = WORDS[cell.name].gates
    axis = TimeAxis.of(len(scene.stages), width)
    means = _means(scene.record)
    here = max(scene.stage, 1) - 1
    first, last = axis.span(scene.stage)
    tall = min(_TALLEST, max(1, height // len(rows)))
    carries = cell.path.gate if cell.path is not None else ""
    cut = axis.among(scene.walls)
    lines: list[Line] = []
    for gate in rows:
        signed = cell.gates[cell.block(gate.letter)].signed
        ticks = {tall - 1: ("-1" if signed else "0"), 0: "1"} if tall > 1 else {}
        mean = float(means[here, cell.block(gate.letter)])
        # A mean of little is 7.1e-4: two decimals where that has no room.
        texts = (f"  {short(mean)}", f" {short(mean)}", f" {decimals(mean, 2)}")
        number = first_fit(axis.right, *([(each, "text")] for each in texts))
        for place, band in enumerate(_bands(scene.record, tall)[gate.letter]):
            style = "strong" if gate.letter == carries else "label"
            cells: list[Span] = [(band[stage], style) for stage in axis.columns]
            cells[first:last] = [(glyph, "cursor") for glyph, _ in cells[first:last]]
            if cut:
                cells = [
                    walled(each) if stage in cut else each for stage, each in zip(axis.columns, cells, strict=True)
                ]
            letter = gate.letter if place == 0 else ""
            label = letter.rjust(MARGIN - 1) if tall == 1 else letter.rjust(2) + ticks.get(place, "").rjust(MARGIN - 3)
            start: Line = [(label + " ", "label"), *runs(cells)]
            shown = [[*start, *number, (f" {tr(gate.meaning)}", "label")], [*start, *number]] if place == 0 else []
            lines.append(first_fit(width, *shown, start))
    if height > len(lines):
        lines += [[], *_told(scene, means[here], width)][len(lines) + 2 - height > 0 :]
    return page(lines, width, height)


def _told(scene: Scene, means: Array, width: int) -> list[Line]:
    """What the gate of the direct path is for, as flat bands say nothing of it."""
    cell = scene.resolved.kind
    path = cell.path
    if path is None:
        return []
    kept = percent(path.factor(float(means[cell.block(path.gate)])))
    state = "c" if cell.has_cell_state else "h"
    forms = (
        tr("{symbol} decides what a step keeps of {state} and of its gradient: here {share}; 100 % would be kept for "
           "ever", symbol=path.symbol, state=state, share=kept),
        tr("{symbol}: a step keeps {share} of {state}", symbol=path.symbol, state=state, share=kept),
    )  # fmt: skip
    return [first_fit(width, *([(" " * MARGIN + text, "strong")] for text in forms), [])]


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
def _kept(record: Record) -> dict[int, dict[str, list[str]]]:
    """The bands by how tall they are, those that were asked for."""
    return {}


def _bands(record: Record, tall: int) -> dict[str, list[str]]:
    """Each gate as lines with a glyph per stage, the upper line first; the initial state has none."""
    kept = _kept(record)
    if tall not in kept:
        kept[tall] = dict(_drawn(record, tall))
    return kept[tall]


def _drawn(record: Record, tall: int) -> Iterator[tuple[str, list[str]]]:
    for block, gate in enumerate(_cell_of(record).gates):
        means = _means(record)[:, block].tolist()
        if gate.signed:
            glyphs = [_signed(mean, tall) for mean in means]
            yield gate.letter, [" " + "".join([column[line] for column in glyphs]) for line in range(tall - 1, -1, -1)]
            continue
        shares = means
        if tall == 1:
            glyphs = [UP[min(8, max(1, round(share * 8)))] if share == share else " " for share in shares]
        else:
            scale = LinearScale(0.0, 1.0)
            glyphs = [columns(scale, share, tall) if share == share else " " * tall for share in shares]
        yield gate.letter, [" " + "".join([column[line] for column in glyphs]) for line in range(tall - 1, -1, -1)]


def _signed(value: float, tall: int) -> str:
    """From a middle line up to 1 or down to −1, the lowest cell first: a candidate of 0 is no bar that is half full.

    Upwards in eighths; downwards there are glyphs for a line, a half and a whole cell alone.
    """
    if value != value:
        return " " * tall
    if tall == 1:
        return "─" if abs(value) < 1 / 3 else "▀" if value > 0 else "▄"
    half = tall // 2
    upper = columns(LinearScale(0.0, 1.0), max(value, 1e-9), half)
    halves = round(min(-value, 1.0) * half * 2) if value < 0 else 0
    full, part = divmod(halves, 2)
    lower = ("█" * full + "▀" * part).ljust(half)[:half][::-1]
    return (lower + upper).rjust(tall)


def gates_said(scene: Scene) -> Lines:
    cell = scene.resolved.kind
    rows = WORDS[cell.name].gates
    for gate in rows:
        yield tr("gate {name}: {meaning}", name=gate.letter, meaning=tr(gate.meaning))
    for index, means in enumerate(_means(scene.record).tolist()):
        texts = (f"{gate.letter} {short(means[cell.block(gate.letter)])}" for gate in rows)
        yield spoken.facts(scene, index + 1, texts)
