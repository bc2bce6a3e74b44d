"""The cell state as units × time: all units, two in a line of half shades where there are more of them than lines."""

from __future__ import annotations

import math

import numpy as np

from gradtui_engine.analysis.record import Record
from gradtui_engine.core.figures import short

from ...model.keys import shown_keys
from ...text.heat import Array, heat_rows, legend, shade_range
from ...text.language import tr
from ...text.shade_pairs import pair_legend, pair_rows
from ...text.spans import Line, first_fit, first_title, page
from ..frame import spoken
from ..frame.once import once
from ..frame.scene import Scene
from ..frame.spoken import Lines
from ..frame.states import cell_states
from ..frame.timeaxis import MARGIN, TimeAxis


def cell_title(scene: Scene, width: int) -> str:
    keys = f"{shown_keys('unit_before')} {shown_keys('next_unit')}"
    remembers = tr("what each unit remembers: cell state c")
    return first_title(
        width,
        tr("{what} · units ↓ × time → · sample 1 · {keys} choose the unit", what=remembers, keys=keys),
        tr("{what} · units ↓ × time → · sample 1", what=remembers),
        tr("cell state c · units ↓ × time →"),
        tr("cell state c"),
    )


def cell_view(scene: Scene, width: int, height: int) -> list[Line]:
    """How large c is in the first sample, for all units, in the time axis of the other panes."""
    axis = TimeAxis.of(len(scene.stages), width)
    states = cell_states(scene.record)[:, 0, :]
    units, rows = states.shape[1], max(1, height - 1)
    stacked = _units_of_a_row(units, rows)
    lines: list[Line] = []
    for place, shade in enumerate(_shades(scene.record, axis, stacked)):
        first = place * stacked
        picked = first <= scene.unit < first + stacked
        label = f"▸{scene.unit + 1}" if picked else str(first + 1)
        lines.append([(label.rjust(MARGIN - 1) + " ", "cursor" if picked else "label"), *shade])
        if picked:
            value = short(float(states[scene.stage, scene.unit]))
            forms: list[Line] = [[(f"  c {value}", "text")], [(f" c {value}", "text")], [(f" {value}", "text")], []]
            lines[-1] += first_fit(axis.right, *forms)
    # What the shades mean is shades itself: apart from the map.
    air: list[Line] = [[]] if len(lines) + 1 < height else []
    return page([*lines, *air, _foot(scene.record, units, stacked, width)], width, height)


def _units_of_a_row(units: int, rows: int) -> int:
    """One where there is room for it; else two, one above the other, or as many for each half as it takes."""
    return 1 if units <= rows else 2 * math.ceil(units / (2 * rows))


def _foot(record: Record, units: int, stacked: int, width: int) -> Line:
    """What the shades mean, and how many units a line has."""
    start: Line = [(f"{tr('size of c')} ".rjust(MARGIN), "label")]
    key = [*start, *(legend if stacked == 1 else pair_legend)(0.0, _bound(record))]
    if stacked == 1:
        texts = [tr("{all} units", all=units)]
    elif stacked == 2:
        texts = [tr("{all} units, two in a line", all=units), tr("{all} units", all=units)]
    else:
        half = stacked // 2
        whole = tr(
            "{all} units, {each} in a line: the largest of {half} above, of {half} below",
            all=units,
            each=stacked,
            half=half,
        )
        texts = [whole, tr("{all} units, {each} in a line", all=units, each=stacked), tr("{all} units", all=units)]
    return first_fit(width, *([*key, (f"  {text}", "label")] for text in texts), key, [])


def _shades(record: Record, axis: TimeAxis, stacked: int) -> list[Line]:
    """The lines of shades, so many units in each: the same wherever the cursor is."""
    kept, key = _kept(record), (axis, stacked)
    if key not in kept:
        kept.clear()
        with np.errstate(all="ignore"):
            sizes = np.abs(cell_states(record)[list(axis.columns), 0, :]).T
        bound = _bound(record)
        kept[key] = heat_rows(sizes, 0.0, bound) if stacked == 1 else pair_rows(_largest(sizes, stacked // 2), bound)
    return kept[key]


def _largest(sizes: Array, count: int) -> Array:
    """The largest of so many neighbouring units each, (groups, columns); NaN where one of them is none."""
    missing = -len(sizes) % count
    padded = np.concatenate([sizes, np.zeros((missing, sizes.shape[1]), sizes.dtype)])
    largest: Array = padded.reshape(-1, count, sizes.shape[1]).max(axis=1)
    return largest


@once
def _kept(record: Record) -> dict[tuple[TimeAxis, int], list[Line]]:
    """The shades that were shown last."""
    return {}


@once
def _bound(record: Record) -> float:
    """What the shades of c span, from 0; 1 where all of it is 0."""
    low, high = shade_range(cell_states(record)[:, 0, :])
    return max(abs(low), abs(high)) or 1.0


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
