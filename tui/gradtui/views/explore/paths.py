"""The two paths of a cell state: a unit's sum (c = f·c + i·g) at one step, direct path against gates through time."""

from __future__ import annotations

import itertools

from gradtui_engine.cells.cell import GatePath
from gradtui_engine.core.figures import percent, short

from ...text.language import tr
from ...text.scale import LinearScale, Scale, columns, finite
from ...text.spans import Line, first_fit, first_title, page, runs, width_of, wrap
from ...text.undefined import defined
from ..frame import spoken
from ..frame.scene import Scene
from ..frame.spoken import Lines
from ..frame.states import cell_states, gate_outputs
from ..frame.timeaxis import MARGIN, WALL, TimeAxis
from .explain_helpers import angle_of

#: Lines of a value through time, at the most.
_TALLEST = 4


def title(scene: Scene, width: int) -> str:
    values = {"unit": scene.unit + 1, "place": scene.name(max(scene.stage, 1))}
    return first_title(
        width,
        tr("two paths of the gradient of c · unit {unit}, sample 1, and all units · at {place}", **values),
        tr("two paths · unit {unit}, sample 1, and all units · at {place}", **values),
        tr("two paths · unit {unit} · at {place}", **values),
        tr("two paths"),
    )


def view(scene: Scene, width: int, height: int) -> list[Line]:
    """The unit's sum in numbers; then, where there is room, its c through time and both paths' factors."""
    lines = [_sum(scene, width), *_shares(scene, width)]
    axis = TimeAxis.of(len(scene.stages), width)
    states = [float(value) for value in cell_states(scene.record)[:, 0, scene.unit]]
    direct, gates = _factors(scene, "direct"), _factors(scene, "gates")
    limit = LinearScale(0.0, max([1.0, *finite([*direct, *gates])]))
    most = max(abs(value) for value in states) or 1.0
    rows: tuple[tuple[str, list[float | None], Scale], ...] = (
        (tr("via {way}", way=_path(scene).gate), direct, limit),
        (tr("via {way}", way="h"), gates, limit),
        ("c", list(states), LinearScale(-most, most)),
    )
    tall = min(_TALLEST, max(1, (height - len(lines)) // len(rows)))
    for name, values, scale in rows:
        lines += _row(scene, axis, name, values, scale, width, tall)
    return page(lines, width, height)


def _factors(scene: Scene, name: str) -> list[float | None]:
    """One part of the factor into each step; where the gradient of c is 0 there is none."""
    return [None, *(defined(stage.factors.get(name), scene.record) for stage in scene.stages[:-1])]


def _row(
    scene: Scene, axis: TimeAxis, name: str, values: list[float | None], scale: Scale, width: int, tall: int
) -> list[Line]:
    """One value per step as a column so many cells high, the selected one's number behind the upper line."""
    upright, marked, walls = [], axis.shown_for(scene.stage), axis.among(scene.walls)
    for stage in axis.columns:
        # The selected step's own value where it is one of several in a column, as of its number behind them.
        value = values[scene.stage if stage == marked else stage]
        # A signed value fills its column from below, half being 0.
        filled = " " * tall if value is None else columns(LinearScale(0.0, 1.0), scale.position(value), tall)
        if stage - 1 in walls and name != "c":
            # Into this step nothing comes back from it.
            filled = WALL * tall
        upright.append([(glyph, "cursor" if stage == marked else "label") for glyph in filled])
    bands = [runs(cells) for cells in zip(*upright, strict=True)][::-1]
    edge = " " * (MARGIN - 1 - width_of([(name, "label")]))
    head: Line = [(f"{edge}{name} ", "label"), *bands[0]]
    number = short(values[scene.stage])
    # Whose number it is, as the bars are those of all steps.
    placed = tr("{value} at t={stage}", value=number, stage=scene.stage)
    first = first_fit(width, *([*head, (text, "text")] for text in (f"  {placed}", f"  {number}", f" {number}")), head)
    return [first, *([(" " * MARGIN, "label"), *band] for band in bands[1:])]


def _path(scene: Scene) -> GatePath:
    path = scene.resolved.kind.path
    assert path is not None  # the pane is shown for cells whose state is such a sum
    return path


def _numbers(scene: Scene) -> tuple[float, float, float, float, float]:
    """f, c before, i, g and c of the unit at the selected step, for the first sample: f, i, g whatever they are."""
    cell, path = scene.resolved.kind, _path(scene)
    time, unit = max(scene.stage, 1), scene.unit
    gates = gate_outputs(scene.record)[time - 1, 0]
    width = gates.shape[0] // cell.blocks
    states = cell_states(scene.record)
    gate, i, g = (float(gates[cell.block(letter) * width + unit]) for letter in (path.gate, *cell.added))
    return path.factor(gate), float(states[time - 1, 0, unit]), i, g, float(states[time, 0, unit])


def _sum(scene: Scene, width: int) -> Line:
    f, before, i, g, after = _numbers(scene)
    kept, written = f * before, i * g
    factor, (inner, candidate) = _path(scene).factor_in_product, scene.resolved.kind.added
    line: Line = [
        ("c ", "label"),
        (short(after), "strong"),
        (f" = {factor}·c ", "label"),
        (short(kept), "strong"),
        (f" + {inner}·{candidate} ", "label"),
        (short(written), "strong"),
    ]
    detail = f"   {factor} {short(f)} × c {short(before)}   {inner} {short(i)} × {candidate} {short(g)}"
    return first_fit(width, [*line, (detail, "dim")], line)


def _shares(scene: Scene, width: int) -> list[Line]:
    """How much of the gradient of c takes the direct path; where that is not known, why."""
    stage = scene.stages[max(scene.stage, 1) - 1]
    parts = stage.factors
    direct, gates, cosine, loss = (
        defined(parts.get(name), scene.record) for name in ("direct", "gates", "cosine", "loss")
    )
    start: Line = [("∂L/∂c: ", "label")]
    if stage.unknown_parts:
        unknown = tr("∂L/∂c: its parts are not known: {reason}", reason=tr(stage.unknown_parts))
        return wrap(unknown, width)
    if direct is None or gates is None:
        return [first_fit(width, *([*start, (text, "text")] for text in (
            tr("nothing arrives at this step, so there is no factor"), tr("nothing arrives"))))]  # fmt: skip
    paths: Line = [
        *start,
        (tr("direct {factor}", factor=f"×{short(direct)}"), "strong"),
        ("  ", "label"),
        (tr("through h and the gates {factor}", factor=f"×{short(gates)}"), "text"),
    ]
    own: Line = [("  ", "label"), (tr("own loss {factor}", factor=f"×{short(loss)}"), "text")]
    line: Line = [*paths, *own] if loss is not None else paths
    if direct + gates + (loss or 0.0) == 0:
        return [first_fit(width, [*line, (f"   {tr('nothing passes')}", "dim")], line, paths)]
    share = percent(direct / (direct + gates + (loss or 0.0)))
    more = (
        tr("direct share {share}, {angle}", share=share, angle=angle_of(cosine)),
        tr("direct share {share}, cosine {cosine}", share=share, cosine=short(cosine)),
    )
    return [first_fit(width, *([*line, (f"   {text}", "dim")] for text in more), line, paths)]


def said(scene: Scene) -> Lines:
    """Each step's two parts of the factor of c, from the last step down."""
    for index in range(len(scene.stages) - 1, 0, -1):
        stage = scene.stages[index - 1]
        if "direct" not in stage.factors:
            continue
        parts = {name: short(defined(value, scene.record)) for name, value in stage.factors.items()}
        texts = [
            tr("direct {value}", value=parts["direct"]),
            tr("through the gates {value}", value=parts["gates"]),
        ]
        if "loss" in parts:
            texts.append(tr("own loss {factor}", factor=parts["loss"]))
        if stage.unknown_parts:
            texts.append(tr(stage.unknown_parts))
        yield spoken.facts(scene, index, iter(texts))
    yield from itertools.islice(spoken.drawn(view)(scene), 2)  # the unit's sum, and the shares, in numbers
