"""The gradient pane: one bar per stage on one log axis, with the reference line at 1."""

from __future__ import annotations

import math

from ..formats import power_of_ten, short
from ..scale import ACROSS, UP, LogScale
from .scene import Scene
from .spans import Line, first_title, page, runs
from .timeaxis import MARGIN, TimeAxis

#: Width of a number, of the factor column, and the pane width from which on there is room for the latter.
_NUMBER = 8
_FACTOR = 8
_FACTOR_FROM = 46


def title(scene: Scene, width: int) -> str:
    what = "‖∂L/∂c‖ and ‖∂L/∂h‖" if scene.trace.program.cells else "‖∂L/∂h‖"
    axis = f"log {scene.scale.label}"
    place = "time step" if scene.over_time else "layer"
    return first_title(
        width,
        f"gradient {what} that reaches each {place} · {axis} · │ marks 1",
        f"gradient {what} · {axis} · │ marks 1",
        f"gradient {what} · {axis}",
        f"{what} · {axis}",
        axis,
        what,
    )


def view(scene: Scene, width: int, height: int) -> list[Line]:
    if scene.over_time and not scene.state.rows:
        return columns(scene, width, height)
    return rows(scene, width, height)


def shown_stages(count: int, height: int, selected: int) -> list[int]:
    """Which stages get a row, the last on top: all, or evenly spaced ones with the ends and the selected one."""
    if count <= height:
        return list(range(count - 1, -1, -1))
    if height == 1:
        return [selected]
    found = [round((count - 1) * index / (height - 1)) for index in range(height)]
    if selected not in found:
        # The nearest row gives way; the ends only where there is no row between them.
        inner = range(1, height - 1) if height > 2 else range(height)
        found[min(inner, key=lambda index: abs(found[index] - selected))] = selected
    return sorted(set(found), reverse=True)


def rows(scene: Scene, width: int, height: int) -> list[Line]:
    """Bars across, a number beside each; over time one bar each for ∂L/∂c and ∂L/∂h."""
    stages = shown_stages(len(scene.stages), height, scene.stage)
    label = max(2, len(str(len(scene.stages) - 1)))
    factor = _FACTOR if width >= _FACTOR_FROM else 0
    room = max(4, width - 2 - label - 1 - _NUMBER - 1 - factor)
    lines: list[Line] = []
    for index in stages:
        stage = scene.stages[index]
        picked = index == scene.stage
        line: Line = [
            ("▸ " if picked else "  ", "cursor"),
            (str(index).rjust(label) + " ", "cursor" if picked else "label"),
        ]
        if index < scene.known:
            line += _pending(scene.scale, room)
            lines.append(line)
            continue
        if stage.cell_gradient_norm is None:
            style = scene.health(stage.gradient_norm)
            line += _bar(scene.scale, stage.gradient_norm, room, style)
            line.append((short(stage.gradient_norm).rjust(_NUMBER + 1), style))
            if factor:
                text = "" if stage.factor is None else f"×{short(stage.factor)}"
                line.append((text.rjust(factor), "dim"))
        else:
            half = max(4, (room - _NUMBER - 2) // 2)
            for value, name in ((stage.cell_gradient_norm, "cell"), (stage.gradient_norm, "hidden")):
                line += _bar(scene.scale, value, half, name)
                line.append((short(value).rjust(_NUMBER) + " ", name))
        lines.append(line)
    return page(lines, width, height)


def _pending(scale: LogScale, room: int) -> Line:
    """A stage that the gradient has not reached yet."""
    mark = scale.reference(room)
    return [("·".ljust(mark)[:mark], "dim"), ("│", "reference")]


def _bar(scale: LogScale, value: float, room: int, style: str) -> Line:
    full, part = divmod(scale.eighths(value, room), 8)
    text = ("█" * full + (ACROSS[part] if part else "")).ljust(room)
    mark = scale.reference(room)
    if text[mark] != " ":
        return [(text, style)]
    return [(text[:mark], style), ("│", "reference"), (text[mark + 1 :], style)]


def columns(scene: Scene, width: int, height: int) -> list[Line]:
    """Bars upwards, time to the right: ∂L/∂c in the upper band, ∂L/∂h in the lower, on one axis."""
    axis = TimeAxis.of(len(scene.stages), width)
    room = height - 1
    if not scene.trace.program.cells:
        return page([*_band(scene, axis, room, "∂h", "hidden"), axis.ruler(scene.stage)], width, height)
    upper = (room + 1) // 2
    lines = _band(scene, axis, upper, "∂c", "cell")
    if room > upper:
        lines += _band(scene, axis, room - upper, "∂h", "hidden")
    return page([*lines, axis.ruler(scene.stage)], width, height)


def _band(scene: Scene, axis: TimeAxis, height: int, name: str, style: str) -> list[Line]:
    if height < 1:
        return []
    scale = scene.scale
    values = [stage.cell_gradient_norm if name == "∂c" else stage.gradient_norm for stage in scene.stages]
    mark = min(height - 1, math.floor(scale.position(1.0) * height))
    # ∂L/∂c_t is complete one step later than ∂L/∂h_t: step t itself adds the path through h_t.
    known = scene.known + 1 if name == "∂c" and scene.known > 0 else scene.known
    selected = values[scene.stage] if scene.stage >= known else None
    lines: list[Line] = []
    for row in range(height - 1, -1, -1):
        cells = []
        for stage in axis.columns:
            value = values[stage] or 0.0
            # A column of eighths; a stage that the gradient has not reached yet has none.
            level = scale.eighths(value, height) - 8 * row if stage >= known else 0
            glyph = UP[min(max(level, 0), 8)]
            here = "cursor" if axis.is_selected(stage, scene.stage) else style
            if glyph == " " and row == mark:
                cells.append(("─", "reference"))
            elif glyph == " " and row == 0 and stage < known:
                cells.append(("·", "dim"))
            else:
                cells.append((glyph, here))
        # The line at 1 is labelled 1, also where it lies in the first or last row.
        ticks = {0: power_of_ten(scale.low), height - 1: power_of_ten(scale.high), mark: "1"}
        tick = ticks.get(row, "")
        lines.append([(tick.rjust(MARGIN - 1) + " ", "label"), *runs(cells)])
    lines[0].append((f"  {name} {short(selected)}", style))
    return lines
