"""The LSTM's panes over time: the cell state as units × time, and the gates' means through time."""

from __future__ import annotations

import re

import numpy as np

from ..commands import shown_keys
from ..formats import short
from ..language import tr
from ..scale import UP
from .heat import heat_rows, legend, shade_range
from .scene import Scene
from .spans import Line, first_fit, first_title, page, runs
from .timeaxis import MARGIN, TimeAxis

#: The gates by cell: name, PyTorch's number of its block, what it does; in the order in which people ask about them.
GATES = {
    "lstm": (("f", 1, "forget"), ("i", 0, "input"), ("o", 3, "output"), ("g", 2, "candidate")),
    "gru": (("z", 1, "update: the share of h kept"), ("r", 0, "reset"), ("n", 2, "candidate")),
}
#: The gates that are a tanh: they run from −1 to 1, the others from 0 to 1.
_SIGNED = ("g", "n")


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
    states = scene.trace.values["c"][:, 0, :]
    low, high = shade_range(states)
    bound = max(abs(low), abs(high))
    count = max(1, min(states.shape[1], height - 1))
    # The selected unit is always in sight.
    start = min(max(0, scene.unit - count + 1), states.shape[1] - count)
    units = range(start, start + count)
    shades = heat_rows(states[list(axis.columns), start : start + count].T, -bound, bound)
    lines: list[Line] = []
    for unit, shade in zip(units, shades, strict=True):
        picked = unit == scene.unit
        label = f"{'▸' if picked else ''}{unit + 1}".rjust(MARGIN - 1) + " "
        lines.append([(label, "cursor" if picked else "label"), *shade])
        if picked:
            lines[-1].append((f"  c {short(float(states[scene.stage, unit]))}", "text"))
    foot: Line = [("".rjust(MARGIN), "label"), *legend(-bound, bound)]
    whole = tr("{shown} of {all} units", shown=count, all=states.shape[1])
    foot.append((f"  {whole}", "label"))
    return page([*lines, foot], width, height)


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
    rows = GATES[scene.trace.experiment.cell]
    return tr(", ").join(f"{name} {re.split('[:：]', tr(meaning))[0]}" for name, _, meaning in rows)


def gates_view(scene: Scene, width: int, height: int) -> list[Line]:
    """A line per gate: σ gates from 0 to 1, the candidate from −1 to 1."""
    cell = scene.trace.experiment.cell
    axis = TimeAxis.of(len(scene.stages), width)
    gates = scene.trace.values["gates"]
    steps, _, units = gates.shape
    with np.errstate(all="ignore"):
        means = gates.reshape(steps, -1, len(GATES[cell]), units // len(GATES[cell])).mean(axis=(1, 3))
    here, marked = max(scene.stage, 1) - 1, axis.nearest(scene.stage)
    lines: list[Line] = []
    for name, block, meaning in GATES[cell]:
        cells = []
        for stage in axis.columns:
            value = float(means[stage - 1, block]) if stage else float("nan")
            share = (value + 1) / 2 if name in _SIGNED else value
            glyph = UP[min(8, max(1, round(share * 8)))] if share == share else " "
            cells.append((glyph, "cursor" if stage == marked else f"gate_{name}"))
        number: Line = [(f"  {short(float(means[here, block]))}", f"gate_{name}")]
        start: Line = [(f"{name}".rjust(MARGIN - 1) + " ", f"gate_{name}"), *runs(cells)]
        lines.append(first_fit(width, [*start, *number, (f" {tr(meaning)}", "label")], [*start, *number], start))
    return page(lines, width, height)
